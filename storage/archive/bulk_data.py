"""Use case: one large value of an instance, named by the path of its BulkDataURI (PS3.18 §10.4.1.1.5, §F.2.2)."""

import mmap
import re
from dataclasses import dataclass

import numpy as np

from storage.archive import Archive
from storage.archive.retrieve import InstanceRow, open_instance
from storage.dicom import vr
from storage.dicom.header import Element, Header, parse
from storage.errors import NotFound, TooLarge

# A value in a remote store is found by reading its whole instance.
MAXIMUM_REMOTE_BYTES = 1024**3
_PATH = re.compile(r"[0-9A-F]{8}(?:/[0-9]{1,6}/[0-9A-F]{8}){0,16}")
_WIDTHS = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8, "AT": 2}


@dataclass(frozen=True)
class BulkValue:
    """The bytes of a value, little endian; encapsulated ones without offset table and item headers.

    ``pieces`` lie where the file does: a film of a gigabyte in fragments is not joined in memory.
    """

    pieces: tuple[memoryview, ...]

    @property
    def data(self) -> bytes:
        """All bytes."""
        return b"".join(self.pieces)

    @property
    def size(self) -> int:
        """Length in bytes."""
        return sum(map(len, self.pieces))

    def read(self, offset: int, length: int) -> bytes:
        """Some of the bytes; fewer at the end."""
        found = bytearray()
        for piece in self.pieces:
            if offset < len(piece) and length > 0:
                part = piece[offset : offset + length]
                found += part
                length -= len(part)
            offset = max(0, offset - len(piece))
        return bytes(found)


def bulk_value(archive: Archive, row: InstanceRow, path: str) -> BulkValue:
    """Find a value by a path such as ``7FE00010`` or ``00880200/1/7FE00010``: tag, item counted from 1, tag.

    Raises:
        NotFound: the instance has no such value, or it is a sequence.
        TooLarge: the instance lies in a remote store and is over a gigabyte.
        StoreUnavailable: its bytes cannot be had.
    """
    if not _PATH.fullmatch(path.upper()):
        raise NotFound("There is no such bulk data in this instance.")
    header = parse(_content(archive, row)[row.dataset_offset :], row.transfer_syntax_uid)
    element = header.find(path.upper())
    if element is None or element.items is not None:
        raise NotFound("There is no such bulk data in this instance.")
    if element.fragments is not None:
        data = memoryview(header.data)
        return BulkValue(tuple(data[at : at + length] for at, length in element.fragments[1]))
    return BulkValue((_little_endian(header, element),))


def _content(archive: Archive, row: InstanceRow) -> memoryview:
    """The whole file: mapped where it is on a local disk, otherwise read."""
    instance = open_instance(archive, row)
    path = instance.path
    if path is not None:
        try:
            with path.open("rb") as file:
                return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except FileNotFoundError:
            pass  # it moves to the store at this moment
    if row.size > MAXIMUM_REMOTE_BYTES:
        raise TooLarge("The instance is too large to look a value up in it.")
    return memoryview(instance.read())


def _little_endian(header: Header, element: Element) -> memoryview:
    if element.content is not None:
        value = memoryview(element.content)
    else:
        value = memoryview(header.data)[element.offset : element.offset + element.length]
    code = vr.NUMBERS.get(element.vr, "")
    width = _WIDTHS.get(element.vr) or (np.dtype(code).itemsize if code else 1)
    if element.little_endian or width == 1 or len(value) % width:
        return value
    return memoryview(np.frombuffer(value, dtype=f"u{width}").byteswap().tobytes())
