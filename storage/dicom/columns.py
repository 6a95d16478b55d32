"""What the index keeps of a header: the values of the searchable attributes, made to fit their columns (PS3.5 §6.2)."""

import re
from functools import cache
from typing import Any

from storage.dicom.attributes import Attribute, Level, of_levels
from storage.dicom.header import SPECIFIC_CHARACTER_SET, Element, Header
from storage.dicom.text import normalise_name

_INTEGER = range(-(2**31), 2**31)
_OLD_DATE = re.compile(r"(\d{4})[.\-/](\d{2})[.\-/](\d{2})")  # ACR-NEMA 2.0
# The instances of a study repeat its values: they are decoded once. The key holds all that the columns depend on.
_known: dict[tuple[tuple[Level, ...], tuple[Element | None, ...]], dict[str, Any]] = {}
_REMEMBERED = 2_000


def columns(header: Header, *levels: Level) -> dict[str, Any]:
    """Column values of these levels, with the normalised text of those that have it; UIDs and counts apart.

    The answer is shared between instances that say the same: it must not be changed.
    """
    attributes, tags = _of(levels)
    # An element that data sets repeat is one object: the same objects say the same.
    elements = tuple(map(header.elements.get, tags))
    key = (levels, elements)
    found = _known.get(key)
    if found is None:
        found = _read(header, attributes)
        if all(element is None or element.content is not None for element in elements):
            if len(_known) > _REMEMBERED:
                _known.clear()
            _known[key] = found
    return found


@cache
def _of(levels: tuple[Level, ...]) -> tuple[tuple[Attribute, ...], tuple[int, ...]]:
    """The attributes of these levels that an instance carries, and the tags that their values depend on."""
    attributes = tuple(found for found in of_levels(levels) if not (found.computed or found.vr == "UI"))
    return attributes, (SPECIFIC_CHARACTER_SET, *(attribute.tag for attribute in attributes))


def _read(header: Header, attributes: tuple[Attribute, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for attribute in attributes:
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
