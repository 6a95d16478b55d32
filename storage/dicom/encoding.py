"""DICOM JSON as the bytes of a data set, with its bulk data left in their places (PS3.18 §F.2, PS3.5 §7.1, §A.4)."""

import base64
import binascii
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from storage.dicom import vr
from storage.errors import InvalidInstance, TooLarge

MAXIMUM_DEPTH = 32
_UNDEFINED = 0xFFFFFFFF
_CHARACTER_SET = 0x00080005
_AVAILABLE_TRANSFER_SYNTAX_UID = 0x00083002
_ITEM = struct.pack("<HHI", 0xFFFE, 0xE000, _UNDEFINED)
_ITEM_END = struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
_SEQUENCE_END = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")


@dataclass(frozen=True)
class Extent:
    """Bytes that are elsewhere: where they begin, and how many."""

    offset: int
    length: int


@dataclass(frozen=True)
class Bulk:
    """The value behind a BulkDataURI; ``encapsulated``: each extent is one compressed frame."""

    extents: tuple[Extent, ...]
    encapsulated: bool = False


Resolve = Callable[[str], Bulk]


def encode(made: Mapping[str, Any], resolve: Resolve) -> Iterator[bytes | Extent]:
    """The data set of one instance in Explicit VR Little Endian, in order; text is UTF-8, as JSON is.

    File meta information, group lengths and Available Transfer Syntax UID are of the file or the archive, not of the
    data set, and are left out. ``resolve`` gives the value behind a URI, or raises.

    Raises:
        InvalidInstance: an element is not as its VR demands; the message names its tag and no value.
        TooLarge: it nests beyond any real instance, or a value is over 4 GiB.
    """
    elements = _elements(made)
    if _CHARACTER_SET in elements or not _is_ascii(made):
        elements[_CHARACTER_SET] = {"vr": "CS", "Value": ["ISO_IR 192"]}
    elements.pop(_AVAILABLE_TRANSFER_SYNTAX_UID, None)
    for tag in [tag for tag in elements if tag >> 16 == 0x0002]:
        del elements[tag]
    yield from _dataset(elements, resolve, 0)


def text_of(made: Mapping[str, Any], tag: str) -> str:
    """The first value of a text element, or nothing."""
    element = made.get(tag)
    values = element.get("Value") if isinstance(element, Mapping) else None
    return values[0].strip(" \0") if isinstance(values, list) and values and isinstance(values[0], str) else ""


def uris(made: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    """Every BulkDataURI of a data set, in items too."""
    for element in made.values():
        if not isinstance(element, Mapping) or depth > MAXIMUM_DEPTH:
            continue
        if isinstance(uri := element.get("BulkDataURI"), str):
            yield uri
        elif element.get("vr") == "SQ" and isinstance(items := element.get("Value"), list):
            for item in items:
                if isinstance(item, Mapping):
                    yield from uris(item, depth + 1)


def _dataset(elements: Mapping[int, Mapping[str, Any]], resolve: Resolve, depth: int) -> Iterator[bytes | Extent]:
    for tag in sorted(elements):
        element = elements[tag]
        vr_ = element.get("vr") or vr.of_tag(tag)
        if vr_ == "US or SS":
            vr_ = "US"
        if vr_ not in vr.ALL:
            raise InvalidInstance(f"{_name(tag)} has no value representation of the standard.")
        if vr_ == "SQ":
            yield from _sequence(tag, element.get("Value") or [], resolve, depth)
        elif "BulkDataURI" in element:
            yield from _bulk(tag, vr_, resolve(str(element["BulkDataURI"])))
        else:
            try:
                value = _value(vr_, element)
            except (ValueError, TypeError, AttributeError, struct.error, binascii.Error, OverflowError):
                raise InvalidInstance(f"The value of {_name(tag)} is not one of its representation {vr_}.") from None
            yield _head(tag, vr_, len(value)) + value


def _elements(made: Any) -> dict[int, Mapping[str, Any]]:
    found: dict[int, Mapping[str, Any]] = {}
    if not isinstance(made, Mapping):
        raise InvalidInstance("An item of the metadata is not an object.")
    for path, element in made.items():
        if len(path) != 8 or not isinstance(element, Mapping):
            raise InvalidInstance("The metadata is not DICOM JSON: an attribute is not named by eight digits.")
        try:
            tag = int(path, 16)
        except ValueError:
            raise InvalidInstance("The metadata is not DICOM JSON: an attribute is not named by its tag.") from None
        if tag & 0xFFFF:  # group lengths say nothing
            found[tag] = element
    return found


def _sequence(tag: int, items: Any, resolve: Resolve, depth: int) -> Iterator[bytes | Extent]:
    if depth >= MAXIMUM_DEPTH:
        raise TooLarge(f"Sequences are nested deeper than {MAXIMUM_DEPTH} levels.")
    if not isinstance(items, list):
        raise InvalidInstance(f"The sequence {_name(tag)} is not a list of items.")
    yield _head(tag, "SQ", _UNDEFINED)
    for item in items:
        yield _ITEM
        yield from _dataset(_elements(item or {}), resolve, depth + 1)
        yield _ITEM_END
    yield _SEQUENCE_END


def _bulk(tag: int, vr_: str, bulk: Bulk) -> Iterator[bytes | Extent]:
    if any(extent.length > _UNDEFINED - 2 for extent in bulk.extents):
        raise TooLarge("A value is longer than four gigabytes.")
    if bulk.encapsulated:
        yield _head(tag, "OB", _UNDEFINED) + struct.pack("<HHI", 0xFFFE, 0xE000, 0)  # an empty offset table
        for extent in bulk.extents:
            yield struct.pack("<HHI", 0xFFFE, 0xE000, extent.length + extent.length % 2)
            yield extent
            yield b"\0" * (extent.length % 2)
        yield _SEQUENCE_END
        return
    length = sum(extent.length for extent in bulk.extents)
    if length > _UNDEFINED - 2:
        raise TooLarge("A value is longer than four gigabytes.")
    yield _head(tag, vr_, length + length % 2)
    yield from bulk.extents
    yield (b"\0" if vr_ in vr.BINARY or vr_ == "UI" else b" ") * (length % 2)


def _head(tag: int, vr_: str, length: int) -> bytes:
    group, number = tag >> 16, tag & 0xFFFF
    if vr_ in vr.LONG:
        return struct.pack("<HH2sHI", group, number, vr_.encode(), 0, length)
    if length > 0xFFFF:  # what its own form cannot tell goes as unknown (PS3.5 §6.2.2)
        return struct.pack("<HH2sHI", group, number, b"UN", 0, length)
    return struct.pack("<HH2sH", group, number, vr_.encode(), length)


def _value(vr_: str, element: Mapping[str, Any]) -> bytes:
    """The bytes of a value, of even length."""
    if (inline := element.get("InlineBinary")) is not None:
        if isinstance(inline, list):  # as some write it
            (inline,) = inline
        data = base64.b64decode(inline, validate=True)
        return data + b"\0" * (len(data) % 2)
    values = element.get("Value") or []
    if not isinstance(values, list) or (vr_ in vr.BINARY and values):
        raise ValueError
    if vr_ in vr.NUMBERS:
        code = vr.NUMBERS[vr_]
        numbers = [float(one) if vr_ in ("FL", "FD") else int(one) for one in values]
        return struct.pack(f"<{len(numbers)}{code}", *numbers)
    if vr_ == "AT":
        return b"".join(struct.pack("<HH", int(one[:4], 16), int(one[4:8], 16)) for one in values)
    if vr_ in vr.UNDIVIDED and len(values) > 1:
        raise ValueError
    data = "\\".join("" if one is None else _text(vr_, one) for one in values).encode()
    return data + (b"\0" if vr_ == "UI" else b" ") * (len(data) % 2)


def _text(vr_: str, value: Any) -> str:
    if vr_ == "PN":
        groups = value if isinstance(value, Mapping) else {"Alphabetic": value}
        return "=".join(str(groups.get(name) or "") for name in _GROUPS).rstrip("=")
    if isinstance(value, str):
        if "\0" in value.rstrip("\0") or ("\\" in value and vr_ not in vr.UNDIVIDED):
            raise ValueError
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    if vr_ not in ("DS", "IS"):
        raise TypeError
    return _number(value)


def _number(value: int | float) -> str:
    """A number in at most 16 characters (PS3.5 §6.2, DS), as exact as they allow."""
    text = str(value)
    digits = 16
    while len(text) > 16 and digits > 0:
        text = f"{value:.{digits}g}"
        digits -= 1
    return text


def _is_ascii(made: Any) -> bool:
    if isinstance(made, str):
        return made.isascii()
    if isinstance(made, Mapping):
        return all(_is_ascii(value) for value in made.values())
    return all(_is_ascii(value) for value in made) if isinstance(made, list) else True


def _name(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
