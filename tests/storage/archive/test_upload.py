"""Instances move from the spool to the object store, verified, and never get lost on the way."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from storage.archive import Archive
from storage.archive.reconcile import reconcile
from storage.archive.upload import Uploader, is_verified, upload_pending
from storage.claim import claim
from storage.disk import sync_folder
from storage.errors import ArchiveError, StoreUnavailable
from storage.index.schema import instance
from storage.objects import ObjectStore
from storage.settings import StorageSettings
from tests.storage.generated import ct_slice, keep
from tests.wait import until


@pytest.fixture
def archive(tmp_path: Path, places: dict[str, str]) -> Iterator[Archive]:
    values = {"data_dir": tmp_path / "data", **places}
    opened = Archive.open(StorageSettings.model_validate(values))
    opened.index.migrate()
    yield opened
    opened.close()


def instances(archive: Archive) -> list[dict[str, Any]]:
    with archive.index.read() as connection:
        return [dict(row) for row in connection.execute(select(instance).order_by(instance.c.id)).mappings()]


def test_everything_waiting_is_moved_and_verified(archive: Archive) -> None:
    for _ in range(5):
        keep(archive, ct_slice(study="1.2.3"))
    files = {row["id"]: archive.spool.path(row["spool_name"]).read_bytes() for row in instances(archive)}
    assert upload_pending(archive, limit=3) == 3
    assert upload_pending(archive) == 2
    assert upload_pending(archive) == 0
    assert list(archive.spool.ready.iterdir()) == []
    for row in instances(archive):
        assert (row["location"], row["stored_at"] is not None) == ("object", True)
        kept, offset = archive.objects.read(row["object_key"]), row["dataset_offset"]
        assert (len(kept), kept[offset:]) == (len(files[row["id"]]), files[row["id"]][offset:])
        assert is_verified(archive, row)


def test_several_uploaders_at_once(archive: Archive) -> None:
    for _ in range(12):
        keep(archive, ct_slice(study="1.2.3"))
    moved: list[int] = []
    threads = [threading.Thread(target=lambda: moved.append(upload_pending(archive))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(moved) == 12
    assert {row["location"] for row in instances(archive)} == {"object"}
    assert list(archive.spool.ready.iterdir()) == []


def test_a_damaged_object_of_an_earlier_attempt_is_replaced(archive: Archive, tmp_path: Path) -> None:
    keep(archive, ct_slice())
    (row,) = instances(archive)
    damaged = tmp_path / "damaged"
    damaged.write_bytes(b"half an obj")
    assert archive.objects.create(row["object_key"], damaged)
    assert upload_pending(archive) == 1
    assert is_verified(archive, row)


class Stubborn:
    """A store whose every create fails; all else is the real store."""

    def __init__(self, real: ObjectStore) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def create_all(self, sources: Sequence[tuple[str, Path]]) -> list[bool | ArchiveError]:
        return [StoreUnavailable("The object store cannot be reached now.") for _ in sources]


def test_a_store_that_is_away_costs_nothing(archive: Archive) -> None:
    keep(archive, ct_slice())
    away = replace(archive, objects=Stubborn(archive.objects))
    with pytest.raises(StoreUnavailable):
        upload_pending(away)
    (row,) = instances(archive)
    assert row["location"] == "spool"
    assert archive.spool.path(row["spool_name"]).exists()
    assert upload_pending(archive) == 1


def test_a_stop_after_the_commit_leaves_a_file_that_the_next_start_removes(archive: Archive) -> None:
    keep(archive, ct_slice())
    (row,) = instances(archive)
    copy = archive.spool.path(row["spool_name"]).read_bytes()
    upload_pending(archive)
    archive.spool.path(row["spool_name"]).write_bytes(copy)
    report = reconcile(archive)
    assert (report.removed, report.ingested, report.duplicates) == (1, 0, 0)
    assert list(archive.spool.ready.iterdir()) == []


def test_a_stop_after_the_upload_is_made_good(archive: Archive) -> None:
    keep(archive, ct_slice())
    (row,) = instances(archive)
    file = archive.spool.path(row["spool_name"])
    archive.objects.create(row["object_key"], file)
    assert upload_pending(archive) == 1
    assert not file.exists()


def test_an_uploader_carries_what_is_there_and_what_comes(archive: Archive) -> None:
    uploader = Uploader(archive)
    try:
        for _ in range(20):
            keep(archive, ct_slice(study="1.2.3"))
        until(lambda: not uploader.step() and not list(archive.spool.ready.iterdir()), every_s=0)
        keep(archive, ct_slice())
        until(lambda: not uploader.step() and not list(archive.spool.ready.iterdir()), every_s=0)
    finally:
        uploader.close()
    for row in instances(archive):
        assert row["location"] == "object"
        assert is_verified(archive, row)


def test_an_instance_another_process_works_on_is_left_to_it(archive: Archive) -> None:
    keep(archive, ct_slice())
    keep(archive, ct_slice())
    first, _ = instances(archive)
    hold = claim(archive.spool.path(first["spool_name"]))
    assert hold is not None
    assert upload_pending(archive) == 1
    assert [row["location"] for row in instances(archive)] == ["spool", "object"]
    hold.release()
    assert upload_pending(archive) == 1


def test_a_spool_file_that_was_damaged_is_never_taken_for_the_instance(archive: Archive) -> None:
    keep(archive, ct_slice())
    (row,) = instances(archive)
    path = archive.spool.path(row["spool_name"])
    sound = path.read_bytes()
    path.write_bytes(sound[:-1] + b"\x7f")
    with pytest.raises(StoreUnavailable, match="no longer"):
        upload_pending(archive)
    assert path.exists()
    path.write_bytes(sound)
    assert upload_pending(archive) == 1
    assert is_verified(archive, row)


def test_an_object_whose_spool_file_went_before_its_row_was_noted(archive: Archive) -> None:
    keep(archive, ct_slice())
    (row,) = instances(archive)
    file = archive.spool.path(row["spool_name"])
    archive.objects.create(row["object_key"], file)
    file.unlink()
    uploader = Uploader(archive)
    until(lambda: not uploader.step() and instances(archive)[0]["location"] == "object", every_s=0)
    uploader.close()


def test_a_local_batch_syncs_each_folder_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Archive.open(StorageSettings.model_validate({"data_dir": tmp_path / "data"}))
    opened.index.migrate()
    for number in range(30):
        keep(opened, ct_slice(study=f"1.2.{number % 3}", series=f"1.2.{number % 3}.1"))
    synced: list[Path] = []

    def note(folder: Path) -> None:
        synced.append(folder)
        sync_folder(folder)

    monkeypatch.setattr("storage.objects.local.sync_folder", note)
    assert upload_pending(opened) == 30
    objects = [folder for folder in synced if any(folder.glob("*.dcm"))]
    assert len(objects) == len(set(objects)) == 3
    opened.close()
