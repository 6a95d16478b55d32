"""What an answer tells of a sequence: items that match, with the attributes that were asked for (PS3.4 §C.2.2.2.6)."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from storage.dicom.matching import Match, meets
from storage.dicom.search_value import SearchAttribute, of_json

# By the tag of a sequence, the paths inside its items.
Parts = dict[str, set[str]]


def part_of(
    sequence: Mapping[str, Any] | None, parts: Collection[str], keys: Sequence[tuple[SearchAttribute, Match]] = ()
) -> dict[str, Any]:
    """A sequence in the DICOM JSON Model with no more than ``parts`` of the items that meet all ``keys``.

    ``parts``: tags, or paths with dots into sequences within; ``keys``: attributes inside this very sequence.
    """
    items = (sequence or {}).get("Value") or []
    found = [_part(item, parts) for item in items if isinstance(item, Mapping) and _meets_all(item, keys)]
    return {"vr": "SQ", "Value": found} if found else {"vr": "SQ"}


def _part(item: Mapping[str, Any], parts: Collection[str]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    inner: Parts = {}
    for path in parts:
        tag, _, rest = path.partition(".")
        if rest:
            inner.setdefault(tag, set()).add(rest)
        elif tag in item:
            told[tag] = item[tag]
    for tag, paths in inner.items():
        if tag in item and tag not in told:
            told[tag] = part_of(item[tag], paths)
    return dict(sorted(told.items()))


def _meets_all(item: Mapping[str, Any], keys: Sequence[tuple[SearchAttribute, Match]]) -> bool:
    if not keys:
        return True
    attributes = [attribute for attribute, _ in keys]
    values = of_json({attributes[0].root: {"vr": "SQ", "Value": [item]}}, attributes)
    rows = (*values.study, *values.series, *values.instance)
    return all(meets(match, [row.value for row in rows if row.attribute_id == one.id]) for one, match in keys)
