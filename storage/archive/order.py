"""Use case: orders: create, change, cancel, list, with what machines did for them (PS3.3 §C.4, PS3.4 Annex K)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from storage.access import audit, facilities, permission
from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.archive.order_matching import look_for_studies
from storage.archive.order_row import Order, checked_order, columns, read, step_columns
from storage.dicom.order import BY_HAND, State
from storage.errors import Forbidden, InvalidRequest, NotFound, WrongState
from storage.index import orders as rows
from storage.index.orders import Wanted

MOST_ROWS = 200
_SAME_SEARCH = timedelta(minutes=10)


@dataclass(frozen=True)
class Page:
    """Orders of one page; ``total``: all that match; ``counts``: by state, whatever state was asked for."""

    orders: list[Order]
    total: int
    counts: Mapping[str, int]


def create(archive: Archive, given: Mapping[str, Any], principal: Principal) -> Order:
    """Add an order; numbers and the Study Instance UID that are not given are made.

    ``given``: the fields of :data:`storage.dicom.order.ORDER_FIELDS`, ``steps``, and maybe the code of a ``facility``.

    Raises:
        Forbidden: the principal may not order, or not for this facility.
        InvalidRequest: a field is missing or cannot be right.
        WrongState: the Study Instance UID is that of another order.
    """
    permission.may_anywhere(principal, Action.ORDER)
    now = datetime.now(UTC)
    values, steps = checked_order(given)
    values["study_instance_uid"] = values["study_instance_uid"] or f"2.25.{uuid4().int}"
    facility = facility_of(archive, given.get("facility"), principal, Action.ORDER)
    made = {
        **columns(values, steps),
        "facility_id": facility,
        "state": State.SCHEDULED,
        "created_at": now,
        "created_by": principal.name,
        "updated_at": now,
    }

    def work(connection: rows.Connection) -> Order:
        identity = rows.add(connection, made, [step_columns(step) for step in steps])
        if identity is None:
            raise WrongState("The Study Instance UID is that of another order.")
        _number(connection, identity, values, steps, now)
        _record(connection, principal, "created", values, identity)
        look_for_studies(connection, identity, now)
        return _of(connection, identity)

    return archive.index.in_transaction(work, durable=True)


def edit(archive: Archive, identity: int, given: Mapping[str, Any], version: int, principal: Principal) -> Order:
    """Replace what an order says; nobody may have changed it since ``version``.

    Numbers and the UID stay where they are not given.

    Raises:
        NotFound, Forbidden: as :func:`order`.
        InvalidRequest: as :func:`create`.
        WrongState: it is not scheduled any more, or was changed meanwhile.
    """
    now = datetime.now(UTC)
    values, steps = checked_order(given)

    def work(connection: rows.Connection) -> Order:
        row = _locked(connection, identity, principal, Action.ORDER)
        if State(row["state"]) is not State.SCHEDULED:
            raise WrongState("Only an order that is still scheduled can be changed.")
        if row["version"] != version:
            raise WrongState("Somebody else changed this order; read it again.")
        for name in ("study_instance_uid", "accession_number", "requested_procedure_id"):
            values[name] = values[name] or row[name]
        if values["study_instance_uid"] != row["study_instance_uid"]:
            raise InvalidRequest("The Study Instance UID of an order stays; machines may have it already.")
        rows.replace_steps(connection, identity, [step_columns(step) for step in steps])
        rows.change(connection, identity, {**columns(values, steps), "updated_at": now})
        _number(connection, identity, values, steps, now)
        _record(connection, principal, "changed", values, identity)
        look_for_studies(connection, identity, now)
        return _of(connection, identity)

    with _noting_refusal(archive, principal, identity, Action.ORDER):
        return archive.index.in_transaction(work, durable=True)


def change_state(archive: Archive, identity: int, wanted: str, principal: Principal) -> Order:
    """Cancel, complete, discontinue or schedule again by hand.

    Raises:
        NotFound, Forbidden: as :func:`order`.
        InvalidRequest: there is no such state.
        WrongState: an order does not go there from its state.
    """
    try:
        target = State(wanted)
    except ValueError:
        raise InvalidRequest(f"The state of an order is one of {', '.join(State)}.") from None
    now = datetime.now(UTC)

    def work(connection: rows.Connection) -> Order:
        row = _locked(connection, identity, principal, Action.ORDER)
        if target not in BY_HAND.get(State(row["state"]), frozenset()):
            raise WrongState(f"An order that is {row['state']} cannot be made {target}.")
        again = target is State.SCHEDULED
        steps = [
            step["id"]
            for step in rows.steps_of(connection, [identity])
            if again or not State(step["state"]).is_final or step["state"] == State.DISCONTINUED
        ]
        rows.change_steps(connection, steps, target)
        final_at = now if target.is_final else None
        rows.change(connection, identity, {"state": target, "updated_at": now, "final_at": final_at})
        _record(connection, principal, str(target), row, identity)
        return _of(connection, identity)

    with _noting_refusal(archive, principal, identity, Action.ORDER):
        return archive.index.in_transaction(work, durable=True)


def order(archive: Archive, identity: int, principal: Principal) -> Order:
    """One order.

    Raises:
        NotFound: there is none.
        Forbidden: its facility is not open to the principal.
    """
    with _noting_refusal(archive, principal, identity, Action.VIEW), archive.index.read() as connection:
        row = rows.find(connection, identity)
        _may(row, principal, Action.READ_WORKLIST)
        found = _of(connection, identity)
    with archive.index.write() as connection:
        _record(connection, principal, "viewed", found.row, identity, Action.VIEW)
    return found


def listed(archive: Archive, wanted: Wanted, principal: Principal, limit: int, offset: int) -> Page:
    """A page of the orders in the principal's reach, by the time they are scheduled.

    Raises:
        Forbidden: the principal may not see orders.
    """
    permission.may_anywhere(principal, Action.READ_WORKLIST)
    reach = permission.reach(principal)
    with archive.index.read() as connection:
        found, total = rows.page(connection, wanted, reach, limit, offset)
        every = Wanted(wanted.text, (), wanted.modality, wanted.date_from, wanted.date_to)
        counts = rows.counts(connection, every, reach)
        orders = read(connection, found)
    _record_search(archive, principal, (wanted, offset), total)
    return Page(orders, total, counts)


def _record_search(archive: Archive, principal: Principal, question: object, total: int) -> None:
    """One audit row: a page that asks the same again and again is recorded once in ten minutes."""
    period = int(datetime.now(UTC).timestamp() // _SAME_SEARCH.total_seconds())
    context = f"{principal.kind} {principal.name} {principal.address} {period}"
    if not archive.store_audit.is_new(context, repr(question), "orders"):
        return
    with archive.index.write() as connection:
        detail: audit.Detail = {"level": "ORDER", "matches": total}
        audit.record(connection, principal, Action.SEARCH, detail=detail)
    archive.store_audit.remember(context, repr(question), "orders")


def assign(archive: Archive, identity: int, study_instance_uid: str, principal: Principal) -> Order:
    """Say that a kept study is of an order, where no machine could.

    Raises:
        NotFound: there is no such order, or no such study in reach.
        Forbidden: as :func:`order`.
    """
    now = datetime.now(UTC)

    def work(connection: rows.Connection) -> Order:
        row = _locked(connection, identity, principal, Action.ORDER)
        kept = rows.kept_studies(connection, row["facility_id"], study_instance_uid, "")
        if not kept:
            raise NotFound("There is no such study in the facility of the order.")
        rows.link(connection, identity, study_instance_uid, "hand", now)
        rows.change(connection, identity, {"updated_at": now})
        _record(connection, principal, "study assigned", row, identity, study=study_instance_uid)
        return _of(connection, identity)

    with _noting_refusal(archive, principal, identity, Action.ORDER):
        return archive.index.in_transaction(work, durable=True)


def release(archive: Archive, identity: int, study_instance_uid: str, principal: Principal) -> Order:
    """Say that a study is not of an order after all.

    Raises:
        NotFound: there is no such order, or the study is not of it.
        Forbidden: as :func:`order`.
    """
    now = datetime.now(UTC)

    def work(connection: rows.Connection) -> Order:
        row = _locked(connection, identity, principal, Action.ORDER)
        if not rows.unlink(connection, identity, study_instance_uid):
            raise NotFound("This study is not of the order.")
        rows.change(connection, identity, {"updated_at": now})
        _record(connection, principal, "study released", row, identity, study=study_instance_uid)
        return _of(connection, identity)

    with _noting_refusal(archive, principal, identity, Action.ORDER):
        return archive.index.in_transaction(work, durable=True)


def _of(connection: rows.Connection, identity: int) -> Order:
    row = rows.find(connection, identity)
    if row is None:
        raise NotFound("There is no such order.")
    return read(connection, [row])[0]


def _may(row: rows.Row | None, principal: Principal, action: Action) -> rows.Row:
    permission.may_anywhere(principal, action)
    if row is None:
        raise NotFound("There is no such order.")
    permission.may(principal, action, row["facility_id"])
    return row


def _locked(connection: rows.Connection, identity: int, principal: Principal, action: Action) -> rows.Row:
    permission.may_anywhere(principal, action)
    return _may(rows.find(connection, identity, lock=True), principal, action)


def _number(
    connection: rows.Connection, identity: int, values: Mapping[str, Any], steps: Sequence[Any], now: datetime
) -> None:
    """Make the numbers that nobody gave: the day and the number of the order, unique in this archive."""
    own = f"{now.astimezone():%y%m%d}{identity:06d}"[:16]
    missing = {name: own for name in ("accession_number", "requested_procedure_id") if not values[name]}
    if missing:
        rows.number(connection, identity, missing)
    if any(not step["scheduled_procedure_step_id"] for step in steps):
        for position, row in enumerate(rows.steps_of(connection, [identity]), 1):
            if not row["step_id"]:
                rows.number_step(connection, row["id"], f"{own[:13]}-{position}")


def facility_of(archive: Archive, code: object, principal: Principal, action: Action) -> int:
    """Whose something new is: of the facility that is named, of this archive, or of the principal.

    Raises:
        InvalidRequest: there is no such facility.
        Forbidden: the principal may not act for it, or for none.
    """
    reach = permission.reach(principal)
    if code:
        found = facilities.find(archive.index, str(code))
        if found is None:
            raise InvalidRequest("There is no such facility.")
        permission.may(principal, action, found.id)
        return found.id
    own = facilities.get_or_create(archive.index, archive.settings.facility).id
    if reach is None or own in reach:
        return own
    if not reach:
        raise Forbidden("You may not act for any facility.")
    return min(reach)


@contextmanager
def _noting_refusal(archive: Archive, principal: Principal, identity: int, action: Action) -> Iterator[None]:
    try:
        yield
    except Forbidden:
        with archive.index.write() as connection:
            audit.record(connection, principal, action, "refused", detail={"act": "order", "order": identity})
        raise


def _record(
    connection: rows.Connection,
    principal: Principal,
    act: str,
    values: Mapping[str, Any],
    identity: int,
    action: Action = Action.ORDER,
    *,
    study: str = "",
) -> None:
    audit.record(
        connection,
        principal,
        action,
        study_instance_uid=study or values["study_instance_uid"],
        patient_id=values["patient_id"],
        detail={"act": f"order {act}", "order": identity},
    )
