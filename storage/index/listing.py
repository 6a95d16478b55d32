"""The study list, what changed of late, and the rows of a study's manifest, as SQL."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select

from storage.dicom.text import tokens
from storage.index.fragments import with_all
from storage.index.modalities import any_of
from storage.index.openings import opened_by
from storage.index.paging import Found, Search, Term, plan_by_values
from storage.index.paging import page as paged
from storage.index.schema import facility, instance, series, study
from storage.index.search import within
from storage.index.words import are_letters, beginnings

__all__ = [
    "Connection",
    "Found",
    "Wanted",
    "by_uid",
    "changed",
    "count",
    "instances_of",
    "of_patient",
    "page",
    "series_of",
]

# So many of the latest studies are looked through for common words, rather than ask the index of words; so many that it
# finds are collected.
_HEAD = 5_000
_COLLECTED = 20_000
_SHOWN = (*study.columns, facility.c.code.label("facility_code"), facility.c.name.label("facility_name"))


# The orders of the list, each walked along an index: the latest change, the name, the day of the study.
_ORDERS = {
    "received": (study.c.updated_at,),
    "patient": (study.c.search_patient_name, study.c.study_date, study.c.study_time),
    "date": (study.c.study_date, study.c.study_time),
}


@dataclass(frozen=True)
class Wanted:
    """What the list shows: studies with every word of ``text``, one of ``modalities``, in a range of days.

    ``facilities`` are codes. ``changed_since``: only what changed at or after it. ``opened`` is what ``account`` must
    have done, or not have done; ``None``: either. ``order`` is one of ``received``, ``patient`` and ``date``.
    """

    text: str = ""
    modalities: Sequence[str] = ()
    date_from: str = ""
    date_to: str = ""
    facilities: Sequence[str] = ()
    changed_since: datetime | None = None
    opened: bool | None = None
    account: str = ""
    order: str = "received"
    descending: bool = True


def page(connection: Connection, wanted: Wanted, reach: Collection[int] | None, limit: int, offset: int) -> Found:
    """A page of studies in their order, and the number of all that match, exact up to a bound."""
    typed = list(dict.fromkeys(tokens(wanted.text)))
    numbers = [one for one in typed if not are_letters(one)]
    usual = wanted.order == "received"
    order = [Term(column, wanted.descending) for column in (*_ORDERS[wanted.order], study.c.id)]
    search = Search(
        source=study,
        wanted=_narrowed(connection, wanted, reach),
        key=study.c.id,
        order=order,
        shown=_SHOWN,
        beside=facility,
        walk=not typed,
        head=_HEAD if usual and typed and not numbers else 0,
        collected=_COLLECTED,
    )
    return paged(connection, search, limit, offset)


def count(connection: Connection, wanted: Wanted, reach: Collection[int] | None, most: int) -> int:
    """How many studies match, up to ``most``: for a list that is scrolled as a whole; it costs more than a page."""
    plan_by_values(connection)
    some = select(study.c.id).where(*_narrowed(connection, wanted, reach)).limit(most).subquery()
    return int(connection.execute(select(func.count()).select_from(some)).scalar_one())


def of_patient(connection: Connection, row: dict[str, Any], reach: Collection[int] | None, limit: int) -> list[Any]:
    """Other studies with the patient ID of this study, by the same issuer, the latest first.

    Without an issuer an ID is only known to be one person's within a facility.
    """
    same = [study.c.patient_id == row["patient_id"], study.c.issuer_of_patient_id == row["issuer_of_patient_id"]]
    if not row["issuer_of_patient_id"]:
        same.append(study.c.facility_id == row["facility_id"])
    statement = _studies().where(within(reach), *same, study.c.id != row["id"])
    latest = (study.c.study_date.desc(), study.c.study_time.desc(), study.c.id.desc())
    return [dict(one) for one in connection.execute(statement.order_by(*latest).limit(limit)).mappings()]


def changed(connection: Connection, since: datetime, reach: Collection[int] | None, limit: int) -> list[dict[str, Any]]:
    """Studies that changed at or after a time, the latest change first."""
    statement = _studies().where(within(reach), study.c.updated_at >= since)
    statement = statement.order_by(study.c.updated_at.desc(), study.c.id.desc()).limit(limit)
    return [dict(row) for row in connection.execute(statement).mappings()]


def by_uid(connection: Connection, study_instance_uid: str) -> dict[str, Any] | None:
    """One study."""
    row = connection.execute(_studies().where(study.c.study_instance_uid == study_instance_uid)).mappings().first()
    return dict(row) if row else None


def series_of(connection: Connection, study_id: int) -> list[dict[str, Any]]:
    """The series of a study by series number."""
    statement = (
        select(
            series.c.id,
            series.c.series_instance_uid,
            series.c.modality,
            series.c.series_number,
            series.c.series_description,
            series.c.body_part_examined,
            series.c.laterality,
            series.c.number_of_instances,
        )
        .where(series.c.study_fk == study_id)
        .order_by(series.c.series_number.is_(None), series.c.series_number, series.c.id)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def instances_of(connection: Connection, study_id: int) -> list[Any]:
    """The instances of a study by series and instance number: what a viewer needs to lay them out."""
    statement = (
        select(
            instance.c.series_fk,
            instance.c.sop_instance_uid,
            instance.c.sop_class_uid,
            instance.c.instance_number,
            instance.c.rows,
            instance.c.columns,
            instance.c.number_of_frames,
            instance.c.transfer_syntax_uid,
        )
        .join(series, series.c.id == instance.c.series_fk)
        .where(series.c.study_fk == study_id)
        .order_by(instance.c.series_fk, instance.c.instance_number.is_(None), instance.c.instance_number, instance.c.id)
    )
    return list(connection.execute(statement))


def _studies() -> Select[Any]:
    return select(*_SHOWN).join(facility, facility.c.id == study.c.facility_id)


def _narrowed(connection: Connection, wanted: Wanted, reach: Collection[int] | None) -> Sequence[ColumnElement[bool]]:
    typed = list(dict.fromkeys(tokens(wanted.text)))
    numbers = [one for one in typed if not are_letters(one)]
    return [
        within(reach),
        *_conditions(connection, wanted),
        beginnings(connection, filter(are_letters, typed)),
        *map(_number, numbers),
        with_all(connection, numbers),
    ]


def _conditions(connection: Connection, wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.facilities:
        chosen = select(facility.c.id).where(facility.c.code.in_(wanted.facilities))
        found.append(study.c.facility_id.in_(list(connection.execute(chosen).scalars())))
    if wanted.changed_since is not None:
        found.append(study.c.updated_at >= wanted.changed_since)
    if wanted.opened is not None:
        mine = opened_by(wanted.account)
        found.append(mine if wanted.opened else ~mine)
    if wanted.modalities:
        found.append(any_of(connection, wanted.modalities))
    if wanted.date_from:
        found.append(study.c.study_date >= wanted.date_from)
    if wanted.date_to:
        found.append(and_(study.c.study_date <= wanted.date_to, study.c.study_date != ""))
    return found


def _number(number: str) -> ColumnElement[bool]:
    """What has a digit may be any part of a word of the study: the last digits of an ID are often all that one has."""
    return study.c.search_text.contains(number, autoescape=True, escape="!")
