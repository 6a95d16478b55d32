"""Rows of discrepancies between what arrived and what is kept, as SQL."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, or_, select, update

from storage.index.instances import insert_or_ignore
from storage.index.prepared import Ready
from storage.index.schema import discrepancy, facility, series, study
from storage.index.search import within

Row = dict[str, Any]

__all__ = [
    "Connection",
    "Row",
    "Wanted",
    "add",
    "by_id",
    "count_again",
    "dismissed_subjects",
    "number_of_study",
    "others_of_patient",
    "others_of_series",
    "page",
    "set_state",
]

_COUNT_AGAIN = (
    update(discrepancy)
    .where(discrepancy.c.key == bindparam("key_"))
    .values(number_of_instances=discrepancy.c.number_of_instances + 1, last_seen_at=bindparam("now"))
)
_SAID = ("patient_name", "issuer_of_patient_id", "patient_birth_date")
_OF_PATIENT = (
    select(study.c.id, *(study.c[name] for name in _SAID))
    .where(
        study.c.facility_id == bindparam("facility"),
        study.c.patient_id == bindparam("patient"),
        study.c.id != bindparam("study"),
    )
    .limit(bindparam("most"))
    .subquery()
)
_OTHERS_OF_PATIENT = (
    select(func.min(_OF_PATIENT.c.id).label("id"), *(_OF_PATIENT.c[name] for name in _SAID))
    .group_by(*(_OF_PATIENT.c[name] for name in _SAID))
    .order_by("id")
)
_OTHERS_OF_SERIES = (
    select(study.c.id, study.c.study_instance_uid)
    .join(series, series.c.study_fk == study.c.id)
    .where(series.c.series_instance_uid == bindparam("uid"), study.c.id != bindparam("study"))
    .order_by(study.c.id)
    .limit(bindparam("most"))
)
_READY_OTHERS_OF_PATIENT = Ready(lambda _: _OTHERS_OF_PATIENT)
_READY_OTHERS_OF_SERIES = Ready(lambda _: _OTHERS_OF_SERIES)


@dataclass(frozen=True)
class Wanted:
    """What is listed; ``None``: whatever it is. ``study_instance_uid``: of either study that a row links."""

    state: str | None = "open"
    kind: str | None = None
    study_instance_uid: str | None = None


def count_again(connection: Connection, key: str, now: datetime) -> bool:
    """Count one more instance of a known discrepancy; false if there is none of this key."""
    return connection.execute(_COUNT_AGAIN, {"key_": key, "now": now}).rowcount > 0


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Add a discrepancy, unless there is one of its key."""
    connection.execute(insert_or_ignore(connection, discrepancy), values)


def number_of_study(connection: Connection, study_id: int) -> int:
    """How many rows a study has."""
    counted = select(func.count()).where(discrepancy.c.study_fk == study_id)
    return connection.execute(counted).scalar_one()


def others_of_patient(connection: Connection, facility_id: int, patient_id: str, study_id: int, most: int) -> list[Row]:
    """Whom other studies of a facility say that this Patient ID is, and one study of each; of ``most`` studies."""
    key = {"facility": facility_id, "patient": patient_id, "study": study_id, "most": most}
    return _READY_OTHERS_OF_PATIENT.rows(connection, key)


def others_of_series(connection: Connection, series_instance_uid: str, study_id: int, most: int) -> list[Row]:
    """Other studies that have a series of this UID, the oldest first."""
    key = {"uid": series_instance_uid, "study": study_id, "most": most}
    return _READY_OTHERS_OF_SERIES.rows(connection, key)


def dismissed_subjects(connection: Connection, subjects: Collection[str]) -> set[str]:
    """Which of these questions an administrator has answered already."""
    if not subjects:
        return set()
    statement = select(discrepancy.c.subject).where(
        discrepancy.c.subject.in_(subjects), discrepancy.c.state == "dismissed"
    )
    return set(connection.execute(statement).scalars())


def by_id(connection: Connection, identity: int) -> Row | None:
    """One row, with what it links."""
    row = connection.execute(_listed().where(discrepancy.c.id == identity)).mappings().first()
    return dict(row) if row else None


def page(
    connection: Connection, wanted: Wanted, reach: Collection[int] | None, limit: int, offset: int
) -> tuple[list[Row], int]:
    """A page of rows, last seen first, and the number of all that match; ``reach`` as in a search."""
    conditions: list[ColumnElement[bool]] = [within(reach)]
    if wanted.state is not None:
        conditions.append(discrepancy.c.state == wanted.state)
    if wanted.kind is not None:
        conditions.append(discrepancy.c.kind == wanted.kind)
    if wanted.study_instance_uid is not None:
        named = select(study.c.id).where(study.c.study_instance_uid == wanted.study_instance_uid).scalar_subquery()
        conditions.append(or_(discrepancy.c.study_fk == named, discrepancy.c.other_study_fk == named))
    latest = _listed().where(*conditions).order_by(discrepancy.c.last_seen_at.desc(), discrepancy.c.id.desc())
    found = [dict(row) for row in connection.execute(latest.limit(limit).offset(offset)).mappings()]
    if offset == 0 and len(found) < limit:
        return found, len(found)
    counted = select(func.count()).select_from(discrepancy).join(study, study.c.id == discrepancy.c.study_fk)
    return found, connection.execute(counted.where(*conditions)).scalar_one()


def set_state(
    connection: Connection, identity: int, subject: str, state: str, by: str, note: str, now: datetime | None
) -> None:
    """Dismiss or reopen a row, and every other about the same question (``subject``, unless it is empty)."""
    which = discrepancy.c.id == identity
    if subject:
        which = or_(which, discrepancy.c.subject == subject)
    connection.execute(
        update(discrepancy).where(which).values(state=state, dismissed_at=now, dismissed_by=by, note=note)
    )


_OTHER = study.alias("other_study")
_OTHER_FACILITY = facility.alias("other_facility")
_OF_STUDY = (
    "study_instance_uid",
    "patient_name",
    "patient_id",
    "issuer_of_patient_id",
    "patient_birth_date",
    "study_date",
    "study_description",
    "modalities_in_study",
    "facility_id",
)


def _listed() -> Select[Any]:
    """Rows with their study, series and other study; the columns of the other begin with ``other_``."""
    return (
        select(
            discrepancy,
            *(study.c[name] for name in _OF_STUDY),
            facility.c.code.label("facility_code"),
            facility.c.name.label("facility_name"),
            *(_OTHER.c[name].label(f"other_{name}") for name in _OF_STUDY),
            _OTHER_FACILITY.c.code.label("other_facility_code"),
            _OTHER_FACILITY.c.name.label("other_facility_name"),
            series.c.series_instance_uid,
            series.c.modality,
            series.c.series_number,
            series.c.series_description,
        )
        .join(study, study.c.id == discrepancy.c.study_fk)
        .join(facility, facility.c.id == study.c.facility_id)
        .outerjoin(series, series.c.id == discrepancy.c.series_fk)
        .outerjoin(_OTHER, _OTHER.c.id == discrepancy.c.other_study_fk)
        .outerjoin(_OTHER_FACILITY, _OTHER_FACILITY.c.id == _OTHER.c.facility_id)
    )
