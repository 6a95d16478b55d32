"""Use case: storage commitment asked of another machine, and its answer, whenever it comes (PS3.4 Annex J)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from storage.access import audit
from storage.access.principal import SYSTEM, Action
from storage.archive import Archive
from storage.errors import Forbidden, NotFound
from storage.index import asked_commitments as rows
from storage.index import deliveries

_NAMED = 3
# Of what an answer does not speak: processing failure (PS3.3 §C.14.1.1).
_UNTOLD = 0x0110


@dataclass(frozen=True)
class Answered:
    """What came of a request: UIDs of committed instances, and of others with the reason; ``done``: it was answered."""

    done: bool
    committed: tuple[str, ...] = ()
    failed: tuple[tuple[str, int], ...] = ()


def ask(
    archive: Archive,
    transaction_uid: str,
    ae_title: str,
    instances: Sequence[tuple[str, str]],
    delivery_id: int | None = None,
) -> None:
    """Note durably what will be asked, before it is: the answer may come at any time and to any process.

    Raises:
        StoreUnavailable: the index cannot be reached.
    """
    values = {"transaction_uid": transaction_uid, "ae_title": ae_title, "asked_at": datetime.now(UTC)}
    archive.index.in_transaction(
        lambda connection: rows.add(connection, {**values, "delivery_fk": delivery_id}, instances), durable=True
    )


def answer(archive: Archive, transaction_uid: str, ae_title: str, reasons: Mapping[str, int]) -> None:
    """Take the answer of a machine: by SOP Instance UID 0 or the reason; success is told only when this is durable.

    Raises:
        NotFound: nothing was asked under this Transaction UID.
        Forbidden: it was asked of another machine.
        StoreUnavailable: the index cannot be reached.
    """
    now = datetime.now(UTC)

    def work(connection: rows.Connection) -> None:
        row = rows.find(connection, transaction_uid, lock=True)
        if row is None:
            raise NotFound("Nothing was asked under this Transaction UID.")
        if row["ae_title"] != ae_title:
            raise Forbidden("This Transaction UID was not given to you.")
        asked = [one["sop_instance_uid"] for one in rows.instances_of(connection, row["id"])]
        told = {uid: reasons.get(uid, _UNTOLD) for uid in asked}
        rows.answer(connection, row["id"], told, now)
        failed = {uid: reason for uid, reason in told.items() if reason}
        detail: audit.Detail = {"act": "commitment answered", "ae": ae_title, "instances": len(told)}
        audit.record(connection, SYSTEM, Action.EXPORT, detail={**detail, "failed": len(failed)})
        if row["delivery_fk"] is not None:
            values = {"state": "failed" if failed else "done", "error": _named(failed), "finished_at": now}
            deliveries.change(connection, row["delivery_fk"], {**values, "next_at": None, "updated_at": now})

    archive.index.in_transaction(work, durable=True)


def answered(archive: Archive, transaction_uid: str) -> Answered:
    """What came of a request so far.

    Raises:
        NotFound: nothing was asked under this Transaction UID.
    """
    with archive.index.read() as connection:
        row = rows.find(connection, transaction_uid)
        if row is None:
            raise NotFound("Nothing was asked under this Transaction UID.")
        found = rows.instances_of(connection, row["id"])
    if row["answered_at"] is None:
        return Answered(done=False)
    return Answered(
        done=True,
        committed=tuple(one["sop_instance_uid"] for one in found if one["failure_reason"] == 0),
        failed=tuple((one["sop_instance_uid"], one["failure_reason"]) for one in found if one["failure_reason"]),
    )


def instances_of(archive: Archive, study_instance_uid: str) -> list[tuple[str, str]]:
    """SOP Class and SOP Instance UID of all that is kept of a study."""
    with archive.index.read() as connection:
        return rows.kept_of(connection, study_instance_uid)


def _named(failed: Mapping[str, int]) -> str:
    if not failed:
        return ""
    named = "; ".join(f"{uid}: {reason:04X}" for uid, reason in list(failed.items())[:_NAMED])
    beyond = len(failed) - _NAMED
    return f"{len(failed)} not committed: {named}" + (f"; and {beyond} more" if beyond > 0 else "")
