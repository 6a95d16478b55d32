"""After any stop the spool and the index agree: nothing acknowledged is lost, nothing is half there."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from storage.access import ae, facilities
from storage.archive import Archive
from storage.archive.reconcile import reconcile
from storage.index.schema import instance, quarantine, study
from storage.spooled_file import recover
from tests.storage.generated import ct_slice, encode, keep, spool
from tests.wait import HUNG_S


def rows(archive: Archive, table: Any) -> list[dict[str, Any]]:
    with archive.index.read() as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


def spool_slice(archive: Archive, *, source_ae_title: str = "", **attributes: Any) -> Path:
    dataset = ct_slice(**attributes)
    spooled = spool(
        archive.spool, encode(dataset), sop_instance_uid=dataset.SOPInstanceUID, source_ae_title=source_ae_title
    )
    spooled.release()
    return spooled.path


def test_a_complete_file_without_a_row_is_indexed(archive: Archive) -> None:
    path = spool_slice(archive, study="1.2.3")
    assert reconcile(archive).ingested == 1
    (row,) = rows(archive, instance)
    assert row["spool_name"] == path.name
    assert reconcile(archive).ingested == 0


def test_it_belongs_to_the_facility_of_its_sender(archive: Archive) -> None:
    there = facilities.get_or_create(archive.index, "THERE")
    ae.add(archive.index, "CT9", "127.0.0.1", 104, facility_code="THERE")
    spool_slice(archive, source_ae_title="CT9")
    reconcile(archive)
    assert rows(archive, study)[0]["facility_id"] == there.id


def test_commits_that_a_power_cut_took_are_made_again(archive: Archive) -> None:
    for _ in range(3):
        keep(archive, ct_slice(study="1.2.3"))
    with archive.index.write() as connection:
        connection.execute(delete(study))
    assert rows(archive, instance) == []
    assert reconcile(archive).ingested == 3
    assert rows(archive, study)[0]["number_of_instances"] == 3


def test_a_file_that_a_living_process_works_on_is_left_alone(archive: Archive) -> None:
    dataset = ct_slice()
    spooled = spool(archive.spool, encode(dataset), sop_instance_uid=dataset.SOPInstanceUID)
    assert reconcile(archive).ingested == 0
    spooled.release()
    assert reconcile(archive).ingested == 1


def test_what_a_dead_process_left_half_written_is_removed_and_a_living_one_keeps_its_own(archive: Archive) -> None:
    dead = archive.spool.incoming / archive.spool.new_name()
    dead.write_bytes(b"half")
    with archive.spool.receive(transfer_syntax_uid="1.2", sop_class_uid="1.2", sop_instance_uid="1.2.3") as living:
        living.write(bytes(10**6))
        for path in archive.spool.incoming.iterdir():
            os.utime(path, (time.time() - 60, time.time() - 60))
        assert reconcile(archive).removed == 1
        assert not dead.exists()
        assert len(archive.spool.arriving()) == 1


def test_what_cannot_be_kept_is_quarantined_with_its_reason(archive: Archive) -> None:
    garbage = archive.spool.ready / archive.spool.new_name()
    garbage.write_bytes(b"garbage")
    path = spool_slice(archive)
    damaged = bytearray(path.read_bytes())
    damaged[-1] ^= 1
    path.write_bytes(damaged)
    spool_slice(archive, StudyInstanceUID=None)
    keep(archive, ct_slice(sop="1.2.9"))
    conflict = spool_slice(archive, sop="1.2.9", PatientName="OTHER")
    report = reconcile(archive)
    assert (report.quarantined, report.ingested) == (4, 0)
    noted = {row["file_name"]: row["reason"] for row in rows(archive, quarantine)}
    assert set(noted) == {path.name for path in archive.spool.quarantine.iterdir()}
    assert "damaged" in noted[path.name]
    assert "no Study Instance UID" in str(noted.values())
    assert "kept already" in noted[conflict.name]
    assert len(rows(archive, instance)) == 1


def test_an_identical_second_file_is_dropped(archive: Archive) -> None:
    dataset = ct_slice()
    keep(archive, dataset)
    spool(archive.spool, encode(dataset), sop_instance_uid=dataset.SOPInstanceUID).release()
    assert reconcile(archive).duplicates == 1
    (row,) = rows(archive, instance)
    assert [path.name for path in archive.spool.ready.iterdir()] == [row["spool_name"]]


def test_a_row_without_bytes_is_reported_and_other_nodes_are_not_judged(archive: Archive) -> None:
    keep(archive, ct_slice(sop="1.2.9"))
    keep(archive, ct_slice(sop="1.2.10"))
    names = {row["sop_instance_uid"]: row["spool_name"] for row in rows(archive, instance)}
    archive.spool.path(names["1.2.9"]).unlink()
    with archive.index.write() as connection:
        connection.execute(
            instance.update().where(instance.c.sop_instance_uid == "1.2.10").values(spool_name="othernode-1.dcm")
        )
    archive.spool.path(names["1.2.10"]).unlink()
    assert reconcile(archive).missing == ["1.2.9"]


RECONCILE = """
import sys
from pathlib import Path
from storage.archive import Archive
from storage.archive.reconcile import reconcile
from storage.settings import StorageSettings
archive = Archive.open(StorageSettings(data_dir=Path(sys.argv[1]), database_url=sys.argv[2], minimum_free_bytes=0))
print(reconcile(archive).ingested)
"""


def test_several_processes_start_at_once(archive: Archive) -> None:
    for _ in range(20):
        spool_slice(archive, study="1.2.3")
    command = [sys.executable, "-c", RECONCILE, str(archive.settings.data_dir), archive.settings.database_url]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]
    outputs = [process.communicate(timeout=120)[0] for process in started]
    assert sum(int(output.decode().split()[-1]) for output in outputs) == 20
    assert rows(archive, study)[0]["number_of_instances"] == 20


# Stores slices, and says of each that it was acknowledged.
SENDER = """
import sys
from pathlib import Path
from storage.archive import Archive
from storage.archive.upload import upload_pending
from storage.settings import StorageSettings
from tests.storage.generated import ct_slice, keep, local_source
archive = Archive.open(StorageSettings(data_dir=Path(sys.argv[1]), database_url=sys.argv[2], minimum_free_bytes=0))
source = local_source(archive)
for number in range(10_000):
    receipt = keep(archive, ct_slice(study="1.2.3", series="1.2.3.%d" % (number % 3)), source)
    print(receipt.sop_instance_uid, flush=True)
    if number % 7 == 6:
        upload_pending(archive)
"""


@pytest.mark.faults
def test_a_killed_process_loses_no_acknowledged_instance_and_leaves_no_ghost(archive: Archive) -> None:
    command = [sys.executable, "-c", SENDER, str(archive.settings.data_dir), archive.settings.database_url]
    acknowledged: set[str] = set()
    for life in range(6):
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        acknowledged.add(process.stdout.readline().decode().strip())
        time.sleep(0.05 + 0.13 * life)
        process.kill()
        acknowledged |= {line for line in process.stdout.read().decode().split("\n")[:-1] if line}
        process.stdout.close()
        process.wait(HUNG_S)
        assert reconcile(archive).missing == []
    kept = {row["sop_instance_uid"]: row for row in rows(archive, instance)}
    assert acknowledged <= set(kept)
    assert len(acknowledged) > 10
    for row in kept.values():
        if row["location"] == "spool":
            assert recover(archive.spool.path(row["spool_name"])).dataset_sha256 == row["dataset_sha256"]
        else:
            path = archive.objects.path(row["object_key"])
            assert path is not None
            assert recover(path).dataset_sha256 == row["dataset_sha256"]
    spooled = {row["spool_name"] for row in kept.values() if row["location"] == "spool"}
    assert {path.name for path in archive.spool.ready.iterdir()} == spooled
    (counted,) = rows(archive, study)
    assert counted["number_of_instances"] == len(kept)
    assert counted["number_of_series"] == 3
