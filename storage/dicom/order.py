"""Orders: which attributes one has, what they may hold, and the states it goes through (PS3.3 §C.4.10 to §C.4.12)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from storage.dicom.part10 import valid_uid
from storage.errors import InvalidRequest

MOST_STEPS = 16
MOST_STATIONS = 16
PRIORITIES = ("STAT", "HIGH", "ROUTINE", "MEDIUM", "LOW")
SEXES = ("M", "F", "O")
# Enumerated: not pregnant, possibly, definitely, unknown (PS3.3 §C.2.3.1).
PREGNANCY = ("1", "2", "3", "4")
_CODE_PARTS = ("value", "scheme", "meaning")


class State(StrEnum):
    """Of an order and of each of its steps."""

    SCHEDULED = "scheduled"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    DISCONTINUED = "discontinued"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether it is on no worklist any more."""
        return self not in (State.SCHEDULED, State.IN_PROGRESS)


@dataclass(frozen=True)
class Field:
    """One attribute of an order or a step: its name in our API, its tag and VR, whether it must have a value."""

    name: str
    tag: str
    vr: str
    needed: bool = False
    choices: tuple[str, ...] = ()


ORDER_FIELDS: tuple[Field, ...] = (
    Field("patient_name", "00100010", "PN", needed=True),
    Field("patient_id", "00100020", "LO", needed=True),
    Field("issuer_of_patient_id", "00100021", "LO"),
    Field("patient_birth_date", "00100030", "DA"),
    Field("patient_sex", "00100040", "CS", choices=SEXES),
    Field("patient_weight", "00101030", "DS"),
    Field("medical_alerts", "00102000", "LO"),
    Field("allergies", "00102110", "LO"),
    Field("pregnancy_status", "001021C0", "US", choices=PREGNANCY),
    Field("special_needs", "00380050", "LO"),
    Field("admission_id", "00380010", "LO"),
    Field("current_patient_location", "00380300", "LO"),
    Field("accession_number", "00080050", "SH"),
    Field("referring_physician_name", "00080090", "PN"),
    Field("requesting_physician", "00321032", "PN"),
    Field("requesting_service", "00321033", "LO"),
    Field("study_instance_uid", "0020000D", "UI"),
    Field("requested_procedure_id", "00401001", "SH"),
    Field("requested_procedure_description", "00321060", "LO", needed=True),
    Field("requested_procedure_code", "00321064", "SQ"),
    Field("requested_procedure_priority", "00401003", "SH", choices=PRIORITIES),
    Field("reason_for_the_requested_procedure", "00401002", "LO"),
    Field("requested_procedure_comments", "00401400", "LT"),
)
STEP_FIELDS: tuple[Field, ...] = (
    Field("modality", "00080060", "CS", needed=True),
    Field("scheduled_station_ae_titles", "00400001", "AE"),
    Field("scheduled_procedure_step_start_date", "00400002", "DA", needed=True),
    Field("scheduled_procedure_step_start_time", "00400003", "TM"),
    Field("scheduled_performing_physician_name", "00400006", "PN"),
    Field("scheduled_procedure_step_description", "00400007", "LO"),
    Field("scheduled_protocol_code", "00400008", "SQ"),
    Field("scheduled_procedure_step_id", "00400009", "SH"),
    Field("scheduled_station_name", "00400010", "SH"),
    Field("scheduled_procedure_step_location", "00400011", "SH"),
    Field("pre_medication", "00400012", "LO"),
    Field("comments_on_the_scheduled_procedure_step", "00400400", "LT"),
    Field("requested_contrast_agent", "00321070", "LO"),
)
_LONGEST = {"AE": 16, "CS": 16, "SH": 16, "DS": 16, "LO": 64, "PN": 64, "UI": 64, "LT": 1000, "US": 5}
_CODE_STRING = re.compile(r"[A-Z0-9_ ]{1,16}")
_DECIMAL = re.compile(r"[0-9]{1,5}(\.[0-9]{1,4})?")

Values = dict[str, Any]


def checked(given: Mapping[str, Any], fields: Iterable[Field]) -> Values:
    """The values of an order or a step as they are kept: every field, empty where nothing is said.

    Raises:
        InvalidRequest: there is an unknown one, one is missing, or one cannot be of its attribute.
    """
    known = {field.name: field for field in fields}
    if unknown := given.keys() - known.keys():
        raise InvalidRequest(f"An order has no {min(unknown)[:64]!r}.")
    found = {}
    for name, field in known.items():
        value = _value(field, given.get(name))
        if field.needed and not value:
            raise InvalidRequest(f"An order needs {name}.")
        found[name] = value
    return found


def checked_steps(given: object) -> list[Values]:
    """The steps of an order.

    Raises:
        InvalidRequest: there are none or too many, or one of them is not as it must be.
    """
    if not isinstance(given, list) or not 0 < len(given) <= MOST_STEPS:
        raise InvalidRequest(f"An order has 1 to {MOST_STEPS} steps.")
    if not all(isinstance(one, Mapping) for one in given):
        raise InvalidRequest("A step of an order is a JSON object.")
    steps = [checked(one, STEP_FIELDS) for one in given]
    named = [one["scheduled_procedure_step_id"] for one in steps if one["scheduled_procedure_step_id"]]
    if len(set(named)) < len(named):
        raise InvalidRequest("Two steps of an order have the same scheduled_procedure_step_id.")
    return steps


def _value(field: Field, value: object) -> Any:
    if field.vr == "SQ":
        return _code(field, value)
    if field.vr == "AE":
        return _stations(field, value)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidRequest(f"{field.name} is a text.")
    text = value.strip()
    if text:
        _check(field, text)
    return text.rstrip("^") if field.vr == "PN" else text


def _check(field: Field, text: str) -> None:
    reason = ""
    groups = text.split("=") if field.vr == "PN" else [text]
    allowed = "\r\n\t" if field.vr == "LT" else ""
    if any(len(group) > _LONGEST.get(field.vr, 64) for group in groups) or len(groups) > 3:
        reason = f"has at most {_LONGEST.get(field.vr, 64)} characters"
    elif not all(letter.isprintable() or letter in allowed for letter in text) or "\\" in text:
        reason = "holds no control characters and no backslash"
    elif field.choices and text not in field.choices:
        reason = f"is one of {', '.join(field.choices)}"
    elif field.vr == "PN" and any(group.count("^") > 4 for group in groups):
        reason = "has at most five components"
    elif not _is_of(field.vr, text):
        reason = f"is no {field.vr} of the standard"
    if reason:
        raise InvalidRequest(f"{field.name} {reason}.")


def _is_of(vr: str, text: str) -> bool:
    if vr == "DA":
        return _is_time(text, "%Y%m%d", 8)
    if vr == "TM":
        return _is_time(text, "%H%M%S"[: len(text)], len(text)) and len(text) in (4, 6)
    if vr == "CS":
        return _CODE_STRING.fullmatch(text) is not None
    if vr == "DS":
        return _DECIMAL.fullmatch(text) is not None
    return vr != "UI" or (valid_uid(text) and re.fullmatch(r"[0-9]+(\.[0-9]+)+", text) is not None)


def _is_time(text: str, form: str, length: int) -> bool:
    if len(text) != length or not text.isascii() or not text.isdigit():
        return False
    try:
        datetime.strptime(text, form)  # noqa: DTZ007  only whether it can be read
    except ValueError:
        return False
    return True


def _code(field: Field, value: object) -> dict[str, str] | None:
    """A code: value, coding scheme designator and meaning (PS3.3 §8.8)."""
    if not value:
        return None
    if not isinstance(value, Mapping) or set(value) != set(_CODE_PARTS):
        raise InvalidRequest(f"{field.name} is an object of {', '.join(_CODE_PARTS)}.")
    found = {}
    for part, vr in zip(_CODE_PARTS, ("SH", "SH", "LO"), strict=True):
        text = _value(Field(f"{field.name}.{part}", field.tag, vr), value[part])
        if not text:
            raise InvalidRequest(f"{field.name} needs {part}.")
        found[part] = text
    return found


def _stations(field: Field, value: object) -> list[str]:
    """AE titles of the machines that may do the step; none: any of its modality."""
    if not value:
        return []
    if not isinstance(value, list) or len(value) > MOST_STATIONS:
        raise InvalidRequest(f"{field.name} is a list of at most {MOST_STATIONS} AE titles.")
    titles = [_value(Field(field.name, field.tag, "SH"), one) for one in value]
    if not all(title and title.isascii() for title in titles):
        raise InvalidRequest(f"{field.name}: an AE title is 1 to 16 printable ASCII characters.")
    return list(dict.fromkeys(titles))


def state_of(steps: Iterable[State]) -> State:
    """The state of an order whose steps are in these states."""
    states = set(steps)
    for one in (State.SCHEDULED, State.COMPLETED, State.DISCONTINUED, State.CANCELLED):
        if states <= {one}:
            return one
    if all(state.is_final for state in states):
        return State.COMPLETED if State.COMPLETED in states else State.DISCONTINUED
    return State.IN_PROGRESS if states & {State.IN_PROGRESS, State.COMPLETED} else State.SCHEDULED


# What a person may do to an order by hand, by the state it is in.
BY_HAND: Mapping[State, frozenset[State]] = {
    State.SCHEDULED: frozenset({State.CANCELLED, State.COMPLETED}),
    State.IN_PROGRESS: frozenset({State.COMPLETED, State.DISCONTINUED}),
    State.COMPLETED: frozenset({State.SCHEDULED}),
    State.DISCONTINUED: frozenset({State.SCHEDULED, State.CANCELLED}),
    State.CANCELLED: frozenset({State.SCHEDULED}),
}
