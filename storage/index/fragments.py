"""Studies that have some characters anywhere in their texts, by an index of trigrams (PS3.4 §C.2.2.2.4).

It narrows a search and is never the answer itself: the condition on the column stays beside it.
"""

import re
from collections.abc import Iterable
from weakref import WeakSet

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Text,
    and_,
    column,
    func,
    select,
    table,
    text,
    true,
)

from storage.dicom.text import normalise
from storage.index.schema import study
from storage.index.searchable_schema import study_word, word

__all__ = ["Connection", "of_pattern", "with_all"]

# The columns whose words :func:`storage.dicom.text.search_text` puts together.
SEARCHED = frozenset({"patient_name", "patient_id", "accession_number", "study_description"})
_TRIGRAM = 3
# A word that more names have tells studies apart too little to be looked up.
_COMMON = 20_000
_RUN = re.compile(r"[^\W_]+")
# Migration 0007 makes it: a table of its own on PostgreSQL, an index of FTS5 on SQLite.
_postgresql = table("study_text", column("study_fk", BigInteger), column("search_text", Text)).c
_sqlite = table("study_text", column("rowid", BigInteger), column("study_text", Text)).c
_THERE = {
    "postgresql": text("SELECT to_regclass('study_text') IS NOT NULL"),
    "sqlite": text("SELECT count(*) FROM sqlite_master WHERE name = 'study_text'"),
}
_known: WeakSet[Engine] = WeakSet()


def of_pattern(pattern: str) -> list[str]:
    """The runs of letters and digits that a text has if it matches a pattern with ``*`` and ``?``."""
    return _RUN.findall(normalise(pattern))


def with_all(connection: Connection, fragments: Iterable[str]) -> ColumnElement[bool]:
    """Studies whose texts have all of these; true where the index does not help.

    A fragment is normalised and has letters and digits alone, but for a space before it where it begins a word.
    """
    useful = [one for one in fragments if len(one) >= _TRIGRAM and not _is_common(connection, one)]
    if not useful or not _is_there(connection):
        return true()
    if connection.dialect.name == "sqlite":
        matched = " AND ".join(f'"{one}"' for one in useful)
        return study.c.id.in_(select(_sqlite.rowid).where(_sqlite.study_text.op("MATCH")(matched)))
    terms = (_postgresql.search_text.like(f"%{one}%") for one in useful)
    return study.c.id.in_(select(_postgresql.study_fk).where(and_(*terms)))


def _is_common(connection: Connection, fragment: str) -> bool:
    words = select(word.c.id).where(word.c.word.like(f"{fragment.lstrip()}%"))
    some = select(study_word.c.study_fk).where(study_word.c.word_fk.in_(words), study_word.c.field.in_((0, 2)))
    return connection.execute(select(func.count()).select_from(some.limit(_COMMON).subquery())).scalar_one() >= _COMMON


def _is_there(connection: Connection) -> bool:
    if connection.engine in _known:
        return True
    found = bool(connection.execute(_THERE[connection.dialect.name]).scalar())
    if found:
        _known.add(connection.engine)
    return found
