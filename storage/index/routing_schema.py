"""The tables of what this archive sends by itself: rules, what is owed to whom, and commitments it asks for."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from storage.index.schema import Key, UTCDateTime, metadata

# Rules of an administrator: which instances go to whom. Lists are separated by backslashes; empty: every one.
route = Table(
    "route",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", String(128), nullable=False, unique=True),
    Column("enabled", Boolean, nullable=False, server_default="1"),
    Column("destinations", Text, nullable=False),  # AE titles
    Column("confirm", Boolean, nullable=False, server_default="0"),  # ask for storage commitment afterwards
    Column("source_ae_titles", Text, nullable=False, server_default=""),
    Column("modalities", Text, nullable=False, server_default=""),
    Column("description", Text, nullable=False, server_default=""),  # words of study or series description
    Column("received_hours", String(11), nullable=False, server_default=""),  # HH:MM-HH:MM; empty: always
    Column("received_days", String(7), nullable=False, server_default=""),  # 1 is Monday; empty: every day
    Column("send_hours", String(11), nullable=False, server_default=""),
    Column("since", UTCDateTime, nullable=False),  # what was received before is none of its business
    Column("created_by", Text, nullable=False, server_default=""),
)

# How far new instances were looked at: studies that changed before were.
routing_mark = Table(
    "routing_mark",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("looked_until", UTCDateTime, nullable=False),
)

# What is owed to an AE, until it has it: the instances of a study, news of them, or the result of a commitment.
delivery = Table(
    "delivery",
    metadata,
    Column("id", Key, primary_key=True),
    Column("kind", String(8), nullable=False),  # 'store' | 'notify' | 'confirm' | 'report'
    Column("ae_title", String(16), nullable=False),
    # Study Instance UID; of a report the Transaction UID
    Column("subject", String(64), nullable=False),
    Column("send_hours", String(11), nullable=False, server_default=""),
    Column("confirm", Boolean, nullable=False, server_default="0"),
    Column("state", String(9), nullable=False, server_default="waiting"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", UTCDateTime),  # None: something else has to happen first
    Column("lease_owner", String(64), nullable=False, server_default=""),
    Column("lease_until", UTCDateTime),
    Column("error", Text, nullable=False, server_default=""),
    Column("created_at", UTCDateTime, nullable=False),
    Column("updated_at", UTCDateTime, nullable=False),
    Column("finished_at", UTCDateTime),
    CheckConstraint("kind IN ('store', 'notify', 'confirm', 'report')", name="kind"),
    CheckConstraint("state IN ('waiting', 'done', 'failed', 'cancelled')", name="state"),
    UniqueConstraint("kind", "ae_title", "subject", "send_hours"),
    Index(None, "state", "next_at", "id"),
    Index(None, "subject"),
    Index(None, "lease_owner"),
    Index(None, "finished_at"),
)

delivery_instance = Table(
    "delivery_instance",
    metadata,
    Column("id", Key, primary_key=True),
    Column("delivery_fk", ForeignKey("delivery.id", ondelete="CASCADE"), nullable=False),
    Column("instance_fk", ForeignKey("instance.id", ondelete="CASCADE"), nullable=False),
    Column("state", String(7), nullable=False, server_default="waiting"),  # 'waiting' | 'sent' | 'refused'
    Column("status", Integer),  # what the peer answered last
    Column("error", Text, nullable=False, server_default=""),
    CheckConstraint("state IN ('waiting', 'sent', 'refused')", name="state"),
    UniqueConstraint("delivery_fk", "instance_fk"),
    Index(None, "delivery_fk", "state", "instance_fk"),
    Index(None, "instance_fk"),
)

# Storage commitment that this archive asks another for, with what it answered.
asked_commitment = Table(
    "asked_commitment",
    metadata,
    Column("id", Key, primary_key=True),
    Column("transaction_uid", String(64), nullable=False, unique=True),
    Column("ae_title", String(16), nullable=False),
    Column("delivery_fk", ForeignKey("delivery.id", ondelete="SET NULL")),
    Column("asked_at", UTCDateTime, nullable=False),
    Column("answered_at", UTCDateTime),
    Index(None, "delivery_fk"),
    Index(None, "asked_at"),
)

asked_instance = Table(
    "asked_instance",
    metadata,
    Column("id", Key, primary_key=True),
    Column("asked_commitment_fk", ForeignKey("asked_commitment.id", ondelete="CASCADE"), nullable=False),
    Column("sop_class_uid", String(64), nullable=False),
    Column("sop_instance_uid", String(64), nullable=False),
    Column("failure_reason", Integer),  # None: nothing was said of it; 0: committed
    Index(None, "asked_commitment_fk", "sop_instance_uid"),
)
