"""Use case: what is owed to other machines, as an administrator sees it, and what can be done about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from storage.access import audit, permission
from storage.access.permission import may
from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.archive.delivery import State, reopen
from storage.errors import NotFound, WrongState
from storage.index import deliveries as rows
from storage.index import listing

STATES: tuple[State, ...] = ("waiting", "done", "failed", "cancelled")
MOST_ROWS = 200
_MOST_NAMED = 100


@dataclass(frozen=True)
class Page:
    """Some deliveries; ``total`` of those asked for, ``states``: how many of all are in which state."""

    total: int
    states: Mapping[str, int]
    rows: list[rows.Row]


def listed(
    archive: Archive,
    principal: Principal,
    *,
    state: State | None = None,
    ae_title: str = "",
    limit: int = 50,
    offset: int = 0,
) -> Page:
    """What failed and what waits first, then what was settled last; of the principal's facilities.

    Raises:
        Forbidden: the principal is no administrator.
    """
    permission.may_anywhere(principal, Action.ADMINISTER)
    reach = permission.reach(principal)
    with archive.index.read() as connection:
        wanted = [state] if state else []
        total, found = rows.page(connection, reach, wanted, ae_title, min(limit, MOST_ROWS), offset)
        tally = rows.tally(connection, [row["id"] for row in found])
        states = rows.states(connection, reach)
    now = datetime.now(UTC)
    shown = [{**row, "instances": tally.get(row["id"], {}), "is_active": _is_active(row, now)} for row in found]
    return Page(total, states, shown)


def show(archive: Archive, identity: int, principal: Principal) -> rows.Row:
    """One delivery, with the instances that were refused and why.

    Raises:
        Forbidden: the principal may not administer it.
        NotFound: there is none.
    """
    with archive.index.read() as connection:
        row = _find(connection, identity, principal)
        tally = rows.tally(connection, [identity]).get(identity, {})
        refused = rows.refused(connection, identity, _MOST_NAMED)
    return {**row, "instances": tally, "refused": refused, "is_active": _is_active(row, datetime.now(UTC))}


def retry(archive: Archive, identity: int, principal: Principal) -> None:
    """Try it again now, also what was refused.

    Raises:
        Forbidden, NotFound: as :func:`show`.
        WrongState: it is done.
    """

    def work(connection: rows.Connection) -> None:
        row = _find(connection, identity, principal, lock=True)
        if row["state"] == "done":
            raise WrongState("This is done already.")
        rows.note_all(connection, identity, "waiting", of="refused")
        reopen(connection, row, datetime.now(UTC), force=True)
        _record(connection, principal, "delivery retried", row)

    archive.index.in_transaction(work)


def cancel(archive: Archive, identity: int, principal: Principal) -> None:
    """Give it up; whoever works on it just now stops at the next instance.

    Raises:
        Forbidden, NotFound: as :func:`show`.
        WrongState: it is settled.
    """
    now = datetime.now(UTC)

    def work(connection: rows.Connection) -> None:
        row = _find(connection, identity, principal, lock=True)
        if row["state"] not in ("waiting", "failed"):
            raise WrongState("This is settled already.")
        values = {"state": "cancelled", "next_at": None, "finished_at": now, "updated_at": now}
        rows.change(connection, identity, {**values, "lease_owner": "", "lease_until": None})
        _record(connection, principal, "delivery cancelled", row)

    archive.index.in_transaction(work)


def _find(connection: rows.Connection, identity: int, principal: Principal, *, lock: bool = False) -> rows.Row:
    permission.may_anywhere(principal, Action.ADMINISTER)
    row = rows.find(connection, identity, lock=lock)
    if row is None:
        raise NotFound("There is no such delivery.")
    study = listing.by_uid(connection, row["subject"])
    may(principal, Action.ADMINISTER, study["facility_id"] if study else None)
    return row


def _is_active(row: Mapping[str, Any], now: datetime) -> bool:
    return bool(row["state"] == "waiting" and row["lease_until"] is not None and row["lease_until"] >= now)


def _record(connection: rows.Connection, principal: Principal, act: str, row: Mapping[str, Any]) -> None:
    detail: audit.Detail = {"act": act, "delivery": row["id"], "destination": row["ae_title"], "kind": row["kind"]}
    uid = "" if row["kind"] == "report" else str(row["subject"])
    audit.record(connection, principal, Action.ADMINISTER, study_instance_uid=uid, detail=detail)
