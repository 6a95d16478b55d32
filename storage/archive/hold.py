"""Use case: holds, which keep a study from being removed whoever asks (Filmless row E2)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from storage.access import audit, permission
from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.archive.absence import absence
from storage.errors import InvalidRequest, NotFound
from storage.index import removals as rows

LONGEST_REASON = 500


def place(archive: Archive, study_instance_uid: str, reason: str, principal: Principal) -> int:
    """Hold a study; several may be in force at once. Gives the number of the hold.

    Raises:
        InvalidRequest: no reason, or one over 500 characters.
        NotFound: there is no such study.
        Forbidden: the principal may not administer it.
    """
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise InvalidRequest(f"A hold needs a reason of at most {LONGEST_REASON} characters.")

    def work(connection: rows.Connection) -> int | None:
        study = rows.lock_study(connection, study_instance_uid)  # a removal under way ends first
        if study is None:
            return None
        permission.may(principal, Action.ADMINISTER, study["facility_id"])
        number = rows.place_hold(connection, study_instance_uid, reason.strip(), principal.name, datetime.now(UTC))
        _record(connection, principal, "hold placed", study_instance_uid, number)
        return number

    found = archive.index.in_transaction(work, durable=True)
    if found is None:
        raise absence(archive, study_instance_uid)
    return found


def release(archive: Archive, number: int, principal: Principal) -> None:
    """End a hold.

    Raises:
        NotFound: there is no such hold in force.
        Forbidden: the principal may not administer in the whole archive.
    """
    permission.may(principal, Action.ADMINISTER, None)

    def work(connection: rows.Connection) -> None:
        row = rows.hold_by_id(connection, number)
        if row is None or not rows.release_hold(connection, number, principal.name, datetime.now(UTC)):
            raise NotFound("There is no such hold in force.")
        _record(connection, principal, "hold released", row["study_instance_uid"], number)

    archive.index.in_transaction(work, durable=True)


def in_force(archive: Archive, study_instance_uid: str) -> list[Mapping[str, Any]]:
    """The holds on a study: ``id``, ``reason``, ``placed_at``, ``placed_by``; asks no permission."""
    with archive.index.read() as connection:
        return list(rows.holds(connection, study_instance_uid))


def _record(connection: rows.Connection, principal: Principal, act: str, study: str, number: int) -> None:
    audit.record(
        connection,
        principal,
        Action.ADMINISTER,
        study_instance_uid=study,
        detail={"act": act, "hold": number},
    )
