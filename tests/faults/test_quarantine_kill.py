"""A process dies while a file goes into the quarantine or out of it: nothing is lost, nothing is there twice."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from storage.access.audit import events
from storage.access.principal import SYSTEM
from storage.archive import Archive, quarantine
from storage.archive.reconcile import reconcile
from storage.errors import DuplicateConflict
from storage.index.schema import instance
from storage.index.schema import quarantine as table
from storage.settings import StorageSettings
from storage.spooled_file import recover
from tests.storage.generated import ct_slice, keep

pytestmark = pytest.mark.faults

DIED = 9
# Dies at the point that is named first, without running another line of Python, as by kill -9.
DIE = """
import os, sys
from pathlib import Path
from storage import fault_point
from storage.access.principal import SYSTEM
from storage.archive import Archive, quarantine
from storage.settings import StorageSettings
from tests.storage.generated import ct_slice, keep, local_source
point, data, url = sys.argv[1:4]
archive = Archive.open(StorageSettings(data_dir=Path(data), database_url=url, minimum_free_bytes=0))
fault_point.arm(lambda reached: os._exit(9) if reached == point else None)
"""
SEND = 'keep(archive, ct_slice(study="1.2.3", series="1.2.3.1", sop="1.2.3.9", PatientName="B"), local_source(archive))'


@pytest.fixture
def archive(storage_settings: StorageSettings) -> Iterator[Archive]:
    """An archive that keeps one instance."""
    made = Archive.open(storage_settings.model_copy(update={"minimum_free_bytes": 0}))
    made.index.migrate()
    keep(made, ct_slice(study="1.2.3", series="1.2.3.1", sop="1.2.3.9"))
    yield made
    made.close()


def rows(archive: Archive, wanted: Any = table) -> list[dict[str, Any]]:
    with archive.index.read() as connection:
        return [dict(row) for row in connection.execute(select(wanted).order_by(wanted.c.id)).mappings()]


def die(archive: Archive, point: str, act: str) -> None:
    command = [sys.executable, "-c", DIE + act, point, str(archive.settings.data_dir), archive.settings.database_url]
    assert subprocess.run(command, check=False, timeout=120).returncode == DIED


def send_again(archive: Archive) -> None:
    with pytest.raises(DuplicateConflict):
        keep(archive, ct_slice(study="1.2.3", series="1.2.3.1", sop="1.2.3.9", PatientName="B"))


def names(archive: Archive) -> list[str]:
    return sorted(path.name for path in archive.spool.quarantine.iterdir())


@pytest.mark.parametrize("point", ["quarantine: moved", "quarantine: noted"])
def test_while_a_conflict_is_put_aside(archive: Archive, point: str) -> None:
    die(archive, point, SEND)
    (name,) = names(archive)
    reconcile(archive)
    (row,) = rows(archive)
    assert (row["file_name"], row["kind"], row["state"], row["sop_instance_uid"]) == (
        name,
        "conflict",
        "open",
        "1.2.3.9",
    )
    assert row["kept_dataset_sha256"] == rows(archive, instance)[0]["dataset_sha256"]
    assert row["received_at"] == recover(archive.spool.quarantine / name).received_at
    assert recover(archive.spool.quarantine / name).dataset_sha256 == row["dataset_sha256"]
    # Its sender was told nothing and comes again, before and after the next start.
    send_again(archive)
    reconcile(archive)
    assert [one["times_received"] for one in rows(archive)] == [2]
    assert names(archive) == [name]


def test_its_sender_comes_again_before_the_next_start(archive: Archive) -> None:
    die(archive, "quarantine: moved", SEND)
    send_again(archive)
    assert len(names(archive)) == 2
    reconcile(archive)
    (row,) = rows(archive)
    assert names(archive) == [row["file_name"]]
    assert len(list(archive.spool.ready.iterdir())) == 1


def test_while_a_file_is_discarded(archive: Archive) -> None:
    send_again(archive)
    (row,) = rows(archive)
    die(archive, "quarantine: discarded", f'quarantine.discard(archive, {row["id"]}, "because", SYSTEM)')
    assert names(archive) == [row["file_name"]]
    reconcile(archive)
    assert names(archive) == []
    assert [one["state"] for one in rows(archive)] == ["discarded"]


@pytest.mark.parametrize("point", ["quarantine: taken out", "quarantine: stored"])
def test_while_a_file_is_tried_again(archive: Archive, point: str) -> None:
    send_again(archive)
    (row,) = rows(archive)
    with archive.index.write() as connection:
        connection.execute(instance.delete())
    for path in archive.spool.ready.iterdir():
        path.unlink()
    die(archive, point, f"quarantine.retry(archive, {row['id']}, SYSTEM)")
    reconcile(archive)
    assert [one["state"] for one in rows(archive)] == ["stored"]
    (kept,) = rows(archive, instance)
    assert kept["dataset_sha256"] == row["dataset_sha256"]
    assert recover(archive.spool.path(kept["spool_name"])).dataset_sha256 == row["dataset_sha256"]
    assert names(archive) == []
    with archive.index.read() as connection:
        assert any("quarantine settle" in event.detail for event in events(connection))


def test_while_a_conflict_is_tried_again_in_vain(archive: Archive) -> None:
    send_again(archive)
    (row,) = rows(archive)
    die(archive, "quarantine: taken out", f"quarantine.retry(archive, {row['id']}, SYSTEM)")
    assert names(archive) == []
    reconcile(archive)
    assert names(archive) == [row["file_name"]]
    assert [one["state"] for one in rows(archive)] == ["open"]
    assert len(rows(archive, instance)) == 1
    quarantine.discard(archive, row["id"], "because", SYSTEM)
