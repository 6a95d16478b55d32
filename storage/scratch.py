"""Bytes that have to wait on disk for their place in an instance: one file without a name, gone with its owner."""

import os
import tempfile
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from storage.dicom.encoding import Extent
from storage.disk import translated
from storage.spool import Spool

_PIECE_BYTES = 1024 * 1024


class Scratch:
    """A file beside the spool; nothing of it is left when it is closed or its process dies."""

    def __init__(self, spool: Spool) -> None:
        """Raise OutOfResources when the disk is nearly full, StoreUnavailable when it cannot be used."""
        spool.check_room()
        self._spool = spool
        with translated():
            self._file = tempfile.TemporaryFile(dir=spool.root, buffering=0)  # noqa: SIM115  closed by `close`
        self._size = 0
        self._asked_at = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._size

    def write(self, data: bytes) -> None:
        """Append.

        Raises:
            OutOfResources: the disk is full, or nearly.
            StoreUnavailable: the disk does not take it.
        """
        if self._size - self._asked_at > 64 * _PIECE_BYTES:
            self._spool.check_room()
            self._asked_at = self._size
        with translated():
            rest = memoryview(data)
            while rest:
                written = os.pwrite(self._file.fileno(), rest, self._size)
                self._size += written
                rest = rest[written:]

    def read(self, extent: Extent) -> Iterator[bytes]:
        """The bytes of an extent, in pieces of a megabyte.

        Raises:
            StoreUnavailable: the disk cannot be read.
        """
        position, end = extent.offset, extent.offset + extent.length
        while position < end:
            with translated():
                piece = os.pread(self._file.fileno(), min(_PIECE_BYTES, end - position), position)
                if not piece:
                    raise OSError
            position += len(piece)
            yield piece

    def close(self) -> None:
        """Give the file up."""
        self._file.close()
