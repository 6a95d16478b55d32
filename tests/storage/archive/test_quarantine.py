"""What cannot be kept in its place is put aside, once, and an administrator decides about it."""

import json
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from storage.access.audit import events
from storage.access.principal import SYSTEM, Action, Principal, Role
from storage.archive import Archive, quarantine
from storage.archive.reconcile import reconcile
from storage.archive.status import status
from storage.archive.upload import upload_pending
from storage.errors import (
    DuplicateConflict,
    Forbidden,
    InvalidInstance,
    InvalidRequest,
    NotFound,
    OutOfResources,
    WrongState,
)
from storage.index.schema import instance
from storage.index.schema import quarantine as table
from storage.spooled_file import recover
from tests.storage.generated import ct_slice, encode, keep, local_source, spool

SOP = "1.2.3.9"
ADMIN = Principal("user", "an.admin", frozenset({Role.ADMIN}), facilities=None, address="10.0.0.9")


def rows(archive: Archive, wanted: Any = table) -> list[dict[str, Any]]:
    with archive.index.read() as connection:
        return [dict(row) for row in connection.execute(select(wanted).order_by(wanted.c.id)).mappings()]


def acts(archive: Archive) -> list[tuple[str, str]]:
    """The administrator's acts in the audit trail, oldest first: what and how it ended."""
    with archive.index.read() as connection:
        found = [event for event in events(connection) if event.action == "administer"]
    return [(json.loads(event.detail)["act"], event.outcome) for event in reversed(found)]


def conflict(archive: Archive, **attributes: Any) -> dict[str, Any]:
    """Keep one instance and put another of its UID aside; the row of the second."""
    source = local_source(archive)
    if not rows(archive, instance):
        keep(archive, ct_slice(study="1.2.3", series="1.2.3.1", sop=SOP), source)
    with pytest.raises(DuplicateConflict, match="put aside"):
        keep(archive, ct_slice(study="1.2.3", series="1.2.3.1", sop=SOP, **({"PatientName": "B"} | attributes)), source)
    return rows(archive)[-1]


def aside(archive: Archive) -> list[Path]:
    return sorted(archive.spool.quarantine.iterdir())


def test_other_content_is_put_aside_whole_with_all_that_is_known_of_it(archive: Archive) -> None:
    kept = ct_slice(study="1.2.3", series="1.2.3.1", sop=SOP)
    keep(archive, kept)
    other = ct_slice(study="1.2.3", series="1.2.3.1", sop=SOP, PatientName="TRẦN^THỊ^LÊ", PatientID="P2")
    source = local_source(archive, ae_title="CT7", address="10.0.0.7")
    with pytest.raises(DuplicateConflict, match="kept already"):
        keep(archive, other, source)
    (row,) = rows(archive)
    (file,) = aside(archive)
    assert recover(file).dataset_sha256 == row["dataset_sha256"]
    assert file.read_bytes().endswith(encode(other))
    assert (row["file_name"], row["size"], row["node"]) == (file.name, file.stat().st_size, archive.spool.node)
    assert row["host"]
    assert row["kept_dataset_sha256"] == rows(archive, instance)[0]["dataset_sha256"] != row["dataset_sha256"]
    assert (row["kind"], row["state"], row["times_received"]) == ("conflict", "open", 1)
    assert (row["sop_instance_uid"], row["series_instance_uid"], row["study_instance_uid"]) == (SOP, "1.2.3.1", "1.2.3")
    assert (row["patient_name"], row["patient_id"]) == ("TRẦN^THỊ^LÊ", "P2")
    assert (row["source_kind"], row["source_ae_title"], row["source_address"]) == ("dimse", "CT7", "10.0.0.7")
    assert row["facility_id"] == source.facility_id
    assert len(list(archive.spool.ready.iterdir())) == 1
    assert status(archive).quarantined == 1


def test_the_same_content_again_is_counted_and_not_kept_twice(archive: Archive) -> None:
    first = conflict(archive)
    for _ in range(2):
        conflict(archive)
    (row,) = rows(archive)
    assert row["times_received"] == 3
    assert row["last_received_at"] > first["received_at"] == row["received_at"]
    assert len(aside(archive)) == 1
    conflict(archive, PatientName="C")
    assert len(aside(archive)) == len(rows(archive)) == 2
    assert len(list(archive.spool.ready.iterdir())) == 1


def test_the_quarantine_of_a_node_is_bounded(archive: Archive) -> None:
    size = conflict(archive)["size"]
    limit = archive.settings.model_copy(update={"maximum_quarantine_bytes": 2 * (size + 4096)})
    bounded = replace(archive, settings=limit)
    conflict(bounded, PatientName="C")
    for number in range(3):
        with pytest.raises(OutOfResources, match="quarantine is full"):
            keep(bounded, ct_slice(study="1.2.3", sop=SOP, PatientName=f"D{number}"))
    # What is there already costs nothing more, and a disc that is imported is not stopped by it.
    conflict(bounded)
    with pytest.raises(DuplicateConflict, match="not put aside"):
        keep(bounded, ct_slice(study="1.2.3", sop=SOP, PatientName="E"), local_source(archive, kind="import"))
    assert len(aside(archive)) == len(rows(archive)) == 2
    assert len(list(archive.spool.ready.iterdir())) == 1


def test_two_threads_bring_the_same_conflict_at_once(archive: Archive) -> None:
    source = local_source(archive)
    keep(archive, ct_slice(study="1.2.3", sop=SOP), source)
    other = ct_slice(study="1.2.3", sop=SOP, PatientName="B", series="1.2.3.1")
    refused: list[str] = []

    def send() -> None:
        try:
            keep(archive, other, source)
        except DuplicateConflict as error:
            refused.append(str(error))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 6
    (row,) = rows(archive)
    assert row["times_received"] == 6
    assert [path.name for path in aside(archive)] == [row["file_name"]]
    assert len(list(archive.spool.ready.iterdir())) == 1


SENDER = """
import sys
from pathlib import Path
from storage.archive import Archive
from storage.errors import DuplicateConflict
from storage.settings import StorageSettings
from tests.storage.generated import ct_slice, keep, local_source
archive = Archive.open(StorageSettings(data_dir=Path(sys.argv[1]), database_url=sys.argv[2], minimum_free_bytes=0))
source = local_source(archive)
for number in range(20):
    try:
        keep(archive, ct_slice(study="1.2.3", series="1.2.3.1", sop="1.2.3.9", PatientName="B%d" % number), source)
    except DuplicateConflict:
        continue
    raise SystemExit("it was kept")
archive.close()
"""


def test_two_processes_bring_the_same_conflicts_at_once(archive: Archive) -> None:
    keep(archive, ct_slice(study="1.2.3", series="1.2.3.1", sop=SOP))
    command = [sys.executable, "-c", SENDER, str(archive.settings.data_dir), archive.settings.database_url]
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait(150) for process in processes] == [0, 0, 0]
    found = rows(archive)
    assert len(found) == 20
    assert {row["times_received"] for row in found} == {3}
    assert {path.name for path in aside(archive)} == {row["file_name"] for row in found}
    assert len(list(archive.spool.ready.iterdir())) == 1


def test_an_administrator_lists_and_compares(archive: Archive) -> None:
    row = conflict(archive, PatientName="NGUYỄN^VĂN^B", PatientSex=None, ReferencedStudySequence=[])
    page = quarantine.listed(archive, ADMIN)
    assert (page.total, page.bytes, [one["id"] for one in page.rows]) == (1, row["size"], [row["id"]])
    shown, found, note = quarantine.show(archive, row["id"], ADMIN)
    assert (shown["sop_instance_uid"], shown["facility_code"], note) == (SOP, "LOCAL", "")
    assert found is not None
    assert [(one.keyword, one.first, one.second) for one in found.differences] == [
        ("ReferencedStudySequence", None, "0 items"),
        ("PatientName", "NGUYỄN^VĂN^ĐỨC", "NGUYỄN^VĂN^B"),
        ("PatientSex", "M", None),
    ]
    assert (found.pixel_data, found.truncated) == ("same", False)
    assert found.kept["source_ae_title"] == "CT1"
    # The kept one may have gone to the object store meanwhile.
    upload_pending(archive)
    pixels = conflict(archive, PixelData=bytes(32))
    other = quarantine.show(archive, pixels["id"], ADMIN)[1]
    assert other is not None
    assert other.pixel_data == "different"
    assert [act for act, _ in acts(archive)] == ["quarantine list", "quarantine show", "quarantine show"]
    assert quarantine.listed(archive, ADMIN, "damaged").total == 0


def test_the_file_comes_back_byte_for_byte(archive: Archive) -> None:
    row = conflict(archive)
    entry, path = quarantine.open_file(archive, row["id"], ADMIN)
    assert entry["id"] == row["id"]
    assert path.read_bytes() == aside(archive)[0].read_bytes()
    assert acts(archive) == [("quarantine file", "success")]


def test_it_is_discarded_for_a_reason_and_the_trail_keeps_it(archive: Archive) -> None:
    row = conflict(archive)
    for reason in ("", "  ", "x" * 501):
        with pytest.raises(InvalidRequest):
            quarantine.discard(archive, row["id"], reason, ADMIN)
    quarantine.discard(archive, row["id"], "a test of the machine", ADMIN)
    (settled,) = rows(archive)
    assert (settled["state"], settled["resolved_by"], settled["note"]) == (
        "discarded",
        "an.admin",
        "a test of the machine",
    )
    assert aside(archive) == []
    assert quarantine.listed(archive, ADMIN).total == status(archive).quarantined == 0
    for act in (quarantine.open_file, quarantine.retry):
        with pytest.raises(WrongState, match="discarded"):
            act(archive, row["id"], ADMIN)
    with archive.index.read() as connection:
        (event,) = [one for one in events(connection) if "quarantine discarded" in one.detail]
    assert (event.actor, event.address, event.study_instance_uid, event.patient_id) == (
        "an.admin",
        "10.0.0.9",
        "1.2.3",
        "P1",
    )
    # The sender tries again: it is put aside anew, for it may be wanted after all.
    assert conflict(archive)["state"] == "open"


def test_only_administrators_and_only_of_its_facility(archive: Archive) -> None:
    row = conflict(archive)
    reader = Principal("user", "reader", frozenset({Role.RADIOLOGIST}), facilities=None)
    elsewhere = Principal("user", "elsewhere", frozenset({Role.ADMIN}), facilities=frozenset({1}))
    for principal in (reader, elsewhere):
        for act in (quarantine.show, quarantine.open_file, quarantine.retry):
            with pytest.raises(Forbidden):
                act(archive, row["id"], principal)
        with pytest.raises(Forbidden):
            quarantine.discard(archive, row["id"], "because", principal)
    with pytest.raises(Forbidden):
        quarantine.listed(archive, reader)
    assert {outcome for _, outcome in acts(archive)} == {"refused"}
    assert quarantine.listed(archive, elsewhere).total == 0
    here = Principal("user", "here", frozenset({Role.ADMIN}), facilities=frozenset({row["facility_id"]}))
    assert quarantine.listed(archive, here).total == 1
    with pytest.raises(NotFound):
        quarantine.show(archive, row["id"] + 1, ADMIN)


def test_a_file_of_another_node_is_named_and_left_alone(archive: Archive) -> None:
    row = conflict(archive)
    with archive.index.write() as connection:
        connection.execute(update(table).values(node="0badcafe", host="pacs-2"))
    with pytest.raises(WrongState, match=r"pacs-2 \(0badcafe\)"):
        quarantine.discard(archive, row["id"], "because", ADMIN)
    with pytest.raises(WrongState, match="pacs-2"):
        quarantine.retry(archive, row["id"], ADMIN)
    with pytest.raises(WrongState, match="pacs-2"):
        quarantine.open_file(archive, row["id"], ADMIN)
    shown, found, note = quarantine.show(archive, row["id"], ADMIN)
    assert (shown["host"], found) == ("pacs-2", None)
    assert "pacs-2" in note
    assert rows(archive)[0]["state"] == "open"


def test_a_file_that_could_not_be_kept_is_tried_again(archive: Archive) -> None:
    strict = replace(archive, settings=archive.settings.model_copy(update={"unknown_sop_classes": "refuse"}))
    dataset = ct_slice(sop=SOP, SOPClassUID="1.2.3.4.5")
    spool(archive.spool, encode(dataset), sop_class_uid="1.2.3.4.5", sop_instance_uid=SOP).release()
    assert reconcile(strict).quarantined == 1
    (row,) = rows(archive)
    assert (row["kind"], row["sop_instance_uid"], row["source_kind"]) == ("damaged", SOP, "recovery")
    assert "1.2.3.4.5" in row["reason"]
    with pytest.raises(Exception, match=r"1\.2\.3\.4\.5"):
        quarantine.retry(strict, row["id"], ADMIN)
    assert rows(archive)[0]["state"] == "open"
    assert [path.name for path in aside(archive)] == [row["file_name"]]
    receipt = quarantine.retry(archive, row["id"], ADMIN)
    assert (receipt.sop_instance_uid, receipt.duplicate) == (SOP, False)
    assert rows(archive)[0]["state"] == "stored"
    assert aside(archive) == []
    (kept,) = rows(archive, instance)
    assert archive.spool.path(kept["spool_name"]).exists()
    assert acts(archive) == [("quarantine retry", "refused"), ("quarantine stored", "success")]


def test_a_conflict_that_is_tried_again_stays_a_conflict(archive: Archive) -> None:
    row = conflict(archive)
    with pytest.raises(DuplicateConflict):
        quarantine.retry(archive, row["id"], ADMIN)
    assert [path.name for path in aside(archive)] == [row["file_name"]]
    assert len(rows(archive)) == 1
    with archive.index.write() as connection:
        connection.execute(instance.delete())
    assert quarantine.retry(archive, row["id"], ADMIN).sop_instance_uid == SOP


def test_garbage_can_be_seen_fetched_and_discarded(archive: Archive) -> None:
    garbage = archive.spool.ready / archive.spool.new_name()
    garbage.write_bytes(b"garbage")
    assert reconcile(archive).quarantined == 1
    (row,) = rows(archive)
    assert (row["kind"], row["size"], row["facility_id"], row["sop_instance_uid"]) == ("damaged", 7, None, "")
    _, found, note = quarantine.show(archive, row["id"], ADMIN)
    assert found is None
    assert "Nothing is kept" in note
    assert quarantine.open_file(archive, row["id"], ADMIN)[1].read_bytes() == b"garbage"
    with pytest.raises(InvalidInstance):
        quarantine.retry(archive, row["id"], ADMIN)
    quarantine.discard(archive, row["id"], "garbage", ADMIN)
    assert aside(archive) == []


def test_the_command_line_acts_as_the_archive_itself(archive: Archive) -> None:
    row = conflict(archive)
    quarantine.discard(archive, row["id"], "because", SYSTEM)
    assert rows(archive)[0]["resolved_by"] == "filmless"
    assert Action.ADMINISTER in SYSTEM.rights
