"""Attributes that are searched beside the columns, their values, and the words of names and other texts."""

from collections.abc import Iterator
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from storage.dicom.text import tokens

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
# Scheduled Procedure Step Description, Scheduled Procedure Step ID and Requested Procedure ID of the request.
_REQUEST_ATTRIBUTES = (("00400275.00400007", "LO"), ("00400275.00400009", "SH"), ("00400275.00401001", "SH"))
_TEXTS = ("search_patient_name", "search_referring_physician_name", "search_text")
_AT_ONCE = 2_000


def upgrade() -> None:
    """Make the tables; note the attributes of the request and the words of all studies."""
    _search_attribute()
    for owner in ("study", "series", "instance"):
        _values(owner)
    _words()
    connection = op.get_bind()
    _register(connection)
    _note_words(connection)


def _search_attribute() -> None:
    op.create_table(
        "search_attribute",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("vr", sa.String(length=2), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("seen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("settled", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("level IN ('PATIENT', 'STUDY', 'SERIES', 'IMAGE')", name=op.f("ck_search_attribute_level")),
        sa.CheckConstraint("state IN ('filling', 'ready', 'removing')", name=op.f("ck_search_attribute_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_attribute")),
        sa.UniqueConstraint("path", name=op.f("uq_search_attribute_path")),
        sqlite_autoincrement=True,
    )


def _values(owner: str) -> None:
    table = f"{owner}_value"
    op.create_table(
        table,
        sa.Column("owner_fk", _KEY, nullable=False),
        sa.Column("attribute_id", _KEY, nullable=False),
        sa.Column("item", sa.BigInteger(), nullable=False),
        sa.Column("leaf", sa.BigInteger(), nullable=False),
        sa.Column("value", _BYTEWISE, nullable=False),
        sa.ForeignKeyConstraint(["owner_fk"], [f"{owner}.id"], name=op.f(f"fk_{table}_owner_fk"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("owner_fk", "attribute_id", "item", "leaf", "value", name=op.f(f"pk_{table}")),
        sqlite_with_rowid=False,
    )
    columns = ["attribute_id", "value", "owner_fk"]
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns)


def _words() -> None:
    op.create_table(
        "word",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("word", _BYTEWISE, nullable=False),
        sa.Column("reversed", _BYTEWISE, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_word")),
        sa.UniqueConstraint("word", name=op.f("uq_word_word")),
    )
    op.create_index(op.f("ix_word_reversed"), "word", ["reversed"])
    op.create_table(
        "study_word",
        sa.Column("study_fk", _KEY, nullable=False),
        sa.Column("field", sa.SmallInteger(), nullable=False),
        sa.Column("word_fk", _KEY, nullable=False),
        sa.ForeignKeyConstraint(["study_fk"], ["study.id"], name=op.f("fk_study_word_study_fk"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["word_fk"], ["word.id"], name=op.f("fk_study_word_word_fk")),
        sa.PrimaryKeyConstraint("study_fk", "field", "word_fk", name=op.f("pk_study_word")),
        sqlite_with_rowid=False,
    )
    columns = ["word_fk", "field", "study_fk"]
    op.create_index(op.f("ix_study_word_word_fk_field_study_fk"), "study_word", columns)


def _register(connection: sa.Connection) -> None:
    newest = connection.execute(sa.text("SELECT coalesce(max(id), 0) FROM instance")).scalar_one()
    table = sa.table(
        "search_attribute",
        *(sa.column(name) for name in ("path", "vr", "level", "state", "seen")),
        sa.column("changed_at", sa.DateTime(timezone=True)),
    )
    for path, vr in _REQUEST_ATTRIBUTES:
        values = {"path": path, "vr": vr, "level": "SERIES", "state": "filling" if newest else "ready"}
        connection.execute(table.insert(), {**values, "seen": newest, "changed_at": datetime.now(UTC)})


def _note_words(connection: sa.Connection) -> None:
    """The words of all studies there are; some millions of rows where there are many."""
    numbers: dict[str, int] = {}
    last = 0
    while True:
        statement = sa.text(f"SELECT id, {', '.join(_TEXTS)} FROM study WHERE id > :last ORDER BY id LIMIT {_AT_ONCE}")  # noqa: S608
        found = connection.execute(statement, {"last": last}).all()
        if not found:
            return
        last = found[-1][0]
        rows = {(row[0], field, word) for row in found for field, word in _words_of(*row[1:])}
        new = sorted({word for _, _, word in rows} - numbers.keys())
        for word in new:
            numbers[word] = len(numbers) + 1
        if new:
            connection.execute(
                sa.text("INSERT INTO word (id, word, reversed) VALUES (:id, :word, :reversed)"),
                [{"id": numbers[word], "word": word, "reversed": word[::-1]} for word in new],
            )
        if rows:
            connection.execute(
                sa.text("INSERT INTO study_word (study_fk, field, word_fk) VALUES (:study, :field, :word)"),
                [{"study": study, "field": field, "word": numbers[word]} for study, field, word in sorted(rows)],
            )
        if connection.dialect.name == "postgresql" and new:
            connection.execute(
                sa.text("SELECT setval(pg_get_serial_sequence('word', 'id'), :last)"), {"last": len(numbers)}
            )


def _words_of(patient: str, physician: str, texts: str) -> Iterator[tuple[int, str]]:
    """Field and word: both names, and what else the study list finds a study by, but for numbers."""
    named = set(tokens(patient))
    others = {word for word in texts.split() if not any(character.isdigit() for character in word)} - named
    for field, words in enumerate((named, set(tokens(physician)), others)):
        for word in {word[:64] for word in words}:
            yield field, word
