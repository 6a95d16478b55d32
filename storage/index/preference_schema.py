"""The table of what people have set for themselves: layouts, keys, filters."""

from sqlalchemy import Column, ForeignKey, String, Table, Text

from storage.index.schema import UTCDateTime, metadata

__all__ = ["metadata", "preference"]

preference = Table(
    "preference",
    metadata,
    Column("account_fk", ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(32), primary_key=True),
    Column("document", Text, nullable=False),  # JSON, which only the viewer reads
    Column("changed_at", UTCDateTime, nullable=False),
)
