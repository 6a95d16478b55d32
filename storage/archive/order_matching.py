"""What machines send is put to the order it is of, and the order's state follows (our policy; PS3.3 §C.4)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from storage.access import audit
from storage.access.principal import SYSTEM, Action
from storage.archive import Archive
from storage.dicom.order import State, state_of
from storage.dicom.order_likeness import Candidate, Said, certain, steps_meant
from storage.index import orders as rows

# A study that has not grown for so long is complete, where its machine reports nothing itself.
QUIET = timedelta(minutes=30)
# So long a finished order stays after its last study has gone.
KEPT = timedelta(days=400)


def find(connection: rows.Connection, said: Said, facility_id: int) -> tuple[Candidate, str] | None:
    """The one order of a facility that this is certainly of, and how that is known."""
    found = rows.candidates(connection, [facility_id], said.studies, said.accession_numbers, said.patient_id.strip())
    if not found:
        return None
    steps = rows.steps_of(connection, [row["id"] for row in found])
    return certain(said, [Candidate(row, [one for one in steps if one["order_fk"] == row["id"]]) for row in found])


def note_study(connection: rows.Connection, study: Mapping[str, Any], said: Said, now: datetime) -> None:
    """Put a study that has just been received to its order, in the same transaction.

    ``said``: what its first instance says; an order that is scheduled is in progress from now on.
    """
    uid = study["study_instance_uid"]
    if rows.orders_of(connection, uid):
        return
    found = find(connection, said, study["facility_id"])
    if found is None:
        return
    candidate, by = found
    _join(connection, candidate.order, uid, by, now)
    started = [
        step["id"] for step in steps_meant(said, candidate) if step["state"] == State.SCHEDULED and candidate.is_open
    ]
    if started:
        rows.change_steps(connection, started, State.IN_PROGRESS)
        follow(connection, candidate.order["id"], now)


def look_for_studies(connection: rows.Connection, order: int, now: datetime) -> None:
    """Put studies that came before their order was made to it."""
    row = rows.find(connection, order)
    if row is None:
        return
    candidate = Candidate(row, rows.steps_of(connection, [order]))
    kept = rows.kept_studies(connection, row["facility_id"], row["study_instance_uid"], row["accession_number"])
    for study in kept:
        if rows.orders_of(connection, study["study_instance_uid"]):
            continue
        said = said_of_study(study, (study["modalities_in_study"].split("\\") or [""])[0])
        found = certain(said, [candidate])
        if found is None:
            continue
        _join(connection, row, study["study_instance_uid"], found[1], now)
        started = [step["id"] for step in steps_meant(said, candidate) if step["state"] == State.SCHEDULED]
        rows.change_steps(connection, started, State.IN_PROGRESS)
        follow(connection, order, now)


def said_of_study(study: Mapping[str, Any], modality: str, requests: Sequence[tuple[str, str, str]] = ()) -> Said:
    """What a study says of its order; ``requests``: accession number, procedure and step ID of each request."""
    return Said(
        patient_name=study["patient_name"],
        patient_id=study["patient_id"],
        patient_birth_date=study["patient_birth_date"],
        studies=(study["study_instance_uid"],),
        accession_numbers=_values(study["accession_number"], *(one[0] for one in requests)),
        requested_procedure_ids=_values(*(one[1] for one in requests)),
        step_ids=_values(*(one[2] for one in requests)),
        modality=modality,
    )


def _values(*texts: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.strip() for text in texts if text.strip()))


def _join(connection: rows.Connection, order: Mapping[str, Any], uid: str, by: str, now: datetime) -> None:
    if rows.link(connection, order["id"], uid, by, now):
        detail: audit.Detail = {"act": "study put to order", "order": order["id"], "by": by}
        audit.record(
            connection,
            SYSTEM,
            Action.ORDER,
            study_instance_uid=uid,
            patient_id=order["patient_id"],
            detail=detail,
        )


def follow(connection: rows.Connection, order: int, now: datetime) -> None:
    """Let the state of an order be what its steps make it; one that was cancelled stays so."""
    row = rows.find(connection, order, lock=True)
    if row is None or row["state"] == State.CANCELLED:
        return
    state = state_of(State(step["state"]) for step in rows.steps_of(connection, [order]))
    if state != row["state"]:
        final_at = now if state.is_final else None
        rows.change(connection, order, {"state": state, "updated_at": now, "final_at": final_at})


def complete_quiet(archive: Archive, now: datetime | None = None, limit: int = 20) -> int:
    """Complete orders whose machines send images and report nothing, once no more come; for the worker; how many.

    Raises:
        StoreUnavailable: the index cannot be reached.
    """
    now = now or datetime.now(UTC)
    with archive.index.read() as connection:
        if not rows.quiet(connection, now - QUIET, 1):
            return 0

    def work(connection: rows.Connection) -> int:
        found = rows.quiet(connection, now - QUIET, limit)
        for order in found:
            steps = rows.steps_of(connection, [order])
            begun = [step["id"] for step in steps if step["state"] == State.IN_PROGRESS]
            rows.change_steps(connection, begun, State.COMPLETED)
            follow(connection, order, now)
            detail: audit.Detail = {"act": "order completed: its study is quiet", "order": order}
            audit.record(connection, SYSTEM, Action.ORDER, detail=detail)
        return len(found)

    return archive.index.in_transaction(work)


def forget_old(archive: Archive, now: datetime | None = None) -> int:
    """Let go of finished orders and reports that no kept study needs any more; how many.

    Raises:
        StoreUnavailable: the index cannot be reached.
    """
    before = (now or datetime.now(UTC)) - KEPT
    return archive.index.in_transaction(lambda connection: rows.forget(connection, before, 100))
