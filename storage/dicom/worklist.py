"""A scheduled step as an item of the worklist: its data set, what of it is told, which keys it meets (PS3.4 Annex K).

Items are DICOM JSON. A machine that cannot read Unicode is told everything in ASCII, and finds by what it is told.
"""

from collections.abc import Mapping
from typing import Any

from storage.dicom.identifier import element
from storage.dicom.matching import Match, Range, Universal
from storage.dicom.order import ORDER_FIELDS, STEP_FIELDS, Field, State
from storage.dicom.text import unaccented
from storage.dicom.vr import LOCALISED
from storage.dicom.work_item import DicomJson
from storage.dicom.work_item_matching import Tree, tree_of
from storage.errors import InvalidQuery

STEP_SEQUENCE = "00400100"
STATION_AE_TITLE, START_DATE, START_TIME, STEP_STATUS = "00400001", "00400002", "00400003", "00400020"
MODALITY, STEP_ID = "00080060", "00400009"
# (0040,0020): a step that a machine has begun may be continued there, so it stays on the worklist.
_STATUS = {State.SCHEDULED: "SCHEDULED", State.IN_PROGRESS: "STARTED"}
_CODE_VALUE, _CODE_SCHEME, _CODE_MEANING = "00080100", "00080102", "00080104"
_CHARACTER_SET = "00080005"

# What is asked for: tags, and below a sequence the tags of its items; nothing below: the whole of it.
Wanted = dict[str, "Wanted"]


def item(order: Mapping[str, Any], step: Mapping[str, Any], state: State) -> DicomJson:
    """The item of a step: ``order`` and ``step`` are checked values of :mod:`storage.dicom.order`."""
    made = {field.tag: _element(field, order[field.name]) for field in ORDER_FIELDS}
    inside = {field.tag: _element(field, step[field.name]) for field in STEP_FIELDS}
    inside[STEP_STATUS] = {"vr": "CS", "Value": [_STATUS.get(state, state.upper())]}
    made["00081110"] = {"vr": "SQ"}  # Referenced Study Sequence
    made[STEP_SEQUENCE] = {"vr": "SQ", "Value": [dict(sorted(inside.items()))]}
    return dict(sorted(made.items()))


def _element(field: Field, value: Any) -> dict[str, Any]:
    if field.vr == "SQ":
        return {"vr": "SQ", "Value": [_code(value)]} if value else {"vr": "SQ"}
    if field.vr == "AE":
        return {"vr": "AE", "Value": list(value)} if value else {"vr": "AE"}
    return element(field.vr, value)


def _code(value: Mapping[str, str]) -> DicomJson:
    return {
        _CODE_VALUE: {"vr": "SH", "Value": [value["value"]]},
        _CODE_SCHEME: {"vr": "SH", "Value": [value["scheme"]]},
        _CODE_MEANING: {"vr": "LO", "Value": [value["meaning"]]},
    }


# Every attribute an item can have, and in its sequences; a key beyond them is not supported.
_IN_CODE: Wanted = {_CODE_VALUE: {}, _CODE_SCHEME: {}, _CODE_MEANING: {}}
SUPPORTED: Wanted = {
    **{field.tag: _IN_CODE if field.vr == "SQ" else {} for field in ORDER_FIELDS},
    "00081110": {"00081150": {}, "00081155": {}},
    STEP_SEQUENCE: {**{field.tag: _IN_CODE if field.vr == "SQ" else {} for field in STEP_FIELDS}, STEP_STATUS: {}},
}


def any_station(made: DicomJson, ae_title: str) -> DicomJson:
    """The item with this machine as its station, where any machine of its modality may do it."""
    (step,) = made[STEP_SEQUENCE]["Value"]
    if step[STATION_AE_TITLE].get("Value") or not ae_title:
        return made
    step = {**step, STATION_AE_TITLE: {"vr": "AE", "Value": [ae_title]}}
    return {**made, STEP_SEQUENCE: {"vr": "SQ", "Value": [step]}}


def in_ascii(data_set: DicomJson) -> DicomJson:
    """A data set in the default repertoire: without diacritics, đ as d; of a name the alphabetic group (PS3.5 §6.1)."""
    return {tag: _ascii_element(one) for tag, one in data_set.items() if tag != _CHARACTER_SET}


def _ascii_element(one: Mapping[str, Any]) -> dict[str, Any]:
    values = one.get("Value")
    if not values or one["vr"] not in LOCALISED | {"SQ"}:
        return dict(one)
    if one["vr"] == "SQ":
        return {**one, "Value": [in_ascii(inner) for inner in values]}
    if one["vr"] == "PN":
        return {**one, "Value": [{"Alphabetic": unaccented(name.get("Alphabetic", ""))} for name in values]}
    return {**one, "Value": [unaccented(str(value)) for value in values]}


def keys_of(asked: DicomJson) -> tuple[dict[str, str], Wanted]:
    """The keys of a request, value by path, and what is wanted of each item (PS3.4 §C.2.2.1.1).

    Raises:
        InvalidQuery: a sequence has several items, or a key is no text or number.
    """
    keys: dict[str, str] = {}
    wanted: Wanted = {}
    _read(asked, "", keys, wanted)
    return keys, wanted


def _read(asked: DicomJson, path: str, keys: dict[str, str], wanted: Wanted) -> None:
    for tag, one in asked.items():
        if tag == _CHARACTER_SET or tag.endswith("0000"):
            continue
        inner = wanted.setdefault(tag, {})
        values = one.get("Value") or []
        if one["vr"] == "SQ":
            if len(values) > 1:
                raise InvalidQuery("A sequence of the query has more than one item.")
            for below in values:
                _read(below, f"{path}{tag}.", keys, inner)
        elif "BulkDataURI" in one or "InlineBinary" in one:
            raise InvalidQuery("A key of the query is neither text nor number.")
        elif values:
            keys[f"{path}{tag}"] = "\\".join(map(_key_text, values))


def _key_text(value: Any) -> str:
    if isinstance(value, Mapping):
        return "=".join(str(value.get(group, "")) for group in ("Alphabetic", "Ideographic", "Phonetic")).rstrip("=")
    return "" if value is None else str(value)


def unsupported(wanted: Wanted, supported: Wanted = SUPPORTED) -> list[str]:
    """The tags asked for that no item has."""
    found = []
    for tag, inner in wanted.items():
        found += unsupported(inner, supported[tag]) if tag in supported else [tag]
    return found


def told(made: DicomJson, wanted: Wanted) -> DicomJson:
    """What of an item is told: what was asked for and can be known; without a value where it has none."""
    found: DicomJson = {}
    for tag, inner in sorted(wanted.items()):
        one = made.get(tag)
        if one is None:
            continue
        if one["vr"] == "SQ" and inner and one.get("Value"):
            one = {"vr": "SQ", "Value": [told(below, inner) for below in one["Value"]]}
        found[tag] = one
    return found


def tree_of_keys(keys: Mapping[str, str]) -> Tree:
    """The keys of a query that narrow it; those that no item has are left out.

    Raises:
        InvalidQuery: a value cannot be one of its attribute.
    """
    usable = {path: value for path, value in keys.items() if _is_supported(path.split("."))}
    tree = tree_of(usable)
    step = tree.get(STEP_SEQUENCE)
    hours = step.get(START_TIME) if isinstance(step, dict) else None
    if isinstance(hours, Range) and hours.high and hours.low > hours.high:
        raise InvalidQuery("A time range of the query ends before it begins.")
    return tree


def _is_supported(steps: list[str]) -> bool:
    level: Wanted = SUPPORTED
    for step in steps:
        if step not in level:
            return False
        level = level[step]
    return True


def station_of(keys: Mapping[str, str]) -> str:
    """The one machine whose worklist is asked for; empty: no single one."""
    value = keys.get(f"{STEP_SEQUENCE}.{STATION_AE_TITLE}", "").strip()
    return "" if any(letter in value for letter in "*?\\") else value


def of_step(tree: Tree, tag: str) -> Match:
    """The key of an attribute of the step."""
    step = tree.get(STEP_SEQUENCE)
    found = step.get(tag) if isinstance(step, dict) else None
    return Universal() if found is None or isinstance(found, dict) else found
