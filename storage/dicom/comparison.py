"""What differs between two headers, attribute by attribute (DICOM JSON: PS3.18 §F.2)."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from pydicom.datadict import keyword_for_tag

from storage.dicom.json import AVAILABLE_TRANSFER_SYNTAX_UID, DicomJson

LONGEST_VALUE = 256  # characters that are shown of a value
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")


@dataclass(frozen=True)
class AttributeDifference:
    """One attribute; ``path`` is its tag, in sequences tag/item from 1/tag; a value is ``None`` where it is absent."""

    path: str
    keyword: str
    vr: str
    first: str | None
    second: str | None


def compare(first: DicomJson, second: DicomJson) -> Iterator[AttributeDifference]:
    """The attributes whose values differ, ascending; bulk data and the transfer syntax are not looked at."""
    yield from _datasets(first, second, "")


def _datasets(first: DicomJson, second: DicomJson, before: str) -> Iterator[AttributeDifference]:
    for tag in sorted(first.keys() | second.keys()):
        one, other = first.get(tag), second.get(tag)
        if one == other or tag == AVAILABLE_TRANSFER_SYNTAX_UID:
            continue
        if one is not None and other is not None:
            if "BulkDataURI" in one and "BulkDataURI" in other:
                continue
            if one["vr"] == other["vr"] == "SQ":
                yield from _sequences(one.get("Value", []), other.get("Value", []), f"{before}{tag}")
                continue
        vr = str((one or other or {}).get("vr", ""))
        yield AttributeDifference(f"{before}{tag}", keyword_for_tag(int(tag, 16)), vr, _text(one), _text(other))


def _sequences(first: list[DicomJson], second: list[DicomJson], path: str) -> Iterator[AttributeDifference]:
    keyword = keyword_for_tag(int(path.rsplit("/", 1)[-1], 16))
    for number, (one, other) in enumerate(zip_longest(first, second), 1):
        if one is not None and other is not None:
            yield from _datasets(one, other, f"{path}/{number}/")
        else:
            said = [None if item is None else f"item of {len(item)} attributes" for item in (one, other)]
            yield AttributeDifference(f"{path}/{number}", keyword, "SQ", *said)


def _text(element: dict[str, Any] | None) -> str | None:
    if element is None:
        return None
    if "BulkDataURI" in element:
        return "bulk data"
    if "InlineBinary" in element:
        return f"{len(element['InlineBinary']) * 3 // 4} bytes"
    values = element.get("Value", [])
    if element["vr"] == "SQ":
        return f"{len(values)} items"
    text = "\\".join(_value(value) for value in values)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def _value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return "=".join(str(value.get(group, "")) for group in _GROUPS).rstrip("=")
    return str(value)
