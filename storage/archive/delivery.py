"""Use case: what this archive owes to other machines: done in turn, put off when it fails, never forgotten.

A delivery is a row. Whoever works on it holds a lease; what is done of it is noted as it goes, so that after any stop
the next one goes on from there. Sending itself belongs to the edge that speaks the protocol.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from storage.access import audit
from storage.access.principal import SYSTEM, Action
from storage.archive import Archive
from storage.archive.hours import is_open, next_opening
from storage.archive.instance_bytes import InstanceRow
from storage.errors import ArchiveError
from storage.index import deliveries as rows

Kind = Literal["store", "notify", "confirm", "report"]
State = Literal["waiting", "done", "failed", "cancelled"]

# Longer than a peer may take to answer; kept up while something moves.
LEASE = timedelta(seconds=90)
# Who only waits on an open association says often that it is there, so that another soon takes over where it dies.
HELD = timedelta(seconds=15)
# What cannot be done for so long has failed, until somebody asks for it again.
PATIENCE = timedelta(days=7)
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=15)
# What has to come into the object store first is looked for again so soon.
SOON = timedelta(seconds=1)
# What was settled is told so long.
KEPT = timedelta(days=90)
_AT_ONCE = 500
_NAMED = 3


class LeaseLost(ArchiveError):
    """Somebody else works on this delivery now."""


@dataclass(frozen=True)
class Delivery:
    """A delivery in our hands; ``subject`` is a Study Instance UID, of a report the Transaction UID."""

    id: int
    kind: Kind
    ae_title: str
    subject: str
    send_hours: str
    confirm: bool
    attempts: int
    created_at: datetime
    owner: str


@dataclass(frozen=True)
class Pending:
    """Instances that can be sent now, how many are not in the object store yet, and which are damaged."""

    ready: Sequence[InstanceRow]
    later: int
    damaged: Sequence[InstanceRow]


@dataclass(frozen=True)
class Outcome:
    """What a machine said of one instance: ``sent``, ``refused`` for good, or ``waiting``: to be tried again."""

    row: InstanceRow
    state: Literal["sent", "refused", "waiting"]
    status: int | None = None
    reason: str = ""


def claim(archive: Archive, owner: str) -> Delivery | None:
    """Take what is due first, if anything is.

    Raises:
        StoreUnavailable: the index cannot be reached.
    """
    with archive.index.read() as connection:
        if not rows.is_due(connection, datetime.now(UTC)):
            return None
    while True:
        now = datetime.now(UTC)

        def work(connection: rows.Connection, now: datetime = now) -> rows.Row | None:
            row = rows.claim(connection, now, owner, now + LEASE)
            if row is not None and not is_open(row["send_hours"], now):
                opening = next_opening(row["send_hours"], now)
                rows.change(connection, row["id"], {**_FREE, "next_at": opening})
                return {}
            return row

        row = archive.index.in_transaction(work)
        if row is None:
            return None
        if row:
            return _delivery(row, owner)


def held(archive: Archive, kind: Kind, subject: str, owner: str) -> Delivery | None:
    """A delivery that ``owner`` has had in hands from its beginning, as soon as it is due."""
    with archive.index.read() as connection:
        row = rows.held(connection, kind, subject, owner, datetime.now(UTC))
    return _delivery(row, owner) if row else None


def extend(archive: Archive, owner: str, lease: timedelta = LEASE) -> None:
    """Hold on to all that ``owner`` holds."""
    until = datetime.now(UTC) + lease
    archive.index.in_transaction(lambda connection: rows.extend(connection, owner, until))


_FREE: Mapping[str, Any] = {"lease_owner": "", "lease_until": None}


def pending(archive: Archive, delivery: Delivery) -> Pending:
    """The next instances that are owed, in the order in which they came."""
    with archive.index.read() as connection:
        found = rows.pending(connection, delivery.id, _AT_ONCE)
    here = [row for row in found if row["location"] == "object"]
    return Pending(
        ready=[_instance(row) for row in here if row["damage"] is None],
        later=len(found) - len(here),
        damaged=[_instance(row) for row in here if row["damage"] is not None],
    )


def note(archive: Archive, delivery: Delivery, outcomes: Sequence[Outcome], *, first: bool) -> None:
    """Write down what became of instances; the ``first`` time of a turn also that the study is given away.

    Raises:
        LeaseLost: somebody else works on it now; what was sent twice does no harm.
    """
    now = datetime.now(UTC)
    study = outcomes[0].row

    def work(connection: rows.Connection) -> bool:
        values = {"lease_until": now + LEASE, "updated_at": now}
        if not rows.change(connection, delivery.id, values, owner=delivery.owner):
            return False
        told = [(one.row.id, {"state": one.state, "status": one.status, "error": one.reason[:500]}) for one in outcomes]
        rows.note(connection, delivery.id, told)
        if first and any(one.state == "sent" for one in outcomes):
            detail: audit.Detail = {"act": delivery.kind, "destination": delivery.ae_title, "delivery": delivery.id}
            audit.record(
                connection,
                SYSTEM,
                Action.EXPORT,
                study_instance_uid=study.study_instance_uid,
                patient_id=study.patient_id,
                detail=detail,
            )
        return True

    if not archive.index.in_transaction(work):
        raise LeaseLost("Somebody else works on this delivery.")


def put_off(
    archive: Archive, delivery: Delivery, reason: str, *, everything: bool = False, moved: bool = False
) -> State:
    """Try it again later, each time a longer while later; given up when patience is at its end.

    ``everything``: the machine cannot be had at all, so all that goes there waits as long. ``moved``: some of it was
    done this time, so that it begins anew with short pauses.
    """
    now = datetime.now(UTC)
    attempts = 1 if moved else delivery.attempts + 1
    pause = pause_after(attempts)
    state: State = "waiting" if now - _asked_at(archive, delivery) < PATIENCE else "failed"

    def work(connection: rows.Connection) -> None:
        values = {**_FREE, "state": state, "attempts": attempts, "next_at": now + pause, "error": reason[:500]}
        values |= {"updated_at": now, "finished_at": None if state == "waiting" else now}
        if rows.change(connection, delivery.id, values, owner=delivery.owner) and everything:
            rows.put_off(connection, delivery.ae_title, now + pause)

    archive.index.in_transaction(work)
    return state


def _asked_at(archive: Archive, delivery: Delivery) -> datetime:
    with archive.index.read() as connection:
        row = rows.find(connection, delivery.id)
    return row["created_at"] if row else datetime.now(UTC)


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many failures in a row."""
    doubled: int = 2 ** min(attempts - 1, 20)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)


def rest(archive: Archive, delivery: Delivery, *, wait: timedelta = SOON) -> None:
    """Give it back: something has to happen first that is none of its failures, or its hours are over."""
    now = datetime.now(UTC)
    opening = next_opening(delivery.send_hours, now + wait)
    _change(archive, delivery, {**_FREE, "next_at": opening})


def finish(archive: Archive, delivery: Delivery, *, error: str = "") -> State:
    """All of it is done, or, with an ``error`` or instances that were refused, settled as failed.

    What arrived meanwhile begins it anew.
    """
    now = datetime.now(UTC)

    def work(connection: rows.Connection) -> State:
        row = rows.find(connection, delivery.id, lock=True)
        if row is None or row["lease_owner"] != delivery.owner:
            return "waiting"
        tally = rows.tally(connection, [delivery.id]).get(delivery.id, {})
        reason = error or (_refusal(connection, delivery.id, tally) if tally.get("refused") else "")
        state: State = "waiting" if tally.get("waiting") and not error else "failed" if reason else "done"
        values = {**_FREE, "state": state, "error": reason, "updated_at": now}
        values |= {"next_at": now, "attempts": 0} if state == "waiting" else {"finished_at": now, "next_at": None}
        rows.change(connection, delivery.id, values)
        if state == "done" and delivery.kind == "store" and row["confirm"]:
            reopen(connection, owe(connection, "confirm", delivery.ae_title, delivery.subject), now)
        return state

    return archive.index.in_transaction(work, durable=True)


def _refusal(connection: rows.Connection, identity: int, tally: Mapping[str, int]) -> str:
    """Which instances were refused, and why: the first ones by name."""
    named = [
        f"{one['sop_instance_uid']}: {one['error'] or format(one['status'] or 0, '04X')}"
        for one in rows.refused(connection, identity, _NAMED)
    ]
    rest_ = tally["refused"] - len(named)
    return f"{tally['refused']} refused: " + "; ".join(named) + (f"; and {rest_} more" if rest_ > 0 else "")


def keep_until(archive: Archive, delivery: Delivery, until: datetime) -> None:
    """What is asked now is answered later, by whoever; if it is not answered until then it is asked again."""
    _change(archive, delivery, {"next_at": until, "updated_at": datetime.now(UTC), "error": ""})


def give_back(archive: Archive, delivery: Delivery) -> None:
    """Let go of it, whatever became of it meanwhile."""
    archive.index.in_transaction(lambda connection: rows.change(connection, delivery.id, _FREE, owner=delivery.owner))


def owe(
    connection: rows.Connection,
    kind: Kind,
    ae_title: str,
    subject: str,
    *,
    send_hours: str = "",
    values: Mapping[str, Any] | None = None,
) -> rows.Row:
    """The delivery of this kind, machine and subject, made if there is none; ``values`` are those of a new one."""
    now = datetime.now(UTC)
    made = {"kind": kind, "ae_title": ae_title, "subject": subject, "send_hours": send_hours}
    return rows.owe(connection, {**made, "created_at": now, "updated_at": now, "next_at": now, **(values or {})})


def reopen(
    connection: rows.Connection, row: Mapping[str, Any], next_at: datetime | None, *, force: bool = False
) -> None:
    """There is something new to do; a delivery that waits after a failure goes on waiting, unless by ``force``."""
    now = datetime.now(UTC)
    values: dict[str, Any] = {"updated_at": now}
    if row["state"] != "waiting":
        values |= {"state": "waiting", "attempts": 0, "error": "", "created_at": now, "finished_at": None}
    if row["state"] != "waiting" or not row["attempts"] or force:
        values["next_at"] = next_at
    if force:
        values |= {"attempts": 0, "created_at": now}
    rows.change(connection, row["id"], values)


def free(archive: Archive, owner: str) -> int:
    """Give back all that somebody who has ended held."""
    return archive.index.in_transaction(lambda connection: rows.free(connection, owner))


def free_all(archive: Archive, owners: str) -> int:
    """Give back all that owners whose names begin so held, who have ended."""
    return archive.index.in_transaction(lambda connection: rows.free_all(connection, owners))


def forget_settled(archive: Archive) -> int:
    """Let go of what was settled long ago; how many."""
    before = datetime.now(UTC) - KEPT
    return archive.index.in_transaction(lambda connection: rows.forget(connection, before, 500))


def may_go_on(delivery: Delivery) -> bool:
    """Whether its hours are not over."""
    return is_open(delivery.send_hours, datetime.now(UTC))


def _change(archive: Archive, delivery: Delivery, values: Mapping[str, Any]) -> None:
    done = archive.index.in_transaction(
        lambda connection: rows.change(connection, delivery.id, values, owner=delivery.owner)
    )
    if not done:
        raise LeaseLost("Somebody else works on this delivery.")


def _instance(row: rows.Row) -> InstanceRow:
    return InstanceRow(**{name: row[name] for name in InstanceRow.__dataclass_fields__})


def _delivery(row: rows.Row, owner: str) -> Delivery:
    names = ("id", "kind", "ae_title", "subject", "send_hours", "confirm", "attempts", "created_at")
    return Delivery(**{name: row[name] for name in names}, owner=owner)
