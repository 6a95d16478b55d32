"""What must match, as SQL: keys of the columns, and of the values beside them (PS3.4 §C.2.2.2)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Table,
    and_,
    collate,
    exists,
    func,
    literal,
    or_,
    select,
    true,
)

from storage.dicom.attributes import DATE_OF, Attribute, Level
from storage.dicom.matching import AnyOf, Empty, Match, Name, Numbers, Pattern, Range, Values
from storage.dicom.search_value import LONGEST_VALUE, SearchAttribute
from storage.index import fragments, modalities, words
from storage.index.schema import instance, series, study
from storage.index.searchable_schema import instance_value, series_value, study_value

__all__ = ["TABLES", "Condition", "Connection", "Fuzzy", "ValueCondition", "all_of", "column_of"]

TABLES: Mapping[Level, Table] = {
    Level.PATIENT: study,
    Level.STUDY: study,
    Level.SERIES: series,
    Level.IMAGE: instance,
}
_VALUES: Mapping[Level, Table] = {
    Level.PATIENT: study_value,
    Level.STUDY: study_value,
    Level.SERIES: series_value,
    Level.IMAGE: instance_value,
}
_ESCAPE = "!"
_VARYING_SEPARATORS = 3


class Fuzzy(Enum):
    """How names match: as they are written, word by word in any order, or so with one typing error."""

    NO = auto()
    WORDS = auto()
    MISSPELT = auto()


@dataclass(frozen=True)
class Condition:
    """What one attribute must match."""

    attribute: Attribute
    match: Match


@dataclass(frozen=True)
class ValueCondition:
    """What one attribute beside the columns must match."""

    attribute: SearchAttribute
    match: Match


def all_of(
    connection: Connection,
    conditions: Sequence[Condition | ValueCondition],
    *,
    fuzzy: Fuzzy,
    combined: bool,
) -> list[ColumnElement[bool]]:
    """All conditions; ``combined``: a date and its time are one moment, not two ranges."""
    sqlite = connection.dialect.name == "sqlite"
    found: list[ColumnElement[bool]] = []
    plain = [one for one in conditions if isinstance(one, Condition)]
    by_keyword = {condition.attribute.keyword: condition for condition in plain}
    joined: set[str] = set()
    for time, date in DATE_OF.items():
        if combined and date in by_keyword and time in by_keyword:
            days, hours = by_keyword[date].match, by_keyword[time].match
            if isinstance(days, Range) and isinstance(hours, Range):
                found.append(_moment(by_keyword[date].attribute, by_keyword[time].attribute, days, hours, sqlite))
                joined |= {date, time}
    found.extend(
        _condition(connection, condition.attribute, condition.match, sqlite, fuzzy)
        for condition in plain
        if condition.attribute.keyword not in joined
    )
    groups: dict[str, list[ValueCondition]] = {}
    for one in conditions:
        if isinstance(one, ValueCondition):
            # Keys inside one sequence must match in one of its items (PS3.4 §C.2.2.2.6).
            together = one.attribute.root if len(one.attribute.steps) > 1 else one.attribute.path
            groups.setdefault(together, []).append(one)
    found.extend(_values(group, fuzzy) for group in groups.values())
    return found


def column_of(attribute: Attribute, *, search: bool = False) -> Column[Any]:
    """The column of an attribute; ``search``: the one with its normalised text, where it has one."""
    name = attribute.search_column if search and attribute.search_column else attribute.column
    return TABLES[attribute.level].c[name]


def _condition(
    connection: Connection, attribute: Attribute, match: Match, sqlite: bool, fuzzy: Fuzzy
) -> ColumnElement[bool]:
    column = column_of(attribute)
    if isinstance(match, AnyOf):
        return or_(*(_condition(connection, attribute, one, sqlite, fuzzy) for one in match.matches))
    if isinstance(match, Empty):
        return _empty(column)
    if attribute.keyword == "ModalitiesInStudy":
        return modalities.one_of(connection, match)
    if isinstance(match, Name):
        field = words.FIELDS.get(attribute.search_column)
        if fuzzy is not Fuzzy.NO and field is not None:
            return words.any_order(connection, field, match.text, misspelling=fuzzy is Fuzzy.MISSPELT)
        return and_(_name(column_of(attribute, search=True), match.text), _narrowed(connection, attribute, match))
    bytewise = _bytewise(column, sqlite) if attribute.vr == "TM" else column
    meets = _meets(bytewise if isinstance(match, Range) else column, match)
    return and_(meets, _narrowed(connection, attribute, match)) if isinstance(match, Pattern | Values) else meets


def _narrowed(connection: Connection, attribute: Attribute, match: Name | Pattern | Values) -> ColumnElement[bool]:
    """What an index can tell of texts whose beginning is not known, or has no index; true where there is nothing."""
    text = match.text if not isinstance(match, Values) else str(match.values[0]) if len(match.values) == 1 else ""
    if not text or attribute.level not in (Level.PATIENT, Level.STUDY):
        return true()
    if attribute.column == "referring_physician_name":
        return words.any_order(connection, words.FIELDS[attribute.search_column], _begun(text), misspelling=False)
    if attribute.column not in fragments.SEARCHED or not (text[0] in "*?" or attribute.column == "study_description"):
        return true()
    return fragments.with_all(connection, fragments.of_pattern(text))


def _begun(pattern: str) -> str:
    """The words of a pattern for a name that begin as words of the name do."""
    parts = pattern.replace("^", " ").replace("=", " ").split()
    return " ".join(re.split(r"[*?]", part)[0] for part in parts)


def _meets(column: ColumnElement[Any], match: Match) -> ColumnElement[bool]:
    if isinstance(match, Values | Numbers):
        return column.in_(match.values) if len(match.values) > 1 else column == match.values[0]
    if isinstance(match, Pattern):
        return column.like(_like(match.text), escape=_ESCAPE)
    if isinstance(match, Range):
        return _between(column, match)
    return true()


def _empty(column: Column[Any]) -> ColumnElement[bool]:
    if column.nullable:
        return column.is_(None)
    return column == (0 if isinstance(column.type, Integer) else "")


def _values(group: Sequence[ValueCondition], fuzzy: Fuzzy) -> ColumnElement[bool]:
    """Keys that must match in one item of a sequence, or one that is in none."""
    for number, one in enumerate(group):
        if isinstance(one.match, AnyOf) and Empty() in one.match.matches:
            others = tuple(match for match in one.match.matches if not isinstance(match, Empty))
            variants: list[Match] = [Empty(), AnyOf(others)] if others else [Empty()]
            chosen = ([*group[:number], replace(one, match=match), *group[number + 1 :]] for match in variants)
            return or_(*(_values(variant, fuzzy) for variant in chosen))
    level = group[0].attribute.level
    owner, table = TABLES[level].c.id, _VALUES[level]
    with_value = [one for one in group if not isinstance(one.match, Empty)]
    without = [one.attribute for one in group if isinstance(one.match, Empty)]
    if not with_value:
        return and_(*(~exists().where(row.c.owner_fk == owner, _of(row, one)) for one in without
                      for row in [table.alias()]))  # fmt: skip
    rows = [(one, table.alias()) for one in with_value]
    first = rows[0][1]
    terms: list[ColumnElement[bool]] = []
    beside: dict[str, FromClause] = {}
    for one, row in rows:
        terms += [_of(row, one.attribute), _value_meets(row.c.value, one.match, fuzzy)]
        if row is not first:
            terms += [row.c.owner_fk == first.c.owner_fk, row.c.item == first.c.item]
        terms += _in_the_same_item(one.attribute, row, beside)
    for attribute in without:
        row = table.alias()
        same = _in_the_same_item(attribute, row, dict(beside))
        terms.append(
            ~exists().where(row.c.owner_fk == first.c.owner_fk, row.c.item == first.c.item, _of(row, attribute), *same)
        )
    return owner.in_(select(first.c.owner_fk).where(*terms))


def _in_the_same_item(
    attribute: SearchAttribute, row: FromClause, beside: dict[str, FromClause]
) -> list[ColumnElement[bool]]:
    around = attribute.path.rpartition(".")[0]
    other = beside.setdefault(around, row)
    return [] if other is row else [row.c.leaf == other.c.leaf]


def _of(row: FromClause, attribute: SearchAttribute) -> ColumnElement[bool]:
    return row.c.attribute_id == attribute.id


def _value_meets(column: ColumnElement[Any], match: Match, fuzzy: Fuzzy) -> ColumnElement[bool]:
    if isinstance(match, AnyOf):
        return or_(*(_value_meets(column, one, fuzzy) for one in match.matches))
    if isinstance(match, Name):
        return _name(column, match.text) if fuzzy is Fuzzy.NO else _any_order(column, match.text)
    if isinstance(match, Values | Numbers):
        return _meets(column, Values(tuple(str(value)[:LONGEST_VALUE] for value in match.values)))
    return _meets(column, match)


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
    day, hour = column_of(date), _bytewise(column_of(time), sqlite)
    terms: list[ColumnElement[bool]] = [_between(day, days)]
    if days.low and hours.low:
        terms.append(or_(day > days.low, hour >= hours.low))
    if days.high and hours.high:
        terms.append(or_(day < days.high, and_(hour <= hours.high, hour != "")))
    return and_(*terms)


def _name(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
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


def _any_order(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
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
