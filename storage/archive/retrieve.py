"""Use case: give back what is kept: whole instances, frames, headers, pictures (PS3.18 §10.4, PS3.4 §C.4.2)."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from pydicom.dataset import Dataset

from storage.archive import Archive
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
from storage.pixels.render import RenderOptions, render_frame

__all__ = [
    "InstanceBytes",
    "InstanceRow",
    "delivered_frame",
    "frame_bytes",
    "header",
    "instances",
    "open_instance",
    "rendered",
]

V = TypeVar("V")

_REMEMBERED_TABLES = 4096
_REMEMBERED_IMAGES = 64


def instances(
    archive: Archive,
    study_instance_uid: str,
    series_instance_uid: str | None = None,
    sop_instance_uid: str | None = None,
) -> list[InstanceRow]:
    """The instances of a study, a series, or one, by series and instance number; asks no permission.

    Raises:
        NotFound: there are none.
        StoreUnavailable: the index cannot be reached.
    """
    with archive.index.read() as connection:
        found = rows.find(connection, study_instance_uid, series_instance_uid, sop_instance_uid)
    if not found:
        level = "instance" if sop_instance_uid else "series" if series_instance_uid else "study"
        raise NotFound(f"There is no such {level}.")
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
    table = _frame_table(archive, row)
    place = table.frame(number)
    if table.deflated:
        plain = inflate(open_instance(archive, row).read(row.dataset_offset))
        return place.extract(plain[place.offset : place.offset + place.length])
    return place.extract(open_instance(archive, row).read(row.dataset_offset + place.offset, place.length))


def header(archive: Archive, row: InstanceRow) -> Dataset:
    """The header without bulk data; shared between callers, so it must not be changed.

    Raises:
        NotFound: the instance is no longer kept.
    """
    return _image(archive, row).header


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
    return deliver(encoded, _image(archive, row).format, transfer_syntax_uid, maximum_samples=limit)


def rendered(archive: Archive, row: InstanceRow, number: int, options: RenderOptions) -> bytes:
    """A frame, counted from 1, as a JPEG or PNG to look at.

    Raises:
        NotAcceptable: an option that cannot be met.
        NotFound, PixelError, TooLarge, StoreUnavailable: as :func:`delivered_frame`.
    """
    image = _image(archive, row)
    limit = archive.settings.maximum_decoded_samples
    image.format.require_within(limit)
    encoded = frame_bytes(archive, row, number)
    return render_frame(encoded, image.header, image.format, number, options, maximum_samples=limit)


@dataclass(frozen=True)
class _Image:
    """The header of one instance and what its frames' bytes mean."""

    header: Dataset
    transfer_syntax_uid: str

    @cached_property
    def format(self) -> ImageFormat:
        return ImageFormat.of(self.header, self.transfer_syntax_uid)


def _image(archive: Archive, row: InstanceRow) -> _Image:
    def make() -> _Image:
        with archive.index.read() as connection:
            encoded = rows.header(connection, row.id)
        if encoded is None:
            raise NotFound("This instance is no longer kept.")
        return _Image(dataset_of(json.decode(encoded)), row.transfer_syntax_uid)

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

    def get_or_make(self, key: Hashable, make: Callable[[], V]) -> V:
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        made = make()
        with self._lock:
            self._values[key] = made
            if len(self._values) > self._most:
                self._values.popitem(last=False)
        return made


class _Remembered:
    def __init__(self) -> None:
        self.tables: _Recent[FrameTable] = _Recent(_REMEMBERED_TABLES)
        self.images: _Recent[_Image] = _Recent(_REMEMBERED_IMAGES)


_by_index: WeakKeyDictionary[Index, _Remembered] = WeakKeyDictionary()
_by_index_lock = threading.Lock()


def _remembered(index: Index) -> _Remembered:
    with _by_index_lock:
        return _by_index.setdefault(index, _Remembered())
