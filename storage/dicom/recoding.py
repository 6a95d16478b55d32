"""One uncompressed encoding of a data set into another, values untouched but for byte order (PS3.5 §7, §A.1 to §A.3).

Text is never decoded: a data set whose character set lies arrives with the same lie, not with question marks.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from storage.dicom import vr as vr_table
from storage.dicom.part10 import (
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    inflate,
)
from storage.errors import InvalidInstance

UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
PIXEL_REPRESENTATION = 0x00280103
MAXIMUM_DEPTH = 64
_WORD_BYTES = {
    "AT": 2, "OW": 2, "SS": 2, "US": 2,
    "FL": 4, "OF": 4, "OL": 4, "SL": 4, "UL": 4,
    "FD": 8, "OD": 8, "OV": 8, "SV": 8, "UV": 8,
}  # fmt: skip


@dataclass(frozen=True)
class Encoding:
    """How elements are written: with or without VR, and in which byte order."""

    implicit: bool
    big_endian: bool

    @property
    def order(self) -> str:
        """Byte order for :mod:`struct`."""
        return ">" if self.big_endian else "<"


_IMPLICIT = Encoding(implicit=True, big_endian=False)
ENCODINGS: Mapping[str, Encoding] = {
    IMPLICIT_VR_LITTLE_ENDIAN: _IMPLICIT,
    EXPLICIT_VR_LITTLE_ENDIAN: Encoding(implicit=False, big_endian=False),
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN: Encoding(implicit=False, big_endian=False),
    EXPLICIT_VR_BIG_ENDIAN: Encoding(implicit=False, big_endian=True),
}

Piece = bytes | memoryview


@dataclass(frozen=True)
class Encapsulated:
    """Compressed pixel data: one fragment for each frame (PS3.5 §A.4)."""

    frames: Sequence[bytes]

    def pieces(self, tag: int, writer: Encoding) -> Iterator[Piece]:
        """The whole element, with a Basic Offset Table where its offsets have room."""
        padded = [frame + b"\0" * (len(frame) % 2) for frame in self.frames]
        offsets, at = [], 0
        for frame in padded:
            offsets.append(at)
            at += 8 + len(frame)
        table = struct.pack(f"<{len(offsets)}L", *offsets) if at <= UNDEFINED else b""
        yield _header(tag, "OB", UNDEFINED, writer) + _delimiter(ITEM, len(table), writer) + table
        for frame in padded:
            yield _delimiter(ITEM, len(frame), writer)
            yield frame
        yield _delimiter(SEQUENCE_END, 0, writer)


# Values that replace top-level elements: VR and bytes in the target's byte order, or None to leave the element out.
Replacement = tuple[str, bytes] | Encapsulated
Replacements = Mapping[int, Replacement | None]


def recode(data_set: bytes, source: str, target: str, replacements: Replacements | None = None) -> list[Piece]:
    """The data set in the transfer syntax ``target``, in pieces.

    ``source`` may be any syntax whose elements are written as one of :data:`ENCODINGS`; an encapsulated pixel data
    element must be replaced. Group lengths, which would no longer be true, are left out.

    Raises:
        InvalidInstance: the data set cannot be walked to its end.
    """
    if source == DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN:
        data_set = inflate(data_set)
    reader = ENCODINGS.get(source, ENCODINGS[EXPLICIT_VR_LITTLE_ENDIAN])
    walker = _Walker(memoryview(data_set), replacements or {})
    try:
        # what is compressed stands in elements of explicit VR, little endian
        writer = ENCODINGS.get(target, ENCODINGS[EXPLICIT_VR_LITTLE_ENDIAN])
        walker.elements(0, len(data_set), reader, writer, 0, "US")
    except (struct.error, RecursionError):
        raise InvalidInstance("The data set ends within an element.") from None
    return walker.out


class _Walker:
    """Walks the elements of one data set and writes them anew."""

    def __init__(self, data: memoryview, replacements: Replacements) -> None:
        self._data = data
        self._replacements = replacements
        self._pending = sorted(tag for tag, value in replacements.items() if value is not None)
        self.out: list[Piece] = []

    def elements(self, position: int, end: int, reader: Encoding, writer: Encoding, depth: int, signed: str) -> int:
        """Rewrite elements up to ``end`` or an item delimiter; where reading stopped."""
        if depth > MAXIMUM_DEPTH:
            raise InvalidInstance("The data set is nested too deeply.")
        while position < end:
            tag = self._tag(position, reader)
            if tag == ITEM_END:
                return position + 8
            vr, length, start = self._header(position, tag, reader)
            if length != UNDEFINED and start + length > end:
                raise InvalidInstance("The length of an element runs over the end of the data set.")
            if tag == PIXEL_REPRESENTATION and length >= 2:
                signed = "SS" if any(self._data[start : start + 2]) else "US"
            if vr == "US or SS":
                vr = signed
            if depth == 0:
                self._emit_pending(tag, writer)
            if depth == 0 and tag in self._replacements:
                kept, self.out = self.out, []
                if vr == "SQ" or (vr == "UN" and length == UNDEFINED):
                    position = self._element(tag, vr, length, start, end, reader, writer, depth, signed)
                else:
                    position = self._skip(start, length, end)
                self.out = kept
            else:
                position = self._element(tag, vr, length, start, end, reader, writer, depth, signed)
        if depth == 0:
            self._emit_pending(UNDEFINED, writer)
        return position

    def _element(
        self, tag: int, vr: str, length: int, start: int, end: int,
        reader: Encoding, writer: Encoding, depth: int, signed: str,
    ) -> int:  # fmt: skip
        if vr == "UN" and length == UNDEFINED:
            # The content of an UN of undefined length is Implicit VR whatever surrounds it (PS3.5 §6.2.2).
            return self._sequence(tag, "UN", length, start, end, _IMPLICIT, _IMPLICIT, writer, depth, signed)
        if vr == "SQ":
            return self._sequence(tag, "SQ", length, start, end, reader, writer, writer, depth, signed)
        if length == UNDEFINED:
            raise InvalidInstance("An element of undefined length is neither a sequence nor known pixel data.")
        if tag & 0xFFFF != 0:
            self._write(tag, vr, _swapped(self._data[start : start + length], vr, reader, writer), writer)
        return start + length

    def _sequence(
        self, tag: int, vr: str, length: int, position: int, end: int,
        reader: Encoding, writer: Encoding, header_writer: Encoding, depth: int, signed: str,
    ) -> int:  # fmt: skip
        """Rewrite a sequence; lengths become undefined, so that they need not be counted."""
        self.out.append(_header(tag, vr, UNDEFINED, header_writer))
        limit = end if length == UNDEFINED else position + length
        while position < limit:
            item, item_length = self._tag(position, reader), self._long(position + 4, reader)
            position += 8
            if item == SEQUENCE_END:
                break
            if item != ITEM:
                raise InvalidInstance("A sequence holds something that is no item.")
            if item_length != UNDEFINED and position + item_length > limit:
                raise InvalidInstance("The length of an item runs over the end of its sequence.")
            self.out.append(_delimiter(ITEM, UNDEFINED, writer))
            item_end = limit if item_length == UNDEFINED else position + item_length
            position = self.elements(position, item_end, reader, writer, depth + 1, signed)
            self.out.append(_delimiter(ITEM_END, 0, writer))
        self.out.append(_delimiter(SEQUENCE_END, 0, writer))
        return position

    def _skip(self, position: int, length: int, end: int) -> int:
        """The end of an element that is replaced; encapsulated fragments are walked over (PS3.5 §A.4)."""
        if length != UNDEFINED:
            return position + length
        while position < end:
            tag, length = struct.unpack_from("<L", self._data, position)[0], self._long(position + 4, _IMPLICIT)
            position += 8
            if tag == 0xE0DDFFFE:
                return position
            position += length
        return end

    def _emit_pending(self, before: int, writer: Encoding) -> None:
        while self._pending and self._pending[0] <= before:
            tag = self._pending.pop(0)
            value = self._replacements[tag]
            if isinstance(value, Encapsulated):
                self.out.extend(value.pieces(tag, writer))
            elif value is not None:
                self._write(tag, value[0], value[1], writer)

    def _write(self, tag: int, vr: str, value: Piece, writer: Encoding) -> None:
        self.out.append(element(tag, vr, b"", writer, len(value)))
        self.out.append(value)

    def _tag(self, position: int, reader: Encoding) -> int:
        group, element = struct.unpack_from(f"{reader.order}HH", self._data, position)
        return int(group << 16 | element)

    def _long(self, position: int, reader: Encoding) -> int:
        return int(struct.unpack_from(f"{reader.order}L", self._data, position)[0])

    def _header(self, position: int, tag: int, reader: Encoding) -> tuple[str, int, int]:
        """VR, length and start of the value of the element at ``position``."""
        if reader.implicit:
            length = self._long(position + 4, reader)
            return "SQ" if length == UNDEFINED else vr_table.of_tag(tag), length, position + 8
        vr = bytes(self._data[position + 4 : position + 6]).decode("latin-1")
        if not (vr.isascii() and vr.isalpha() and vr.isupper()):
            raise InvalidInstance("An element has no VR although the transfer syntax demands one.")
        if vr in vr_table.LONG:
            return vr, self._long(position + 8, reader), position + 12
        return vr, int(struct.unpack_from(f"{reader.order}H", self._data, position + 6)[0]), position + 8


def _swapped(value: memoryview, vr: str, reader: Encoding, writer: Encoding) -> Piece:
    width = _WORD_BYTES.get(vr, 1)
    if reader.big_endian == writer.big_endian or width == 1 or len(value) % width:
        return value
    return np.frombuffer(value, dtype=f"u{width}").byteswap().tobytes()


def _header(tag: int, vr: str, length: int, writer: Encoding) -> bytes:
    group, element = tag >> 16, tag & 0xFFFF
    if writer.implicit:
        return struct.pack("<HHL", group, element, length)
    if vr in vr_table.LONG:
        return struct.pack(f"{writer.order}HH2sHL", group, element, vr.encode(), 0, length)
    return struct.pack(f"{writer.order}HH2sH", group, element, vr.encode(), length)


def element(tag: int, representation: str, value: Piece, writer: Encoding, length: int | None = None) -> bytes:
    """One element whose value is in the byte order of ``writer``; ``length``: of a value that is written apart."""
    if length is None:
        length = len(value)
    if not writer.implicit and representation not in vr_table.LONG and length > 0xFFFF:
        representation = "UN"  # PS3.5 §6.2.2: too long for its VR
    return _header(tag, representation, length, writer) + bytes(value)


def _delimiter(tag: int, length: int, writer: Encoding) -> bytes:
    return struct.pack(f"{writer.order}HHL", tag >> 16, tag & 0xFFFF, length)
