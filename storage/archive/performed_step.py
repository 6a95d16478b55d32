"""Use case: machines report their work: a performed step is created, set and given (PS3.4 Annex F, PS3.18 §15).

The scheduled steps that it is of, and their orders, go with its state; the study it names is of the order.
"""

import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson

from storage.access import audit, permission
from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.archive.order import facility_of
from storage.archive.order_matching import find as find_order
from storage.archive.order_matching import follow
from storage.dicom import performed_step as rules
from storage.dicom.order import State as OrderState
from storage.dicom.order_likeness import steps_meant
from storage.dicom.part10 import valid_uid
from storage.dicom.performed_step import State, Taken
from storage.dicom.work_item import DicomJson, text
from storage.errors import Forbidden, InvalidRequest, NotFound
from storage.index import orders
from storage.index import performed_steps as rows

LARGEST_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Outcome:
    """The UID of the step; ``left``: tags of attributes that stay as they were said first."""

    uid: str
    left: tuple[str, ...] = ()


def create(archive: Archive, given: DicomJson, uid: str, facility: int | None, principal: Principal) -> Outcome:
    """Note that a machine has begun; ``uid`` empty: a new one is made; no ``facility``: that of this archive.

    Raises:
        Forbidden: the principal may not report progress for the facility.
        Taken: there is a step of this UID.
        MissingAttribute, MissingValue, InvalidRequest: see :func:`storage.dicom.performed_step.created`.
    """
    uid = uid or f"2.25.{uuid4().int}"
    if not valid_uid(uid):
        raise InvalidRequest("The UID of the performed step is malformed.")
    with _noting_refusal(archive, principal, uid):
        permission.may_anywhere(principal, Action.REPORT_PROGRESS)
        facility_id = facility or facility_of(archive, "", principal, Action.REPORT_PROGRESS)
        permission.may(principal, Action.REPORT_PROGRESS, facility_id)
    made = rules.created(given)
    now = datetime.now(UTC)
    values = {
        "sop_instance_uid": uid,
        "facility_id": facility_id,
        "state": State.IN_PROGRESS,
        "ae_title": text(made, rules.STATION_AE_TITLE)[:16],
        "patient_id": text(made, rules.PATIENT_ID),
        "study_instance_uid": text(made[rules.SCHEDULED_STEPS]["Value"][0], rules.STUDY)[:64],
        "data_set": _encoded(made),
        "created_at": now,
        "updated_at": now,
    }

    def work(connection: rows.Connection) -> None:
        identity = rows.add(connection, values)
        if identity is None:
            raise Taken("There is a performed step of this UID.")
        _put_to_orders(connection, identity, made, facility_id, now)
        _record(connection, principal, "begun", uid, made)

    archive.index.in_transaction(work, durable=True)
    return Outcome(uid)


def update(archive: Archive, uid: str, changes: DicomJson, principal: Principal) -> Outcome:
    """Set attributes of a step that is in progress; its end is one of them.

    Raises:
        NotFound: there is none of this UID.
        Forbidden: it is of a facility that is not open to the principal.
        NoLongerUpdated, MissingValue, InvalidRequest: see :func:`storage.dicom.performed_step.updated`.
    """
    now = datetime.now(UTC)

    def work(connection: rows.Connection) -> Outcome:
        row = _readable(connection, uid, principal, lock=True)
        made, left = rules.updated(decode(row), changes)
        state = State(text(made, rules.STATUS))
        final_at = now if state.is_final else None
        values = {"state": state, "data_set": _encoded(made), "updated_at": now, "final_at": final_at}
        rows.change(connection, row["id"], values)
        if state.is_final:
            for step in rows.steps_of(connection, row["id"]):
                _let_follow(connection, step, now)
        _record(connection, principal, state.lower(), uid, made)
        return Outcome(uid, tuple(left))

    with _noting_refusal(archive, principal, uid):
        return archive.index.in_transaction(work, durable=True)


def retrieve(archive: Archive, uid: str, principal: Principal) -> DicomJson:
    """A performed step.

    Raises:
        NotFound, Forbidden: as :func:`update`.
    """
    with _noting_refusal(archive, principal, uid), archive.index.read() as connection:
        found = decode(_readable(connection, uid, principal))
    with archive.index.write() as connection:
        _record(connection, principal, "viewed", uid, found)
    return found


def decode(row: Mapping[str, Any]) -> DicomJson:
    """The data set of a row."""
    found: DicomJson = orjson.loads(zlib.decompress(row["data_set"]))
    return found


def _encoded(made: DicomJson) -> bytes:
    encoded = orjson.dumps(made)
    if len(encoded) > LARGEST_BYTES:
        raise InvalidRequest(f"A performed step may have {LARGEST_BYTES} bytes.")
    return zlib.compress(encoded, 1)


def _readable(connection: rows.Connection, uid: str, principal: Principal, *, lock: bool = False) -> rows.Row:
    permission.may_anywhere(principal, Action.REPORT_PROGRESS)
    row = rows.find(connection, uid, lock=lock)
    if row is None:
        raise NotFound("There is no such performed step.")
    permission.may(principal, Action.REPORT_PROGRESS, row["facility_id"])
    return row


def _put_to_orders(connection: rows.Connection, identity: int, made: DicomJson, facility: int, now: datetime) -> None:
    """Link the scheduled steps that are certainly meant; what was not scheduled stays by itself."""
    for said in rules.said(made):
        found = find_order(connection, said, facility)
        if found is None:
            continue
        candidate, _ = found
        orders.link(connection, candidate.order["id"], said.studies[0][:64], "report", now)
        for step in steps_meant(said, candidate):
            rows.link(connection, identity, step["id"])
            _let_follow(connection, dict(step), now)


def _let_follow(connection: rows.Connection, step: rows.Row, now: datetime) -> None:
    """The state of a scheduled step by all that was performed for it, and with it that of its order."""
    states = rows.states_of(connection, step["id"])
    for performed, state in (
        (State.IN_PROGRESS, OrderState.IN_PROGRESS),
        (State.COMPLETED, OrderState.COMPLETED),
        (State.DISCONTINUED, OrderState.DISCONTINUED),
    ):
        if performed in states:
            orders.change_steps(connection, [step["id"]], state)
            break
    follow(connection, step["order_fk"], now)


@contextmanager
def _noting_refusal(archive: Archive, principal: Principal, uid: str) -> Iterator[None]:
    try:
        yield
    except Forbidden:
        with archive.index.write() as connection:
            detail: audit.Detail = {"act": "performed step", "performed_step": uid}
            audit.record(connection, principal, Action.REPORT_PROGRESS, "refused", detail=detail)
        raise


def _record(connection: rows.Connection, principal: Principal, act: str, uid: str, made: DicomJson) -> None:
    audit.record(
        connection,
        principal,
        Action.REPORT_PROGRESS,
        study_instance_uid=text(made[rules.SCHEDULED_STEPS]["Value"][0], rules.STUDY)[:64],
        patient_id=text(made, rules.PATIENT_ID),
        detail={"act": f"performed step {act}", "performed_step": uid},
    )
