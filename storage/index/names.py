"""Names found by their words: any order, no diacritics, one typing error (PS3.4 §C.2.2.2.1, PS3.18 §8.3.4.2).

Each study has a row for each word of its names; the words themselves are few (tens of thousands in millions of names),
so that those which begin alike, or are one error away, are found among them first.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Dialect,
    Insert,
    Select,
    SmallInteger,
    and_,
    bindparam,
    delete,
    exists,
    false,
    func,
    or_,
    select,
    table,
    true,
)
from sqlalchemy import column as sa_column
from sqlalchemy.dialects.postgresql import ARRAY

from storage.dicom.text import misspelt, tokens
from storage.index.instances import insert_or_ignore_in
from storage.index.prepared import Ready
from storage.index.schema import study
from storage.index.searchable_schema import name_word, study_name_word

__all__ = ["FIELDS", "Connection", "any_order", "note_names"]

# The columns of a study that have words, and the number they have there.
FIELDS = {"search_patient_name": 0, "search_referring_physician_name": 1}
MOST_WORDS = 16
_LONGEST_WORD = 64
# A word that fewer studies have is looked up first.
_RARE = 5_000
_MOST_NAMED = 200
_SHORTEST_MISSPELT = 3

_row, _word = study_name_word.c, name_word.c
# PostgreSQL's own, kept by the database.
_array = table("study_words", sa_column("study_fk", BigInteger), sa_column("words", ARRAY(BigInteger))).c


def note_names(connection: Connection, study_id: int, said: Mapping[str, Any]) -> None:
    """Note the words of the names among these columns of a study, instead of those that it had before."""
    for column, field in FIELDS.items():
        name = said.get(column)
        if name:
            _FORGET.run(connection, {"study": study_id, "field_": field})
            _add_words(connection, study_id, name, field)


def _add_words(connection: Connection, study_id: int, name: str, field: int) -> None:
    words = sorted({word[:_LONGEST_WORD] for word in tokens(name)})
    if not words:
        return
    for word in words:
        of_study = {"study": study_id, "field": field, "word_": word}
        if _ADD_WORD_OF_STUDY.run(connection, of_study).rowcount < 1:
            _ADD_WORD.run(connection, {"word": word, "reversed": word[::-1]})
            _ADD_WORD_OF_STUDY.run(connection, of_study)


def _add_word_of_study(dialect: Dialect) -> Insert:
    chosen = select(bindparam("study", type_=BigInteger), bindparam("field", type_=SmallInteger), _word.id)
    chosen = chosen.where(_word.word == bindparam("word_"))
    return insert_or_ignore_in(dialect, study_name_word).from_select(["study_fk", "field", "word_fk"], chosen)


_FORGET = Ready(
    lambda _: delete(study_name_word).where(_row.study_fk == bindparam("study"), _row.field == bindparam("field_"))
)
_ADD_WORD_OF_STUDY = Ready(_add_word_of_study)
_ADD_WORD = Ready(lambda dialect: insert_or_ignore_in(dialect, name_word), ("word", "reversed"))


def any_order(connection: Connection, field: int, text: str, *, misspelling: bool) -> ColumnElement[bool]:
    """Every word of the text begins a word of the name; with ``misspelling`` one of them is one error away instead."""
    words = list(dict.fromkeys(word[:_LONGEST_WORD] for word in tokens(text)))[:MOST_WORDS]
    if not words:
        return true()
    meant = [_beginning_with(connection, word) for word in words]
    if not misspelling:
        return _one_of(connection, field, [meant])
    found: list[list[_Meant]] = [list(meant)]  # the error may be in another name of the query
    for number, word in enumerate(words):
        near = _near(connection, word)
        if near:
            found.append([*meant[:number], near, *meant[number + 1 :]])
    return _one_of(connection, field, found)


_Meant = Sequence[int] | Select[tuple[int]]


def _one_of(connection: Connection, field: int, variants: Sequence[Sequence[_Meant]]) -> ColumnElement[bool]:
    if connection.dialect.name == "sqlite":
        return or_(false(), *(_all_of(connection, field, meant) for meant in variants))
    possible = [meant for meant in variants if all(isinstance(one, Select) or one for one in meant)]
    if not possible:
        return false()
    return study.c.id.in_(select(_array.study_fk).where(or_(*(_in_array(field, meant) for meant in possible))))


def _in_array(field: int, meant: Sequence[_Meant]) -> ColumnElement[bool]:
    """As :func:`_all_of`, of the array that PostgreSQL keeps of the words of a study (migration 0007)."""
    terms: list[ColumnElement[bool]] = []
    for one in meant:
        if isinstance(one, Select):
            terms.append(exists().where(_row.study_fk == _array.study_fk, _row.field == field, _row.word_fk.in_(one)))
        else:
            numbers = [number * 2 + field for number in one]
            terms.append(_array.words.contains(numbers) if len(numbers) == 1 else _array.words.overlap(numbers))
    return and_(*terms)


def _all_of(connection: Connection, field: int, meant: Sequence[_Meant]) -> ColumnElement[bool]:
    if any(isinstance(one, Sequence) and not one for one in meant):
        return false()
    first = _rarest(connection, field, meant)
    terms: list[ColumnElement[bool]] = []
    for number, one in enumerate(meant):
        if number == first:
            terms.append(study.c.id.in_(select(_row.study_fk).where(_row.field == field, _row.word_fk.in_(one))))
        else:
            of_study = (_row.study_fk == study.c.id, _row.field == field, _row.word_fk.in_(one))
            terms.append(exists().where(*of_study))
    return and_(true(), *terms)


def _rarest(connection: Connection, field: int, meant: Sequence[_Meant]) -> int:
    """Which of them the fewest studies have; -1: all are common."""
    counts = []
    for one in meant:
        some = select(_row.study_fk).where(_row.word_fk.in_(one), _row.field == field).limit(_RARE).subquery()
        counts.append(connection.execute(select(func.count()).select_from(some)).scalar_one())
    fewest = min(counts)
    return counts.index(fewest) if fewest < _RARE else -1


def _beginning_with(connection: Connection, word: str) -> _Meant:
    beginning = select(_word.id).where(_word.word.like(f"{word}%"))
    found = connection.execute(beginning.limit(_MOST_NAMED + 1)).scalars().all()
    return beginning if len(found) > _MOST_NAMED else found


def _near(connection: Connection, word: str) -> Sequence[int] | None:
    """Words that one typing error may have made of this one.

    One of its halves is whole then, or two letters beside each other have changed places.
    """
    if len(word) < _SHORTEST_MISSPELT:
        return None
    half = len(word) // 2
    swapped = [word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)]
    candidates = select(_word.id, _word.word).where(
        func.length(_word.word).between(len(word) - 1, len(word) + 1),
        or_(
            _word.word.like(f"{word[:half]}%"),
            _word.reversed.like(f"{word[half:][::-1]}%"),
            _word.word.in_(swapped),
        ),
    )
    return [row.id for row in connection.execute(candidates) if misspelt(word, row.word)]
