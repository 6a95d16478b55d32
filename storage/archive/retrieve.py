"""Use case: give back what is kept: whole instances, frames, headers, pictures (PS3.18 §10.4, PS3.4 §C.4.2)."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from pydicom.dataset import Dataset

from storage.archive import Archive
from storage.archive.absence import absence
from storage.archive.instance_bytes import InstanceBytes, InstanceRow
from storage.dicom import json
from storage.dicom.dataset import dataset_of
from storage.dicom.frames import FrameTable
from storage.dicom.part10 import inflate
from storage.errors import NotFound, PixelError
from storage.index import locations as rows
from storage.index.engine import Index
from storage.pixels.deliver import deliver
from storage.pixels.image import ImageFormat

__all__ = [
    "InstanceBytes",
    "InstanceRow",
    "StoredImage",
    "delivered_frame",
    "frame_at_once",
    "frame_bytes",
    "header",
    "image",
    "instances",
    "open_instance",
    "prefetch_frame",
    "remember_frame_tables",
]

V = TypeVar("V")

_REMEMBERED_TABLES = 8192
# A longer table, of very many frames, is looked up when it is needed.
_MOST_TABLE_BYTES = 4096
# Of frames fetched ahead from a remote store that are not in the hot cache; each is used once.
_MOST_FETCHED_BYTES = 64 * 1024 * 1024
_REMEMBERED_IMAGES = 64


def instances(
    archive: Archive,
    study_instance_uid: str,
    series_instance_uid: str | None = None,
    sop_instance_uid: str | None = None,
    *,
    limit: int | None = None,
) -> list[InstanceRow]:
    """The instances of a study, a series, or one, by series and instance number; asks no permission.

    ``limit``: no more than so many, the first ones.

    Raises:
        NotFound: there are none.
        StoreUnavailable: the index cannot be reached.
    """
    with archive.index.read() as connection:
        found = rows.find(connection, study_instance_uid, series_instance_uid, sop_instance_uid, limit)
    if not found:
        raise absence(archive, study_instance_uid, series_instance_uid or "", sop_instance_uid or "")
    return [InstanceRow(**row) for row in found]


def open_instance(archive: Archive, row: InstanceRow) -> InstanceBytes:
    """The Part 10 file of an instance, byte for byte as it was stored."""
    return InstanceBytes(archive, row)


def frame_bytes(archive: Archive, row: InstanceRow, number: int) -> bytes:
    """A frame as stored, counted from 1: one range read. Single-bit frames start on a byte.

    Raises:
        NotFound: there is no such frame.
        StoreUnavailable: its bytes cannot be had.
    """
    fetched = _remembered(archive.index).fetched.take((_identity(row), number))
    if fetched is not None:
        return fetched
    table = _frame_table(archive, row)
    place = table.frame(number)
    if table.deflated:
        plain = inflate(open_instance(archive, row).read(row.dataset_offset))
        return place.extract(plain[place.offset : place.offset + place.length])
    return place.extract(open_instance(archive, row).read(row.dataset_offset + place.offset, place.length))


def prefetch_frame(archive: Archive, row: InstanceRow, number: int) -> None:
    """Have a frame at hand for whoever asks next: in the memory of the machine, the hot cache, or our own.

    Raises:
        NotFound, StoreUnavailable, PixelError: as :func:`frame_bytes`.
    """
    place = _frame_table(archive, row).frame(number)
    if open_instance(archive, row).prefetch(row.dataset_offset + place.offset, place.length):
        return
    if place.length <= _MOST_FETCHED_BYTES // 8:
        frame = frame_bytes(archive, row, number)
        if open_instance(archive, row).path is None:
            _remembered(archive.index).fetched.put((_identity(row), number), frame)


def frame_at_once(
    archive: Archive, row: InstanceRow, number: int, before: bytes = b"", after: bytes = b""
) -> bytearray | None:
    """The same between two other strings, if nothing has to be waited for: known where, and in memory; else None.

    Raises:
        NotFound: there is no such frame.
    """
    table = _remembered(archive.index).tables.get(_identity(row))
    if table is None or table.deflated:
        return None
    place = table.frame(number)
    if len(place.pieces) > 1 or place.bits:
        return None
    return open_instance(archive, row).read_at_once(row.dataset_offset + place.offset, place.length, before, after)


def remember_frame_tables(archive: Archive, instances_of_series: Sequence[InstanceRow]) -> None:
    """Look up the places of the frames of single-frame instances of one series in one go.

    Raises:
        StoreUnavailable: the index cannot be reached.
    """
    tables = _remembered(archive.index).tables
    wanted = {
        row.id: row for row in instances_of_series if row.number_of_frames == 1 and tables.get(_identity(row)) is None
    }
    if not wanted:
        return
    with archive.index.read() as connection:
        found = rows.frames_of(connection, next(iter(wanted.values())).id, _MOST_TABLE_BYTES)
    for identity, encoded in found:
        row = wanted.get(identity)
        if row is not None:
            with suppress(ValueError):
                tables.put(_identity(row), FrameTable.decode(encoded))


def header(archive: Archive, row: InstanceRow) -> Dataset:
    """The header without bulk data; shared between callers, so it must not be changed.

    Raises:
        NotFound: the instance is no longer kept.
    """
    return image(archive, row).header


def delivered_frame(archive: Archive, row: InstanceRow, number: int, transfer_syntax_uid: str) -> bytes:
    """A frame, counted from 1, in another transfer syntax than it is stored in.

    Raises:
        NotFound: there is no such frame.
        NotAcceptable: this image cannot be given so.
        PixelError: its pixel data is not what its header says.
        TooLarge: the decoded frame is over the limit of the settings.
        StoreUnavailable: its bytes cannot be had.
    """
    encoded = frame_bytes(archive, row, number)
    limit = archive.settings.maximum_decoded_samples
    return deliver(encoded, image(archive, row).format, transfer_syntax_uid, maximum_samples=limit)


@dataclass(frozen=True)
class StoredImage:
    """The header of one instance and what its frames' bytes mean."""

    header: Dataset
    transfer_syntax_uid: str

    @cached_property
    def format(self) -> ImageFormat:
        """What the bytes of its frames mean; raises PixelError when its header cannot tell."""
        return ImageFormat.of(self.header, self.transfer_syntax_uid)


def image(archive: Archive, row: InstanceRow) -> StoredImage:
    """The header of an instance; shared between callers, so it must not be changed.

    Raises:
        NotFound: the instance is no longer kept.
    """

    def make() -> StoredImage:
        with archive.index.read() as connection:
            encoded = rows.header(connection, row.id)
        if encoded is None:
            raise NotFound("This instance is no longer kept.")
        return StoredImage(dataset_of(json.decode(encoded)), row.transfer_syntax_uid)

    return _remembered(archive.index).images.get_or_make(_identity(row), make)


def _frame_table(archive: Archive, row: InstanceRow) -> FrameTable:
    def make() -> FrameTable:
        with archive.index.read() as connection:
            encoded = rows.frames(connection, row.id)
        if encoded is None:
            raise NotFound("This instance is no longer kept.")
        try:
            return FrameTable.decode(encoded)
        except ValueError:
            raise PixelError("The places of the frames cannot be read; the instance has to be indexed again.") from None

    return _remembered(archive.index).tables.get_or_make(_identity(row), make)


def _identity(row: InstanceRow) -> Hashable:
    """The content itself: whatever is remembered under it is right for as long as it is remembered."""
    return row.sop_instance_uid, row.dataset_sha256, row.transfer_syntax_uid


class _Recent(Generic[V]):
    """The last used of some values that never change, by key."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._values: OrderedDict[Hashable, V] = OrderedDict()

    def get(self, key: Hashable) -> V | None:
        with self._lock:
            found = self._values.get(key)
            if found is not None:
                self._values.move_to_end(key)
            return found

    def put(self, key: Hashable, value: V) -> None:
        with self._lock:
            self._values[key] = value
            if len(self._values) > self._most:
                self._values.popitem(last=False)

    def get_or_make(self, key: Hashable, make: Callable[[], V]) -> V:
        found = self.get(key)
        if found is None:
            found = make()
            self.put(key, found)
        return found


class _Fetched:
    """Frames that will be asked for next; one that was given is forgotten, because the client keeps it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._frames: OrderedDict[Hashable, bytes] = OrderedDict()
        self._bytes = 0

    def take(self, key: Hashable) -> bytes | None:
        with self._lock:
            frame = self._frames.pop(key, None)
            self._bytes -= len(frame or b"")
            return frame

    def put(self, key: Hashable, frame: bytes) -> None:
        with self._lock:
            self._bytes += len(frame) - len(self._frames.pop(key, b""))
            self._frames[key] = frame
            while self._bytes > _MOST_FETCHED_BYTES:
                _, dropped = self._frames.popitem(last=False)
                self._bytes -= len(dropped)


class _Remembered:
    def __init__(self) -> None:
        self.fetched = _Fetched()
        self.tables: _Recent[FrameTable] = _Recent(_REMEMBERED_TABLES)
        self.images: _Recent[StoredImage] = _Recent(_REMEMBERED_IMAGES)


_by_index: WeakKeyDictionary[Index, _Remembered] = WeakKeyDictionary()
_by_index_lock = threading.Lock()


def _remembered(index: Index) -> _Remembered:
    with _by_index_lock:
        return _by_index.setdefault(index, _Remembered())
