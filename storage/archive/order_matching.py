"""What machines send is put to the order it is of, and the order's state follows (our policy; PS3.3 §C.4)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from storage.access import audit
from storage.access.principal import SYSTEM, Action
from storage.archive import Archive
from storage.archive.arrival import Arrival
from storage.dicom import json
from storage.dicom.order import State, state_of
from storage.dicom.order_likeness import Candidate, Said, certain, steps_meant
from storage.dicom.work_item import DicomJson, text
from storage.index import orders as rows
from storage.index import performed_steps

_REQUESTS = "00400275"
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


def note_arrival(connection: rows.Connection, study: Mapping[str, Any], arrival: Arrival, now: datetime) -> None:
    """Put a study that grows by a series to its order, in the same transaction; what was scheduled is then in progress.

    ``study``: its row; ``arrival``: the first instance of the series.
    """
    if not rows.there_are_any(connection):
        return
    uid = study["study_instance_uid"]
    requests = json.decode(arrival.header).get(_REQUESTS, {}).get("Value") or []
    said = said_of_study({**study, **_given(arrival.study)}, arrival.series["modality"], requests)
    known = rows.orders_of(connection, uid)
    if known:
        for order in known:
            row = rows.find(connection, order)
            if row is not None:
                _begin(connection, Candidate(row, rows.steps_of(connection, [order])), said, now)
        return
    found = find(connection, said, study["facility_id"])
    if found is not None:
        candidate, by = found
        _join(connection, candidate.order, uid, by, now)
        _begin(connection, candidate, said, now)


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def _begin(connection: rows.Connection, candidate: Candidate, said: Said, now: datetime) -> None:
    """The steps that are meant are in progress from now on, if they were to be done."""
    if not candidate.is_open:
        return
    begun = [step["id"] for step in steps_meant(said, candidate) if step["state"] == State.SCHEDULED]
    if begun:
        rows.change_steps(connection, begun, State.IN_PROGRESS)
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
        _begin(connection, candidate, said, now)


def said_of_study(study: Mapping[str, Any], modality: str, requests: Sequence[DicomJson] = ()) -> Said:
    """What a study says of its order; ``requests``: the items of its Request Attributes Sequence (0040,0275)."""
    return Said(
        patient_name=study["patient_name"],
        patient_id=study["patient_id"],
        patient_birth_date=study["patient_birth_date"],
        studies=(study["study_instance_uid"],),
        accession_numbers=_values(study["accession_number"], *(text(one, "00080050") for one in requests)),
        requested_procedure_ids=_values(*(text(one, "00401001") for one in requests)),
        step_ids=_values(*(text(one, "00400009") for one in requests)),
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

    def work(connection: rows.Connection) -> int:
        return rows.forget(connection, before, 100) + performed_steps.forget(connection, before, 100)

    return archive.index.in_transaction(work)
