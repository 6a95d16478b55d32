"""Performed procedure steps: what a machine must report and which changes that may take (PS3.4 Table F.7.2-1)."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from storage.dicom.order_likeness import Said
from storage.dicom.work_item import DicomJson, text
from storage.errors import DuplicateConflict, InvalidRequest, WrongState

SOP_CLASS_UID = "1.2.840.10008.3.1.2.3.3"
STATUS, SCHEDULED_STEPS, SERIES = "00400252", "00400270", "00400340"
STATION_AE_TITLE, START_DATE, START_TIME = "00400241", "00400244", "00400245"
END_DATE, END_TIME = "00400250", "00400251"
MODALITY, PATIENT_NAME, PATIENT_ID, BIRTH_DATE = "00080060", "00100010", "00100020", "00100030"
STUDY, ACCESSION_NUMBER, PROCEDURE_ID, STEP_ID = "0020000D", "00080050", "00401001", "00400009"
_SOP = frozenset({"00080016", "00080018"})
_NEEDED = {
    STATUS: "Performed Procedure Step Status",
    "00400253": "Performed Procedure Step ID",
    STATION_AE_TITLE: "Performed Station AE Title",
    START_DATE: "Performed Procedure Step Start Date",
    START_TIME: "Performed Procedure Step Start Time",
    MODALITY: "Modality",
    SCHEDULED_STEPS: "Scheduled Step Attributes Sequence",
}
_NEEDED_AT_END = {
    END_DATE: "Performed Procedure Step End Date",
    END_TIME: "Performed Procedure Step End Time",
    SERIES: "Performed Series Sequence",
}
_DEEPEST = 16
# Said once, when it is created: N-SET "Not allowed".
FIXED = frozenset(
    {
        *(SCHEDULED_STEPS, PATIENT_NAME, PATIENT_ID, "00100021", BIRTH_DATE, "00100040", "00081120"),
        *("00400253", STATION_AE_TITLE, "00400242", "00400243", START_DATE, START_TIME, MODALITY, "00200010"),
    }
)


class State(StrEnum):
    """Performed Procedure Step Status (0040,0252): PS3.4 Table F.7.2-1, PS3.3 §C.4.14."""

    IN_PROGRESS = "IN PROGRESS"
    COMPLETED = "COMPLETED"
    DISCONTINUED = "DISCONTINUED"

    @property
    def is_final(self) -> bool:
        """Whether nothing can change any more."""
        return self is not State.IN_PROGRESS


class NoLongerUpdated(WrongState):
    """The step was completed or discontinued before."""


class MissingAttribute(InvalidRequest):
    """An attribute that must be there is not."""


class MissingValue(InvalidRequest):
    """An attribute that must have a value has none."""


class Taken(DuplicateConflict, WrongState):
    """A performed step of this UID is there already."""


def created(given: DicomJson) -> DicomJson:
    """The data set of a new step.

    Raises:
        MissingAttribute, MissingValue: something it must have is not there, or is empty.
        InvalidRequest: it does not begin as IN PROGRESS.
    """
    made = _plain(given)
    check_shape(made)
    for tag, name in _NEEDED.items():
        if tag not in made:
            raise MissingAttribute(f"The step has no {name}.")
        if not made[tag].get("Value"):
            raise MissingValue(f"The step has no value of {name}.")
    for item in made[SCHEDULED_STEPS]["Value"]:
        if STUDY not in item:
            raise MissingAttribute("A scheduled step has no Study Instance UID.")
        if not text(item, STUDY):
            raise MissingValue("A scheduled step has no value of Study Instance UID.")
    if text(made, STATUS) != State.IN_PROGRESS:
        raise InvalidRequest("A new performed step is IN PROGRESS.")
    return made


def updated(kept: DicomJson, changes: DicomJson) -> tuple[DicomJson, list[str]]:
    """The data set with these attributes set, and the tags of those that stay as they were said first.

    Raises:
        NoLongerUpdated: the step was ended before.
        MissingValue: it is completed without what that needs.
        InvalidRequest: there is no such status.
    """
    if State(text(kept, STATUS)).is_final:
        raise NoLongerUpdated("The performed step may no longer be updated.")
    wanted = _plain(changes)
    check_shape(wanted)
    left = sorted(tag for tag, one in wanted.items() if tag in FIXED and one.get("Value") != _of(kept, tag))
    made = {**kept, **{tag: one for tag, one in wanted.items() if tag not in FIXED}}
    if text(made, STATUS) not in list(State):
        raise InvalidRequest("The status of a performed step is IN PROGRESS, COMPLETED or DISCONTINUED.")
    if text(made, STATUS) == State.COMPLETED:
        for tag, name in _NEEDED_AT_END.items():
            if not made.get(tag, {}).get("Value"):
                raise MissingValue(f"A completed step needs {name}.")
    return dict(sorted(made.items())), left


def check_shape(data_set: Mapping[str, Any], depth: int = 0) -> None:
    """Look whether this is a data set in the DICOM JSON Model, sequences too, so that it can be given as one.

    Raises:
        InvalidRequest: it is not.
    """
    for tag, one in data_set.items():
        right = re.fullmatch("[0-9A-F]{8}", tag) and isinstance(one, Mapping) and isinstance(one.get("vr"), str)
        if not right or depth > _DEEPEST or not isinstance(one.get("Value", []), list):
            raise InvalidRequest("The attributes are no data set in the DICOM JSON Model.")
        for item in one.get("Value", []) if one["vr"] == "SQ" else []:
            if not isinstance(item, Mapping):
                raise InvalidRequest("An item of a sequence is no data set.")
            check_shape(item, depth + 1)


def _of(kept: Mapping[str, Any], tag: str) -> Any:
    return kept.get(tag, {}).get("Value")


def _plain(given: DicomJson) -> DicomJson:
    """What is kept of a data set: no command or file elements, no bulk data, no UIDs that the message itself says."""
    return {
        tag: one
        for tag, one in sorted(given.items())
        if tag not in _SOP and tag[:4] not in ("0000", "0002") and tag[4:] != "0000" and "BulkDataURI" not in one
    }


def said(data_set: DicomJson) -> list[Said]:
    """What it says of each scheduled step that it is of."""
    return [
        Said(
            patient_name=_name(data_set),
            patient_id=text(data_set, PATIENT_ID),
            patient_birth_date=text(data_set, BIRTH_DATE),
            studies=(text(item, STUDY),),
            accession_numbers=_given(item, ACCESSION_NUMBER),
            requested_procedure_ids=_given(item, PROCEDURE_ID),
            step_ids=_given(item, STEP_ID),
            modality=text(data_set, MODALITY),
        )
        for item in data_set[SCHEDULED_STEPS]["Value"]
    ]


def _given(item: DicomJson, tag: str) -> tuple[str, ...]:
    found = text(item, tag)
    return (found,) if found else ()


def _name(data_set: DicomJson) -> str:
    values = data_set.get(PATIENT_NAME, {}).get("Value") or [{}]
    name = values[0] if isinstance(values[0], Mapping) else {}
    return "=".join(str(name.get(group, "")) for group in ("Alphabetic", "Ideographic", "Phonetic")).rstrip("=")


def number_of_images(data_set: DicomJson) -> int:
    """How many images and other objects it names."""
    series = data_set.get(SERIES, {}).get("Value") or []
    # Referenced Image Sequence, Referenced Non-Image Composite SOP Instance Sequence
    return sum(len(one.get(tag, {}).get("Value") or []) for one in series for tag in ("00081140", "00400220"))
