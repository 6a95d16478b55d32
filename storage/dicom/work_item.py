"""Unified procedure steps: what a work item must hold, which changes it may take, and what is reported (PS3.4 CC)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from storage.errors import InvalidRequest, WorkItemRefusal, WrongState

DicomJson = dict[str, dict[str, Any]]

SOP_CLASS_UID = "1.2.840.10008.5.1.4.34.6.1"
EVENT_SOP_CLASS_UID = "1.2.840.10008.5.1.4.34.6.4"
GLOBAL_UID = "1.2.840.10008.5.1.4.34.5"
FILTERED_UID = "1.2.840.10008.5.1.4.34.5.1"

SOP_CLASS, SOP_INSTANCE, AFFECTED = "00080016", "00080018", "00001000"
TRANSACTION, STATE, READINESS = "00081195", "00741000", "00404041"
PRIORITY, LIST_LABEL, STEP_LABEL = "00741200", "00741202", "00741204"
SCHEDULED_START, MODIFIED, CANCELLED_AT = "00404005", "00404010", "00404052"
PROGRESS, PERFORMED, REASON, DISCONTINUATION = "00741002", "00741216", "00741238", "0074100E"
PERFORMED_START, PERFORMED_END = "00404050", "00404051"
PATIENT_ID, STUDY = "00100020", "0020000D"
_ASSIGNMENT = ("00404025", "00404026", "00404027", "00404034")  # stations, classes, locations, performers
_PRIORITIES = ("HIGH", "MEDIUM", "LOW")
_READINESS = ("INCOMPLETE", "UNAVAILABLE", "READY")
# Who it is about is said once (Table CC.2.5-3, N-SET "not allowed").
_FIXED = frozenset(
    {SOP_CLASS, SOP_INSTANCE, STATE, "00100010", "00100020", "00100021", "00100030", "00100040", "00380010", "00380014"}
)


class State(StrEnum):
    """Procedure Step State (0074,1000): PS3.4 Figure CC.1.1-1."""

    SCHEDULED = "SCHEDULED"
    IN_PROGRESS = "IN PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"

    @property
    def is_final(self) -> bool:
        """Whether nothing can change any more."""
        return self in (State.COMPLETED, State.CANCELED)


class Event(StrEnum):
    """Event Type ID of an event report (Table CC.2.4-1)."""

    STATE_REPORT = "1"
    CANCEL_REQUESTED = "2"
    PROGRESS_REPORT = "3"
    ASSIGNED = "5"


class WrongTransaction(InvalidRequest, WorkItemRefusal):
    """The Transaction UID is missing, or not that under which the work item was claimed; ``warning`` says which."""

    def __init__(self, given: str) -> None:
        self.warning = f"The Transaction UID is {'incorrect' if given else 'missing'}."
        super().__init__(self.warning)


class NoLongerUpdated(InvalidRequest, WorkItemRefusal):
    """A final work item takes no update."""

    warning = "The submitted request is inconsistent with the current state of the Workitem."


class WrongStep(WrongState, WorkItemRefusal):
    """The request does not fit the state of the work item."""

    warning = "The submitted request is inconsistent with the current state of the Workitem."


class WrongTransition(WrongState, WorkItemRefusal):
    """The work item cannot go from its state to the one asked for."""

    warning = "The submitted request is inconsistent with the state of the UPS Instance."


def text(data_set: Mapping[str, Any], tag: str) -> str:
    """The first value of an attribute as text, or nothing."""
    values = data_set.get(tag, {}).get("Value") or [""]
    return str(values[0]).strip() if isinstance(values, list) and not isinstance(values[0], Mapping) else ""


def moment(at: datetime) -> dict[str, Any]:
    """A DT element of this time."""
    return {"vr": "DT", "Value": [at.strftime("%Y%m%d%H%M%S.%f%z")]}


def created(given: DicomJson, uid: str, now: datetime) -> tuple[DicomJson, bool]:
    """The new work item, and whether anything was filled in that its creator should have said (Table CC.2.5-3).

    Raises:
        InvalidRequest: something it must have is not there, or something it must not have is.
    """
    missing = [name for tag, name in _NEEDED.items() if not text(given, tag)]
    if missing:
        raise InvalidRequest(f"The work item has no {', '.join(missing)}.")
    if text(given, STATE) not in ("", State.SCHEDULED):
        raise InvalidRequest("A new work item is SCHEDULED.")
    if text(given, TRANSACTION):
        raise InvalidRequest("A new work item has no Transaction UID.")
    if any(given.get(tag, {}).get("Value") for tag in (PROGRESS, PERFORMED)):
        raise InvalidRequest("A new work item tells of no progress and nothing performed.")
    _check_codes(given)
    made = {tag: element for tag, element in given.items() if tag not in (AFFECTED, TRANSACTION) and tag[:4] != "0002"}
    modified = not text(given, LIST_LABEL)
    if modified:
        made[LIST_LABEL] = {"vr": "LO", "Value": ["DEFAULT"]}
    made[SOP_CLASS] = {"vr": "UI", "Value": [SOP_CLASS_UID]}
    made[SOP_INSTANCE] = {"vr": "UI", "Value": [uid]}
    made[STATE] = {"vr": "CS", "Value": [State.SCHEDULED]}
    made[MODIFIED] = moment(now)
    made.setdefault(PROGRESS, {"vr": "SQ"})
    made.setdefault(PERFORMED, {"vr": "SQ"})
    return dict(sorted(made.items())), modified


_NEEDED = {
    PRIORITY: "Scheduled Procedure Step Priority",
    STEP_LABEL: "Procedure Step Label",
    READINESS: "Input Readiness State",
    SCHEDULED_START: "Scheduled Procedure Step Start DateTime",
}


def updated(kept: DicomJson, changes: DicomJson, now: datetime) -> DicomJson:
    """The work item with these attributes replaced.

    Raises:
        InvalidRequest: one of them cannot be changed, or not to this.
    """
    wanted = {tag: element for tag, element in changes.items() if tag not in (TRANSACTION, AFFECTED)}
    for tag, element in wanted.items():
        if tag in _FIXED and element.get("Value") != kept.get(tag, {}).get("Value"):
            raise InvalidRequest(f"({tag[:4]},{tag[4:]}) of a work item cannot be changed by an update.")
    _check_codes(wanted)
    return dict(sorted({**kept, **wanted, MODIFIED: moment(now)}.items()))


def _check_codes(data_set: DicomJson) -> None:
    for tag, allowed in ((PRIORITY, _PRIORITIES), (READINESS, _READINESS)):
        if tag in data_set and text(data_set, tag) not in allowed:
            raise InvalidRequest(f"({tag[:4]},{tag[4:]}) must be one of {', '.join(allowed)}.")


def may_update(state: State, claimed_by: str, transaction_uid: str) -> None:
    """Whether an update fits the state (PS3.18 §11.6).

    Raises:
        NoLongerUpdated, WrongTransaction, WrongStep: it does not.
    """
    if state.is_final:
        raise NoLongerUpdated("The work item is final; it takes no update.")
    if state is State.IN_PROGRESS and transaction_uid != claimed_by:
        raise WrongTransaction(transaction_uid)
    if state is State.SCHEDULED and transaction_uid:
        raise WrongStep("The work item is not in progress; an update of it has no Transaction UID.")


def transition(state: State, wanted: State, claimed_by: str, transaction_uid: str, data_set: DicomJson) -> str:
    """Whether a work item may go to another state (Table CC.1.1-2); a warning where it is there already.

    Raises:
        WrongTransaction: the Transaction UID is missing or another.
        WrongTransition: it may not.
        InvalidRequest: no work item goes to this state.
    """
    if wanted is State.SCHEDULED:
        raise InvalidRequest("A work item is never made SCHEDULED again.")
    if not transaction_uid:
        raise WrongTransaction("")
    if state.is_final:
        if wanted is state:
            return f"The UPS is already in the requested state of {state}."
        raise WrongTransition(f"The work item is {state}; it may no longer be updated.")
    if state is State.SCHEDULED:
        if wanted is not State.IN_PROGRESS:
            raise WrongTransition("The work item is not in progress.")
        return ""
    if transaction_uid != claimed_by:
        raise WrongTransaction(transaction_uid)
    if wanted is State.IN_PROGRESS:
        raise WrongTransition("The work item is in progress already.")
    if wanted is State.COMPLETED and not _is_performed(data_set):
        raise WrongTransition("What was performed, from when until when, has to be said before it is completed.")
    return ""


def _is_performed(data_set: DicomJson) -> bool:
    """Final state requirements (Table CC.2.5-3, "P")."""
    items = data_set.get(PERFORMED, {}).get("Value") or []
    return any(text(item, PERFORMED_START) and text(item, PERFORMED_END) for item in items)


def report(uid: str, event: Event, data_set: DicomJson, more: Mapping[str, Any] | None = None) -> DicomJson:
    """An event report as it goes to subscribers (PS3.4 §CC.2.4, PS3.18 §8.10.5)."""
    made: DicomJson = {
        "00000002": {"vr": "UI", "Value": [EVENT_SOP_CLASS_UID]},
        "00001000": {"vr": "UI", "Value": [uid]},
        "00001002": {"vr": "US", "Value": [int(event)]},
    }
    if event is Event.STATE_REPORT:
        told: Iterable[str] = (STATE, READINESS, REASON, DISCONTINUATION)
    elif event is Event.PROGRESS_REPORT:
        told = (PROGRESS,)
    elif event is Event.ASSIGNED:
        told = _ASSIGNMENT
    else:
        told = ()
    made |= {tag: data_set[tag] for tag in told if tag in data_set}
    return made | dict(more or {})


def events_of(before: DicomJson, after: DicomJson) -> list[Event]:
    """What an update makes worth reporting (PS3.4 §CC.2.6.3)."""
    found = []
    if before.get(READINESS) != after.get(READINESS):
        found.append(Event.STATE_REPORT)
    if before.get(PROGRESS) != after.get(PROGRESS):
        found.append(Event.PROGRESS_REPORT)
    if any(before.get(tag) != after.get(tag) for tag in _ASSIGNMENT):
        found.append(Event.ASSIGNED)
    return found
