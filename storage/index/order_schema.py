"""Tables of what is ordered and what was performed: orders, their scheduled steps, performed steps, and their studies.

They belong to the same metadata as :mod:`storage.index.schema`; migrations know them too.
"""

from sqlalchemy import (
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

__all__ = ["imaging_order", "metadata", "order_step", "order_study", "performed_order", "performed_step"]

_STATES = "('scheduled', 'in-progress', 'completed', 'discontinued', 'cancelled')"

# One requested procedure of one patient. What is searched has a column; all else is in ``details`` (JSON).
imaging_order = Table(
    "imaging_order",
    metadata,
    Column("id", Key, primary_key=True),
    Column("facility_id", ForeignKey("facility.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),  # grows with each change
    Column("patient_name", Text, nullable=False),
    Column("patient_id", Text, nullable=False),
    Column("patient_birth_date", String(8), nullable=False, server_default=""),
    Column("accession_number", Text, nullable=False, server_default=""),
    Column("requested_procedure_id", Text, nullable=False, server_default=""),
    # What machines are told to send under; they do not always.
    Column("study_instance_uid", String(64), nullable=False, unique=True),
    Column("details", Text, nullable=False, server_default="{}"),
    Column("scheduled_date", String(8), nullable=False),  # of the first step
    Column("scheduled_time", String(6), nullable=False, server_default=""),
    Column("search_text", Text, nullable=False, server_default=""),
    Column("created_at", UTCDateTime, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("updated_at", UTCDateTime, nullable=False),
    Column("final_at", UTCDateTime),
    CheckConstraint(f"state IN {_STATES}", name="state"),
    Index(None, "scheduled_date", "scheduled_time", "id"),
    Index(None, "state", "scheduled_date"),
    Index(None, "patient_id"),
    Index(None, "accession_number"),
    Index(None, "final_at"),
)

# One scheduled procedure step: an entry of the worklist while it is scheduled or in progress.
order_step = Table(
    "order_step",
    metadata,
    Column("id", Key, primary_key=True),
    Column("order_fk", ForeignKey("imaging_order.id", ondelete="CASCADE"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("step_id", Text, nullable=False, server_default=""),
    Column("modality", String(16), nullable=False),
    Column("scheduled_date", String(8), nullable=False),
    Column("scheduled_time", String(6), nullable=False, server_default=""),
    # AE titles with backslashes before, between and after; a backslash alone: any machine of the modality.
    Column("stations", Text, nullable=False, server_default="\\"),
    Column("details", Text, nullable=False, server_default="{}"),
    CheckConstraint(f"state IN {_STATES}", name="state"),
    Index(None, "order_fk"),
    Index(None, "state", "scheduled_date", "scheduled_time", "id"),
)

# The studies that machines sent for an order, and how each was known to be of it.
order_study = Table(
    "order_study",
    metadata,
    Column("id", Key, primary_key=True),
    Column("order_fk", ForeignKey("imaging_order.id", ondelete="CASCADE"), nullable=False),
    Column("study_instance_uid", String(64), nullable=False, index=True),
    Column("found_by", String(16), nullable=False),  # 'study' | 'accession' | 'step' | 'patient' | 'report' | 'hand'
    Column("found_at", UTCDateTime, nullable=False),
    UniqueConstraint("order_fk", "study_instance_uid"),
)

# What a machine reports of its work (MPPS); the data set is kept whole.
performed_step = Table(
    "performed_step",
    metadata,
    Column("id", Key, primary_key=True),
    Column("sop_instance_uid", String(64), nullable=False, unique=True),
    Column("facility_id", ForeignKey("facility.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("ae_title", String(16), nullable=False, server_default=""),
    Column("patient_id", Text, nullable=False, server_default=""),
    Column("study_instance_uid", String(64), nullable=False, server_default=""),
    Column("data_set", LargeBinary, nullable=False),  # DICOM JSON, compressed
    Column("created_at", UTCDateTime, nullable=False),
    Column("updated_at", UTCDateTime, nullable=False),
    Column("final_at", UTCDateTime),
    CheckConstraint("state IN ('IN PROGRESS', 'COMPLETED', 'DISCONTINUED')", name="state"),
    Index(None, "ae_title", "state"),
    Index(None, "study_instance_uid"),
    Index(None, "final_at"),
)

# Which scheduled steps a performed step is of: none when unscheduled, several when done in one go.
performed_order = Table(
    "performed_order",
    metadata,
    Column("id", Key, primary_key=True),
    Column("performed_fk", ForeignKey("performed_step.id", ondelete="CASCADE"), nullable=False),
    Column("order_step_fk", ForeignKey("order_step.id", ondelete="CASCADE"), nullable=False),
    UniqueConstraint("performed_fk", "order_step_fk"),
    Index(None, "order_step_fk"),
)
