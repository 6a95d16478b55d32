"""The study list, what changed of late, and the rows of a study's manifest, as SQL."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, literal, or_, select

from storage.dicom.text import tokens
from storage.index.fragments import with_all
from storage.index.paging import Found, Search, Term
from storage.index.paging import page as paged
from storage.index.schema import facility, instance, series, study
from storage.index.search import within

__all__ = ["Connection", "Found", "Wanted", "by_uid", "changed", "instances_of", "page", "series_of"]

_SHOWN = (*study.columns, facility.c.code.label("facility_code"), facility.c.name.label("facility_name"))


@dataclass(frozen=True)
class Wanted:
    """What the list shows: studies with every word of ``text``, one of ``modalities``, in a range of days."""

    text: str = ""
    modalities: Sequence[str] = ()
    date_from: str = ""
    date_to: str = ""


def page(connection: Connection, wanted: Wanted, reach: Collection[int] | None, limit: int, offset: int) -> Found:
    """A page of studies, the latest change first, and the number of all that match, exact up to a bound."""
    search = Search(
        source=study,
        wanted=[within(reach), *_conditions(wanted), with_all(connection, _fragments(wanted.text))],
        key=study.c.id,
        order=[Term(study.c.updated_at, descending=True), Term(study.c.id, descending=True)],
        shown=_SHOWN,
        beside=facility,
        walk=not wanted.text,
    )
    return paged(connection, search, limit, offset)


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


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [_word(word) for word in dict.fromkeys(tokens(wanted.text))]
    if wanted.modalities:
        padded = literal("\\") + study.c.modalities_in_study + "\\"
        found.append(or_(*(padded.contains(f"\\{one}\\", autoescape=True, escape="!") for one in wanted.modalities)))
    if wanted.date_from:
        found.append(study.c.study_date >= wanted.date_from)
    if wanted.date_to:
        found.append(and_(study.c.study_date <= wanted.date_to, study.c.study_date != ""))
    return found


def _fragments(text: str) -> list[str]:
    return [word if _anywhere(word) else f" {word}" for word in dict.fromkeys(tokens(text))]


def _anywhere(word: str) -> bool:
    return any(character.isdigit() for character in word)


def _word(word: str) -> ColumnElement[bool]:
    """A word begins a word of the study; a number may be any part of one, as its last digits are often all one has."""
    return study.c.search_text.contains(word if _anywhere(word) else f" {word}", autoescape=True, escape="!")
