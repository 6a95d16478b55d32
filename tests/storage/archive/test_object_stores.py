"""Retrieval and series documents on each object store, while the uploader moves what is read."""

import gzip
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.uid import generate_uid

from storage.access import facilities
from storage.access.principal import SYSTEM
from storage.archive import Archive, commitment, retrieve, series_document
from storage.archive.removal import Target, erase_due, remove
from storage.archive.upload import upload_pending
from storage.errors import StoreUnavailable
from storage.settings import StorageSettings
from tests.storage.samples import ct, keep, pixels, uid

SLICES = 24


@pytest.fixture
def archive(tmp_path: Path, object_store_settings: dict[str, str]) -> Iterator[Archive]:
    """An archive on SQLite with either object store."""
    settings = {"data_dir": tmp_path / "data", "minimum_free_bytes": 0, **object_store_settings}
    made = Archive.open(StorageSettings.model_validate(settings))
    made.index.migrate()
    facilities.get_or_create(made.index, "01001")
    yield made
    made.close()


def test_frames_are_right_before_while_and_after_they_move(archive: Archive) -> None:
    for number in range(1, SLICES + 1):
        keep(archive, ct("a", 1, number))
    rows = retrieve.instances(archive, uid("a"))
    moved = threading.Event()
    wrong: list[int] = []

    def read() -> None:
        last = False
        while not last:
            last = moved.is_set()
            for number, row in enumerate(rows, start=1):
                if retrieve.frame_bytes(archive, row, 1) != pixels(number).tobytes():
                    wrong.append(number)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    while upload_pending(archive, limit=5):
        pass
    moved.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert not list(archive.spool.ready.iterdir())
    row = retrieve.instances(archive, uid("a"))[0]
    kept = retrieve.open_instance(archive, row)
    assert b"".join(kept.chunks()) == kept.read()


def test_an_object_that_is_gone_or_cut_is_an_error(archive: Archive) -> None:
    keep(archive, ct("a"))
    upload_pending(archive)
    (row,) = retrieve.instances(archive, uid("a"))
    whole = archive.objects.read(row.object_key)
    archive.objects.put(row.object_key, whole[:-8])
    if archive.cache is not None:
        archive.cache.remove(row.object_key)
    with pytest.raises(StoreUnavailable):
        retrieve.frame_bytes(archive, row, 1)
    with pytest.raises(StoreUnavailable):
        list(retrieve.open_instance(archive, row).chunks())
    archive.objects.delete(row.object_key)
    with pytest.raises(StoreUnavailable, match="missing"):
        retrieve.frame_bytes(archive, row, 1)
    with pytest.raises(StoreUnavailable, match="missing"):
        list(retrieve.open_instance(archive, row).chunks())


def test_series_documents_are_kept_in_the_store(archive: Archive) -> None:
    keep(archive, ct("a", 1, 1))
    keep(archive, ct("a", 1, 2))
    made = series_document.document(archive, uid("a"), uid("a", 1))
    series_document._by_index.pop(archive.index, None)
    again = series_document.document(archive, uid("a"), uid("a", 1))
    assert again == made
    assert len(json.loads(gzip.decompress(again.gzip_body))) == 2
    assert len(list(archive.objects.keys("derived/"))) == 1


def test_what_was_removed_is_erased_from_either_store_and_what_came_again_is_not(archive: Archive) -> None:
    archive.settings.deletion, archive.settings.deletion_grace_days = "administrators", 0
    for number in (1, 2):
        keep(archive, ct("a", 1, number))
    while upload_pending(archive):
        pass
    assert commitment_of(archive, uid("a")) == 2
    remove(archive, Target(uid("a")), SYSTEM)
    keep(archive, ct("a", 1, 2))
    while upload_pending(archive):
        pass
    while erase_due(archive):
        pass
    assert len(list(archive.objects.keys("instances/"))) == 1
    (row,) = retrieve.instances(archive, uid("a"))
    assert retrieve.frame_bytes(archive, row, 1) == pixels(2).tobytes()
    assert commitment_of(archive, uid("a")) == 1


def commitment_of(archive: Archive, study: str) -> int:
    """How many instances of a study are committed when that is asked for now."""
    transaction = generate_uid()
    commitment.request(archive, transaction, [commitment.Reference(study)], SYSTEM)
    commitment.work_off(archive)
    return len(commitment.result(archive, transaction, SYSTEM).committed)
