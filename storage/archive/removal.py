"""Use case: remove a study, a series or an instance; undo it while that can be; erase the bytes after it (rows E1, E2).

A removal takes the rows and leaves the objects, which are erased when the time for second thoughts is over and no row
refers to them. The same instance received again is kept as any other; what is kept is never "gone".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from storage.access import audit, permission
from storage.access.principal import SYSTEM, Action, Principal
from storage.archive import Archive, derived_frame, known
from storage.archive.absence import REASONS, absence
from storage.archive.rebuild import adopt
from storage.errors import ArchiveError, Forbidden, InvalidRequest, NotFound, StoreUnavailable, WrongState
from storage.index import removals as rows

LONGEST_NOTE = 500
# Objects erased under one lock, during which nothing is received: an object store may take its time for each.
_ERASED_AT_ONCE = 1

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Target:
    """What is to be removed: a study; with ``series`` one of its series; with ``instance`` too, one instance."""

    study: str
    series: str = ""
    instance: str = ""

    @property
    def level(self) -> str:
        """``study``, ``series`` or ``instance``."""
        return "instance" if self.instance else "series" if self.series else "study"


@dataclass(frozen=True)
class Removal:
    """What a removal did; until ``erase_after`` it can be undone."""

    number: int
    instances: int
    bytes: int
    erase_after: datetime


def remove(archive: Archive, target: Target, principal: Principal, reason: str = "other", note: str = "") -> Removal:
    """Remove what is named, whole; ``reason`` is one of :data:`~storage.archive.absence.REASONS`.

    Raises:
        Forbidden: this archive lets nobody delete, or not this principal.
        NotFound: there is nothing of that name; ``Gone`` if it was removed before.
        WrongState: it is held, or instances of it are still on their way to the object store.
        InvalidRequest: the reason is unknown, or the note longer than 500 characters.
        StoreUnavailable: the index cannot be reached.
    """
    if reason not in REASONS or len(note) > LONGEST_NOTE:
        raise InvalidRequest(f"The reason must be one of {', '.join(REASONS)}; a note has {LONGEST_NOTE} characters.")
    try:
        _may_at_all(archive, principal)
        made = archive.index.in_transaction(
            lambda connection: _remove(connection, archive, target, principal, reason, note), durable=True
        )
    except (Forbidden, WrongState) as error:
        _record_refusal(archive, target, principal, error)
        raise
    if made is None:
        raise absence(archive, target.study, target.series, target.instance)
    known.forget(archive, target.study)
    return made


def _may_at_all(archive: Archive, principal: Principal) -> None:
    if archive.settings.deletion == "deny":
        raise Forbidden("Deleting is switched off in this archive (setting deletion).")
    permission.may_anywhere(principal, Action.DELETE)


def _remove(
    connection: rows.Connection, archive: Archive, target: Target, principal: Principal, reason: str, note: str
) -> Removal | None:
    now = datetime.now(UTC)
    study = rows.lock_study(connection, target.study)
    found = rows.within(connection, study["id"], target.series, target.instance) if study is not None else []
    if study is None or not found:
        return None
    permission.may(principal, Action.DELETE, study["facility_id"])
    if rows.holds(connection, target.study):
        raise WrongState("This study is on hold; nothing of it can be deleted until the hold is released.")
    if any(row["location"] != "object" for row in found):
        raise WrongState("Instances of it are still on their way to the object store; try again in a moment.")
    erase_after = now + timedelta(days=archive.settings.deletion_grace_days)
    documents = rows.remove(connection, study["id"], found, now)
    size = sum(int(row["size"]) for row in found)
    kept = ("series_instance_uid", "sop_instance_uid", "object_key", "spool_name", "size", "dataset_sha256")
    objects = [{**{name: row[name] for name in kept}, "erase_after": erase_after} for row in found]
    series_of = {row["document_key"]: row["series_instance_uid"] for row in found}
    objects += [
        dict.fromkeys(kept, "") | {"series_instance_uid": series_of[key], "object_key": key, "size": 0,
                                   "erase_after": now}
        for key in documents
    ]  # fmt: skip
    number = rows.note(
        connection,
        {
            "level": target.level,
            "study_instance_uid": target.study,
            "series_instance_uid": target.series,
            "sop_instance_uid": target.instance,
            "facility_id": study["facility_id"],
            "patient_id": study["patient_id"],
            "reason": reason,
            "note": note,
            "number_of_instances": len(found),
            "bytes": size,
            "removed_at": now,
            "removed_by": principal.name,
            "erase_after": erase_after,
        },
        objects,
    )
    said: audit.Detail = {"level": target.level, "reason": reason, "note": note}
    detail = {**said, "removal": number, "instances": len(found)}
    _record(connection, principal, target.study, study["patient_id"], detail)
    return Removal(number, len(found), size, erase_after)


def undo(archive: Archive, number: int, principal: Principal) -> int:
    """Bring back what a removal took, from its objects; how many instances are there again.

    Raises:
        NotFound: there is no such removal.
        WrongState: it was undone before, its time is over, or other content was received in the meantime.
        Forbidden: the principal may not delete in this facility.
        StoreUnavailable: index or object store cannot be reached; it can be tried again.
    """
    with archive.index.read() as connection:
        removal = rows.by_id(connection, number)
        objects = rows.objects_of(connection, number) if removal is not None else []
    if removal is None:
        raise NotFound("There is no such deletion.")
    permission.may(principal, Action.DELETE, removal["facility_id"])

    def restore(connection: rows.Connection) -> None:
        if not rows.restore(connection, number, principal.name, datetime.now(UTC)):
            raise WrongState("This deletion was undone before, or the time in which it could be is over.")
        _record(connection, principal, removal["study_instance_uid"], removal["patient_id"], {"undone": number})

    archive.index.in_transaction(restore, durable=True)
    try:
        heads = [archive.objects.head(one["object_key"]) for one in objects if one["sop_instance_uid"]]
        report = adopt(archive, heads, SYSTEM)
    except (StoreUnavailable, NotFound):
        archive.index.in_transaction(
            lambda connection: rows.unrestore(connection, number, removal["erase_after"]), durable=True
        )
        raise
    if report.refused_count:
        raise WrongState(f"{report.refused_count} instances could not be brought back; the scrub will name them.")
    return report.added + report.known


def newest(archive: Archive, principal: Principal, limit: int = 50, before: int | None = None) -> list[dict[str, Any]]:
    """The newest removals in the principal's reach, rows as the index gives them.

    Raises:
        Forbidden: the principal may not delete.
    """
    permission.may_anywhere(principal, Action.DELETE)
    with archive.index.read() as connection:
        return rows.newest(connection, permission.reach(principal), limit, before)


def erase_due(archive: Archive, limit: int = _ERASED_AT_ONCE) -> int:
    """Erase objects whose time is over; how many were looked at. For the worker, again until it gives 0.

    Raises:
        StoreUnavailable: the index or the object store cannot be reached.
    """
    now = datetime.now(UTC)
    with archive.index.read() as connection:
        due = rows.due(connection, now, limit)
    if not due:
        return 0
    archive.objects.check()

    def erase(connection: rows.Connection) -> None:
        # An instance of the same content has the same key: none may come between the look and the deletion.
        rows.hold_still(connection)
        for row in due:
            used = rows.is_in_use(connection, row)
            if not used:
                _erase(archive, row)
            rows.settle(connection, row["id"], None if used else now)

    archive.index.in_transaction(erase, durable=True)
    return len(due)


def _erase(archive: Archive, row: Mapping[str, Any]) -> None:
    archive.objects.delete(row["object_key"])
    if archive.cache is not None:
        archive.cache.remove(row["object_key"])
    derived_frame.forget(archive, row["object_key"])
    _log.info("erased", removal=row["removal_fk"], key=row["object_key"])


def _record_refusal(archive: Archive, target: Target, principal: Principal, error: ArchiveError) -> None:
    detail: audit.Detail = {"level": target.level, "refused": type(error).__name__}
    with archive.index.write() as connection:
        audit.record(connection, principal, Action.DELETE, "refused", study_instance_uid=target.study, detail=detail)


def _record(
    connection: rows.Connection, principal: Principal, study: str, patient_id: str, detail: audit.Detail
) -> None:
    audit.record(connection, principal, Action.DELETE, study_instance_uid=study, patient_id=patient_id, detail=detail)
