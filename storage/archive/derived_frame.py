"""Frames that were compressed for viewers, kept on the local disk for those who ask next (PS3.18 §10.4.1.1.6).

They can be thrown away at any time: the least recently used go when they take too much room, all of an instance when
it is removed. Ranges of a frame are therefore ranges of the same bytes, and it is compressed once, not for each range.
"""

import os
import time
from contextlib import suppress
from pathlib import Path

from storage.archive import Archive
from storage.archive.retrieve import InstanceRow, delivered_frame
from storage.objects import instance_key
from storage.pixels.encode import ENCODERS

_HOUR_S = 3600


def delivered(archive: Archive, row: InstanceRow, number: int, transfer_syntax_uid: str) -> tuple[bytes, bool]:
    """A frame in another transfer syntax than its own, and whether it was made just now and is worth keeping.

    Raises:
        NotFound, NotAcceptable, PixelError, TooLarge, StoreUnavailable: as :func:`delivered_frame`.
    """
    if transfer_syntax_uid not in ENCODERS:
        return delivered_frame(archive, row, number, transfer_syntax_uid), False
    path = archive.derived.path(_key(row, number, transfer_syntax_uid))
    with suppress(OSError):
        kept = path.read_bytes()
        if time.time() - path.stat().st_mtime > _HOUR_S:
            os.utime(path)
        return kept, False
    return delivered_frame(archive, row, number, transfer_syntax_uid), True


def keep(archive: Archive, row: InstanceRow, number: int, transfer_syntax_uid: str, frame: bytes) -> None:
    """Keep a frame that :func:`delivered` made, unless instances arrive just now or there is no room."""
    if not archive.precedence.is_receiving():
        archive.derived.put(_key(row, number, transfer_syntax_uid), (frame,))


def forget(archive: Archive, object_key: str) -> None:
    """Throw away what this node holds of the instance of an object."""
    name = _name(object_key)
    shard: Path = archive.derived.path(name).parent
    for path in shard.glob(f"{name}-*"):
        with suppress(OSError):
            path.unlink()


def _key(row: InstanceRow, number: int, transfer_syntax_uid: str) -> str:
    last = transfer_syntax_uid.removeprefix("1.2.840.10008.1.2.")
    study, series, sop = row.study_instance_uid, row.series_instance_uid, row.sop_instance_uid
    return f"{_name(instance_key(study, series, sop, row.dataset_sha256))}-{number}-{last}"


def _name(object_key: str) -> str:
    """The name of the instance's object, of which its content is a part."""
    return object_key.rpartition("/")[2].removesuffix(".dcm")
