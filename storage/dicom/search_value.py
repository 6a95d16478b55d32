"""Values of searchable attributes beside the columns, as a data set has them (PS3.4 §C.2.2.2.6, PS3.18 §8.3.4.1)."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import orjson

from storage.dicom import vr as representations
from storage.dicom.attributes import Level
from storage.dicom.header import SPECIFIC_CHARACTER_SET, Header
from storage.dicom.json import elements_json
from storage.dicom.moment import sortable
from storage.dicom.number import canonical
from storage.dicom.text import normalise_name

# No longer text is compared; a B-tree of PostgreSQL holds no longer value either.
LONGEST_VALUE = 500
MOST_VALUES = 200
_NUMBERS = representations.NUMBERS.keys() | {"IS", "DS"}
_OLD_DATE = re.compile(r"(\d{4})[.\-/](\d{2})[.\-/](\d{2})")
# What differs between instances whose item is the same.
_BULK_DATA = re.compile(rb'"BulkDataURI":"[^"]*"')
_LARGE = 16 * 1024


@dataclass(frozen=True)
class SearchAttribute:
    """An attribute whose values have rows of their own; ``path``: tags, with dots into sequences.

    ``level``: whose attribute it is. ``ready``: the rows of all that is kept are made.
    """

    id: int
    path: str
    vr: str
    level: Level
    ready: bool = True

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """The tags of the path, eight hexadecimal digits each."""
        return tuple(self.path.split("."))

    @property
    def root(self) -> str:
        """The tag at the top of the data set."""
        return self.steps[0]


class Row(NamedTuple):
    """One value; ``item`` and ``leaf`` name the outermost and the innermost item that it is in, 0: none."""

    attribute_id: int
    item: int
    leaf: int
    value: str


@dataclass(frozen=True)
class SearchValues:
    """What an instance says of its study, its series and itself."""

    study: tuple[Row, ...] = ()
    series: tuple[Row, ...] = ()
    instance: tuple[Row, ...] = ()


NONE = SearchValues()
_Known = tuple[Any, ...]
_known: dict[_Known, SearchValues] = {}
_REMEMBERED = 2_000


def of_header(header: Header, attributes: Sequence[SearchAttribute]) -> SearchValues:
    """The values in a header; instances that say the same are given the same object."""
    roots = tuple(dict.fromkeys(int(attribute.root, 16) for attribute in attributes))
    found = [(root, element) for root in roots if (element := header.elements.get(root)) is not None]
    if not found:
        return NONE
    contents = tuple(header.value(element) if element.length <= _LARGE else None for _, element in found)
    key: _Known = (
        tuple(attributes),
        header.charsets(header.elements),
        tuple((root, element.vr, element.little_endian) for root, element in found),
        contents,
    )
    values = _known.get(key)
    if values is None:
        tags = [tag for tag, _ in found]
        tags += [SPECIFIC_CHARACTER_SET] if SPECIFIC_CHARACTER_SET in header.elements else []
        values = of_json(elements_json(header, tags), attributes)
        if None not in contents:
            if len(_known) > _REMEMBERED:
                _known.clear()
            _known[key] = values
    return values


def of_json(data_set: Mapping[str, Any], attributes: Sequence[SearchAttribute]) -> SearchValues:
    """The values in a data set in the DICOM JSON Model."""
    study: dict[Row, None] = {}
    series: dict[Row, None] = {}
    instance: dict[Row, None] = {}
    into = {Level.PATIENT: study, Level.STUDY: study, Level.SERIES: series, Level.IMAGE: instance}
    names: dict[int, int] = {}
    for attribute in attributes:
        rows = into[attribute.level]
        number = 0
        for item, leaf, value in _walk(data_set, attribute.steps, 0, 0, names):
            text = comparable(attribute.vr, value)
            if text and number < MOST_VALUES:
                rows[Row(attribute.id, item, leaf, text)] = None
                number += 1
    if not (study or series or instance):
        return NONE
    return SearchValues(tuple(sorted(study)), tuple(sorted(series)), tuple(sorted(instance)))


def comparable(vr: str, value: Any) -> str:
    """A value as it is compared: names, dates, times and numbers in one writing each, all else as sent; PS3.5 §6.2."""
    if value is None:
        return ""
    if vr == "PN":
        if isinstance(value, Mapping):
            groups = [str(value.get(name, "")) for name in ("Alphabetic", "Ideographic", "Phonetic")]
            value = "=".join(groups).rstrip("=")
        return normalise_name(str(value))[:LONGEST_VALUE]
    if vr in _NUMBERS:
        return canonical(value)[:LONGEST_VALUE]
    text = str(value).replace("\0", "").strip(" ")
    if vr == "DA":
        text = _OLD_DATE.sub(r"\1\2\3", text)
    elif vr == "TM":
        text = text.replace(":", "")
    elif vr == "DT":
        text = sortable(text)
    return text.encode("utf-8", "replace").decode()[:LONGEST_VALUE]


def _walk(
    elements: Mapping[str, Any], steps: Sequence[str], item: int, leaf: int, names: dict[int, int]
) -> Iterator[tuple[int, int, Any]]:
    values = elements.get(steps[0], {}).get("Value") or ()
    if len(steps) == 1:
        yield from ((item, leaf, value) for value in values)
        return
    for inner in values:
        if isinstance(inner, Mapping):
            name = names.get(id(inner))
            if name is None:
                name = names[id(inner)] = _name(inner, leaf)
            yield from _walk(inner, steps[1:], item or name, name, names)


def _name(item: Mapping[str, Any], around: int) -> int:
    """A number for an item, the same wherever the same item is in the same items; never 0."""
    content = _BULK_DATA.sub(b"", orjson.dumps(item, option=orjson.OPT_SORT_KEYS))
    digest = hashlib.sha256(around.to_bytes(8, "big") + content).digest()
    return int.from_bytes(digest[:8], "big") >> 1 or 1
