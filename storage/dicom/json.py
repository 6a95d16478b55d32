"""A header as DICOM JSON; what is large is left behind as a BulkDataURI (PS3.18 §F.2)."""

import base64
import math
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from storage.dicom import charset, vr
from storage.dicom.header import PIXEL_DATA_TAGS, SPECIFIC_CHARACTER_SET, Element, Elements, Header
from storage.dicom.text import name_groups

DicomJson = dict[str, dict[str, Any]]

INLINE_BYTES = 4 * 1024
# Look-up tables and overlays are needed to show the image; numbers and texts are inline up to the same size.
LARGE_INLINE_BYTES = 1024 * 1024
AVAILABLE_TRANSFER_SYNTAX_UID = "00083002"
_AVAILABLE = int(AVAILABLE_TRANSFER_SYNTAX_UID, 16)
_LOOK_UP_TABLES = frozenset(
    {
        0x00283006,  # LUT Data
        *range(0x00281201, 0x00281205),  # Red, Green, Blue, Alpha Palette Color LUT Data
        *range(0x00281221, 0x00281225),  # Segmented …
    }
)
_PIXEL_REPRESENTATION = 0x00280103
# Text that every receiver of our JSON gets is Unicode (PS3.18 §F.2.2).
_UTF8 = {"vr": "CS", "Value": ["ISO_IR 192"]}


@dataclass(frozen=True)
class _Scope:
    """What an element needs to know of the data set around it."""

    charsets: tuple[str, ...]
    signed: bool
    path: str


def instance_text(header: Header, transfer_syntax_uid: str, instance_path: str) -> bytes:
    """The metadata of one instance as JSON text: all elements, ascending, with the transfer syntax it is kept in.

    ``instance_path`` is the absolute path of the instance's resource (:func:`instance_path`); bulk data is below it.
    """
    elements = header.elements
    scope = _Scope(header.charsets(elements), _is_signed(header, elements), f"{instance_path}/bulkdata/")
    key = (scope.charsets, scope.signed)  # with the element itself, all that its JSON depends on
    available = b'"%s":%s' % (
        AVAILABLE_TRANSFER_SYNTAX_UID.encode(),
        orjson.dumps({"vr": "UI", "Value": [transfer_syntax_uid]}),
    )
    parts = []
    for tag in sorted(elements):
        element = elements[tag]
        if available and tag >= _AVAILABLE:
            parts.append(available)
            available = b""
        if tag == _AVAILABLE or tag >> 16 in (0x0000, 0x0002) or tag & 0xFFFF == 0:  # command, file meta, group length
            continue
        told = element.told
        if told is not None and told[0] == key:
            parts.append(told[1])
            continue
        part = _member(header, tag, element, scope)
        if element.content is not None:
            element.told = (key, part)
        parts.append(part)
    if available:
        parts.append(available)
    return b"{" + b",".join(parts) + b"}"


def elements_json(header: Header, tags: Iterable[int]) -> DicomJson:
    """Some top-level elements of a header in the DICOM JSON Model; bulk data by URIs that begin with its tag."""
    elements = header.elements
    scope = _Scope(header.charsets(elements), _is_signed(header, elements), "")
    return {f"{tag:08X}": _element(header, tag, elements[tag], scope) for tag in tags if tag in elements}


def _member(header: Header, tag: int, element: Element, scope: _Scope) -> bytes:
    value = _UTF8 if tag == SPECIFIC_CHARACTER_SET else _element(header, tag, element, scope)
    return b'"%08X":%s' % (tag, orjson.dumps(value))


def instance_path(study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str) -> str:
    """The absolute path of an instance's resource, without a host (PS3.18 §10.1.1)."""
    return f"/dicom-web/studies/{study_instance_uid}/series/{series_instance_uid}/instances/{sop_instance_uid}"


def encode(text: bytes) -> bytes:
    """The text of :func:`instance_text` as the index keeps it: compressed (zlib), fast rather than small."""
    return zlib.compress(text, 1)


def text(encoded: bytes) -> bytes:
    """The JSON text (UTF-8) that :func:`encode` was given, ready to be joined into an array."""
    return zlib.decompress(encoded)


def decode(encoded: bytes) -> DicomJson:
    """The DICOM JSON that :func:`encode` was given as text."""
    found: DicomJson = orjson.loads(zlib.decompress(encoded))
    return found


def _dataset(header: Header, elements: Elements, scope: _Scope) -> DicomJson:
    if _PIXEL_REPRESENTATION in elements:
        scope = _Scope(scope.charsets, _is_signed(header, elements), scope.path)
    made: DicomJson = {}
    for tag in sorted(elements):
        if tag >> 16 in (0x0000, 0x0002) or tag & 0xFFFF == 0:  # command, file meta, group length
            continue
        if tag == SPECIFIC_CHARACTER_SET:
            made["00080005"] = _UTF8
            continue
        made[f"{tag:08X}"] = _element(header, tag, elements[tag], scope)
    return made


def _is_signed(header: Header, elements: Elements) -> bool:
    sign = elements.get(_PIXEL_REPRESENTATION)
    return sign is not None and header.value(sign)[:2] not in (b"", b"\0\0")


def _element(header: Header, tag: int, element: Element, scope: _Scope) -> dict[str, Any]:
    vr_ = element.vr
    if vr_ == "US or SS":
        vr_ = "SS" if scope.signed else "US"
    if element.items is not None:
        return _sequence(header, tag, element.items, scope)
    if element.length == 0 and element.fragments is None:
        return {"vr": vr_}
    if _is_bulk(tag, element):
        return {"vr": vr_, "BulkDataURI": f"{scope.path}{tag:08X}"}
    value = header.value(element)
    if vr_ in vr.BINARY:
        return {"vr": vr_, "InlineBinary": base64.b64encode(_little_endian(value, vr_, element)).decode("ascii")}
    if vr_ in vr.NUMBERS:
        values: list[Any] = [_finite(number) for number in _numbers(value, vr_, element)]
    elif vr_ == "AT":
        values = _tags(value, element)
    else:
        values = _texts(value, vr_, scope.charsets)
    return {"vr": vr_, "Value": values} if values else {"vr": vr_}


def _sequence(header: Header, tag: int, items: list[Elements], scope: _Scope) -> dict[str, Any]:
    if not items:
        return {"vr": "SQ"}
    made = []
    for number, item in enumerate(items, 1):
        inner = _Scope(header.charsets(item, scope.charsets), scope.signed, f"{scope.path}{tag:08X}/{number}/")
        made.append(_dataset(header, item, inner))
    return {"vr": "SQ", "Value": made}


def _is_bulk(tag: int, element: Element) -> bool:
    if tag in PIXEL_DATA_TAGS or element.fragments is not None:
        return True
    if element.vr not in vr.BINARY:
        return element.length > LARGE_INLINE_BYTES
    overlay = tag >> 24 == 0x60 and tag & 0xFFFF == 0x3000
    return element.length > (LARGE_INLINE_BYTES if tag in _LOOK_UP_TABLES or overlay else INLINE_BYTES)


def _little_endian(value: bytes, vr_: str, element: Element) -> bytes:
    """Inline binary is little endian, whatever the data set was (PS3.18 §F.2.7)."""
    width = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}.get(vr_, 1)
    if element.little_endian or width == 1 or len(value) % width:
        return value
    swapped = bytearray(len(value))
    for index in range(width):
        swapped[index::width] = value[width - 1 - index :: width]
    return bytes(swapped)


def _numbers(value: bytes, vr_: str, element: Element) -> tuple[Any, ...]:
    code = vr.NUMBERS[vr_]
    count = len(value) // struct.calcsize(f"={code}")
    return struct.unpack_from(f"{'<' if element.little_endian else '>'}{count}{code}", value)


def _finite(number: float) -> float | str:
    """JSON has no number for these (PS3.18 §F.2.3)."""
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "inf" if number > 0 else "-inf"


def _tags(value: bytes, element: Element) -> list[str]:
    numbers = struct.unpack_from(f"{'<' if element.little_endian else '>'}{len(value) // 4 * 2}H", value)
    return [f"{group:04X}{number:04X}" for group, number in zip(numbers[::2], numbers[1::2], strict=True)]


def _texts(value: bytes, vr_: str, charsets: Sequence[str]) -> list[Any]:
    decoded = charset.decode(value, charsets if vr_ in vr.LOCALISED else ())
    if vr_ in vr.UNDIVIDED:
        whole = decoded.rstrip(" \0")
        return [whole] if whole else []
    parts = [_text(part, vr_) for part in decoded.split("\\")]
    return parts if any(part is not None for part in parts) else []


def _text(part: str, vr_: str) -> Any:
    bare = part.rstrip(" \0") if vr_ in ("PN", "UC") else part.strip(" \0")
    if not bare:
        return None
    if vr_ == "PN":
        groups = zip(("Alphabetic", "Ideographic", "Phonetic"), name_groups(bare), strict=True)
        return {name: group for name, group in groups if group} or None
    if vr_ == "IS":
        return _integer(bare)
    if vr_ == "DS":
        return _decimal(bare)
    return bare


def _integer(bare: str) -> int | float | str:
    """A number, or what was sent where it is none: the sender's mistake is not hidden."""
    try:
        return int(bare) if len(bare) <= 16 and "_" not in bare else bare
    except ValueError:
        return _decimal(bare)


def _decimal(bare: str) -> int | float | str:
    try:
        number = float(bare)
    except ValueError:
        return bare
    if not math.isfinite(number) or "_" in bare:
        return bare
    return int(number) if number.is_integer() and abs(number) < 2**53 else number
