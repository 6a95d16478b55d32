"""Use case: what arrives contradicts what is kept: it is kept as it came, and an administrator is told (PS3.3 §A.1).

The first instance says what study and series are. Nothing is ever merged or corrected here; a discrepancy is a question
for a person. The same one is one row that counts, and a study has a bounded number of them.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from storage.access import audit, permission
from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.archive.arrival import Arrival
from storage.dicom import sop_class
from storage.dicom.attributes import Level, of_levels
from storage.dicom.likeness import alike
from storage.dicom.text import normalise_name, tokens
from storage.errors import Forbidden, InvalidRequest, NotFound
from storage.index import discrepancies as rows
from storage.index.discrepancies import Connection, Row, Wanted

__all__ = [
    "IDENTITY",
    "SERIES_NAMES",
    "STUDY_NAMES",
    "Difference",
    "Noted",
    "Page",
    "Wanted",
    "differences",
    "listed",
    "note",
    "note_arrival",
    "note_patient",
    "settle",
]

State = Literal["open", "dismissed"]

MOST_OF_STUDY = 100
MOST_ROWS = 500
LONGEST_NOTE = 500
_LONGEST_VALUE = 1024
_MOST_OTHERS = 200
_MOST_PROPOSALS = 10
IDENTITY = ("patient_id", "issuer_of_patient_id", "patient_name", "patient_birth_date")  # whose study it is


def _names(*levels: Level) -> tuple[str, ...]:
    return tuple(one.column for one in of_levels(levels) if not one.computed and one.vr != "UI")


STUDY_NAMES = _names(Level.PATIENT, Level.STUDY)
SERIES_NAMES = _names(Level.SERIES)


@dataclass(frozen=True)
class Difference:
    """An attribute (column of the index) of which an instance says something else than its study or series."""

    attribute: str
    kept: str
    arrived: str


@dataclass(frozen=True)
class Page:
    """A page of discrepancies, rows as the index gives them, and the number of all that match."""

    rows: list[Row]
    total: int


@dataclass(frozen=True)
class Noted:
    """Keys of the discrepancies of one instance from its study and its series: whoever says the same is one more."""

    study: tuple[str, ...]
    series: tuple[str, ...]


def differences(kept: Mapping[str, Any], arrived: Mapping[str, Any], names: Sequence[str]) -> list[Difference]:
    """What ``arrived`` says otherwise than ``kept``; spelling and what one leaves out do not count."""
    return [
        Difference(name, str(kept[name]), str(arrived[name]))
        for name in names
        if arrived[name] != kept[name] and not alike(name, kept[name], arrived[name])
    ]


def note(
    connection: Connection, study_id: int, series_id: int | None, found: Iterable[Difference], now: datetime
) -> tuple[str, ...]:
    """Note the differences of one instance from its study (``series_id`` is ``None``) or series; gives their keys."""
    kind = "study" if series_id is None else "series"
    values = {"kind": kind, "study_fk": study_id, "series_fk": series_id}
    return tuple(
        _note(connection, _key(kind, study_id, series_id, one.attribute, one.arrived), values, one, now)
        for one in found
    )


def note_arrival(
    connection: Connection,
    study: Mapping[str, Any],
    series: Mapping[str, Any],
    arrival: Arrival,
    now: datetime,
    *,
    learnt: Collection[str],
    new_series: bool,
) -> Noted:
    """All checks of one instance, whose rows are written; what was noted of it.

    ``learnt``: the columns that the study has from this instance.
    """
    of_study = differences(study, arrival.study, STUDY_NAMES)
    noted = note(connection, study["id"], None, of_study, now)
    of_series = differences(series, arrival.series, SERIES_NAMES)
    noted_of_series = note(connection, study["id"], series["id"], of_series, now)
    modality = str(arrival.series["modality"])
    if sop_class.contradicts(arrival.sop_class_uid, modality):
        # Of this instance alone, whatever else the next one says.
        odd = Difference("sop_class_uid", modality, arrival.sop_class_uid)
        note(connection, study["id"], series["id"], [odd], now)
    if new_series:
        _note_series(connection, study, series, now)
    if any(name in learnt for name in IDENTITY):
        note_patient(connection, study, now)
    return Noted(noted, noted_of_series)


def note_patient(connection: Connection, study: Mapping[str, Any], now: datetime) -> None:
    """Propose that a study may be another person's: its Patient ID is used in its facility for somebody else.

    Names are compared as people read them; an issuer, name or birth date that one of the two does not say is no
    conflict. What an administrator has dismissed is not asked again.
    """
    if not study["patient_id"]:
        return
    facility_id = study["facility_id"]
    others = rows.others_of_patient(connection, facility_id, study["patient_id"], study["id"], _MOST_OTHERS)
    proposals: dict[str, tuple[Row, Difference, str]] = {}
    for other in others:
        for one in differences(other, study, IDENTITY[1:]):
            subject = _subject(facility_id, study["patient_id"], one)
            key = _key("patient", study["id"], None, one.attribute, subject)
            if key not in proposals and len(proposals) < _MOST_PROPOSALS:
                proposals[key] = other, one, subject
    answered = rows.dismissed_subjects(connection, [subject for _, _, subject in proposals.values()])
    for key, (other, one, subject) in proposals.items():
        if subject not in answered:
            values = {"kind": "patient", "study_fk": study["id"], "other_study_fk": other["id"], "subject": subject}
            _note(connection, key, values, one, now)


def listed(archive: Archive, wanted: Wanted, principal: Principal, limit: int, offset: int) -> Page:
    """The discrepancies of studies in the principal's reach, last seen first; one audit row.

    Raises:
        Forbidden: the principal may not administer.
        StoreUnavailable: the index cannot be reached.
    """
    _may_administer(archive, principal)
    limit = max(0, min(limit, MOST_ROWS))
    reach = permission.reach(principal)
    with archive.index.write() as connection:
        found, total = rows.page(connection, wanted, reach, limit, max(0, offset))
        detail: dict[str, str | int] = {"act": "discrepancies list", "offset": offset, "matches": total}
        study = wanted.study_instance_uid or ""
        audit.record(connection, principal, Action.ADMINISTER, study_instance_uid=study, detail=detail)
    return Page([_within(row, principal) for row in found], total)


def settle(archive: Archive, identity: int, state: State, note_: str, principal: Principal) -> Row:
    """Dismiss or reopen a discrepancy; of a patient, with it all that ask the same. Audited in one transaction.

    Raises:
        Forbidden: the principal may not administer its study's facility.
        NotFound: there is no such discrepancy.
        InvalidRequest: the note is too long.
        StoreUnavailable: the index cannot be reached.
    """
    if len(note_) > LONGEST_NOTE:
        raise InvalidRequest(f"The note may have {LONGEST_NOTE} characters.")
    with archive.index.read() as connection:
        row = rows.by_id(connection, identity)
    _may_administer(archive, principal, row)
    if row is None:
        raise NotFound("There is no such discrepancy.")
    dismissed = state == "dismissed"
    now, by = (datetime.now(UTC), principal.name) if dismissed else (None, "")
    with archive.index.write() as connection:
        rows.set_state(connection, identity, row["subject"], state, by, note_, now)
        audit.record(
            connection,
            principal,
            Action.ADMINISTER,
            study_instance_uid=row["study_instance_uid"],
            patient_id=row["patient_id"],
            detail={"act": f"discrepancy {state}", "discrepancy": identity, "note": note_},
        )
        changed = rows.by_id(connection, identity)
    if changed is None:
        raise NotFound("There is no such discrepancy.")
    return _within(changed, principal)


def _note_series(connection: Connection, study: Mapping[str, Any], series: Mapping[str, Any], now: datetime) -> None:
    """A Series Instance UID is under one study only (PS3.3 §A.1.2.3); here it is under another already."""
    uid = series["series_instance_uid"]
    for other in rows.others_of_series(connection, uid, study["id"], _MOST_PROPOSALS):
        one = Difference("study_instance_uid", other["study_instance_uid"], study["study_instance_uid"])
        values = {"kind": "series", "study_fk": study["id"], "series_fk": series["id"], "other_study_fk": other["id"]}
        key = _key("series", study["id"], series["id"], one.attribute, one.kept)
        _note(connection, key, values, one, now)


def _note(connection: Connection, key: str, values: Mapping[str, Any], one: Difference, now: datetime) -> str:
    """Count a discrepancy, or add it; the key under which it is counted."""
    if rows.count_again(connection, key, now):
        return key
    if rows.number_of_study(connection, values["study_fk"]) >= MOST_OF_STUDY:
        key = _key("study", values["study_fk"], None, "", "")
        if rows.count_again(connection, key, now):
            return key
        values, one = {"kind": "study", "study_fk": values["study_fk"]}, Difference("", "", "")
    rows.add(
        connection,
        {
            "series_fk": None,
            "other_study_fk": None,
            "subject": "",
            **values,
            "key": key,
            "attribute": one.attribute,
            "kept": one.kept[:_LONGEST_VALUE],
            "arrived": one.arrived[:_LONGEST_VALUE],
            "first_seen_at": now,
            "last_seen_at": now,
        },
    )
    return key


def _key(kind: str, study_id: int, series_id: int | None, attribute: str, value: str) -> str:
    return _digest(kind, str(study_id), str(series_id or ""), attribute, value)


def _subject(facility_id: int, patient_id: str, one: Difference) -> str:
    """The question whether two identities are one, whichever of them comes first and however its name is written."""
    said = [one.kept, one.arrived]
    if one.attribute == "patient_name":
        said = [" ".join(sorted(tokens(name))) or normalise_name(name) for name in said]
    return _digest(str(facility_id), patient_id, one.attribute, *sorted(said))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _may_administer(archive: Archive, principal: Principal, row: Row | None = None) -> None:
    """Refuse, and note that it was refused, what the principal may do nowhere, or not in the facility of this row."""
    try:
        permission.may_anywhere(principal, Action.ADMINISTER)
        if row is not None:
            permission.may(principal, Action.ADMINISTER, row["facility_id"])
    except Forbidden:
        study = row["study_instance_uid"] if row is not None else ""
        with archive.index.write() as connection:
            audit.record(
                connection,
                principal,
                Action.ADMINISTER,
                "refused",
                study_instance_uid=study,
                detail={"act": "discrepancies"},
            )
        raise


def _within(row: Row, principal: Principal) -> Row:
    """The row without what belongs to a facility out of reach."""
    reach = permission.reach(principal)
    if reach is None or row["other_facility_id"] is None or row["other_facility_id"] in reach:
        return row
    hidden: dict[str, str | None] = {name: None for name in row if name.startswith("other_")}
    if row["attribute"] == "study_instance_uid":
        hidden["kept"] = ""
    return {**row, **hidden}
