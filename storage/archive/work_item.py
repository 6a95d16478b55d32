"""Use case: unified procedure steps: create, retrieve, update, change state, ask to cancel (PS3.4 CC.2, PS3.18 §11)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from storage.access import audit, facilities, permission
from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.archive.work_item_row import columns, decode, readable
from storage.archive.work_item_subscription import notify
from storage.dicom import work_item as rules
from storage.dicom.part10 import valid_uid
from storage.dicom.work_item import DicomJson, Event, State, WrongStep, text
from storage.errors import Forbidden, InvalidRequest, WrongState
from storage.index import work_items as rows

_CREATED_MODIFIED = "The Workitem was created with modifications."


@dataclass(frozen=True)
class Outcome:
    """The UID of a work item, and what its user should be warned of, in the words of the standard."""

    uid: str
    warning: str = ""


def create(archive: Archive, given: DicomJson, uid: str, principal: Principal) -> Outcome:
    """Add a work item in the state SCHEDULED; ``uid`` empty: that of the data set, or a new one.

    Raises:
        Forbidden: the principal may not store, or for no facility.
        InvalidRequest: the data set is not one of a new work item.
        WrongState: a work item of this UID is there already.
    """
    permission.may_anywhere(principal, Action.STORE)
    now = datetime.now(UTC)
    inside = text(given, rules.SOP_INSTANCE) or text(given, rules.AFFECTED)
    if uid and inside and uid != inside:
        raise InvalidRequest("The UID of the address is not that of the work item.")
    uid = uid or inside or f"2.25.{uuid4().int}"
    if not valid_uid(uid) or uid in (rules.GLOBAL_UID, rules.FILTERED_UID):
        raise InvalidRequest("The UID of the work item is malformed.")
    made, modified = rules.created(given, uid, now)
    facility = _facility(archive, principal)
    values = {
        "sop_instance_uid": uid,
        "facility_id": facility,
        "state": State.SCHEDULED,
        "created_at": now,
        **columns(made, now),
    }

    def work(connection: rows.Connection) -> None:
        if not rows.add(connection, values):
            raise WrongState("A work item of this UID is there already.")
        notify(connection, uid, facility, made, [rules.report(uid, Event.STATE_REPORT, made)], now)
        _record(connection, principal, "created", uid, made)

    archive.index.in_transaction(work, durable=True)
    return Outcome(uid, _CREATED_MODIFIED if modified else "")


def retrieve(archive: Archive, uid: str, principal: Principal) -> DicomJson:
    """A work item without its Transaction UID, which only its owner knows.

    Raises:
        NotFound: there is none.
        Forbidden: it belongs to a facility out of reach.
    """
    with _noting_refusal(archive, principal, uid, Action.VIEW), archive.index.read() as connection:
        found = decode(readable(connection, uid, principal, Action.VIEW))
    with archive.index.write() as connection:
        _record(connection, principal, "viewed", uid, found, Action.VIEW)
    return found


def update(archive: Archive, uid: str, changes: DicomJson, transaction_uid: str, principal: Principal) -> Outcome:
    """Replace attributes of a work item.

    Raises:
        NotFound, Forbidden: as :func:`retrieve`, of the right to store.
        NoLongerUpdated, WrongTransaction, WrongStep: see :func:`storage.dicom.work_item.may_update`.
        InvalidRequest: an attribute cannot be changed.
    """
    now = datetime.now(UTC)
    transaction_uid = transaction_uid or text(changes, rules.TRANSACTION)

    def work(connection: rows.Connection) -> None:
        row = readable(connection, uid, principal, Action.STORE, lock=True)
        rules.may_update(State(row["state"]), row["transaction_uid"], transaction_uid)
        before = decode(row)
        after = rules.updated(before, changes, now)
        rows.change(connection, row["id"], columns(after, now))
        reports = [rules.report(uid, event, after) for event in rules.events_of(before, after)]
        notify(connection, uid, row["facility_id"], after, reports, now)
        _record(connection, principal, "updated", uid, after)

    with _noting_refusal(archive, principal, uid):
        archive.index.in_transaction(work, durable=True)
    return Outcome(uid)


def change_state(archive: Archive, uid: str, wanted: str, transaction_uid: str, principal: Principal) -> Outcome:
    """Claim, complete or cancel a work item.

    Raises:
        NotFound, Forbidden: as :func:`update`.
        WrongTransaction, WrongTransition: see :func:`storage.dicom.work_item.transition`.
        InvalidRequest: there is no such state.
    """
    try:
        target = State(wanted)
    except ValueError:
        raise InvalidRequest("The Procedure Step State is IN PROGRESS, COMPLETED or CANCELED.") from None
    if transaction_uid and not valid_uid(transaction_uid):
        raise InvalidRequest("The Transaction UID is malformed.")
    now = datetime.now(UTC)

    def work(connection: rows.Connection) -> str:
        row = readable(connection, uid, principal, Action.STORE, lock=True)
        kept = decode(row)
        warning = rules.transition(State(row["state"]), target, row["transaction_uid"], transaction_uid, kept)
        if not warning:
            claimed = transaction_uid if target is State.IN_PROGRESS else row["transaction_uid"]
            _move(connection, row, kept, target, now, claimed)
            _record(connection, principal, f"state {target}", uid, kept)
        return warning

    with _noting_refusal(archive, principal, uid):
        return Outcome(uid, archive.index.in_transaction(work, durable=True))


def request_cancellation(archive: Archive, uid: str, information: DicomJson, principal: Principal) -> Outcome:
    """Ask that a work item be canceled: one that nobody has claimed is; of another its subscribers are told.

    Raises:
        NotFound, Forbidden: as :func:`update`.
        WrongStep: it is completed.
    """
    now = datetime.now(UTC)
    why = {tag: information[tag] for tag in _CANCELLATION if tag in information}

    def work(connection: rows.Connection) -> str:
        row = readable(connection, uid, principal, Action.STORE, lock=True)
        kept, state = decode(row), State(row["state"])
        if state is State.COMPLETED:
            raise WrongStep("The work item is completed.")
        if state is State.CANCELED:
            return f"The UPS is already in the requested state of {state}."
        asked = rules.report(uid, Event.CANCEL_REQUESTED, kept, why)
        notify(connection, uid, row["facility_id"], kept, [asked], now)
        if state is State.SCHEDULED:
            # Nobody performs it, so the archive itself claims and cancels it (PS3.4 §CC.2.2.3).
            kept |= {tag: element for tag, element in why.items() if tag in (rules.REASON, rules.DISCONTINUATION)}
            claimed = f"2.25.{uuid4().int}"
            kept = _move(connection, row, kept, State.IN_PROGRESS, now, claimed)
            _move(connection, row, kept, State.CANCELED, now, claimed)
        _record(connection, principal, "cancellation requested", uid, kept)
        return ""

    with _noting_refusal(archive, principal, uid):
        return Outcome(uid, archive.index.in_transaction(work, durable=True))


# Reason, discontinuation codes, contact URI and name (PS3.4 Table CC.2.2-1).
_CANCELLATION = (rules.REASON, rules.DISCONTINUATION, "0074100A", "0074100C")


def _move(
    connection: rows.Connection, row: Mapping[str, Any], kept: DicomJson, target: State, now: datetime, claimed: str
) -> DicomJson:
    made = {**kept, rules.STATE: {"vr": "CS", "Value": [target]}, rules.MODIFIED: rules.moment(now)}
    if target is State.CANCELED and not text(kept, rules.CANCELLED_AT):
        made[rules.CANCELLED_AT] = rules.moment(now)
    made = dict(sorted(made.items()))
    values = {"state": target, "transaction_uid": claimed, "final_at": now if target.is_final else None}
    rows.change(connection, row["id"], {**values, **columns(made, now)})
    uid = row["sop_instance_uid"]
    notify(connection, uid, row["facility_id"], made, [rules.report(uid, Event.STATE_REPORT, made)], now)
    return made


def _facility(archive: Archive, principal: Principal) -> int:
    """Whose a new work item is: of the archive's own facility, or of the creator's where that is out of its reach."""
    own = facilities.get_or_create(archive.index, archive.settings.facility).id
    reach = permission.reach(principal)
    if reach is None or own in reach:
        return own
    if not reach:
        raise Forbidden("You may not store for any facility.")
    return min(reach)


@contextmanager
def _noting_refusal(archive: Archive, principal: Principal, uid: str, action: Action = Action.STORE) -> Iterator[None]:
    try:
        yield
    except Forbidden:
        with archive.index.write() as connection:
            detail: audit.Detail = {"act": "work item", "work_item": uid}
            audit.record(connection, principal, action, "refused", detail=detail)
        raise


def _record(
    connection: rows.Connection,
    principal: Principal,
    act: str,
    uid: str,
    made: DicomJson,
    action: Action = Action.STORE,
) -> None:
    audit.record(
        connection,
        principal,
        action,
        study_instance_uid=text(made, rules.STUDY)[:64],
        patient_id=text(made, rules.PATIENT_ID),
        detail={"act": f"work item {act}", "work_item": uid},
    )
