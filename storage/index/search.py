"""Queries over patients, studies, series and instances as SQL (PS3.4 §C.2.2.2, §C.6)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    exists,
    false,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.sql.util import ClauseAdapter

from storage.dicom.attributes import ATTRIBUTES, Attribute, Level
from storage.dicom.matching import Match, Name, Range, Values
from storage.index.conditions import TABLES, Condition, Fuzzy, ValueCondition, all_of, column_of
from storage.index.paging import Found, Search, Term, plan_by_values
from storage.index.paging import page as paged
from storage.index.schema import instance, instance_header, series, study
from storage.index.words import FIELDS, study_words, within_row

__all__ = [
    "PATIENT_TOTALS",
    "TABLES",
    "Condition",
    "Connection",
    "Found",
    "Page",
    "ValueCondition",
    "headers",
    "matches",
    "within",
]

# Attributes whose values are counted over the studies of a patient, by column name.
PATIENT_TOTALS = (
    "number_of_patient_related_studies",
    "number_of_patient_related_series",
    "number_of_patient_related_instances",
)
_BATCH = 500
# So many of the newest studies are looked through for common words, rather than ask the index of words, which finds all
# studies that have a word before it gives the first; so many that it finds are read and sorted.
_HEAD = 20_000
_COLLECTED = 20_000
_TOLD = frozenset(attribute.column for attribute in ATTRIBUTES)
_UIDS = frozenset({"StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"})


@dataclass(frozen=True)
class Page:
    """Which rows of all: in which order, how many, from where."""

    order: Sequence[tuple[Attribute, bool]]
    limit: int
    offset: int


def within(reach: Collection[int] | None) -> ColumnElement[bool]:
    """The one place where the facilities in reach become a condition; ``None`` is every facility."""
    if reach is None:
        return true()
    return study.c.facility_id.in_(sorted(reach)) if reach else false()


def matches(
    connection: Connection,
    level: Level,
    conditions: Sequence[Condition | ValueCondition],
    reach: Collection[int] | None,
    page: Page,
    *,
    fuzzy: bool,
    combined: bool,
    misspelt: bool = False,
) -> Found:
    """Rows of the page and the number of all that match, exact up to a bound (:mod:`storage.index.paging`).

    A row holds the columns of the tables down to the level, by ``table.column`` (patient totals by their name alone).
    ``combined``: a date and its time are one moment, not two ranges. ``fuzzy``: names match word by word in any order;
    ``misspelt``: so with one typing error in one word.
    """
    if level is Level.STUDY and fuzzy and not page.order and connection.dialect.name == "postgresql":
        found = _by_words(connection, conditions, reach, page, misspelt=misspelt)
        if found is not None:
            return found
    names = (Fuzzy.MISSPELT if misspelt else Fuzzy.WORDS) if fuzzy else Fuzzy.NO
    wanted = [within(reach), *all_of(connection, conditions, fuzzy=names, combined=combined)]
    if level is Level.PATIENT:
        patients = _patients(wanted, _order(level, page.order), walk=not conditions)
        return paged(connection, patients, page.limit, page.offset)
    source = _source(level)
    if any(_names_one(condition) for condition in conditions):
        statement = select(*_columns(level)).select_from(source).where(*wanted)
        return _whole(connection, statement, select(func.count()).select_from(source).where(*wanted), level, page)
    key = TABLES[level].c.id
    walk = level is Level.STUDY and all(_is_walked(one) for one in conditions)
    search = Search(source, wanted, key, _order(level, page.order), _columns(level), walk=walk)
    return paged(connection, search, page.limit, page.offset)


def _by_words(
    connection: Connection,
    conditions: Sequence[Condition | ValueCondition],
    reach: Collection[int] | None,
    page: Page,
    *,
    misspelt: bool,
) -> Found | None:
    """Studies by the words of their names, and by their days: all of it is in one table. ``None``: more is asked."""
    row = study_words.c
    wanted: list[ColumnElement[bool]] = []
    named = False
    for one in conditions:
        field = FIELDS.get(one.attribute.search_column) if isinstance(one, Condition) else None
        if field is not None and isinstance(one.match, Name):
            wanted.append(within_row(connection, field, one.match.text, misspelling=misspelt))
            named = True
        elif isinstance(one, Condition) and _is_days(one.attribute, one.match):
            wanted += all_of(connection, [one], fuzzy=Fuzzy.NO, combined=False)
        else:
            return None
    if not named:
        return None
    in_row = ClauseAdapter(study_words, adapt_on_names=True)
    order = [
        Term(row.study_date, descending=True),
        Term(row.study_time, descending=True),
        Term(row.id, descending=True),
    ]
    search = Search(
        source=study_words,
        wanted=[in_row.traverse(one) for one in (within(reach), *wanted)],
        key=row.id,
        order=order,
        shown=_columns(Level.STUDY),
        beside=study,
        joined=study.c.id == row.id,
        head=_HEAD,
        collected=_COLLECTED,
    )
    return paged(connection, search, page.limit, page.offset)


def _whole(connection: Connection, statement: Select[Any], counted: Select[Any], level: Level, page: Page) -> Found:
    """A page of what is little by its nature, all of it counted."""
    plan_by_values(connection)
    order = (term.by(term.column) for term in _order(level, page.order))
    statement = statement.order_by(*order).limit(page.limit).offset(page.offset)
    rows = [dict(row) for row in connection.execute(statement).mappings()]
    # A first page that is not full is everything: no second pass.
    if page.offset == 0 and len(rows) < page.limit:
        return Found(rows, len(rows))
    return Found(rows, connection.execute(counted).scalar_one())


def _names_one(condition: Condition | ValueCondition) -> bool:
    """Whether it names one or a few studies, series or instances by their UIDs."""
    return (
        isinstance(condition, Condition)
        and isinstance(condition.match, Values)
        and condition.attribute.keyword in _UIDS
    )


def _is_walked(condition: Condition | ValueCondition) -> bool:
    """Whether what the condition asks for is one stretch of the order of the answer."""
    return isinstance(condition, Condition) and _is_days(condition.attribute, condition.match)


def _is_days(attribute: Attribute, match: Match) -> bool:
    return attribute.keyword == "StudyDate" and isinstance(match, Range)


def headers(connection: Connection, level: Level, keys: Iterable[int]) -> dict[int, bytes]:
    """The stored header of each instance, or of the first instance of each series or study, by row id of the level."""
    found: dict[int, bytes] = {}
    wanted = list(keys)
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]
        first = _first_instances(level, batch).subquery()
        statement = select(first.c.owner, instance_header.c.header).join(
            first, first.c.instance == instance_header.c.instance_fk
        )
        found.update((row.owner, row.header) for row in connection.execute(statement))
    return found


def _first_instances(level: Level, batch: Sequence[int]) -> Select[Any]:
    if level is Level.IMAGE:
        return select(instance.c.id.label("owner"), instance.c.id.label("instance")).where(instance.c.id.in_(batch))
    if level is Level.SERIES:
        owner: Column[Any] = instance.c.series_fk
        source: FromClause = instance
    else:
        owner = series.c.study_fk
        source = instance.join(series, series.c.id == instance.c.series_fk)
    return (
        select(owner.label("owner"), func.min(instance.c.id).label("instance"))
        .select_from(source)
        .where(owner.in_(batch))
        .group_by(owner)
    )


@lru_cache
def _source(level: Level) -> FromClause:
    if level is Level.SERIES:
        return series.join(study, study.c.id == series.c.study_fk)
    if level is Level.IMAGE:
        return instance.join(series, series.c.id == instance.c.series_fk).join(study, study.c.id == series.c.study_fk)
    return study


@lru_cache
def _columns(level: Level) -> Sequence[ColumnElement[Any]]:
    tables = {Level.SERIES: (study, series), Level.IMAGE: (study, series, instance)}.get(level, (study,))
    return [
        column.label(f"{table.name}.{column.name}") for table in tables for column in table.columns if _told(column)
    ]


def _told(column: Column[Any]) -> bool:
    """Whether an answer needs it: times of our own and the like cost more to read than all that is told."""
    return column.name == "id" or column.name in _TOLD


def _patients(wanted: Sequence[ColumnElement[bool]], order: Sequence[Term], *, walk: bool) -> Search:
    """One row per patient ID and issuer; without an ID per name. Its other columns are those of the latest study.

    That is every study that no later one of the same patient matches beside: what is walked needs no grouping first.
    """
    other = study.alias("other")
    # Told so that no index is tempting but that of the patient's ID.
    adapted = [ClauseAdapter(other).traverse(one).is_(true()) for one in wanted]
    same = (
        other.c.patient_id == study.c.patient_id,
        other.c.issuer_of_patient_id == study.c.issuer_of_patient_id,
        or_(study.c.patient_id != "", other.c.search_patient_name == study.c.search_patient_name),
        *adapted,
    )
    totals = (func.count(), func.sum(other.c.number_of_series), func.sum(other.c.number_of_instances))
    counted = (
        select(total).select_from(other).where(*same).correlate(study).scalar_subquery().label(name)
        for name, total in zip(PATIENT_TOTALS, totals, strict=True)
    )
    later = exists().select_from(other).where(*same, other.c.id > study.c.id).correlate(study)
    shown = [*_columns(Level.PATIENT), *counted]
    return Search(study, [*wanted, ~later], study.c.id, order, shown, walk=walk)


def _order(level: Level, chosen: Sequence[tuple[Attribute, bool]]) -> list[Term]:
    terms = [Term(column_of(attribute, search=True), descending) for attribute, descending in chosen]
    if level is Level.PATIENT:
        return [*(terms or [Term(study.c.search_patient_name)]), Term(study.c.id, descending=True)]
    if level is Level.STUDY:
        newest = [Term(study.c.study_date, descending=True), Term(study.c.study_time, descending=True)]
        return [*(terms or newest), Term(study.c.id, descending=True)]
    if level is Level.SERIES:
        return [*terms, Term(series.c.study_fk, descending=True), Term(series.c.series_number), Term(series.c.id)]
    return [*terms, Term(instance.c.series_fk), Term(instance.c.instance_number), Term(instance.c.id)]
