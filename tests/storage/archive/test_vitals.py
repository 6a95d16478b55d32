"""How the archive is just now: queue, room, arrivals."""

from pathlib import Path

import pytest
from sqlalchemy import select

from storage.archive import Archive
from storage.archive.upload import upload_pending
from storage.archive.vitals import cache, disks, is_full, vitals
from storage.errors import OutOfResources
from storage.index import schema
from storage.settings import StorageSettings
from tests.storage.samples import ct, keep


def test_what_waits_and_what_came(archive: Archive) -> None:
    for number in (1, 2, 3):
        keep(archive, ct("a", number=number))
    upload_pending(archive, limit=1)
    found = vitals(archive)
    (queue,) = found.queue
    with archive.index.read() as connection:
        statement = select(schema.instance.c.size, schema.instance.c.received_at)
        waiting = connection.execute(statement.where(schema.instance.c.location == "spool")).all()
        total = sum(row.size for row in connection.execute(statement))
    assert (queue.node, queue.instances) == (archive.spool.node, 2)
    assert (queue.bytes, queue.oldest_at) == (sum(row.size for row in waiting), min(row.received_at for row in waiting))
    assert (found.arrivals.instances, found.arrivals.bytes) == (3, total)
    assert found.arrivals.last_received_at == max(row.received_at for row in waiting)
    assert (found.quarantined, found.discrepancies) == (0, 0)


def test_an_empty_archive_has_nothing_to_say(archive: Archive) -> None:
    found = vitals(archive)
    assert sum(node.instances for node in found.queue) == 0
    assert (found.arrivals.instances, found.arrivals.last_received_at) == (0, None)


def test_a_disk_is_full_exactly_when_the_spool_refuses(tmp_path: Path) -> None:
    for demanded, full in ((0, False), (2**62, True)):
        settings = StorageSettings.model_validate({"data_dir": tmp_path, "minimum_free_bytes": demanded})
        opened = Archive.open(settings)
        try:
            found = disks(opened)
            assert is_full(opened, found) is full
            assert "spool" in found[0].holds
            assert {"objects", "index"} <= {name for disk in found for name in disk.holds} | {"index"}
            if full:
                with pytest.raises(OutOfResources):
                    opened.spool.check_room()
            else:
                opened.spool.check_room()
        finally:
            opened.close()


def test_the_hot_cache_is_measured_where_there_is_one(tmp_path: Path, object_store_settings: dict[str, str]) -> None:
    settings = StorageSettings.model_validate({"data_dir": tmp_path / "data", **object_store_settings})
    opened = Archive.open(settings)
    try:
        if not settings.object_store_url.startswith("s3://"):
            assert cache(opened) is None
            return
        folder = tmp_path / "data" / "cache" / "ab"
        folder.mkdir(parents=True)
        (folder / "one").write_bytes(bytes(1000))
        (folder / "two").write_bytes(bytes(24))
        found = cache(opened)
        assert found is not None
        assert (found.files, found.bytes) == (2, 1024)
    finally:
        opened.close()
