"""The table of the studies that each person has opened."""

from sqlalchemy import Column, ForeignKey, Index, Table

from storage.index.schema import UTCDateTime, metadata

__all__ = ["metadata", "opened_study"]

opened_study = Table(
    "opened_study",
    metadata,
    Column("account_fk", ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("study_fk", ForeignKey("study.id", ondelete="CASCADE"), primary_key=True),
    Column("opened_at", UTCDateTime, nullable=False),
    Index(None, "study_fk"),
)
