"""Studies found by words: any order, no diacritics, one typing error (PS3.4 §C.2.2.2.1, PS3.18 §8.3.4.2).

Each study has a row for each word of its names and of the other texts that the study list searches; the words
themselves are few (tens of thousands in millions of names), so that those which begin alike, or are one error away, are
found among them first. What has digits in it is as good as never borne by two studies and is found by
:mod:`storage.index.fragments`.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    MetaData,
    Select,
    SmallInteger,
    String,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    false,
    func,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from storage.dicom.text import misspelt, tokens
from storage.index.instances import insert_or_ignore_in
from storage.index.prepared import Ready
from storage.index.schema import study
from storage.index.searchable_schema import study_word, word

__all__ = ["FIELDS", "Connection", "any_order", "are_letters", "beginnings", "note_words", "study_words", "within_row"]

# The columns of a study that have words, and the number they have there.
FIELDS = {"search_patient_name": 0, "search_referring_physician_name": 1}
# Of the words of the patient ID, accession number and description, those that the patient's name has not.
OTHERS = 2
# Those of which the study list's one box finds words.
LISTED = (FIELDS["search_patient_name"], OTHERS)
MOST_WORDS = 16
_LONGEST_WORD = 64
# A word that fewer studies have is looked up first.
_RARE = 5_000
_MOST_NAMED = 200
_SHORTEST_MISSPELT = 3

_row, _word = study_word.c, word.c
# PostgreSQL's own, kept by the database (migration 0007): all words of a study as one array, with what a search for
# them is ordered and narrowed by, so that nothing else need be read. Its id is that of the study.
study_words = Table(
    "study_words",
    MetaData(),
    Column("id", BigInteger, primary_key=True),
    Column("study_date", String),
    Column("study_time", String),
    Column("facility_id", BigInteger),
    Column("words", ARRAY(BigInteger)),
)


def are_letters(text: str) -> bool:
    """Whether a word is one that is noted: it has no digit."""
    return not any(character.isdigit() for character in text)


def note_words(connection: Connection, study_id: int, said: Mapping[str, Any], *, new: bool) -> None:
    """Note the words of these columns of a study; unless it is ``new``, instead of those that they had before."""
    noted: dict[int, set[str]] = {
        field: set(tokens(said[column])) for column, field in FIELDS.items() if said.get(column)
    }
    if said.get("search_text"):
        noted[OTHERS] = set(filter(are_letters, said["search_text"].split())) - noted.get(LISTED[0], set())
    if not new:
        for field in noted:
            _FORGET.run(connection, {"study": study_id, "field_": field})
    rows = sorted({(field, one[:_LONGEST_WORD]) for field, of_field in noted.items() for one in of_field})
    for start in range(0, len(rows), MOST_WORDS):
        _add(connection, study_id, rows[start : start + MOST_WORDS])


def _add(connection: Connection, study_id: int, rows: Sequence[tuple[int, str]]) -> None:
    values: dict[str, Any] = {"study": study_id}
    for number, (field, one) in enumerate(rows):
        values |= {f"field{number}": field, f"word{number}": one}
    adding = _adding(len(rows))
    if adding.run(connection, values).rowcount < len(rows):
        for _, one in rows:
            _ADD_WORD.run(connection, {"word": one, "reversed": one[::-1]})
        adding.run(connection, values)


@lru_cache(maxsize=MOST_WORDS)
def _adding(number: int) -> Ready:
    """So many words of a study in one statement; a word that nobody has noted yet is left out."""

    def statement(dialect: Dialect) -> Any:
        given = union_all(
            *(
                select(
                    cast(bindparam(f"field{one}"), SmallInteger).label("field"),
                    cast(bindparam(f"word{one}"), Text).label("word"),
                )
                for one in range(number)
            )
        ).subquery("given")
        chosen = select(cast(bindparam("study"), BigInteger), given.c.field, _word.id).join(
            word, _word.word == given.c.word
        )
        return insert_or_ignore_in(dialect, study_word).from_select(["study_fk", "field", "word_fk"], chosen)

    return Ready(statement)


_FORGET = Ready(
    lambda _: delete(study_word).where(_row.study_fk == bindparam("study"), _row.field == bindparam("field_"))
)
_ADD_WORD = Ready(lambda dialect: insert_or_ignore_in(dialect, word), ("word", "reversed"))


def any_order(connection: Connection, field: int, text: str, *, misspelling: bool) -> ColumnElement[bool]:
    """Every word of the text begins a word of the name; with ``misspelling`` one of them is one error away instead."""
    if not tokens(text):
        return true()
    if connection.dialect.name == "postgresql":
        return _of_study(within_row(connection, field, text, misspelling=misspelling))
    found = _variants(connection, text, misspelling=misspelling)
    return or_(false(), *(_all_of(connection, (field,), meant) for meant in found))


def within_row(connection: Connection, field: int, text: str, *, misspelling: bool) -> ColumnElement[bool]:
    """As :func:`any_order`, of a row of :data:`study_words`, on PostgreSQL."""
    found = _variants(connection, text, misspelling=misspelling)
    possible = [meant for meant in found if all(isinstance(one, Select) or one for one in meant)]
    return or_(false(), *(_in_array((field,), meant) for meant in possible)) if tokens(text) else true()


def beginnings(connection: Connection, words: Iterable[str]) -> ColumnElement[bool]:
    """Every one of these words, which have no digits, begins a word that the study list finds the study by."""
    meant = [_beginning_with(connection, one) for one in words]
    if not meant:
        return true()
    if connection.dialect.name == "postgresql":
        possible = all(isinstance(one, Select) or one for one in meant)
        return _of_study(_in_array(LISTED, meant) if possible else false())
    return _all_of(connection, LISTED, meant)


_Meant = Sequence[int] | Select[tuple[int]]


def _variants(connection: Connection, text: str, *, misspelling: bool) -> list[list[_Meant]]:
    words = list(dict.fromkeys(one[:_LONGEST_WORD] for one in tokens(text)))[:MOST_WORDS]
    meant = [_beginning_with(connection, one) for one in words]
    found = [list(meant)]
    if misspelling:  # it may be in another word of the query than the one that nobody bears
        for number, one in enumerate(words):
            near = _near(connection, one)
            if near:
                found.append([*meant[:number], near, *meant[number + 1 :]])
    return found


def _of_study(term: ColumnElement[bool]) -> ColumnElement[bool]:
    return study.c.id.in_(select(study_words.c.id).where(term))


def _in_array(fields: Sequence[int], meant: Sequence[_Meant]) -> ColumnElement[bool]:
    """As :func:`_all_of`, of the array that PostgreSQL keeps of the words of a study."""
    terms: list[ColumnElement[bool]] = []
    for one in meant:
        if isinstance(one, Select):
            mine = (_row.study_fk == study_words.c.id, _row.field.in_(fields), _row.word_fk.in_(one))
            terms.append(exists().where(*mine))
        else:
            numbers = [number * 4 + field for number in one for field in fields]
            single = len(numbers) == 1
            terms.append(study_words.c.words.contains(numbers) if single else study_words.c.words.overlap(numbers))
    return and_(*terms)


def _all_of(connection: Connection, fields: Sequence[int], meant: Sequence[_Meant]) -> ColumnElement[bool]:
    if any(isinstance(one, Sequence) and not one for one in meant):
        return false()
    first = _rarest(connection, fields, meant)
    terms: list[ColumnElement[bool]] = []
    for number, one in enumerate(meant):
        borne = (_row.field.in_(fields), _row.word_fk.in_(one))
        if number == first:
            terms.append(study.c.id.in_(select(_row.study_fk).where(*borne)))
        else:
            terms.append(exists().where(_row.study_fk == study.c.id, *borne))
    return and_(true(), *terms)


def _rarest(connection: Connection, fields: Sequence[int], meant: Sequence[_Meant]) -> int:
    """Which of them the fewest studies have; -1: all are common."""
    counts = []
    for one in meant:
        some = select(_row.study_fk).where(_row.word_fk.in_(one), _row.field.in_(fields)).limit(_RARE).subquery()
        counts.append(connection.execute(select(func.count()).select_from(some)).scalar_one())
    fewest = min(counts)
    return counts.index(fewest) if fewest < _RARE else -1


def _beginning_with(connection: Connection, begun: str) -> _Meant:
    beginning = select(_word.id).where(_word.word.like(f"{begun[:_LONGEST_WORD]}%"))
    found = connection.execute(beginning.limit(_MOST_NAMED + 1)).scalars().all()
    return beginning if len(found) > _MOST_NAMED else found


def _near(connection: Connection, meant: str) -> Sequence[int] | None:
    """Words that one typing error may have made of this one.

    One of its halves is whole then, or two letters beside each other have changed places.
    """
    if len(meant) < _SHORTEST_MISSPELT:
        return None
    half = len(meant) // 2
    swapped = [meant[:at] + meant[at + 1] + meant[at] + meant[at + 2 :] for at in range(len(meant) - 1)]
    candidates = select(_word.id, _word.word).where(
        func.length(_word.word).between(len(meant) - 1, len(meant) + 1),
        or_(
            _word.word.like(f"{meant[:half]}%"),
            _word.reversed.like(f"{meant[half:][::-1]}%"),
            _word.word.in_(swapped),
        ),
    )
    return [row.id for row in connection.execute(candidates) if misspelt(meant, row.word)]
