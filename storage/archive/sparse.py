"""A local copy of an object without its pixels, by range reads: what a header and its frame table need (PS3.5 §7).

The copy is a sparse file of the object's size. What is not read lies inside the value of native pixel data, or inside a
fragment of encapsulated pixel data, where nobody looks for elements. Where an object cannot be followed with ease, all
of it is read: the parser of headers then judges the real bytes.
"""

import os
import struct
from pathlib import Path

from storage.dicom import vr
from storage.dicom.header import PIXEL_DATA_TAGS, UNDEFINED
from storage.dicom.part10 import DEFLATED, EXPLICIT_VR_BIG_ENDIAN, IMPLICIT, read_meta
from storage.objects import CHUNK_BYTES, ObjectHead, ObjectStore

WINDOW_BYTES = 64 * 1024
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
# Around the start of each fragment, enough to recognise where a code stream begins and ends.
_MARGIN = 16
_MAXIMUM_DEPTH = 16


class _UnclearError(Exception):
    """This object is not followed; all of it is to be read."""


def copy_header(objects: ObjectStore, head: ObjectHead, target: Path) -> None:
    """Make ``target`` of an object: its size, with all bytes but those of the pixels.

    Raises:
        NotFound: there is no such object.
        InvalidInstance: it is no Part 10 file.
        StoreUnavailable: the store cannot be reached, or the disk does not take it.
    """
    with target.open("w+b") as file:
        os.truncate(file.fileno(), head.size)
        copy = _Copy(objects, head, file.fileno())
        start = copy.read(0, min(head.size, WINDOW_BYTES))
        meta, offset = read_meta(start)
        if meta.transfer_syntax_uid in DEFLATED or head.size <= WINDOW_BYTES:
            copy.read_all()
            return
        explicit = meta.transfer_syntax_uid not in IMPLICIT
        order = ">" if meta.transfer_syntax_uid == EXPLICIT_VR_BIG_ENDIAN else "<"
        try:
            _Walk(copy, order).dataset(offset, explicit)
        except _UnclearError:
            copy.read_all()


def copy_all(objects: ObjectStore, head: ObjectHead, target: Path) -> None:
    """Make ``target`` with every byte of an object.

    Raises:
        NotFound: there is no such object.
        StoreUnavailable: the store cannot be reached.
    """
    with target.open("wb") as file:
        for piece in objects.chunks(head.key):
            file.write(piece)


class _Copy:
    """What of an object has been read so far: ranges, apart and ascending, as it is followed from start to end."""

    def __init__(self, objects: ObjectStore, head: ObjectHead, descriptor: int) -> None:
        self._objects = objects
        self._key = head.key
        self._descriptor = descriptor
        self.size = head.size
        self._known: list[tuple[int, int]] = []

    def read(self, start: int, length: int) -> bytes:
        """Bytes of the object; more than these are fetched, since what follows is wanted next as a rule."""
        end = start + length
        if start < 0 or end > self.size:
            raise _UnclearError
        for begun, ended in self._known[-2:]:
            if begun <= start and end <= ended:
                break
        else:
            self._fetch(start, min(max(end, start + WINDOW_BYTES), self.size))
        return os.pread(self._descriptor, length, start)

    def read_all(self) -> None:
        """Fetch what is missing."""
        position = 0
        for begun, ended in [*self._known, (self.size, self.size)]:
            while position < begun:
                end = min(position + CHUNK_BYTES, begun)
                self._fetch(position, end, note=False)
                position = end
            position = max(position, ended)

    def _fetch(self, start: int, end: int, *, note: bool = True) -> None:
        if note and self._known and self._known[-1][0] <= start <= self._known[-1][1]:
            start = self._known[-1][1]
        data = self._objects.read(self._key, start, end - start)
        if len(data) != end - start:
            raise _UnclearError
        os.pwrite(self._descriptor, data, start)
        if not note:
            return
        if self._known and self._known[-1][1] == start:
            self._known[-1] = (self._known[-1][0], end)
        else:
            self._known.append((start, end))


class _Walk:
    """Follows a data set from element to element."""

    def __init__(self, copy: _Copy, order: str) -> None:
        self._copy = copy
        self._order = order

    def dataset(self, position: int, explicit: bool) -> None:
        """Read all but the inside of the pixel data of the top level."""
        if (
            position + 8 <= self._copy.size
            and (self._copy.read(position + 4, 2).decode("latin_1") in vr.ALL) != explicit
        ):
            raise _UnclearError
        while position + 8 <= self._copy.size:
            tag, value, length = self._head(position, explicit)
            if tag in PIXEL_DATA_TAGS:
                position = self._fragments(value) if length == UNDEFINED else value + length
                break
            position = self._skip(value, length, explicit, 0)
        rest = self._copy.size - position
        if rest > 0:
            self._copy.read(position, rest)

    def _head(self, position: int, explicit: bool) -> tuple[int, int, int]:
        """Tag, start of the value and its length."""
        group, number, letters, short = struct.unpack(f"{self._order}HH2sH", self._copy.read(position, 8))
        tag = group << 16 | number
        if not explicit or group == 0xFFFE:
            (length,) = struct.unpack(f"{self._order}I", self._copy.read(position + 4, 4))
            return tag, position + 8, length
        name = letters.decode("latin_1")
        if name in vr.SHORT:
            return tag, position + 8, short
        if name not in vr.LONG:
            raise _UnclearError
        (length,) = struct.unpack(f"{self._order}I", self._copy.read(position + 8, 4))
        if name == "UN" and length == UNDEFINED:
            raise _UnclearError
        return tag, position + 12, length

    def _skip(self, value: int, length: int, explicit: bool, depth: int) -> int:
        """Read an element whose value is kept whole; where it ends."""
        if length != UNDEFINED:
            self._copy.read(value, length)
            return value + length
        if depth > _MAXIMUM_DEPTH:
            raise _UnclearError
        position = value
        while True:
            tag, position, item = self._head(position, explicit)
            if tag == _SEQUENCE_END:
                return position
            if tag != _ITEM:
                raise _UnclearError
            position = (
                self._item(position, explicit, depth)
                if item == UNDEFINED
                else self._skip(position, item, explicit, depth)
            )

    def _item(self, position: int, explicit: bool, depth: int) -> int:
        while True:
            tag, value, length = self._head(position, explicit)
            if tag == _ITEM_END:
                return value
            position = self._skip(value, length, explicit, depth + 1)

    def _fragments(self, position: int) -> int:
        """Read the offset table and both ends of each fragment; where the pixel data ends."""
        first = True
        while True:
            group, number, length = struct.unpack("<HHI", self._copy.read(position, 8))
            tag = group << 16 | number
            position += 8
            if tag == _SEQUENCE_END:
                return position
            if tag != _ITEM or position + length > self._copy.size:
                raise _UnclearError
            if first or length <= 2 * _MARGIN:
                self._copy.read(position, length)
            else:
                self._copy.read(position, _MARGIN)
                # In one window with the head of the next fragment.
                self._copy.read(position + length - _MARGIN, _MARGIN)
            first = False
            position += length
