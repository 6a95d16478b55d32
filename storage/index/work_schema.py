"""Tables of what is done with instances and not of the instances themselves: removals, commitments, work items.

They belong to the same metadata as :mod:`storage.index.schema`; migrations know both.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from storage.index.schema import Key, UTCDateTime, metadata

__all__ = [
    "commitment",
    "commitment_instance",
    "hold",
    "metadata",
    "removal",
    "removed_object",
    "work_item",
    "work_item_event",
    "work_item_subscription",
]

# While there is one that is not released, nothing of the study is removed, whoever asks.
hold = Table(
    "hold",
    metadata,
    Column("id", Key, primary_key=True),
    Column("study_instance_uid", String(64), nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("placed_at", UTCDateTime, nullable=False),
    Column("placed_by", Text, nullable=False),
    Column("released_at", UTCDateTime),
    Column("released_by", Text, nullable=False, server_default=""),
)

# One act of removing; it stays for good, and is what makes an address answer "gone".
removal = Table(
    "removal",
    metadata,
    Column("id", Key, primary_key=True),
    Column("level", String(8), nullable=False),  # 'study' | 'series' | 'instance'
    Column("study_instance_uid", String(64), nullable=False),
    Column("series_instance_uid", String(64), nullable=False, server_default=""),
    Column("sop_instance_uid", String(64), nullable=False, server_default=""),
    Column("facility_id", ForeignKey("facility.id"), nullable=False),
    Column("patient_id", Text, nullable=False, server_default=""),
    Column("reason", String(32), nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("number_of_instances", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("removed_at", UTCDateTime, nullable=False),
    Column("removed_by", Text, nullable=False),
    Column("erase_after", UTCDateTime, nullable=False),
    Column("restored_at", UTCDateTime),
    Column("restored_by", Text, nullable=False, server_default=""),
    CheckConstraint("level IN ('study', 'series', 'instance')", name="level"),
    Index("ix_removal_uids", "study_instance_uid", "series_instance_uid", "sop_instance_uid"),
    Index(None, "removed_at"),
)

# What each removal took, and which object is still there until the time for second thoughts is over.
removed_object = Table(
    "removed_object",
    metadata,
    Column("id", Key, primary_key=True),
    Column("removal_fk", ForeignKey("removal.id", ondelete="CASCADE"), nullable=False),
    Column("series_instance_uid", String(64), nullable=False, server_default=""),
    Column("sop_instance_uid", String(64), nullable=False, server_default=""),  # empty: something derived
    Column("object_key", Text, nullable=False, index=True),
    Column("spool_name", Text, nullable=False, server_default=""),
    Column("size", BigInteger, nullable=False, server_default="0"),
    Column("dataset_sha256", String(64), nullable=False, server_default=""),
    Column("erase_after", UTCDateTime),  # None: nothing is left to erase
    Column("erased_at", UTCDateTime),
    Index(None, "removal_fk"),
    Index(None, "erase_after"),
    Index(None, "sop_instance_uid"),
    Index(None, "spool_name"),
)

# Requests of storage commitment, with what was found; answered long after the instances themselves.
commitment = Table(
    "commitment",
    metadata,
    Column("id", Key, primary_key=True),
    Column("transaction_uid", String(64), nullable=False, unique=True),
    Column("state", String(8), nullable=False, server_default="pending"),  # 'pending' | 'done'
    Column("by_study", Boolean, nullable=False, server_default="0"),
    Column("requester_kind", String(16), nullable=False),
    Column("requester", Text, nullable=False),
    Column("requested_at", UTCDateTime, nullable=False),
    Column("finished_at", UTCDateTime),
    CheckConstraint("state IN ('pending', 'done')", name="state"),
    Index(None, "state", "id"),
)

commitment_instance = Table(
    "commitment_instance",
    metadata,
    Column("id", Key, primary_key=True),
    Column("commitment_fk", ForeignKey("commitment.id", ondelete="CASCADE"), nullable=False),
    Column("study_instance_uid", String(64), nullable=False, server_default=""),
    Column("series_instance_uid", String(64), nullable=False, server_default=""),
    Column("sop_class_uid", String(64), nullable=False, server_default=""),
    Column("sop_instance_uid", String(64), nullable=False),
    Column("failure_reason", Integer),  # None: not looked at yet; 0: committed
    Index(None, "commitment_fk", "id"),
)

# Unified procedure steps. The data set is kept whole; what is searched most has a column beside it.
work_item = Table(
    "work_item",
    metadata,
    Column("id", Key, primary_key=True),
    Column("sop_instance_uid", String(64), nullable=False, unique=True),
    Column("facility_id", ForeignKey("facility.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("transaction_uid", String(64), nullable=False, server_default=""),
    Column("patient_id", Text, nullable=False, server_default=""),
    Column("study_instance_uid", String(64), nullable=False, server_default=""),
    Column("scheduled_at", String(26), nullable=False, server_default=""),  # as sent, without its zone
    Column("data_set", LargeBinary, nullable=False),  # DICOM JSON, compressed
    Column("created_at", UTCDateTime, nullable=False),
    Column("updated_at", UTCDateTime, nullable=False),
    Column("final_at", UTCDateTime),
    CheckConstraint("state IN ('SCHEDULED', 'IN PROGRESS', 'COMPLETED', 'CANCELED')", name="state"),
    Index(None, "state", "scheduled_at", "id"),
    Index(None, "scheduled_at", "id"),
    Index(None, "patient_id"),
    Index(None, "study_instance_uid"),
    Index(None, "final_at"),
)

work_item_subscription = Table(
    "work_item_subscription",
    metadata,
    Column("id", Key, primary_key=True),
    Column("subscriber", String(64), nullable=False),
    # The UID of a work item, or one of the two well-known UIDs that stand for all.
    Column("target_uid", String(64), nullable=False),
    Column("deletion_lock", Boolean, nullable=False, server_default="0"),
    Column("filter", Text, nullable=False, server_default=""),  # JSON: keys of a query
    Column("facilities", Text, nullable=False, server_default=""),  # JSON list of ids in reach; empty: every one
    Column("created_at", UTCDateTime, nullable=False),
    UniqueConstraint("subscriber", "target_uid"),
    Index(None, "target_uid"),
)

# Event reports that wait for their subscriber to be connected, for a while.
work_item_event = Table(
    "work_item_event",
    metadata,
    Column("id", Key, primary_key=True),
    Column("subscriber", String(64), nullable=False),
    Column("at", UTCDateTime, nullable=False),
    Column("report", Text, nullable=False),  # DICOM JSON
    Index(None, "subscriber", "id"),
    Index(None, "at"),
)
