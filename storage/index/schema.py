"""The tables of the index; the same on SQLite and PostgreSQL.

Times are UTC. Text columns that come from an instance hold the value as sent (decoded to Unicode); ``search_*`` columns
hold its normalised form (upper case, without diacritics, đ as D).
"""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect


class UTCDateTime(TypeDecorator[datetime]):
    """A timezone-aware UTC time on both engines (SQLite forgets the zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite only auto-increments a column that is exactly INTEGER.
Key = BigInteger().with_variant(Integer(), "sqlite")
# Ordered bytewise, so that one index gives both a beginning and an order, whatever the language of the database.
_BYTEWISE = Text().with_variant(Text(collation="C"), "postgresql")

facility = Table(
    "facility",
    metadata,
    Column("id", Key, primary_key=True),
    Column("code", String(64), nullable=False, unique=True),
    Column("name", Text, nullable=False, server_default=""),
    Column("gln", String(13), nullable=False, server_default=""),  # GS1 Global Location Number
    Column("tier", String(16), nullable=False, server_default=""),
    Column("parent_id", ForeignKey("facility.id")),
)

study = Table(
    "study",
    metadata,
    Column("id", Key, primary_key=True),
    Column("study_instance_uid", String(64), nullable=False, unique=True),
    Column("facility_id", ForeignKey("facility.id"), nullable=False),
    Column("patient_name", Text, nullable=False, server_default=""),
    Column("patient_id", Text, nullable=False, server_default=""),
    Column("issuer_of_patient_id", Text, nullable=False, server_default=""),
    Column("patient_birth_date", String(8), nullable=False, server_default=""),
    Column("patient_sex", String(16), nullable=False, server_default=""),
    Column("study_date", String(8), nullable=False, server_default=""),
    Column("study_time", String(16), nullable=False, server_default=""),
    Column("accession_number", Text, nullable=False, server_default=""),
    Column("study_id", Text, nullable=False, server_default=""),
    Column("study_description", Text, nullable=False, server_default=""),
    Column("referring_physician_name", Text, nullable=False, server_default=""),
    # Modalities in Study, backslash-separated and sorted, e.g. "CT\\SR"
    Column("modalities_in_study", Text, nullable=False, server_default=""),
    Column("number_of_series", Integer, nullable=False, server_default="0"),
    Column("number_of_instances", Integer, nullable=False, server_default="0"),
    # tokens of name, patient ID, accession number and description, normalised, for the study list's one search box
    Column("search_text", Text, nullable=False, server_default=""),
    Column("search_patient_name", _BYTEWISE, nullable=False, server_default=""),
    Column("search_referring_physician_name", Text, nullable=False, server_default=""),
    Column("received_at", UTCDateTime, nullable=False),
    Column("updated_at", UTCDateTime, nullable=False),
    Index(None, "updated_at"),
    Index(None, "facility_id", "updated_at"),
    Index(None, "facility_id", "patient_id"),
    # On PostgreSQL a prefix can use an index only if it is ordered bytewise, whatever the language of the database.
    Index(None, "patient_id", postgresql_ops={"patient_id": "text_pattern_ops"}),
    # These two hold all that a search is narrowed and ordered by, so that only rows that are shown are read.
    Index(
        "ix_study_newest",
        *("study_date", "study_time", "id", "facility_id", "modalities_in_study", "search_patient_name"),
    ),
    Index("ix_study_named", "search_patient_name", "study_date", "study_time", "id", "facility_id"),
    Index("ix_study_modalities", "modalities_in_study", "study_date", "study_time", "id", "facility_id"),
    Index(None, "patient_birth_date"),
    Index(None, "accession_number", postgresql_ops={"accession_number": "text_pattern_ops"}),
)

series = Table(
    "series",
    metadata,
    Column("id", Key, primary_key=True),
    Column("study_fk", ForeignKey("study.id", ondelete="CASCADE"), nullable=False),
    Column("series_instance_uid", String(64), nullable=False),
    Column("modality", String(16), nullable=False, server_default=""),
    Column("series_number", Integer),
    Column("series_description", Text, nullable=False, server_default=""),
    Column("series_date", String(8), nullable=False, server_default=""),
    Column("series_time", String(16), nullable=False, server_default=""),
    Column("body_part_examined", Text, nullable=False, server_default=""),
    Column("laterality", String(16), nullable=False, server_default=""),
    Column("performed_procedure_step_start_date", String(8), nullable=False, server_default=""),
    Column("performed_procedure_step_start_time", String(16), nullable=False, server_default=""),
    Column("number_of_instances", Integer, nullable=False, server_default="0"),
    # grows by one with each instance added; a series document made of an older revision is stale
    Column("revision", Integer, nullable=False, server_default="0"),
    Column("document_revision", Integer, nullable=False, server_default="0"),
    Column("document_key", Text, nullable=False, server_default=""),
    Column("document_etag", String(64), nullable=False, server_default=""),
    Column("received_at", UTCDateTime, nullable=False),
    Column("updated_at", UTCDateTime, nullable=False),
    UniqueConstraint("study_fk", "series_instance_uid"),
    Index(None, "series_instance_uid"),
    Index(None, "modality"),
    Index(None, "updated_at"),
)

instance = Table(
    "instance",
    metadata,
    Column("id", Key, primary_key=True),
    Column("series_fk", ForeignKey("series.id", ondelete="CASCADE"), nullable=False),
    Column("sop_instance_uid", String(64), nullable=False, unique=True),
    Column("sop_class_uid", String(64), nullable=False),
    Column("instance_number", Integer),
    Column("rows", Integer),
    Column("columns", Integer),
    Column("bits_allocated", Integer),
    Column("number_of_frames", Integer, nullable=False, server_default="0"),  # 0: not an image
    Column("transfer_syntax_uid", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("dataset_offset", Integer, nullable=False),
    Column("dataset_sha256", String(64), nullable=False),
    Column("location", String(8), nullable=False),  # 'spool' | 'object'
    Column("spool_name", Text, nullable=False, server_default=""),
    Column("object_key", Text, nullable=False),
    Column("source_ae_title", String(16), nullable=False, server_default=""),
    Column("facility_id", ForeignKey("facility.id"), nullable=False),
    Column("received_at", UTCDateTime, nullable=False),
    Column("stored_at", UTCDateTime),  # verified in the object store
    Column("verified_at", UTCDateTime),  # its object was last read back and hashed, and was right
    Column("committed_at", UTCDateTime),  # its safe keeping was confirmed to the sender (storage commitment)
    CheckConstraint("location IN ('spool', 'object')", name="location"),
    Index(None, "series_fk", "instance_number"),
    # What waits for the object store, with all that is asked of it: the queue's length and age are read here alone.
    Index(
        "ix_instance_waiting",
        "id",
        "spool_name",
        "size",
        "received_at",
        "location",  # SQLite reads the index alone only if this is in it too
        sqlite_where=text("location = 'spool'"),
        postgresql_where=text("location = 'spool'"),
    ),
)

# Kept apart so that the instance table stays narrow.
instance_header = Table(
    "instance_header",
    metadata,
    Column("instance_fk", ForeignKey("instance.id", ondelete="CASCADE"), primary_key=True),
    Column("header", LargeBinary, nullable=False),  # DICOM JSON without bulk data, compressed
    Column("frames", LargeBinary, nullable=False),  # frame offsets and lengths, compact; empty: not an image
)

ae = Table(
    "ae",
    metadata,
    Column("id", Key, primary_key=True),
    Column("ae_title", String(16), nullable=False, unique=True),
    Column("host", Text, nullable=False),
    Column("port", Integer, nullable=False),
    Column("facility_id", ForeignKey("facility.id"), nullable=False),
    Column("may_store", Boolean, nullable=False, server_default="1"),
    Column("may_query", Boolean, nullable=False, server_default="1"),
    Column("may_retrieve", Boolean, nullable=False, server_default="1"),
    Column("created_at", UTCDateTime, nullable=False),
    Column("may_worklist", Boolean, nullable=False, server_default="1"),
    Column("may_mpps", Boolean, nullable=False, server_default="1"),
    Column("may_commit", Boolean, nullable=False, server_default="1"),
    Column("may_print", Boolean, nullable=False, server_default="1"),
    Column("may_forward", Boolean, nullable=False, server_default="1"),
    Column("notify_availability", Boolean, nullable=False, server_default="0"),
    Column("require_tls", Boolean, nullable=False, server_default="0"),
    Column("call_with_tls", Boolean, nullable=False, server_default="0"),
    Column("require_user", Boolean, nullable=False, server_default="0"),
    Column("maximum_associations", Integer, nullable=False, server_default="0"),  # 0: no limit of its own
    Column("associations_per_minute", Integer, nullable=False, server_default="0"),  # 0: no limit
    Column("description", Text, nullable=False, server_default=""),
    Column("calls_from", Text, nullable=False, server_default=""),  # addresses and networks beside the host
    Column("sop_classes", Text, nullable=False, server_default=""),  # storage classes it may send; empty: all
    Column("worklist_charset", String(8), nullable=False, server_default="utf-8"),
    Column("certificate_sha256", String(64), nullable=False, server_default=""),
)

account = Table(
    "account",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", String(128), nullable=False, unique=True),
    Column("display_name", Text, nullable=False, server_default=""),
    Column("password_hash", Text, nullable=False),
    Column("roles", Text, nullable=False),  # comma-separated
    Column("all_facilities", Boolean, nullable=False, server_default="1"),
    Column("active", Boolean, nullable=False, server_default="1"),
    Column("failed_attempts", Integer, nullable=False, server_default="0"),
    Column("locked_until", UTCDateTime),
    Column("last_sign_in_at", UTCDateTime),
    Column("created_at", UTCDateTime, nullable=False),
)

account_facility = Table(
    "account_facility",
    metadata,
    Column("account_fk", ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("facility_id", ForeignKey("facility.id"), primary_key=True),
)

# Sessions and bearer tokens: the secret itself is never kept, only its SHA-256.
credential = Table(
    "credential",
    metadata,
    Column("id", Key, primary_key=True),
    Column("secret_sha256", String(64), nullable=False, unique=True),
    Column("kind", String(8), nullable=False),  # 'session' | 'bearer'
    Column("label", Text, nullable=False, server_default=""),
    Column("account_fk", ForeignKey("account.id", ondelete="CASCADE")),  # sessions
    Column("roles", Text, nullable=False, server_default=""),  # bearer tokens
    Column("facility_id", ForeignKey("facility.id")),  # bearer tokens: None = every facility
    Column("created_at", UTCDateTime, nullable=False),
    Column("expires_at", UTCDateTime, nullable=False),
    Column("revoked_at", UTCDateTime),
    CheckConstraint("kind IN ('session', 'bearer')", name="kind"),
)

audit_event = Table(
    "audit_event",
    metadata,
    Column("id", Key, primary_key=True),
    Column("at", UTCDateTime, nullable=False),
    Column("actor_kind", String(16), nullable=False),  # user, token, ae, system
    Column("actor", Text, nullable=False),
    Column("address", Text, nullable=False, server_default=""),
    Column("action", String(32), nullable=False),  # sign-in, search, view, store, export, …
    Column("outcome", String(16), nullable=False),  # success, refused
    Column("study_instance_uid", String(64), nullable=False, server_default=""),
    Column("patient_id", Text, nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),  # JSON
    # Its place in the chain (storage/access/audit_line.py); none until the worker has sealed it.
    Column("position", BigInteger),
    Column("previous_hash", String(64)),
    Column("hash", String(64)),
    Column("sealed_at", UTCDateTime),
    Index(None, "at"),
    Index(None, "study_instance_uid", "at"),
    Index(None, "patient_id", "at"),
    Index("ix_audit_event_position", "position", unique=True),
    Index(
        "ix_audit_event_unsealed",
        "id",
        sqlite_where=text("position IS NULL"),
        postgresql_where=text("position IS NULL"),
    ),
)

# What start-up or ingest could not keep in its place, with the reason; bytes stay in the spool's quarantine folder.
quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Key, primary_key=True),
    Column("file_name", Text, nullable=False, unique=True),
    Column("node", String(16), nullable=False, server_default=""),  # whose disk the file is on
    Column("host", Text, nullable=False, server_default=""),  # what that machine is called
    Column("kind", String(8), nullable=False, server_default="damaged"),  # 'conflict' | 'damaged'
    Column("state", String(10), nullable=False, server_default="open"),  # 'open' | 'discarded' | 'stored'
    Column("reason", Text, nullable=False),
    Column("sop_instance_uid", String(64), nullable=False, server_default=""),
    Column("sop_class_uid", String(64), nullable=False, server_default=""),
    Column("series_instance_uid", String(64), nullable=False, server_default=""),
    Column("study_instance_uid", String(64), nullable=False, server_default=""),
    Column("patient_name", Text, nullable=False, server_default=""),
    Column("patient_id", Text, nullable=False, server_default=""),
    Column("transfer_syntax_uid", String(64), nullable=False, server_default=""),
    Column("size", BigInteger, nullable=False, server_default="0"),
    Column("dataset_sha256", String(64), nullable=False, server_default=""),
    Column("kept_dataset_sha256", String(64), nullable=False, server_default=""),
    Column("source_kind", String(8), nullable=False, server_default=""),
    Column("source_ae_title", String(16), nullable=False, server_default=""),
    Column("source_address", Text, nullable=False, server_default=""),
    Column("facility_id", ForeignKey("facility.id")),  # None: nobody knows whose it is
    Column("received_at", UTCDateTime, nullable=False),
    Column("last_received_at", UTCDateTime),
    Column("times_received", Integer, nullable=False, server_default="1"),
    Column("resolved_at", UTCDateTime),
    Column("resolved_by", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    CheckConstraint("kind IN ('conflict', 'damaged')", name="kind"),
    CheckConstraint("state IN ('open', 'discarded', 'stored')", name="state"),
    Index(None, "state", "id"),
    # The same content is put aside once, however often and over however many processes it comes.
    Index(
        "uq_quarantine_open_conflict",
        "sop_instance_uid",
        "dataset_sha256",
        unique=True,
        sqlite_where=text("state = 'open' AND kind = 'conflict'"),
        postgresql_where=text("state = 'open' AND kind = 'conflict'"),
    ),
)

# Where instances contradict what is kept; everything is kept as it came, an administrator decides.
discrepancy = Table(
    "discrepancy",
    metadata,
    Column("id", Key, primary_key=True),
    Column("key", String(64), nullable=False, unique=True),  # SHA-256 of what makes it this discrepancy
    Column("kind", String(8), nullable=False),  # 'patient' | 'study' | 'series'
    Column("state", String(10), nullable=False, server_default="open"),  # 'open' | 'dismissed'
    Column("study_fk", ForeignKey("study.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("series_fk", ForeignKey("series.id", ondelete="CASCADE"), index=True),
    Column("other_study_fk", ForeignKey("study.id", ondelete="CASCADE"), index=True),
    Column("attribute", Text, nullable=False),  # empty: more of them than are listed for one study
    Column("kept", Text, nullable=False),
    Column("arrived", Text, nullable=False),
    # SHA-256 of the two identities a patient discrepancy is about; dismissing it answers the question for good
    Column("subject", String(64), nullable=False, server_default="", index=True),
    Column("number_of_instances", Integer, nullable=False, server_default="1"),
    Column("first_seen_at", UTCDateTime, nullable=False),
    Column("last_seen_at", UTCDateTime, nullable=False),
    Column("dismissed_at", UTCDateTime),
    Column("dismissed_by", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    CheckConstraint("kind IN ('patient', 'study', 'series')", name="kind"),
    CheckConstraint("state IN ('open', 'dismissed')", name="state"),
    Index(None, "state", "last_seen_at"),
)

# Instances whose bytes were found missing or damaged; the row goes when they are found right again.
damage = Table(
    "damage",
    metadata,
    Column("instance_fk", ForeignKey("instance.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(16), nullable=False),  # 'missing' | 'size' | 'content' | 'unreadable'
    Column("found_at", UTCDateTime, nullable=False),
    CheckConstraint("kind IN ('missing', 'size', 'content', 'unreadable')", name="kind"),
)

# How the uploader of each node fares; it says so when that changes, so that others can tell.
uploader = Table(
    "uploader",
    metadata,
    Column("node", String(16), primary_key=True),
    Column("away_since", UTCDateTime),  # since when the object store takes nothing
    Column("reason", String(16), nullable=False, server_default=""),  # of the last failure
    Column("failing", Integer, nullable=False, server_default="0"),  # instances put off after a failure
    Column("noted_at", UTCDateTime, nullable=False),
)
