"""Queries over patients, studies, series and instances as SQL (PS3.4 §C.2.2.2, §C.6)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Table,
    and_,
    case,
    collate,
    false,
    func,
    literal,
    or_,
    select,
    true,
)

from storage.dicom.attributes import Attribute, Level
from storage.dicom.matching import Match, Name, Numbers, Pattern, Range, Universal, Values
from storage.index.paging import Found, Search, Term, plan_by_values
from storage.index.paging import page as paged
from storage.index.schema import instance, instance_header, series, study

__all__ = ["PATIENT_TOTALS", "TABLES", "Condition", "Connection", "Found", "Page", "headers", "matches", "within"]

TABLES: Mapping[Level, Table] = {
    Level.PATIENT: study,
    Level.STUDY: study,
    Level.SERIES: series,
    Level.IMAGE: instance,
}
# Attributes whose values are counted over the studies of a patient, by column name.
PATIENT_TOTALS = (
    "number_of_patient_related_studies",
    "number_of_patient_related_series",
    "number_of_patient_related_instances",
)
# Dates that mean one moment with their time.
_TIME_OF = {
    "StudyDate": "StudyTime",
    "SeriesDate": "SeriesTime",
    "PerformedProcedureStepStartDate": "PerformedProcedureStepStartTime",
}
_ESCAPE = "!"
_VARYING_SEPARATORS = 3
_BATCH = 500
_UIDS = frozenset({"StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"})


@dataclass(frozen=True)
class Condition:
    """What one attribute must match."""

    attribute: Attribute
    match: Match


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
    conditions: Sequence[Condition],
    reach: Collection[int] | None,
    page: Page,
    *,
    fuzzy: bool,
    combined: bool,
) -> Found:
    """Rows of the page and the number of all that match, exact up to a bound (:mod:`storage.index.paging`).

    A row holds the columns of the tables down to the level, by ``table.column`` (patient totals by their name alone).
    ``combined``: a date and its time are one moment, not two ranges.
    """
    sqlite = connection.dialect.name == "sqlite"
    wanted = [within(reach), *_conditions(conditions, sqlite, fuzzy, combined)]
    if level is Level.PATIENT:
        return _whole(connection, *_patients(wanted), level, page)
    source = _source(level)
    if any(_names_one(condition) for condition in conditions):
        statement = select(*_columns(level)).select_from(source).where(*wanted)
        return _whole(connection, statement, select(func.count()).select_from(source).where(*wanted), level, page)
    key = TABLES[level].c.id
    walk = level is Level.STUDY and all(one.attribute.keyword == "StudyDate" for one in conditions)
    search = Search(source, wanted, key, _order(level, page.order), _columns(level), walk=walk)
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


def _names_one(condition: Condition) -> bool:
    """Whether it names one or a few studies, series or instances by their UIDs."""
    return isinstance(condition.match, Values) and condition.attribute.keyword in _UIDS


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


def _source(level: Level) -> FromClause:
    if level is Level.SERIES:
        return series.join(study, study.c.id == series.c.study_fk)
    if level is Level.IMAGE:
        return instance.join(series, series.c.id == instance.c.series_fk).join(study, study.c.id == series.c.study_fk)
    return study


def _columns(level: Level) -> list[ColumnElement[Any]]:
    tables = {Level.SERIES: (study, series), Level.IMAGE: (study, series, instance)}.get(level, (study,))
    return [column.label(f"{table.name}.{column.name}") for table in tables for column in table.columns]


def _patients(wanted: Sequence[ColumnElement[bool]]) -> tuple[Select[Any], Select[Any]]:
    """One row per patient ID and issuer; without an ID per name. Its other columns are those of the latest study."""
    nameless = case((study.c.patient_id == "", study.c.search_patient_name), else_="")
    groups = (
        select(
            func.max(study.c.id).label("id"),
            func.count().label(PATIENT_TOTALS[0]),
            func.sum(study.c.number_of_series).label(PATIENT_TOTALS[1]),
            func.sum(study.c.number_of_instances).label(PATIENT_TOTALS[2]),
        )
        .where(*wanted)
        .group_by(study.c.patient_id, study.c.issuer_of_patient_id, nameless)
        .subquery()
    )
    statement = select(*_columns(Level.PATIENT), *(groups.c[name] for name in PATIENT_TOTALS)).join(
        groups, groups.c.id == study.c.id
    )
    return statement, select(func.count()).select_from(groups)


def _order(level: Level, chosen: Sequence[tuple[Attribute, bool]]) -> list[Term]:
    terms = [Term(_column(attribute, search=True), descending) for attribute, descending in chosen]
    if level is Level.PATIENT:
        return [*(terms or [Term(study.c.search_patient_name)]), Term(study.c.id, descending=True)]
    if level is Level.STUDY:
        newest = [Term(study.c.study_date, descending=True), Term(study.c.study_time, descending=True)]
        return [*(terms or newest), Term(study.c.id, descending=True)]
    if level is Level.SERIES:
        return [*terms, Term(series.c.study_fk, descending=True), Term(series.c.series_number), Term(series.c.id)]
    return [*terms, Term(instance.c.series_fk), Term(instance.c.instance_number), Term(instance.c.id)]


def _conditions(
    conditions: Sequence[Condition], sqlite: bool, fuzzy: bool, combined: bool
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    by_keyword = {condition.attribute.keyword: condition for condition in conditions}
    joined: set[str] = set()
    for date, time in _TIME_OF.items():
        if combined and date in by_keyword and time in by_keyword:
            days, hours = by_keyword[date].match, by_keyword[time].match
            if isinstance(days, Range) and isinstance(hours, Range):
                found.append(_moment(by_keyword[date].attribute, by_keyword[time].attribute, days, hours, sqlite))
                joined |= {date, time}
    found.extend(
        _condition(condition, sqlite, fuzzy) for condition in conditions if condition.attribute.keyword not in joined
    )
    return found


def _condition(condition: Condition, sqlite: bool, fuzzy: bool) -> ColumnElement[bool]:
    attribute, match = condition.attribute, condition.match
    column = _column(attribute)
    if attribute.keyword == "ModalitiesInStudy":
        return _one_of_several(column, match)
    if isinstance(match, Name):
        names = _column(attribute, search=True)
        return _any_order(names, match.text) if fuzzy else _name(names, match.text)
    if isinstance(match, Values | Numbers):
        return column.in_(match.values) if len(match.values) > 1 else column == match.values[0]
    if isinstance(match, Pattern):
        return column.like(_like(match.text), escape=_ESCAPE)
    if isinstance(match, Range):
        return _between(_bytewise(column, sqlite) if attribute.vr == "TM" else column, match)
    return true()


def _column(attribute: Attribute, *, search: bool = False) -> Column[Any]:
    name = attribute.search_column if search and attribute.search_column else attribute.column
    return TABLES[attribute.level].c[name]


def _bytewise(column: Column[Any], sqlite: bool) -> ColumnElement[Any]:
    """Text compared by code point; a language's order would pass over the point of a time."""
    return column if sqlite else collate(column, "C")


def _between(column: ColumnElement[Any], match: Range) -> ColumnElement[bool]:
    if match.low and match.low == match.high:
        return column == match.low
    terms = [column >= match.low] if match.low else [column != ""]
    if match.high:
        terms.append(column <= match.high)
    return and_(*terms)


def _moment(date: Attribute, time: Attribute, days: Range, hours: Range, sqlite: bool) -> ColumnElement[bool]:
    """From the first day at the first hour to the last day at the last hour (PS3.4 §C.2.2.2.5.1)."""
    day, hour = _column(date), _bytewise(_column(time), sqlite)
    terms: list[ColumnElement[bool]] = [_between(day, days)]
    if days.low and hours.low:
        terms.append(or_(day > days.low, hour >= hours.low))
    if days.high and hours.high:
        terms.append(or_(day < days.high, and_(hour <= hours.high, hour != "")))
    return and_(*terms)


def _one_of_several(column: Column[Any], match: Match) -> ColumnElement[bool]:
    """A column that holds several values with backslashes between: one of them matches."""
    if isinstance(match, Universal):
        return true()
    texts = match.values if isinstance(match, Values) else (match.text,) if isinstance(match, Pattern) else ()
    padded = literal("\\") + column + "\\"
    return or_(*(padded.like(f"%\\{_like(str(text))}\\%", escape=_ESCAPE) for text in texts))


def _name(column: Column[Any], text: str) -> ColumnElement[bool]:
    """A name, or one of its component groups; caret and space are the same, as field data does not tell them apart."""
    patterns = [text]
    if "=" not in text:
        if not text.endswith("*"):
            patterns.append(f"{text}=*")
        if not text.isascii():
            patterns += [f"*={text}", f"*={text}=*"]
    return or_(*(column.like(_like(one), escape=_ESCAPE) for pattern in patterns for one in _separated(pattern)))


def _separated(pattern: str) -> list[str]:
    """A pattern with each caret or space as either, each able to use the index; of many, only the first vary."""
    first, *others = pattern.replace("^", " ").split(" ")
    found = [first]
    for number, part in enumerate(others):
        separators = "^ " if number < _VARYING_SEPARATORS else "?"
        found = [f"{begun}{separator}{part}" for begun in found for separator in separators]
    return found


def _any_order(column: Column[Any], text: str) -> ColumnElement[bool]:
    """Every word of the text begins a word of the name, in any order."""
    words = text.replace("^", " ").replace("=", " ").replace("*", " ").replace("?", " ").split()
    spaced = literal(" ") + func.replace(func.replace(column, "^", " "), "=", " ")
    return and_(true(), *(spaced.like(f"% {_like(word)}%", escape=_ESCAPE) for word in words))


def _like(text: str) -> str:
    """A pattern of the standard as a pattern of SQL; all other characters stand for themselves."""
    made = []
    for character in text:
        if character == "*":
            made.append("%")
        elif character == "?":
            made.append("_")
        elif character in ("%", "_", _ESCAPE):
            made.append(_ESCAPE + character)
        else:
            made.append(character)
    return "".join(made)
