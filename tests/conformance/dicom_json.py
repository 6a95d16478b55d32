"""A validator of the DICOM JSON Model, written from the standard alone (PS3.18 Annex F)."""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

_TEXT = frozenset({"AE", "AS", "CS", "DA", "DT", "LO", "LT", "SH", "ST", "TM", "UC", "UI", "UR", "UT"})
_INTEGER = frozenset({"SL", "SS", "UL", "US"})
_REAL = frozenset({"FD", "FL"})
_NUMBER_OR_TEXT = frozenset({"DS", "IS", "SV", "UV"})
_BINARY = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
_VRS = _TEXT | _INTEGER | _REAL | _NUMBER_OR_TEXT | _BINARY | {"AT", "PN", "SQ"}
# What may be left behind as bulk data (§F.2.2).
_BULK = _BINARY | _INTEGER | _REAL | _NUMBER_OR_TEXT | {"AT", "LT", "ST", "UC", "UR", "UT"}
_SINGLE = frozenset({"LT", "ST", "UR", "UT"})
_GROUPS = {"Alphabetic", "Ideographic", "Phonetic"}
_NOT_FINITE = {"NaN", "inf", "-inf", "Infinity", "-Infinity"}
_TAG = re.compile(r"[0-9A-F]{8}")


def violations(dataset: object, where: str = "") -> Iterator[str]:
    """Say what breaks Annex F in a data set; nothing when it is valid."""
    if not isinstance(dataset, dict):
        yield f"{where}: a data set is an object"
        return
    if list(dataset) != sorted(dataset):
        yield f"{where}: attributes are not ascending (§F.2.2)"
    for tag, element in dataset.items():
        here = f"{where}/{tag}"
        if not _TAG.fullmatch(tag):
            yield f"{here}: not eight upper-case hexadecimal digits (§F.2.1.1.2)"
        elif tag.endswith("0000") or tag.startswith(("0000", "0002")):
            yield f"{here}: group lengths, command and file meta elements have no place (§F.2.2)"
        yield from _element(element, here)
    charset = dataset.get("00080005", {}).get("Value", ["ISO_IR 192"])
    if charset != ["ISO_IR 192"]:
        yield f"{where}/00080005: the text is UTF-8 (§F.2.2)"


def bulk_data_uris(dataset: dict[str, Any]) -> Iterator[str]:
    """Every BulkDataURI of a data set and of the items in it."""
    for element in dataset.values():
        if "BulkDataURI" in element:
            yield element["BulkDataURI"]
        if element["vr"] == "SQ":
            for item in element.get("Value", ()):
                yield from bulk_data_uris(item)


def _element(element: object, here: str) -> Iterator[str]:
    if not isinstance(element, dict) or element.get("vr") not in _VRS:
        yield f"{here}: no VR of the standard (§F.2.2)"
        return
    vr = element["vr"]
    kinds = element.keys() - {"vr"}
    if len(kinds) > 1 or kinds - {"Value", "BulkDataURI", "InlineBinary"}:
        yield f"{here}: {sorted(kinds)} beside vr (§F.2.2)"
    if "InlineBinary" in element:
        yield from _inline(element["InlineBinary"], vr, here)
    if "BulkDataURI" in element and (vr not in _BULK or not isinstance(element["BulkDataURI"], str)):
        yield f"{here}: {vr} as bulk data (§F.2.2)"
    if "Value" in element:
        values = element["Value"]
        if vr in _BINARY or not isinstance(values, list) or not values:
            yield f"{here}: Value of {vr} is {str(values)[:40]} (§F.2.3)"
            return
        if vr in _SINGLE and len(values) != 1:
            yield f"{here}: {len(values)} values of {vr} (PS3.5 §6.4)"
        for number, value in enumerate(values):
            yield from _value(value, vr, f"{here}[{number}]")


def _inline(text: object, vr: str, here: str) -> Iterator[str]:
    try:
        base64.b64decode(str(text), validate=True)
    except binascii.Error:
        yield f"{here}: InlineBinary is not Base64 (§F.2.7)"
    if vr not in _BINARY:
        yield f"{here}: InlineBinary of {vr} (§F.2.7)"


def _value(value: object, vr: str, here: str) -> Iterator[str]:
    if vr == "SQ":
        yield from violations(value, here)
        return
    if value is None:
        return
    if vr == "PN":
        good = isinstance(value, dict) and value.keys() <= _GROUPS and all(isinstance(x, str) for x in value.values())
    elif vr == "AT":
        good = isinstance(value, str) and _TAG.fullmatch(value) is not None
    elif vr in _INTEGER:
        good = isinstance(value, int) and not isinstance(value, bool)
    elif vr in _REAL:
        good = (isinstance(value, int | float) and not isinstance(value, bool)) or value in _NOT_FINITE
    elif vr in _NUMBER_OR_TEXT:
        good = isinstance(value, int | float | str) and not isinstance(value, bool)
    else:
        good = isinstance(value, str)
    if not good:
        yield f"{here}: {str(value)[:40]!r} is no {vr} (§F.2.3)"
