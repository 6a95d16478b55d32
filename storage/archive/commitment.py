"""Use case: storage commitment: promise the safe keeping of instances, each proved anew (PS3.4 Annex J, PS3.18 §13).

A request is noted durably and answered later, whatever is restarted meanwhile. Nothing is promised of what is not in
the object store: each object is read and hashed against its row, never the cache or the spool.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from storage.access import audit, permission
from storage.access.principal import SYSTEM, Action, Principal
from storage.archive import Archive, delivery
from storage.archive.carry import is_verified
from storage.dicom.part10 import valid_uid
from storage.errors import Gone, InvalidRequest, NotFound, StoreUnavailable, WrongState
from storage.index import commitments as rows
from storage.index import deliveries, scrubbing

# Failure Reasons (PS3.3 §C.14.1.1).
PROCESSING_FAILURE = 0x0110
NO_SUCH_INSTANCE = 0x0112
CLASS_INSTANCE_CONFLICT = 0x0119
RESOURCE_LIMITATION = 0x0213

MOST_INSTANCES = 100_000
# What has not reached the object store within this time is refused: the sender keeps its copy and asks again.
PATIENCE = timedelta(hours=24)
# So long a result can be asked for.
RESULTS_KEPT = timedelta(days=90)
_AT_ONCE = 50

_log = structlog.get_logger(__name__)


class Forgotten(Gone):
    """The result of this request is no longer kept."""


@dataclass(frozen=True)
class Reference:
    """An instance, a series or a study whose keeping is asked for; the finest UID that is given counts."""

    study: str = ""
    series: str = ""
    sop_class: str = ""
    instance: str = ""


@dataclass(frozen=True)
class Result:
    """``committed`` and ``failed`` (with their reasons) instances; ``done`` false: both are unknown yet."""

    done: bool
    by_study: bool = False
    committed: tuple[Reference, ...] = ()
    failed: tuple[tuple[Reference, int], ...] = ()


@dataclass(frozen=True)
class ReportTo:
    """The machine that is told the result; ``holder`` holds on to its association and may tell it there."""

    ae_title: str
    holder: str


def request(
    archive: Archive,
    transaction_uid: str,
    references: Sequence[Reference],
    principal: Principal,
    report: ReportTo | None = None,
) -> None:
    """Note a request durably; :func:`result` gives what came of it, and a ``report`` is owed to a machine.

    The same request once more by the same machine is no other one: its result is told again.

    Raises:
        InvalidRequest: the Transaction UID or a reference is malformed, or there are none, or too many.
        WrongState: the Transaction UID is taken.
        Forbidden: the principal may not ask for it here, so nothing is promised to it.
        StoreUnavailable: the index cannot be reached.
    """
    # A machine that does not store here may be let ask all the same.
    wanted = Action.COMMIT if Action.COMMIT in permission.actions_of(principal) else Action.STORE
    permission.may_anywhere(principal, wanted)
    _check(transaction_uid, references)
    with archive.index.read() as connection:
        named = [row for one in references for row in _instances(connection, one)]
    if not named or len(named) > MOST_INSTANCES:
        raise InvalidRequest(f"A request names at least one instance and at most {MOST_INSTANCES}.")
    values = {
        "transaction_uid": transaction_uid,
        "by_study": any(one.study for one in references),
        "requester_kind": principal.kind,
        "requester": principal.name,
        "requested_at": datetime.now(UTC),
    }

    def work(connection: rows.Connection) -> int | None:
        # Whose instances they are decides; of what is out of reach nothing is said but that it is not there.
        reach = permission.reach(principal)
        strange = _out_of_reach(connection, named, reach) if reach is not None else frozenset[str]()
        told = [
            {**row, "failure_reason": NO_SUCH_INSTANCE if row["sop_instance_uid"] in strange else None} for row in named
        ]
        made = rows.add(connection, values, told)
        if report is not None and (made is not None or _is_same(connection, values, named)):
            _owe_report(connection, transaction_uid, report)
            made = made or 0
        if made:
            detail: audit.Detail = {"act": "commitment requested", "commitment": made, "instances": len(named)}
            audit.record(connection, principal, Action.STORE, detail=detail)
        return made

    if archive.index.in_transaction(work, durable=True) is None:
        raise WrongState("This Transaction UID is in use already; ask with another.")


def _check(transaction_uid: str, references: Sequence[Reference]) -> None:
    if not valid_uid(transaction_uid):
        raise InvalidRequest("The Transaction UID is malformed.")
    for one in references:
        if not (one.instance or one.study) or not all(valid_uid(uid) for uid in vars(one).values() if uid):
            raise InvalidRequest("A reference of the request has no UID, or a malformed one.")


def _is_same(connection: rows.Connection, values: Mapping[str, Any], named: Sequence[Mapping[str, Any]]) -> bool:
    known = rows.find(connection, values["transaction_uid"])
    if known is None or any(known[name] != values[name] for name in ("requester_kind", "requester")):
        return False
    found = rows.instances_of(connection, known["id"])
    return {row["sop_instance_uid"] for row in found} == {row["sop_instance_uid"] for row in named}


def _owe_report(connection: rows.Connection, transaction_uid: str, report: ReportTo) -> None:
    known = rows.find(connection, transaction_uid)
    now = datetime.now(UTC)
    due = now if known is not None and known["state"] == "done" else None
    row = delivery.owe(connection, "report", report.ae_title, transaction_uid, values={"next_at": due})
    delivery.reopen(connection, row, due, force=True)
    held = {"lease_owner": report.holder, "lease_until": now + delivery.HELD}
    deliveries.change(connection, row["id"], held)


def result(archive: Archive, transaction_uid: str, principal: Principal) -> Result:
    """What came of a request of this principal; administrators see every one.

    Raises:
        NotFound: there is no such request, or it is somebody else's; ``Forgotten`` when it is too long ago.
    """
    with archive.index.read() as connection:
        row = rows.find(connection, transaction_uid)
        found = rows.instances_of(connection, row["id"]) if row is not None and row["state"] == "done" else []
    own = row is not None and (row["requester_kind"], row["requester"]) == (principal.kind, principal.name)
    if row is None or not (own or Action.ADMINISTER in permission.actions_of(principal)):
        raise NotFound("There is no request of this Transaction UID.")
    if row["state"] != "done":
        return Result(done=False)
    if not found:
        raise Forgotten("The result of this request is no longer kept; ask anew.")
    return Result(
        done=True,
        by_study=row["by_study"],
        committed=tuple(_reference(one) for one in found if not one["failure_reason"]),
        failed=tuple((_reference(one), one["failure_reason"]) for one in found if one["failure_reason"]),
    )


def work_off(archive: Archive, limit: int = 20) -> int:
    """Look into the requests that wait, for the worker; how many instances were settled.

    Any number of processes may do this at once: what is found twice is the same.

    Raises:
        StoreUnavailable: the index or the object store cannot be reached; nothing is decided.
    """
    with archive.index.read() as connection:
        waiting = rows.pending(connection, limit)
    return sum(_work_on(archive, row) for row in waiting)


def forget_old(archive: Archive) -> int:
    """Let go of results that nobody can ask for any more; how many."""
    before = datetime.now(UTC) - RESULTS_KEPT
    return archive.index.in_transaction(lambda connection: rows.forget(connection, before, 100))


def _instances(connection: rows.Connection, one: Reference) -> list[Mapping[str, Any]]:
    """What a reference stands for: itself, or all that is kept of a study or series now."""
    named = {
        "study_instance_uid": one.study,
        "series_instance_uid": one.series,
        "sop_class_uid": one.sop_class,
        "sop_instance_uid": one.instance,
    }
    if one.instance:
        return [named]
    return [*rows.of_study(connection, one.study, one.series)] or [
        {**named, "sop_instance_uid": one.series or one.study}
    ]


def _out_of_reach(
    connection: rows.Connection, named: Sequence[Mapping[str, Any]], reach: frozenset[int]
) -> frozenset[str]:
    strange = set()
    for start in range(0, len(named), 500):
        found = rows.kept(connection, [row["sop_instance_uid"] for row in named[start : start + 500]])
        strange |= {uid for uid, row in found.items() if row["facility_id"] not in reach}
    return frozenset(strange)


def _work_on(archive: Archive, row: Mapping[str, Any]) -> int:
    settled = after = 0
    waits = False
    impatient = datetime.now(UTC) - row["requested_at"] > PATIENCE
    while True:
        with archive.index.read() as connection:
            page = rows.open_instances(connection, row["id"], after, _AT_ONCE)
            kept = rows.kept(connection, [one["sop_instance_uid"] for one in page])
        if not page:
            break
        after = page[-1]["id"]
        found = {one["id"]: _look(archive, one, kept.get(one["sop_instance_uid"]), impatient) for one in page}
        waits = waits or None in found.values()
        settled += _note(archive, page, kept, {one: reason for one, reason in found.items() if reason is not None})
    if not waits:
        _finish(archive, row)
    return settled


def _look(archive: Archive, one: Mapping[str, Any], kept: Mapping[str, Any] | None, impatient: bool) -> int | None:
    """Why an instance cannot be committed; 0: it can; None: it has to be waited for."""
    if kept is None:
        return NO_SUCH_INSTANCE
    if one["sop_class_uid"] not in ("", kept["sop_class_uid"]):
        return CLASS_INSTANCE_CONFLICT
    if any(one[name] not in ("", kept[name]) for name in ("study_instance_uid", "series_instance_uid")):
        return NO_SUCH_INSTANCE
    if kept["location"] != "object":
        return RESOURCE_LIMITATION if impatient else None
    try:
        return 0 if is_verified(archive, kept) else PROCESSING_FAILURE
    except StoreUnavailable:
        archive.objects.check()  # raises if it is the store and not this object
        return PROCESSING_FAILURE


def _note(
    archive: Archive,
    page: Sequence[Mapping[str, Any]],
    kept: Mapping[str, Mapping[str, Any]],
    reasons: dict[int, int],
) -> int:
    """Write down what was found, in one durable transaction; a promise only if the row is still what was proved."""
    now = datetime.now(UTC)
    rows_of = {one["id"]: kept.get(one["sop_instance_uid"]) for one in page}
    good = [row for identity, row in rows_of.items() if row is not None and reasons.get(identity) == 0]
    bad = [row for identity, row in rows_of.items() if row and reasons.get(identity) == PROCESSING_FAILURE]

    def work(connection: rows.Connection) -> None:
        done = rows.commit(connection, good, now)
        lost = {row["id"] for row in good} - done
        told = {
            identity: NO_SUCH_INSTANCE if (row := rows_of[identity]) is not None and row["id"] in lost else reason
            for identity, reason in reasons.items()
        }
        rows.settle(connection, told)
        for row in bad:
            if scrubbing.note_damage(connection, row["id"], "content", now):
                detail: audit.Detail = {"found": "content", "sop_instance_uid": row["sop_instance_uid"]}
                audit.record(
                    connection,
                    SYSTEM,
                    audit.VERIFY,
                    study_instance_uid=row["study_instance_uid"],
                    patient_id=row["patient_id"],
                    detail=detail,
                )

    archive.index.in_transaction(work, durable=True)
    for row in bad:
        _log.error("not committed: the object is damaged", key=row["object_key"])
    return len(reasons)


def _finish(archive: Archive, row: Mapping[str, Any]) -> None:
    def work(connection: rows.Connection) -> None:
        if not rows.finish(connection, row["id"], datetime.now(UTC)):
            return
        deliveries.wake(connection, "report", row["transaction_uid"], datetime.now(UTC))
        found = rows.instances_of(connection, row["id"])
        failed = sum(bool(one["failure_reason"]) for one in found)
        detail: audit.Detail = {"act": "committed", "commitment": row["id"], "instances": len(found), "failed": failed}
        audit.record(connection, SYSTEM, Action.STORE, detail=detail)

    archive.index.in_transaction(work, durable=True)


def _reference(row: Mapping[str, Any]) -> Reference:
    return Reference(
        row["study_instance_uid"], row["series_instance_uid"], row["sop_class_uid"], row["sop_instance_uid"]
    )
