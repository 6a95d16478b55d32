"""What a data set says, without its pixels: the place of every element, whatever its lengths claim (PS3.5 §7)."""

import struct
from dataclasses import dataclass, field
from typing import NoReturn

from storage.dicom import charset, vr
from storage.dicom.frames import Piece, fragments
from storage.dicom.part10 import DEFLATED, EXPLICIT_VR_BIG_ENDIAN, IMPLICIT, inflate
from storage.errors import InvalidInstance, TooLarge

Buffer = memoryview | bytes

MAXIMUM_DEPTH = 64
MAXIMUM_ELEMENTS = 8_000_000
UNDEFINED = 0xFFFFFFFF

_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
SPECIFIC_CHARACTER_SET = 0x00080005
PIXEL_DATA = 0x7FE00010
PIXEL_DATA_TAGS = frozenset({0x7FE00008, 0x7FE00009, PIXEL_DATA})
_DIGITAL_SIGNATURES = 0xFFFAFFFA
_GROUP_OF_PIXELS = 0x7FE00000
# Explicit VR little endian, as nearly everything arrives.
_SHORT_HEAD = struct.Struct("<HH2sH").unpack_from
_LONG_LENGTH = struct.Struct("<I").unpack_from
_SHORT_VRS = {name.encode(): name for name in vr.SHORT}
_LONG_VRS = {name.encode(): name for name in vr.LONG - {"SQ", "UN"}}
_TRAILING_PADDING = 0xFFFCFFFC


class Element:
    """One element: its VR, where its value lies in the data set (bytes), and its items if it is a sequence.

    A short one that data sets repeat is one object for all of them: it has its ``content`` itself, and lies nowhere.
    ``told`` is for whoever makes something of it that others can use again.
    """

    __slots__ = ("content", "fragments", "items", "length", "little_endian", "offset", "told", "vr")

    def __init__(self, vr_: str, offset: int, length: int, little_endian: bool = True) -> None:
        self.vr = vr_
        self.offset = offset
        self.length = length
        self.little_endian = little_endian
        self.items: list[Elements] | None = None
        self.fragments: tuple[bytes, list[Piece]] | None = None  # offset table and fragments of encapsulated data
        self.content: bytes | None = None
        self.told: tuple[object, bytes] | None = None


# Short elements by their bytes, tag and head included.
_repeated: dict[bytes, Element] = {}
_REPEATED_BYTES = 140
_REPEATED = 30_000
# The elements of a header lie within so many bytes, as a rule.
_REGION_BYTES = 16 * 1024

Elements = dict[int, Element]


@dataclass
class Header:
    """The parsed data set; ``data`` holds it all (inflated if ``deflated``) and must outlive this."""

    data: Buffer
    deflated: bool
    elements: Elements = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def charsets(self, elements: Elements, outer: tuple[str, ...] = ()) -> tuple[str, ...]:
        """The codecs of a data set or item; without a Specific Character Set of its own, those around it."""
        element = elements.get(SPECIFIC_CHARACTER_SET)
        if element is None:
            return outer
        return charset.codecs_of(self.value(element))

    def value(self, element: Element) -> bytes:
        """The bytes of a value."""
        if element.content is not None:
            return element.content
        return bytes(self.data[element.offset : element.offset + element.length])

    def text(self, tag: int) -> str:
        """The text of a top-level element as sent, without padding and NULs; empty if absent."""
        element = self.elements.get(tag)
        if element is None or element.items is not None or element.length == 0 or element.vr in vr.NUMBERS:
            return ""
        text = charset.decode(self.value(element), self.charsets(self.elements))
        return text.replace("\0", "").strip()

    def integer(self, tag: int) -> int | None:
        """The first number of a top-level element; ``None`` if absent or not a whole number."""
        element = self.elements.get(tag)
        if element is None or element.length == 0 or element.items is not None:
            return None
        vr_ = "US" if element.vr == "US or SS" else element.vr
        code = vr.NUMBERS.get(vr_)
        if code is not None:
            if element.length < struct.calcsize(code):
                return None
            number = struct.unpack_from(("<" if element.little_endian else ">") + code, self.value(element))[0]
            return int(number) if number == number // 1 else None
        try:
            number = float(self.text(tag).split("\\")[0])
            return int(number) if number.is_integer() else None
        except (ValueError, OverflowError):
            return None

    def find(self, path: str) -> Element | None:
        """The element of a path such as ``7FE00010`` or ``00880200/1/7FE00010`` (tag, item from 1, tag)."""
        steps = path.split("/")
        elements = self.elements
        try:
            for tag, item in zip(steps[:-1:2], steps[1::2], strict=True):
                elements = dict(enumerate(elements[int(tag, 16)].items or [], 1))[int(item)]
            return elements.get(int(steps[-1], 16))
        except (KeyError, ValueError):
            return None


def parse(data: Buffer, transfer_syntax_uid: str) -> Header:
    """Read the data set of an instance.

    Any transfer syntax other than implicit little endian, explicit big endian and the deflated ones is explicit little
    endian (PS3.5 §A). Elements are found even where a value is nonsense; one that ends too early is refused.

    Raises:
        InvalidInstance: it is truncated, or its structure cannot be followed.
        TooLarge: it nests or counts beyond any real instance.
    """
    deflated = transfer_syntax_uid in DEFLATED
    plain: Buffer = inflate(data) if deflated else data
    header = Header(plain, deflated)
    explicit = transfer_syntax_uid not in IMPLICIT
    little_endian = transfer_syntax_uid != EXPLICIT_VR_BIG_ENDIAN
    looks_explicit = bytes(plain[4:6]).decode("latin_1") in vr.ALL
    if len(plain) >= 8 and looks_explicit != explicit and (looks_explicit or little_endian):
        explicit = looks_explicit
        header.warnings.append("The data set is not encoded as its transfer syntax says; it was read as it is.")
    parser = _Parser(header, len(plain))
    header.elements = parser.top(_Syntax(explicit, little_endian))
    return header


@dataclass(frozen=True)
class _Syntax:
    explicit: bool
    little_endian: bool


_IMPLICIT_LITTLE_ENDIAN = _Syntax(explicit=False, little_endian=True)


class _MisfitError(Exception):
    """A container of defined length does not hold what its elements claim; the container is skipped, not the rest."""


class _Parser:
    """Reads elements recursively; ``contained`` is true inside a container of defined length, whose end is known."""

    def __init__(self, header: Header, size: int) -> None:
        self.header = header
        self.data = header.data
        self.size = size
        self.count = 0
        self.region = b""  # the start of a usual data set; what begins or ends behind it is for the general way

    def top(self, syntax: _Syntax) -> Elements:
        """Read the whole data set."""
        found: Elements = {}
        position = last = 0
        usual = syntax.explicit and syntax.little_endian
        if usual:
            self.region = bytes(self.data[:_REGION_BYTES])
        while position + 8 <= self.size:
            if usual:
                position, last = self.plain(found, position, last)
                if position + 8 > self.size:
                    break
            tag, vr_, start, length = self.head(position, self.size, syntax, contained=False)
            if self.is_trailing(tag, start + length if length != UNDEFINED else 0, last, position):
                return found
            found[tag], position = self.element(tag, vr_, start, length, self.size, 0, syntax, contained=False)
            last = tag
        if bytes(self.data[position : self.size]).strip(b"\0"):
            if last not in PIXEL_DATA_TAGS:
                self.refuse("after its last whole element", contained=False)
            self.warn("Bytes after the pixel data were passed over.")
        return found

    def plain(self, found: Elements, position: int, last: int) -> tuple[int, int]:
        """Take the elements before the pixels that need no thought: known VR, ascending, whole, not nested.

        Gives where it stopped and the last tag taken; what is there is for the general way.
        """
        region = self.region
        size, short_vr, long_vr, count = len(region), _SHORT_VRS.get, _LONG_VRS.get, len(found)
        repeated = _repeated.get
        while position + 8 <= size:
            group, number, code, length = _SHORT_HEAD(region, position)
            tag = group << 16 | number
            start = position + 8
            vr_ = short_vr(code)
            if vr_ is None:
                vr_ = long_vr(code)
                if vr_ is None or start + 4 > size:
                    break
                length = _LONG_LENGTH(region, start)[0]
                start += 4
            end = start + length
            if not last < tag < _GROUP_OF_PIXELS or end > size:
                break
            if end - position > _REPEATED_BYTES:
                found[tag] = Element(vr_, start, length)
            else:
                whole = region[position:end]
                element = repeated(whole)
                if element is None:
                    element = Element(vr_, start, length)
                    element.content = whole[start - position :]
                    _repeated[whole] = element
                found[tag] = element
            last = tag
            position = end
        if len(_repeated) > _REPEATED:
            _repeated.clear()
        self.count += len(found) - count
        return position, last

    def elements(
        self, position: int, end: int, depth: int, syntax: _Syntax, *, delimited: bool, contained: bool
    ) -> tuple[Elements, int]:
        """Read the elements of an item until ``end``, or until the item delimiter if ``delimited``."""
        if depth > MAXIMUM_DEPTH:
            raise TooLarge(f"Sequences are nested deeper than {MAXIMUM_DEPTH} levels.")
        found: Elements = {}
        while position + 8 <= end:
            tag, vr_, start, length = self.head(position, end, syntax, contained=contained)
            if tag == _ITEM_END and delimited:
                return found, position + 8
            if tag in (_ITEM_END, _SEQUENCE_END):
                self.warn("A stray delimiter was passed over.")
                position += 8
                continue
            found[tag], position = self.element(tag, vr_, start, length, end, depth, syntax, contained=contained)
        if delimited:
            self.refuse("inside a sequence", contained=contained)
        return found, end

    def head(self, position: int, end: int, syntax: _Syntax, *, contained: bool) -> tuple[int, str, int, int]:
        """Tag, VR, start of the value and its length."""
        order = "<" if syntax.little_endian else ">"
        group, number, letters, short = struct.unpack_from(f"{order}HH2sH", self.data, position)
        tag = group << 16 | number
        if not syntax.explicit or group == 0xFFFE:
            (length,) = struct.unpack_from(f"{order}I", self.data, position + 4)
            return tag, vr.of_tag(tag), position + 8, length
        vr_ = letters.decode("latin_1")
        if vr_ in vr.SHORT:
            return tag, vr_, position + 8, short
        if vr_ in vr.LONG or (vr_.isascii() and vr_.isalpha() and vr_.isupper()):
            if position + 12 > end:
                self.refuse(f"in {_name(tag)}", contained=contained)
            (length,) = struct.unpack_from(f"{order}I", self.data, position + 8)
            return tag, vr_ if vr_ in vr.LONG else "UN", position + 12, length
        # No VR at all: some writers slip an implicit element into an explicit data set.
        (length,) = struct.unpack_from(f"{order}I", self.data, position + 4)
        if letters != b"\0\0":
            self.warn("An element without a value representation was read as implicit.")
        return tag, vr.of_tag(tag), position + 8, length

    def element(
        self, tag: int, vr_: str, start: int, length: int, end: int, depth: int, syntax: _Syntax, *, contained: bool
    ) -> tuple[Element, int]:
        """Describe one element and follow it to its end."""
        self.count += 1
        if self.count > MAXIMUM_ELEMENTS:
            raise TooLarge(f"The data set has more than {MAXIMUM_ELEMENTS} elements.")
        made = Element(vr_, start, length, syntax.little_endian)
        if length == UNDEFINED:
            return made, self.undefined(made, tag, end, depth, syntax, contained=contained)
        if start + length > end:
            self.refuse(f"in {_name(tag)}", contained=contained)
        if vr_ == "SQ":
            self.defined_sequence(made, tag, depth, syntax)
        elif vr_ == "UN" and syntax.explicit:
            self.unknown(made, tag, depth)
        return made, start + length

    def undefined(self, made: Element, tag: int, end: int, depth: int, syntax: _Syntax, *, contained: bool) -> int:
        """Follow an element of undefined length to its end: a sequence, or encapsulated pixel data."""
        if tag in PIXEL_DATA_TAGS or made.vr in ("OB", "OW"):
            try:
                table, items, position = fragments(self.data, made.offset, end)
            except InvalidInstance:
                if contained:
                    raise _MisfitError from None
                raise
            made.fragments = (table, items)
            made.vr = "OB" if made.vr == "UN" else made.vr
        else:
            # UN of undefined length holds a sequence in Implicit VR Little Endian (PS3.5 §6.2.2 note 2).
            inner = _IMPLICIT_LITTLE_ENDIAN if made.vr == "UN" else syntax
            made.vr = "SQ"
            made.items, position = self.items(
                made.offset, end, depth, inner, delimited=True, tag=tag, contained=contained
            )
        made.length = position - made.offset
        return position

    def defined_sequence(self, made: Element, tag: int, depth: int, syntax: _Syntax) -> None:
        """Read a sequence whose end is known; if it is damaged its bytes are kept as they are."""
        end = made.offset + made.length
        try:
            made.items, _ = self.items(made.offset, end, depth, syntax, delimited=False, tag=tag, contained=True)
            made.vr = "SQ"
        except _MisfitError:
            self.warn(f"The sequence {_name(tag)} is damaged; it is kept but not read.")
            made.vr = "UN"

    def unknown(self, made: Element, tag: int, depth: int) -> None:
        """A public attribute that passed through a system that did not know it: its own VR, implicit little endian."""
        known = vr.of_tag(tag)
        if known == "SQ":
            self.defined_sequence(made, tag, depth, _IMPLICIT_LITTLE_ENDIAN)
        elif known != "UN" and known not in vr.BINARY and not tag & 0x10000:
            made.vr = known
            made.little_endian = True

    def items(
        self, position: int, end: int, depth: int, syntax: _Syntax, *, delimited: bool, tag: int, contained: bool
    ) -> tuple[list[Elements], int]:
        """The items of a sequence, until its delimiter or ``end``."""
        order = "<" if syntax.little_endian else ">"
        found: list[Elements] = []
        while position + 8 <= end:
            group, number, length = struct.unpack_from(f"{order}HHI", self.data, position)
            item_tag = group << 16 | number
            position += 8
            if item_tag == _SEQUENCE_END:
                return found, position if delimited else end
            if item_tag != _ITEM:
                if contained:
                    raise _MisfitError
                raise InvalidInstance(f"The sequence {_name(tag)} is damaged: there is no item where one must be.")
            if length == UNDEFINED:
                elements, position = self.elements(
                    position, end, depth + 1, syntax, delimited=True, contained=contained
                )
            else:
                elements, position = self.defined_item(position, length, end, depth, syntax, tag, contained=contained)
            found.append(elements)
        if delimited:
            self.refuse(f"inside the sequence {_name(tag)}", contained=contained)
        return found, end

    def defined_item(
        self, position: int, length: int, end: int, depth: int, syntax: _Syntax, tag: int, *, contained: bool
    ) -> tuple[Elements, int]:
        """Read an item whose end is known."""
        if position + length > end:
            self.refuse(f"inside the sequence {_name(tag)}", contained=contained)
        try:
            return self.elements(position, position + length, depth + 1, syntax, delimited=False, contained=True)
        except _MisfitError:
            self.warn(f"An item of the sequence {_name(tag)} is damaged; it is kept but not read.")
            return {}, position + length

    def is_trailing(self, tag: int, end: int, last: int, position: int) -> bool:
        """Whether what follows is padding and no longer a data set (some writers leave a block behind the pixels)."""
        if tag == _TRAILING_PADDING:
            return True
        if last in PIXEL_DATA_TAGS:
            # Only private data of the pixels' group and signatures can follow; those must be whole.
            real = tag > last and (tag >> 16 < 0x8000 or tag == _DIGITAL_SIGNATURES or end <= self.size)
            if not real:
                self.warn("Bytes after the pixel data were passed over.")
            return not real
        return tag == 0 and not bytes(self.data[position : self.size]).strip(b"\0")

    def refuse(self, where: str, *, contained: bool) -> NoReturn:
        """Something ends behind its container; where no container of known length is around it, data is missing.

        Raises:
            InvalidInstance: the data set is truncated.
        """
        if contained:
            raise _MisfitError
        raise InvalidInstance(f"The data set is truncated: it ends {where}.")

    def warn(self, text: str) -> None:
        """Note something once."""
        if text not in self.header.warnings:
            self.header.warnings.append(text)


def _name(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
