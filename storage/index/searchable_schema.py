"""The tables of what is searched beside the columns: attributes that an administrator adds, and words."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
)

from storage.index.schema import Key, UTCDateTime, metadata

# Ordered bytewise on both engines, so that a prefix and a range can use an index whatever the language of the database.
Bytewise = Text().with_variant(Text(collation="C"), "postgresql")

search_attribute = Table(
    "search_attribute",
    metadata,
    Column("id", Key, primary_key=True),
    Column("path", Text, nullable=False, unique=True),  # tags, with dots into sequences: 00400275.00400009
    Column("vr", String(2), nullable=False),
    Column("level", String(8), nullable=False),
    Column("state", String(8), nullable=False),
    Column("position", BigInteger, nullable=False, server_default="0"),  # the last instance that was looked at
    Column("seen", BigInteger, nullable=False, server_default="0"),  # the newest instance when it was added
    Column("settled", Boolean, nullable=False, server_default="0"),  # all processes knew it when the last pass began
    Column("changed_at", UTCDateTime, nullable=False),
    Column("changed_by", Text, nullable=False, server_default=""),
    CheckConstraint("level IN ('PATIENT', 'STUDY', 'SERIES', 'IMAGE')", name="level"),
    CheckConstraint("state IN ('filling', 'ready', 'removing')", name="state"),
    sqlite_autoincrement=True,  # what a process still writes of a removed attribute must not become another's
)


def _values(owner: str) -> Table:
    """Values of studies, series or instances.

    ``item`` names the item of the outermost sequence that a value is in, ``leaf`` that of the innermost; 0: in none.
    ``attribute_id`` has no foreign key: a process that has not heard of a removal yet may write on.
    """
    return Table(
        f"{owner}_value",
        metadata,
        Column("owner_fk", ForeignKey(f"{owner}.id", ondelete="CASCADE"), nullable=False),
        Column("attribute_id", Key, nullable=False),
        Column("item", BigInteger, nullable=False),
        Column("leaf", BigInteger, nullable=False),
        Column("value", Bytewise, nullable=False),
        PrimaryKeyConstraint("owner_fk", "attribute_id", "item", "leaf", "value"),
        Index(None, "attribute_id", "value", "owner_fk"),
        sqlite_with_rowid=False,
    )


study_value = _values("study")
series_value = _values("series")
instance_value = _values("instance")

# Every word that studies are found by, once; reversed, so that a word is found by its end too.
word = Table(
    "word",
    metadata,
    Column("id", Key, primary_key=True),
    Column("word", Bytewise, nullable=False, unique=True),
    Column("reversed", Bytewise, nullable=False),
    Index(None, "reversed"),
)

# Which words a study is found by; field 0: of the patient's name, 1: of the referring physician's, 2: of other texts.
study_word = Table(
    "study_word",
    metadata,
    Column("study_fk", ForeignKey("study.id", ondelete="CASCADE"), nullable=False),
    Column("field", SmallInteger, nullable=False),
    Column("word_fk", ForeignKey("word.id"), nullable=False),
    PrimaryKeyConstraint("study_fk", "field", "word_fk"),
    Index(None, "word_fk", "field", "study_fk"),
    sqlite_with_rowid=False,
)
