"""The table that holds the head of the audit trail's chain: one row."""

from sqlalchemy import BigInteger, Column, Integer, String, Table

from storage.index.schema import UTCDateTime, metadata

__all__ = ["audit_chain", "metadata"]

audit_chain = Table(
    "audit_chain",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("chain", String(32), nullable=False),  # which chain this is, a random name
    Column("position", BigInteger, nullable=False),  # of the last sealed line; 0: none
    Column("hash", String(64), nullable=False),
    Column("sealed_at", UTCDateTime, nullable=False),
    # What was removed by policy ends here: the line before the first one kept. 0: nothing was.
    Column("base_position", BigInteger, nullable=False),
    Column("base_hash", String(64), nullable=False),
    # How far signed statements outside the database go, and when the last one was made that stays.
    Column("anchored_position", BigInteger, nullable=False),
    Column("anchored_at", UTCDateTime),
    Column("kept_at", UTCDateTime),
)
