"""Tables of the DICOM network: the processes that serve it, the associations they serve now, and what went wrong on it.

They belong to the same metadata as :mod:`storage.index.schema`; migrations know them too.
"""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from storage.index.schema import Key, UTCDateTime, metadata

__all__ = ["dicom_process", "live_association", "metadata", "network_finding"]

# One process of a node that listens for associations; what has not been seen for a while has died.
dicom_process = Table(
    "dicom_process",
    metadata,
    Column("id", Key, primary_key=True),
    Column("node", String(64), nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("ae_title", String(16), nullable=False),
    Column("port", Integer, nullable=False),
    Column("tls_port", Integer, nullable=False, server_default="0"),  # 0: it does not listen with TLS
    Column("maximum_associations", Integer, nullable=False, server_default="0"),
    Column("began_at", UTCDateTime, nullable=False),
    Column("seen_at", UTCDateTime, nullable=False),
    Index(None, "seen_at"),
)

live_association = Table(
    "live_association",
    metadata,
    Column("id", Key, primary_key=True),
    Column("process_fk", ForeignKey("dicom_process.id", ondelete="CASCADE"), nullable=False),
    Column("association", String(32), nullable=False, unique=True),
    Column("calling_ae_title", String(16), nullable=False),
    Column("called_ae_title", String(16), nullable=False),
    Column("address", String(64), nullable=False),
    Column("facility_id", ForeignKey("facility.id"), nullable=False),
    Column("user_name", String(128), nullable=False, server_default=""),
    Column("tls", String(16), nullable=False, server_default=""),  # e.g. "TLSv1.3"; empty: in the clear
    Column("service", String(32), nullable=False, server_default=""),  # of the last request, e.g. "C-STORE"
    Column("requests", Integer, nullable=False, server_default="0"),
    Column("refused", Integer, nullable=False, server_default="0"),
    Column("began_at", UTCDateTime, nullable=False),
    Column("active_at", UTCDateTime, nullable=False),
    Index(None, "process_fk"),
)

# What was refused or failed: one row a cause, peer and subject, however often it happens.
network_finding = Table(
    "network_finding",
    metadata,
    Column("id", Key, primary_key=True),
    Column("cause", String(32), nullable=False),
    Column("calling_ae_title", String(16), nullable=False, server_default=""),
    Column("called_ae_title", String(16), nullable=False, server_default=""),
    Column("address", String(64), nullable=False, server_default=""),
    Column("subject", String(128), nullable=False, server_default=""),  # e.g. a SOP Class UID; never patient data
    Column("node", String(64), nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),  # JSON
    Column("times", Integer, nullable=False, server_default="1"),
    Column("first_at", UTCDateTime, nullable=False),
    Column("last_at", UTCDateTime, nullable=False),
    UniqueConstraint(
        *("cause", "calling_ae_title", "called_ae_title", "address", "subject"), name="uq_network_finding_one"
    ),
    Index(None, "last_at"),
)
