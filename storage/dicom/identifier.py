"""One answer to a query: DICOM JSON made of index columns and a stored header (PS3.18 §F.2, PS3.4 §C.4.1.1.3.2)."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal

from pydicom.datadict import dictionary_VR

from storage.dicom.attributes import ATTRIBUTES, Attribute, Level
from storage.dicom.text import name_groups

JsonDataset = dict[str, Any]
Include = Collection[int] | Literal["all"]

INSTANCE_AVAILABILITY = 0x00080056
SPECIFIC_CHARACTER_SET = 0x00080005
_NUMBERS = frozenset({"IS", "US", "SS", "UL", "SL"})
# Of an instance that is no image, these columns are empty or zero: they say nothing.
_OF_IMAGES = frozenset({"NumberOfFrames"})
# One value each, whatever backslashes it holds.
_SINGLE = frozenset({"LT", "ST", "UT", "UR"})


def element(vr: str, value: str | int | None) -> dict[str, Any]:
    """One element of DICOM JSON from the value of a column; without a value it has its VR alone."""
    if value is None or value == "":
        return {"vr": vr}
    if vr in _NUMBERS:
        return {"vr": vr, "Value": [int(value)]}
    text = str(value)
    if vr == "PN":
        names = ("Alphabetic", "Ideographic", "Phonetic")
        found = {name: group for name, group in zip(names, name_groups(text), strict=True) if group}
        return {"vr": vr, "Value": [found]} if found else {"vr": vr}
    return {"vr": vr, "Value": [text] if vr in _SINGLE else text.split("\\")}


class Columns:
    """Elements made of columns, those of one answer after the other; equal values of a column share one element.

    ``tables`` names the table of each level; rows are keyed by ``table.column``.
    """

    def __init__(self, wanted: Iterable[Attribute], tables: Mapping[Level, str]) -> None:
        chosen = {attribute.path: attribute for attribute in wanted}
        self._columns: list[tuple[str, str, Attribute, dict[Any, dict[str, Any]]]] = [
            (path, f"{tables[attribute.level]}.{attribute.column}", attribute, {})
            for path, attribute in sorted(chosen.items())
        ]

    def tell(self, row: Mapping[str, Any]) -> JsonDataset:
        """The elements of a row, ascending; what it has not is given with its VR and no value."""
        made: JsonDataset = {}
        for path, column, attribute, known in self._columns:
            value = row[column]
            found = known.get(value)
            if found is None:
                nothing = attribute.keyword in _OF_IMAGES and not value
                found = known[value] = element(attribute.vr, None if nothing else value)
            made[path] = found
        return made


def add_from_header(made: JsonDataset, header: Mapping[str, Any] | None, paths: Iterable[str]) -> None:
    """Add elements of a header (eight hexadecimal digits each); what it has not is given with its VR and no value."""
    for path in paths:
        if path not in made:
            made[path] = (header or {}).get(path) or {"vr": vr_of(int(path, 16))}


def vr_of(tag: int) -> str:
    """The VR of a tag by the dictionary, UN if it is not in it; of a choice the first."""
    try:
        return dictionary_VR(tag).split(" or ")[0]
    except KeyError:
        return "UN"


def returned(level: Level, *, study: bool, series: bool) -> list[Attribute]:
    """What an answer holds that was not asked for (PS3.18 Tables 10.6.3-3 to -5).

    ``study``, ``series``: the query itself names the one study or series; of those only the UID is said again.
    """
    left_out = set()
    if study and level is not Level.STUDY:
        left_out |= {Level.PATIENT, Level.STUDY}
    if series and level is Level.IMAGE:
        left_out.add(Level.SERIES)
    return [
        attribute
        for attribute in upto(level)
        if attribute.returned and (attribute.level not in left_out or attribute.vr == "UI")
    ]


def upto(level: Level) -> list[Attribute]:
    """All attributes of a level and of those above it."""
    return [attribute for attribute in ATTRIBUTES if DEPTH[attribute.level] <= DEPTH[level]]


def paths_of_everything(level: Level, header: Mapping[str, Any]) -> list[str]:
    """What of a header belongs to an answer that asks for all attributes of a level."""
    if level is Level.IMAGE:
        return list(header)
    above = _STUDY_PATHS if level is not Level.SERIES else _STUDY_PATHS | _SERIES_PATHS
    return [path for path in header if path in above or path.startswith("0010")]


def level_of(path: str) -> Level:
    """Whose attribute a tag or path is: of the patient, study or series where their modules have it, else the image."""
    root = path.partition(".")[0]
    if root.startswith("0010"):
        return Level.PATIENT
    if root in _STUDY_PATHS:
        return Level.STUDY
    return Level.SERIES if root in _SERIES_PATHS else Level.IMAGE


DEPTH: Mapping[Level, int] = {Level.PATIENT: 0, Level.STUDY: 1, Level.SERIES: 2, Level.IMAGE: 3}

# General Study, Patient Study (PS3.3 §C.7.2) and General Series, General Equipment (PS3.3 §C.7.3.1, §C.7.5.1).
_STUDY_PATHS = frozenset(
    {
        "00080051",
        "00080201",
        "0008009C",
        "00081032",
        "00081048",
        "00081060",
        "00081080",
        "00081084",
        "00081110",
        "00321032",
        "00321033",
        "00321060",
        "00321064",
        "00401012",
    }
)
_SERIES_PATHS = frozenset(
    {
        "00080070",
        "00080080",
        "00080081",
        "0008103F",
        "00081010",
        "00081040",
        "00081050",
        "00081070",
        "00081090",
        "00081111",
        "00181000",
        "00181020",
        "00181030",
        "00185100",
        "00200052",
        "00201040",
        "00280108",
        "00280109",
        "00400250",
        "00400251",
        "00400253",
        "00400254",
        "00400260",
        "00400275",
        "00400280",
    }
)
