"""What the spool and the local object store both need of the disk to survive a power cut, and its errors as ours."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import ArchiveError, OutOfResources, StoreUnavailable


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable.

    Raises:
        OSError: the disk does not take it.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def translated() -> Iterator[None]:
    """Turn errors of the spool's disk into the archive's own."""
    try:
        yield
    except OSError as error:
        raise translation(error) from error


def translation(error: OSError) -> ArchiveError:
    """The archive's own error for one of the spool's disk."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutOfResources("The disk is full; nothing was stored.")
    return StoreUnavailable("The disk of the spool cannot be used now.")
