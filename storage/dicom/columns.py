"""What the index keeps of a header: the values of the searchable attributes, made to fit their columns (PS3.5 §6.2)."""

import re
from collections.abc import Iterable
from typing import Any

from storage.dicom.attributes import Attribute, Level, of_levels
from storage.dicom.header import Header
from storage.dicom.text import normalise_name

_INTEGER = range(-(2**31), 2**31)
_OLD_DATE = re.compile(r"(\d{4})[.\-/](\d{2})[.\-/](\d{2})")  # ACR-NEMA 2.0


def columns(header: Header, levels: Iterable[Level]) -> dict[str, Any]:
    """Column values of these levels, with the normalised text of those that have it; UIDs and counts apart."""
    found: dict[str, Any] = {}
    for attribute in of_levels(levels):
        if attribute.computed or attribute.vr == "UI":
            continue
        found[attribute.column] = value = _value(header, attribute)
        if attribute.search_column:
            found[attribute.search_column] = normalise_name(value)
    return found


def _value(header: Header, attribute: Attribute) -> Any:
    if attribute.vr in ("IS", "US"):
        number = header.integer(attribute.tag)
        return number if isinstance(number, int) and number in _INTEGER else None  # None in a range is a long walk
    text = header.text(attribute.tag)
    if attribute.vr == "DA":
        text = _OLD_DATE.sub(r"\1\2\3", text)
    elif attribute.vr == "TM":
        text = text.replace(":", "")
    return text[: attribute.maximum_length]
