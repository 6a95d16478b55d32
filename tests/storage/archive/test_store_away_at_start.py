"""A node that starts while its object store is away receives, and puts away what it has when the store is back."""

from pathlib import Path

import pytest

from storage.archive import Archive
from storage.archive.upload import upload_pending
from storage.errors import StoreUnavailable
from storage.objects import StoreRefuses
from storage.settings import StorageSettings
from tests.peers import seaweedfs
from tests.storage.generated import ct_slice, keep


def settings_of(folder: Path, server: seaweedfs.SeaweedFS, **changes: str) -> StorageSettings:
    """Those of a bucket that nobody has made yet."""
    values = {"data_dir": folder, "minimum_free_bytes": 0, **server.settings("made-later"), **changes}
    return StorageSettings.model_validate(values)


def test_it_receives_and_catches_up(tmp_path: Path) -> None:
    with seaweedfs.running() as server:
        server.stop()
        archive = Archive.open(settings_of(tmp_path, server))
        archive.index.migrate()
        assert not keep(archive, ct_slice()).duplicate
        with pytest.raises(StoreUnavailable):
            upload_pending(archive)
        server.start()
        assert upload_pending(archive) == 1
        assert len(list(archive.objects.keys("instances/"))) == 1
        archive.close()


def test_a_store_that_refuses_is_told_at_the_start(tmp_path: Path) -> None:
    with seaweedfs.running() as server, pytest.raises(StoreRefuses):
        Archive.open(settings_of(tmp_path, server, s3_secret_key="not the key"))
