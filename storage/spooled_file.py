"""A complete file of the spool: what is known of it, its lock, and when it is durable."""

import hashlib
import os
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from storage.blank import Blank
from storage.dicom.part10 import FileMeta, read_meta
from storage.disk import translated, translation
from storage.errors import InvalidInstance
from storage.fault_point import reached

_PIECE_BYTES = 1024 * 1024
_HEAD_BYTES = 16 * 1024  # more than any file meta information that encode_meta writes


class Hold:
    """The lock on a spool file: held until released, at the latest when nobody refers to it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @property
    def is_released(self) -> bool:
        """Whether somebody else may have the file now."""
        return self._descriptor is None

    def open(self) -> BinaryIO:
        """The file itself, whatever its name is."""
        if self._descriptor is None:
            raise FileNotFoundError
        return os.fdopen(os.dup(self._descriptor), "rb")

    def release(self) -> None:
        """Let go."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    __del__ = release


@dataclass(frozen=True)
class SpooledFile:
    """A Part 10 file for ``ready/``, durable unless its writer was told otherwise.

    Sizes and offsets in bytes, hashes in hexadecimal.
    """

    path: Path
    size: int
    dataset_offset: int
    dataset_sha256: str
    transfer_syntax_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    source_ae_title: str
    facility: str = ""  # code; empty: its sender did not say
    received_at: datetime | None = None
    hold: Hold | None = field(default=None, repr=False, compare=False)
    written: "Written | None" = field(default=None, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The file's name in ``ready/``, as the index keeps it."""
        return self.path.name

    @property
    def dataset(self) -> memoryview | None:
        """The bytes of the data set where they are at hand: of a small instance, until it is made durable."""
        return None if self.written is None else self.written.dataset

    def open(self) -> BinaryIO:
        """Read the file, wherever it is.

        Raises:
            OSError: it cannot be read.
        """
        if self.hold is not None and not self.hold.is_released:
            return self.hold.open()
        return self.path.open("rb")

    def make_durable(self) -> None:
        """See to it that the file survives a power cut, if that is not done yet.

        Raises:
            OutOfResources: the disk is full.
            StoreUnavailable: the disk does not take it.
        """
        if self.written is not None:
            self.written.make_durable(self.path)

    def release(self) -> None:
        """Let others work on the file."""
        if self.hold is not None:
            self.hold.release()

    def discard(self) -> None:
        """Remove the file."""
        if self.written is not None:
            self.written.discard()
        self.path.unlink(missing_ok=True)
        self.release()


class Written:
    """A complete file that may not be durable yet."""

    def __init__(self, blank: Blank, buffer: bytearray | None, length: int, buffers: deque[bytearray]) -> None:
        self._buffers = buffers  # where the buffer goes when it is free again
        self._blank = blank
        self._buffer = buffer
        self._length = length
        self._pending = True

    @property
    def dataset(self) -> memoryview | None:
        """The bytes of the data set, if they are in memory."""
        return None if self._buffer is None else memoryview(self._buffer)[: self._length]

    def make_durable(self, target: Path) -> None:
        """Sync it, and name it ``target``."""
        if not self._pending:
            return
        self._forget()
        try:
            os.fdatasync(self._blank.descriptor)
            os.rename(self._blank.path, target)  # noqa: PTH104  strings: it is done a thousand times a second
        except OSError as error:
            raise translation(error) from error
        self._pending = False
        reached("spool: durable")

    def discard(self) -> None:
        """Remove it, if it has not been named yet."""
        self._forget()
        if self._pending:
            self._blank.path.unlink(missing_ok=True)

    def _forget(self) -> None:
        buffer, self._buffer = self._buffer, None
        if buffer is not None:
            self._buffers.append(buffer)


def recover(path: Path, hold: Hold | None = None) -> SpooledFile:
    """Describe a file of ``ready/`` anew from its own bytes, and prove its data set by the digest it carries.

    Raises:
        InvalidInstance: it is not what a finished writer leaves.
        StoreUnavailable: the disk cannot be read.
    """
    dataset = hashlib.sha256()
    with translated(), path.open("rb") as file:
        meta, offset = read_meta(file.read(_HEAD_BYTES))
        file.seek(offset)
        while piece := file.read(_PIECE_BYTES):
            dataset.update(piece)
        size = file.tell()
    if dataset.hexdigest() != meta.dataset_sha256:
        raise InvalidInstance("The spooled file is damaged: its data set has another digest.")
    return spooled_file(path, meta, size, offset, hold, None)


def spooled_file(
    path: Path, meta: FileMeta, size: int, dataset_offset: int, hold: Hold | None, written: Written | None
) -> SpooledFile:
    """Describe a file of which this is the file meta information."""
    return SpooledFile(
        path=path,
        size=size,
        dataset_offset=dataset_offset,
        dataset_sha256=meta.dataset_sha256,
        transfer_syntax_uid=meta.transfer_syntax_uid,
        sop_class_uid=meta.sop_class_uid,
        sop_instance_uid=meta.sop_instance_uid,
        source_ae_title=meta.source_ae_title,
        facility=meta.origin.facility,
        received_at=meta.origin.received_at,
        hold=hold,
        written=written,
    )
