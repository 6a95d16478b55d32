"""Where each frame lies in a data set, so that a frame is one range read and never a parse (PS3.5 §8, §A.4)."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from storage.errors import InvalidInstance, NotFound

Piece = tuple[int, int]  # offset in the data set, length; both in bytes

_NATIVE, _ENCAPSULATED = 1, 2
_DEFLATED, _PACKED = 1, 2
_HEAD = struct.Struct("<BBBI")
_NATIVE_BODY = struct.Struct("<QQQ")
_VERSION = 1
_PACK_FROM = 256  # bytes; below, compression gains nothing

_ITEM = b"\xfe\xff\x00\xe0"
_SEQUENCE_DELIMITER = b"\xfe\xff\xdd\xe0"
# A frame's code stream begins so: JPEG and JPEG-LS (SOI), JPEG 2000 and HTJ2K (SOC and SIZ), JP2 file, JPEG XL.
_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP", b"\xff\x0a", b"\x00\x00\x00\x0cJXL ")
_ENDS = (b"\xff\xd9", b"\xff\xd9\x00")


@dataclass(frozen=True)
class FrameLocation:
    """Where one frame lies: read ``length`` bytes at ``offset`` of the data set and give them to :meth:`extract`."""

    offset: int
    length: int
    pieces: tuple[Piece, ...]  # relative to ``offset``
    first_bit: int = 0  # native frames that do not start on a byte
    bits: int = 0  # 0: whole bytes

    def extract(self, data: bytes) -> bytes:
        """The frame as stored: fragments joined, single-bit frames moved so that they start on a byte."""
        if len(self.pieces) > 1:
            return b"".join(data[offset : offset + length] for offset, length in self.pieces)
        if self.bits:
            return _shift(data, self.first_bit, self.bits)
        return data


@dataclass(frozen=True)
class FrameTable:
    """The locations of all frames of one instance.

    Offsets count from the first byte of the data set; with ``deflated`` of the inflated one. A native table has
    ``pixel_offset``, ``pixel_length`` (bytes) and ``frame_bits``; an encapsulated one has ``pieces`` for each frame.
    """

    count: int = 0
    deflated: bool = False
    pixel_offset: int = 0
    pixel_length: int = 0
    frame_bits: int = 0
    pieces: tuple[tuple[Piece, ...], ...] | None = None

    @classmethod
    def native(
        cls, *, pixel_offset: int, pixel_length: int, frame_bits: int, count: int, deflated: bool = False
    ) -> Self:
        """A table of uncompressed frames; of short pixel data, the last frame is cut or frames are missing."""
        if frame_bits <= 0 or pixel_length <= 0:
            return cls(deflated=deflated)
        present = -(-pixel_length * 8 // frame_bits)
        return cls(min(count, present), deflated, pixel_offset, pixel_length, frame_bits)

    @classmethod
    def encapsulated(cls, pieces: Sequence[Sequence[Piece]], *, deflated: bool = False) -> Self:
        """A table of compressed frames, each of one or more fragments."""
        return cls(len(pieces), deflated, pieces=tuple(tuple(frame) for frame in pieces))

    def __len__(self) -> int:
        return self.count

    @property
    def is_encapsulated(self) -> bool:
        """Whether frames are compressed."""
        return self.pieces is not None

    def frame(self, number: int) -> FrameLocation:
        """The location of a frame, counted from 1.

        Raises:
            NotFound: there is no frame of this number.
        """
        if not 1 <= number <= self.count:
            raise NotFound(f"There is no frame {number}; the instance has {self.count}.")
        if self.pieces is not None:
            frame = self.pieces[number - 1]
            offset = frame[0][0]
            length = frame[-1][0] + frame[-1][1] - offset
            return FrameLocation(offset, length, tuple((start - offset, size) for start, size in frame))
        first = (number - 1) * self.frame_bits
        last = min(first + self.frame_bits, self.pixel_length * 8)
        start, end = first // 8, -(-last // 8)
        offset, length = self.pixel_offset + start, end - start
        whole = first % 8 == 0 and last % 8 == 0
        return FrameLocation(
            offset, length, ((0, length),), 0 if whole else first - start * 8, 0 if whole else last - first
        )

    @cached_property
    def encoded(self) -> bytes:
        """A compact form for the index; empty where there are no frames."""
        if not self.count:
            return b""
        flags = _DEFLATED if self.deflated else 0
        if self.pieces is None:
            body = _NATIVE_BODY.pack(self.pixel_offset, self.pixel_length, self.frame_bits)
            return _HEAD.pack(_VERSION, _NATIVE, flags, self.count) + body
        body = _encode_pieces(self.pieces)
        if len(body) >= _PACK_FROM:
            flags, body = flags | _PACKED, zlib.compress(body, 6)
        return _HEAD.pack(_VERSION, _ENCAPSULATED, flags, self.count) + body

    @classmethod
    def decode(cls, encoded: bytes) -> Self:
        """Read what :attr:`encoded` gave."""
        if not encoded:
            return cls()
        version, kind, flags, count = _HEAD.unpack_from(encoded)
        if version != _VERSION:
            raise ValueError(f"frame table of version {version}")
        deflated = bool(flags & _DEFLATED)
        if kind == _NATIVE:
            offset, length, bits = _NATIVE_BODY.unpack_from(encoded, _HEAD.size)
            return cls(count, deflated, offset, length, bits)
        body = encoded[_HEAD.size :]
        return cls(count, deflated, pieces=_decode_pieces(zlib.decompress(body) if flags & _PACKED else body, count))


def fragments(data: memoryview | bytes, start: int, end: int) -> tuple[bytes, list[Piece], int]:
    """The items of encapsulated pixel data: the Basic Offset Table, the fragments, and where the element ends.

    Raises:
        InvalidInstance: it ends without a sequence delimiter, or an item is longer than the data.
    """
    items: list[Piece] = []
    position = start
    while True:
        if position + 8 > end:
            raise InvalidInstance("The pixel data is truncated: it ends without a sequence delimiter.")
        tag = bytes(data[position : position + 4])
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        position += 8
        if tag == _SEQUENCE_DELIMITER:
            break
        if tag != _ITEM:
            raise InvalidInstance("The encapsulated pixel data is damaged: there is no item where one must be.")
        if position + length > end:
            raise InvalidInstance("The pixel data is truncated: a fragment is longer than what was received.")
        items.append((position, length))
        position += length
    if not items:
        return b"", [], position
    table_offset, table_length = items[0]
    return bytes(data[table_offset : table_offset + table_length]), items[1:], position


def group(
    data: memoryview | bytes,
    items: Sequence[Piece],
    frames: int,
    *,
    basic: bytes = b"",
    extended: bytes = b"",
    single_stream: bool = False,
) -> list[list[Piece]] | None:
    """Which fragments make up which frame; ``None`` if they cannot be told apart.

    An offset table is believed only where each of its offsets is the start of an item (PS3.5 §A.4); without one, one
    fragment a frame, or the marker that starts a code stream, or the one that ends it, decides.
    ``single_stream``: video, where all fragments are one stream.
    """
    if not items:
        return []
    if frames <= 1 or single_stream:
        return [list(items)]
    for table, width in ((extended, "Q"), (basic, "I")):
        grouped = _by_offsets(items, frames, table, width)
        if grouped is not None:
            return grouped
    if len(items) <= frames:
        return [[item] for item in items]
    return _by_markers(data, items, frames)


def _by_markers(data: memoryview | bytes, items: Sequence[Piece], frames: int) -> list[list[Piece]] | None:
    starts = [index for index, (offset, _) in enumerate(items) if bytes(data[offset : offset + 12]).startswith(_STARTS)]
    if len(starts) == frames and starts[0] == 0:
        return _cut(items, starts)
    ends = [
        index + 1
        for index, (offset, length) in enumerate(items)
        if bytes(data[max(offset, offset + length - 3) : offset + length]).endswith(_ENDS)
    ]
    if len(ends) == frames and ends[-1] == len(items):
        return _cut(items, [0, *ends[:-1]])
    return None


def _by_offsets(items: Sequence[Piece], frames: int, table: bytes, width: str) -> list[list[Piece]] | None:
    size = struct.calcsize(f"<{width}")
    if len(table) // size != frames:
        return None
    # Offsets count from the tag of the first item after the table; a piece is what follows tag and length.
    base = items[0][0] - 8
    index_at = {offset - 8 - base: index for index, (offset, _) in enumerate(items)}
    starts = [index_at.get(offset) for offset in struct.unpack(f"<{frames}{width}", table[: frames * size])]
    known = [start for start in starts if start is not None]
    if len(known) != frames or known[0] != 0 or known != sorted(set(known)):
        return None
    return _cut(items, known)


def _cut(items: Sequence[Piece], starts: Sequence[int]) -> list[list[Piece]]:
    return [list(items[start:end]) for start, end in zip(starts, [*starts[1:], len(items)], strict=True)]


def _encode_pieces(frames: Sequence[Sequence[Piece]]) -> bytes:
    """For each frame its number of fragments, then for each the gap since the last one and its length."""
    out = bytearray()
    position = 0
    for frame in frames:
        _put(out, len(frame))
        for offset, length in frame:
            _put(out, offset - position)
            _put(out, length)
            position = offset + length
    return bytes(out)


def _decode_pieces(body: bytes, count: int) -> tuple[tuple[Piece, ...], ...]:
    at = position = 0
    frames = []
    for _ in range(count):
        number, at = _take(body, at)
        frame = []
        for _ in range(number):
            gap, at = _take(body, at)
            length, at = _take(body, at)
            frame.append((position + gap, length))
            position += gap + length
        frames.append(tuple(frame))
    return tuple(frames)


def _put(out: bytearray, value: int) -> None:
    """A variable-length integer: seven bits a byte, low first, the top bit set on all but the last."""
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def _take(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = body[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _shift(data: bytes, first_bit: int, bits: int) -> bytes:
    """Bits from ``first_bit`` on, moved to start on a byte; bit 0 of a byte is the first pixel (PS3.5 §8.1.1)."""
    moved = (int.from_bytes(data, "little") >> first_bit) & ((1 << bits) - 1)
    return moved.to_bytes(-(-bits // 8), "little")
