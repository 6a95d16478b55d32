"""What the remote object store has is read from the local disk while it is there, and from the store when it is not."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.access import facilities
from storage.archive import Archive, instance_bytes, known, read_ahead, retrieve
from storage.archive.instance_bytes import InstanceRow
from storage.archive.upload import upload_pending
from storage.errors import StoreUnavailable
from storage.settings import StorageSettings
from tests.peers import faulty_s3, seaweedfs
from tests.peers.faulty_s3 import Fault, FaultyS3
from tests.storage.samples import ct, keep, pixels, uid


@pytest.fixture
def s3(seaweed: seaweedfs.SeaweedFS) -> Iterator[FaultyS3]:
    with faulty_s3.before(seaweed.endpoint) as proxy:
        yield proxy


@pytest.fixture
def archive(tmp_path: Path, seaweed: seaweedfs.SeaweedFS, s3: FaultyS3) -> Iterator[Archive]:
    """An archive on S3 with three instances that are uploaded."""
    settings = {
        "data_dir": tmp_path / "data",
        "minimum_free_bytes": 0,
        **s3.settings(seaweed.settings(seaweed.bucket())),
    }
    made = Archive.open(StorageSettings.model_validate(settings))
    made.index.migrate()
    facilities.get_or_create(made.index, "01001")
    for number in (1, 2, 3):
        keep(made, ct("a", 1, number))
    assert upload_pending(made) == 3
    made.spool.incoming.touch()
    yield made
    made.close()


def rows(archive: Archive) -> list[InstanceRow]:
    return retrieve.instances(archive, uid("a"))


def cached(archive: Archive) -> list[Path]:
    assert archive.cache is not None
    return sorted(archive.cache.root.rglob("*.dcm"))


def quiet(archive: Archive) -> None:
    """Nothing has arrived for a while."""

    os.utime(archive.spool.incoming, (0, 0))


def evict(archive: Archive) -> None:
    for path in cached(archive):
        path.unlink()


def reads(s3: FaultyS3) -> int:
    return sum(method == "GET" and "instances/" in path for method, path in s3.requests)


def test_what_was_uploaded_is_read_without_the_store(archive: Archive, s3: FaultyS3) -> None:
    assert len(cached(archive)) == 3
    assert not list(archive.spool.ready.iterdir())
    s3.stop()
    for number, row in enumerate(rows(archive), start=1):
        assert retrieve.frame_bytes(archive, row, 1) == pixels(number).tobytes()
        kept = retrieve.open_instance(archive, row)
        assert b"".join(kept.chunks()) == kept.read()
        assert kept.path in cached(archive)


def test_what_was_evicted_is_read_from_the_store_once_and_is_back(archive: Archive, s3: FaultyS3) -> None:
    originals = {path.name: path.read_bytes() for path in cached(archive)}
    evict(archive)
    quiet(archive)
    before = reads(s3)
    for _ in range(3):
        for row in rows(archive):
            whole = retrieve.open_instance(archive, row).read()
            assert whole == originals[row.object_key.rsplit("/", 1)[1]]
    assert reads(s3) - before == 3
    assert {path.name: path.read_bytes() for path in cached(archive)} == originals


def test_a_small_part_is_read_alone(archive: Archive) -> None:
    evict(archive)
    quiet(archive)
    row = rows(archive)[0]
    assert retrieve.open_instance(archive, row).read(128, 4) == b"DICM"
    assert cached(archive) == []


def test_a_damaged_file_of_the_cache_is_noticed(archive: Archive) -> None:
    for path in cached(archive):
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size // 2)
    for number, row in enumerate(rows(archive), start=1):
        assert retrieve.frame_bytes(archive, row, 1) == pixels(number).tobytes()
    assert all(path.stat().st_size > 1000 for path in cached(archive))


def test_wrong_bytes_of_the_store_are_told_and_never_cached(archive: Archive, s3: FaultyS3) -> None:
    evict(archive)
    quiet(archive)
    row = rows(archive)[0]
    with s3.doing(Fault("wrong", methods=("GET",))), pytest.raises(StoreUnavailable):
        retrieve.open_instance(archive, row).read(100)
    assert cached(archive) == []
    assert len(retrieve.open_instance(archive, row).read(100)) == row.size - 100
    assert len(cached(archive)) == 1


def test_while_instances_arrive_reading_fills_no_cache(archive: Archive) -> None:
    evict(archive)
    archive.spool.incoming.touch()
    row = rows(archive)[0]
    assert len(retrieve.open_instance(archive, row).read()) == row.size
    assert cached(archive) == []


def test_a_whole_instance_is_read_piece_by_piece_over_a_broken_line(archive: Archive, s3: FaultyS3) -> None:
    row = rows(archive)[1]
    whole = retrieve.open_instance(archive, row).read()
    evict(archive)
    with s3.doing(Fault("cut", times=2, methods=("GET",))):
        assert b"".join(retrieve.open_instance(archive, row).chunks()) == whole


def test_the_frames_behind_come_before_they_are_asked_for(archive: Archive, s3: FaultyS3) -> None:
    evict(archive)
    quiet(archive)
    first, *others = rows(archive)
    for row in (first, others[0]):
        known.instance(archive, row.study_instance_uid, row.series_instance_uid, row.sop_instance_uid)
    assert not read_ahead.is_ready(archive, others[0], 1)
    ahead = read_ahead.behind(archive, first, 1)
    assert ahead is not None
    read_ahead.fetch(archive, ahead)
    assert read_ahead.behind(archive, first, 1) is None
    s3.stop()
    for number, row in enumerate(others, start=2):
        assert read_ahead.is_ready(archive, row, 1)
        assert retrieve.frame_bytes(archive, row, 1) == pixels(number).tobytes()


def test_frames_of_a_large_instance_are_fetched_into_memory(
    archive: Archive, s3: FaultyS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    evict(archive)
    monkeypatch.setattr(instance_bytes, "_WHOLE_BYTES", 0)
    row = rows(archive)[0]
    retrieve.prefetch_frame(archive, row, 1)
    assert cached(archive) == []
    s3.stop()
    assert retrieve.frame_bytes(archive, row, 1) == pixels(1).tobytes()
    with pytest.raises(StoreUnavailable):
        retrieve.frame_bytes(archive, row, 1)
