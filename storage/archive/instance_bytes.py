"""The bytes of one kept instance, wherever they are: while they are read they may move from the spool to the store."""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

from storage.archive import Archive
from storage.dicom.part10 import read_meta
from storage.errors import InvalidInstance, NotFound, StoreUnavailable
from storage.index import locations as rows

T = TypeVar("T")

CHUNK_BYTES = 1024 * 1024
_ATTEMPTS = 3
_WHOLE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class InstanceRow:
    """One kept instance: what it is, whose it is, and where its bytes are. Sizes and offsets in bytes."""

    id: int
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    facility_id: int
    patient_id: str
    modality: str
    instance_number: int | None
    rows: int | None
    columns: int | None
    number_of_frames: int
    transfer_syntax_uid: str
    size: int
    dataset_offset: int
    dataset_sha256: str
    location: str
    spool_name: str
    object_key: str


class _MovedError(Exception):
    """The bytes are not, or no longer, where the row says."""


class InstanceBytes:
    """A Part 10 file as it was stored; every read gives all the bytes asked for or raises."""

    def __init__(self, archive: Archive, row: InstanceRow) -> None:
        self._archive = archive
        self._row = row

    @property
    def size(self) -> int:
        """Length of the file."""
        return self._row.size

    @property
    def path(self) -> Path | None:
        """The file where it is on a local disk now, else None; it may move at any time, so prefer the methods."""
        path = self._local()
        return path if path is not None and path.is_file() else None

    def read(self, offset: int = 0, length: int | None = None) -> bytes:
        """Read ``length`` bytes from ``offset``, or all that follow.

        Raises:
            StoreUnavailable: the bytes cannot be had now, or are not those that were stored.
            ValueError: the range is not within the file.
        """
        wanted = self.size - offset if length is None else length
        if offset < 0 or wanted < 0 or offset + wanted > self.size:
            raise ValueError("the range is not within the instance")
        return self._tolerant(partial(self._read, offset, wanted))

    def read_into(self, places: Sequence[memoryview], offset: int) -> None:
        """Fill places in memory, at most 1,024 of them, with the bytes from ``offset`` on; without a copy between.

        Raises:
            StoreUnavailable, ValueError: as :meth:`read`.
        """
        wanted = sum(map(len, places))
        if offset < 0 or offset + wanted > self.size:
            raise ValueError("the range is not within the instance")
        self._tolerant(partial(self._read_into, places, offset, wanted))

    def read_at_once(self, offset: int, length: int, before: bytes = b"", after: bytes = b"") -> bytearray | None:
        """As :meth:`read`, between two other strings, if the bytes are in the memory of the machine; else None.

        Nothing waits for a disk here, so that it can be asked where other work would be kept waiting.
        """
        path = self._local()
        if path is None or offset < 0 or length <= 0 or offset + length > self.size:
            return None
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            if os.fstat(file).st_size != self.size:
                return None
            data = bytearray(len(before) + length + len(after))
            end = len(before) + length
            with memoryview(data) as view:
                if os.preadv(file, [view[len(before) : end]], offset, os.RWF_NOWAIT) != length:
                    return None
        except OSError:  # a file system that cannot tell
            return None
        finally:
            os.close(file)
        data[: len(before)] = before
        data[end:] = after
        return data

    def prefetch(self, offset: int, length: int) -> bool:
        """Have the disk bring bytes into memory while something else is done; false: they are not on a local disk."""
        path = self._local()
        if path is None:
            return False
        try:
            with path.open("rb", buffering=0) as file:
                os.posix_fadvise(file.fileno(), offset, length, os.POSIX_FADV_WILLNEED)
        except OSError:
            return False
        return True

    def chunks(self, offset: int = 0) -> Iterator[bytes]:
        """All bytes from ``offset``, in pieces of about a megabyte; a move or a broken connection is bridged.

        Raises:
            StoreUnavailable: as :meth:`read`; the first piece tells whether there is anything.
        """
        position = offset
        failures = 0
        while position < self.size:
            try:
                for piece in self._tolerant(partial(self._open, position)):
                    position += len(piece)
                    failures = 0
                    self._require(position <= self.size)
                    yield piece
                self._require(position == self.size)
            except StoreUnavailable:
                failures += 1
                if failures >= _ATTEMPTS:
                    raise

    def _tolerant(self, work: Callable[[], T]) -> T:
        """Do it where the row says; if the bytes have moved, look the row up again."""
        for _ in range(_ATTEMPTS):
            try:
                return work()
            except _MovedError:
                self._look_up()
        raise StoreUnavailable(self._missing())

    def _look_up(self) -> None:
        with self._archive.index.read() as connection:
            found = rows.by_id(connection, self._row.id)
        if found is None or found["sop_instance_uid"] != self._row.sop_instance_uid:
            raise NotFound("This instance is no longer kept.")
        if (found["dataset_sha256"], found["size"]) != (self._row.dataset_sha256, self._row.size):
            raise StoreUnavailable("This instance was stored anew just now; ask again.")
        self._row = InstanceRow(**found)

    def _missing(self) -> str:
        if self._row.location == "spool" and not self._row.spool_name.startswith(f"{self._archive.spool.node}-"):
            return "This instance is still on its way from the node that received it; try again in a moment."
        return "The bytes of this instance are missing from the store; an administrator has to restore them."

    @staticmethod
    def _require(right_size: bool) -> None:
        if not right_size:
            raise StoreUnavailable("The stored object does not have the size of what was stored.")

    def _local(self) -> Path | None:
        if self._row.location == "spool":
            return self._archive.spool.path(self._row.spool_name)
        if self._archive.cache is not None:
            return self._archive.cache.path(self._row.object_key)
        return self._archive.objects.path(self._row.object_key)

    def _file(self) -> BinaryIO | None:
        """The open local file, whose bytes stay whatever happens to its name; None: it is in a remote store alone."""
        if self._row.location == "object" and self._archive.cache is not None:
            return self._archive.cache.file(self._row.object_key, self._row.size)
        path = self._local()
        if path is None:
            return None
        try:
            file = path.open("rb", buffering=0)
        except FileNotFoundError:
            raise _MovedError from None
        except OSError as error:
            raise StoreUnavailable("The disk of this instance cannot be read now.") from error
        if os.fstat(file.fileno()).st_size != self._row.size:
            file.close()
            raise StoreUnavailable("The stored file does not have the size of what was stored.")
        return file

    def _read(self, offset: int, length: int) -> bytes:
        file = self._file()
        if file is None:
            try:
                data = self._fetch(offset, length) if length else b""
            except NotFound:
                raise _MovedError from None
        else:
            with file:
                data = _pread(file, offset, length)
        self._require(len(data) == length)
        return data

    def _read_into(self, places: Sequence[memoryview], offset: int, wanted: int) -> None:
        file = self._file()
        if file is None:
            data = memoryview(self._read(offset, wanted))
        else:
            with file:
                try:
                    if os.preadv(file.fileno(), places, offset) == wanted:
                        return
                except OSError as error:
                    raise StoreUnavailable("The disk of this instance cannot be read now.") from error
                data = memoryview(_pread(file, offset, wanted))
            self._require(len(data) == wanted)
        for place in places:
            place[:] = data[: len(place)]
            data = data[len(place) :]

    def _fetch(self, offset: int, length: int) -> bytes:
        """Bytes from the remote store; where most of a small object is asked for, all of it, for the hot cache."""
        key, size = self._row.object_key, self._row.size
        cache = self._archive.cache
        if cache is None or size > _WHOLE_BYTES or length * 2 < size:
            return self._archive.objects.read(key, offset, length)
        whole = self._archive.objects.read(key)
        self._require(len(whole) == size)
        if not self._is_right(whole):
            raise StoreUnavailable("The object store gave other bytes than were stored.")
        if not self._archive.precedence.is_receiving():
            cache.put(key, (whole,))
        return whole[offset : offset + length]

    def _is_right(self, whole: bytes) -> bool:
        """Whether a whole file has the data set of this instance, behind a file meta that says so."""
        offset, digest = self._row.dataset_offset, self._row.dataset_sha256
        if hashlib.sha256(memoryview(whole)[offset:]).hexdigest() != digest:
            return False
        try:
            meta, end = read_meta(whole[: offset + 8])
        except InvalidInstance:
            return False
        said = (end, meta.dataset_sha256, meta.sop_instance_uid, meta.transfer_syntax_uid)
        return said == (offset, digest, self._row.sop_instance_uid, self._row.transfer_syntax_uid)

    def _open(self, offset: int) -> Iterator[bytes]:
        file = self._file()
        if file is not None:
            return _pieces(file, offset)
        try:
            return self._archive.objects.chunks(self._row.object_key, offset)
        except NotFound:
            raise _MovedError from None


def _pread(file: BinaryIO, offset: int, length: int) -> bytes:
    try:
        data = os.pread(file.fileno(), length, offset)
        while len(data) < length:
            more = os.pread(file.fileno(), length - len(data), offset + len(data))
            if not more:
                break
            data += more
    except OSError as error:
        raise StoreUnavailable("The disk of this instance cannot be read now.") from error
    return data


def _pieces(file: BinaryIO, offset: int) -> Iterator[bytes]:
    with file:
        while piece := _pread(file, offset, CHUNK_BYTES):
            offset += len(piece)
            yield piece
