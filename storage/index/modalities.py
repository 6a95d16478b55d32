"""Studies by one of their modalities (PS3.4 §C.3.4, Modalities in Study).

A study's modalities are one text, such as ``CT\\SR``. An archive has few such texts, so those with the modality are
found first, by leaps over an index; the studies that have one of them are then ranges of it.
"""

import re
from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, func, literal, or_, select, true

from storage.dicom.matching import Match, Pattern, Universal, Values
from storage.index.schema import study

__all__ = ["Connection", "any_of", "one_of"]

_COLUMN = study.c.modalities_in_study
# With more of them, every study is looked at.
_MOST = 500


def one_of(connection: Connection, match: Match) -> ColumnElement[bool]:
    """One of the modalities of the study matches."""
    if isinstance(match, Universal):
        return true()
    texts = match.values if isinstance(match, Values) else (match.text,) if isinstance(match, Pattern) else ()
    return any_of(connection, map(str, texts))


def any_of(connection: Connection, patterns: Iterable[str]) -> ColumnElement[bool]:
    """One of the modalities of the study is one of these, in which ``*`` and ``?`` stand for others."""
    wanted = list(patterns)
    found = _texts(connection)
    if len(found) > _MOST:
        padded = literal("\\") + _COLUMN + "\\"
        return or_(*(padded.like(f"%\\{_like(one)}\\%", escape="!") for one in wanted))
    matching = re.compile("|".join(f"(?:{_expression(one)})" for one in wanted)).fullmatch
    return _COLUMN.in_([text for text in found if any(map(matching, text.split("\\")))])


def _texts(connection: Connection) -> list[str]:
    """Every text that a study has: each the first of the index behind the one before it."""
    first = select(func.min(_COLUMN).label("text")).cte("text", recursive=True)
    following = select(func.min(_COLUMN)).where(first.c.text < _COLUMN).correlate(first).scalar_subquery()
    every = first.union_all(select(following).where(first.c.text.is_not(None)))
    found = connection.execute(select(every.c.text).where(every.c.text.is_not(None)).limit(_MOST + 1))
    return [str(row[0]) for row in found]


def _expression(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")


def _like(pattern: str) -> str:
    """As a pattern of LIKE that escapes with ``!``."""
    plain = re.sub("[!%_]", r"!\g<0>", pattern)
    return plain.replace("*", "%").replace("?", "_")
