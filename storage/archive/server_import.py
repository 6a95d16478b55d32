"""Use case: what is taken over from another archive's server: begun once, gone on with after any stop, compared.

The row says up to which change of the server everything is done; whoever works writes it down as they go. Reading from
the server belongs to the edge that speaks its language.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from storage.access import audit, permission
from storage.access.permission import may
from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.errors import NotFound, WrongState
from storage.index import imports as rows

State = Literal["running", "comparing", "following", "complete", "stopped", "failed", "cancelled"]
COUNTED = ("stored", "duplicates", "gone", "unproven", "bytes", "studies_compared", "studies_complete")
MOST_ROWS = 200
MOST_PROBLEMS = 10_000
# Whoever works notes so at least every few seconds: one who has not for so long has died.
SILENCE = timedelta(seconds=60)
_WORKS = ("running", "comparing", "following")


class Cancelled(WrongState):
    """An administrator has called it off."""


@dataclass(frozen=True)
class Import:
    """One server that is taken over; changes up to ``position`` are done."""

    id: int
    address: str
    facility_id: int
    position: int


@dataclass
class Progress:
    """What happened since it was last written down; ``problems`` pairs (kind, subject) with a reason, or none left."""

    position: int | None = None
    counts: Counter[str] = field(default_factory=Counter)
    problems: dict[tuple[str, str], str | None] = field(default_factory=dict)


def begin(archive: Archive, address: str, facility_id: int, principal: Principal, *, last_position: int) -> Import:
    """Begin, or go on with, what is taken over from this server.

    ``last_position``: the newest change of the server; where that is older than what was done it is another database,
    and is read from its beginning.

    Raises:
        Forbidden: the principal may not administer the archive.
    """
    may(principal, Action.ADMINISTER, None)
    now = datetime.now(UTC)

    def work(connection: rows.Connection) -> Import:
        made = {"facility_id": facility_id, "state": "running", "started_at": now, "updated_at": now}
        row = rows.begin(connection, address, made)
        position = row["position"] if row["position"] <= last_position else 0
        values = {"facility_id": facility_id, "state": "running", "position": position, "last_position": last_position}
        cleared = {"studies_compared": 0, "studies_complete": 0, "error": "", "finished_at": None, "updated_at": now}
        rows.change(connection, row["id"], values | cleared)
        _record(connection, principal, "import begun", row)
        return Import(row["id"], address, facility_id, position)

    return archive.index.in_transaction(work)


def note(archive: Archive, running: Import, progress: Progress, **values: Any) -> None:
    """Write down what was done since the last time; ``values`` replace columns.

    Raises:
        Cancelled: it was called off meanwhile; what was done is noted.
    """
    now = datetime.now(UTC)

    def work(connection: rows.Connection) -> bool:
        row = rows.find(connection, running.id, lock=True)
        if row is None:
            return False
        changed = {"updated_at": now, **values}
        if progress.position is not None:
            changed["position"] = progress.position
        if row["state"] == "cancelled":
            changed.pop("state", None)
        rows.change(connection, running.id, changed, progress.counts)
        for (kind, subject), reason in progress.problems.items():
            if reason is None:
                rows.settle_problem(connection, running.id, kind, subject)
            else:
                rows.note_problem(connection, running.id, kind, subject, reason[:500], now)
        return bool(row["state"] != "cancelled")

    # What is written down must not be ahead of the rows of the instances, whose commits are not synced each.
    if not archive.index.in_transaction(work):
        raise Cancelled("An administrator has cancelled this import; run it again to go on.")


def settle(archive: Archive, running: Import, state: State, principal: Principal, error: str = "") -> None:
    """It has come to its end, or to a stop."""
    now = datetime.now(UTC)

    def work(connection: rows.Connection) -> None:
        row = rows.find(connection, running.id, lock=True)
        if row is None or row["state"] == "cancelled":
            return
        rows.change(
            connection, running.id, {"state": state, "error": error[:500], "updated_at": now, "finished_at": now}
        )
        _record(connection, principal, f"import {state}", row)

    archive.index.in_transaction(work, durable=True)


def cancel(archive: Archive, identity: int, principal: Principal) -> None:
    """Call it off; whoever works on it stops at the next instance. Running it again goes on with it.

    Raises:
        Forbidden: the principal may not administer the archive.
        NotFound: there is none.
        WrongState: nobody works on it.
    """
    may(principal, Action.ADMINISTER, None)
    now = datetime.now(UTC)

    def work(connection: rows.Connection) -> None:
        row = rows.find(connection, identity, lock=True)
        if row is None:
            raise NotFound("There is no such import.")
        if row["state"] not in _WORKS:
            raise WrongState("This import has ended already.")
        rows.change(connection, identity, {"state": "cancelled", "updated_at": now, "finished_at": now})
        _record(connection, principal, "import cancelled", row)

    archive.index.in_transaction(work)


def listed(archive: Archive, principal: Principal) -> list[rows.Row]:
    """Every import, the one that moved last first, with the number of its problems and whether somebody works on it.

    Raises:
        Forbidden: the principal is no administrator of the whole archive.
    """
    may(principal, Action.ADMINISTER, None)
    with archive.index.read() as connection:
        found = rows.everything(connection, MOST_ROWS)
        counts = rows.problem_counts(connection)
    return [_shown(row, counts) for row in found]


def show(archive: Archive, identity: int, principal: Principal) -> rows.Row:
    """One import, with its problems.

    Raises:
        Forbidden: as :func:`listed`.
        NotFound: there is none.
    """
    permission.may(principal, Action.ADMINISTER, None)
    with archive.index.read() as connection:
        row = rows.find(connection, identity)
        if row is None:
            raise NotFound("There is no such import.")
        counts = rows.problem_counts(connection)
        named = rows.problems(connection, identity, MOST_PROBLEMS)
    return _shown(row, counts) | {"problems": named}


def absent(archive: Archive, sop_instance_uids: Sequence[str]) -> set[str]:
    """Which of these instances are not kept here."""
    with archive.index.read() as connection:
        return set(sop_instance_uids) - rows.present(connection, sop_instance_uids)


def _shown(row: rows.Row, counts: Mapping[tuple[int, str], int]) -> rows.Row:
    works = row["state"] in _WORKS
    return row | {
        "refused": counts.get((row["id"], "instance"), 0),
        "incomplete": counts.get((row["id"], "study"), 0),
        "is_active": works and datetime.now(UTC) - row["updated_at"] < SILENCE,
    }


def _record(connection: rows.Connection, principal: Principal, act: str, row: Mapping[str, Any]) -> None:
    detail: audit.Detail = {"act": act, "import": row["id"], "server": row["address"]}
    audit.record(connection, principal, Action.ADMINISTER, detail=detail)
