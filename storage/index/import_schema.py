"""The tables of what is taken over from another archive's server: how far it has come, and what could not be had."""

from sqlalchemy import (
    BigInteger,
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

__all__ = ["metadata", "server_import", "server_import_problem"]

# One row a server; running it again goes on with the row.
server_import = Table(
    "server_import",
    metadata,
    Column("id", Key, primary_key=True),
    Column("address", String(512), nullable=False, unique=True),  # without user or password
    Column("facility_id", ForeignKey("facility.id"), nullable=False),
    Column("state", String(9), nullable=False),
    Column("position", BigInteger, nullable=False, server_default="0"),  # changes of the server up to here are done
    Column("last_position", BigInteger, nullable=False, server_default="0"),  # its newest change, as last heard
    Column("instances_there", BigInteger, nullable=False, server_default="0"),
    Column("stored", BigInteger, nullable=False, server_default="0"),
    Column("duplicates", BigInteger, nullable=False, server_default="0"),  # the same bytes were here already
    Column("gone", BigInteger, nullable=False, server_default="0"),  # deleted there before it was read
    Column("unproven", BigInteger, nullable=False, server_default="0"),  # the server keeps no digest of its own
    Column("bytes", BigInteger, nullable=False, server_default="0"),
    Column("studies_there", Integer, nullable=False, server_default="0"),
    Column("studies_compared", Integer, nullable=False, server_default="0"),
    Column("studies_complete", Integer, nullable=False, server_default="0"),
    Column("error", Text, nullable=False, server_default=""),
    Column("started_at", UTCDateTime, nullable=False),
    Column("updated_at", UTCDateTime, nullable=False),
    Column("finished_at", UTCDateTime),
    CheckConstraint(
        "state IN ('running', 'comparing', 'following', 'complete', 'stopped', 'failed', 'cancelled')", name="state"
    ),
)

server_import_problem = Table(
    "server_import_problem",
    metadata,
    Column("id", Key, primary_key=True),
    Column("server_import_fk", ForeignKey("server_import.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(8), nullable=False),  # 'instance' | 'study'
    Column("subject", String(64), nullable=False),  # the server's own name of an instance, or a Study Instance UID
    Column("reason", Text, nullable=False),
    Column("noted_at", UTCDateTime, nullable=False),
    CheckConstraint("kind IN ('instance', 'study')", name="kind"),
    UniqueConstraint("server_import_fk", "kind", "subject"),
    Index(None, "server_import_fk", "id"),
)
