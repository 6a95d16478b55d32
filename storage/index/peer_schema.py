"""Table of the peers: the archives of other hospitals that this one asks.

It belongs to the same metadata as :mod:`storage.index.schema`; migrations know it too.
"""

from sqlalchemy import Boolean, CheckConstraint, Column, Float, ForeignKey, Integer, String, Table, Text

from storage.index.schema import Key, UTCDateTime, metadata

__all__ = ["metadata", "peer"]

peer = Table(
    "peer",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("facility_id", ForeignKey("facility.id"), nullable=False),  # whose studies it holds
    Column("description", Text, nullable=False, server_default=""),
    Column("enabled", Boolean, nullable=False, server_default="1"),
    Column("seconds", Float, nullable=False, server_default="8"),  # longest wait for its answer to a search
    Column("url", Text, nullable=False, server_default=""),  # of all kinds but dimse
    Column("ae_title", String(16), nullable=False, server_default=""),  # of dimse, as the next three
    Column("host", Text, nullable=False, server_default=""),
    Column("port", Integer, nullable=False, server_default="0"),
    Column("tls", Boolean, nullable=False, server_default="0"),
    Column("sign_in", String(16), nullable=False, server_default="none"),
    Column("user_name", Text, nullable=False, server_default=""),  # basic: the user; oauth2: the client's id
    Column("token_url", Text, nullable=False, server_default=""),
    Column("scope", Text, nullable=False, server_default=""),
    Column("authority", Text, nullable=False, server_default=""),  # PEM: who signed its certificate, if not public
    Column("certificate", Text, nullable=False, server_default=""),  # PEM: what we show
    # SHA-256 of the certificate a dimse peer must show; empty: any that our authority signed
    Column("certificate_sha256", String(64), nullable=False, server_default=""),
    Column("secret_names", Text, nullable=False, server_default=""),  # which secrets are kept, comma-separated
    Column("secrets", Text, nullable=False, server_default=""),  # sealed: see storage.access.sealing
    Column("created_at", UTCDateTime, nullable=False),
    Column("changed_at", UTCDateTime, nullable=False),
    CheckConstraint("kind IN ('filmless', 'dicomweb', 'dimse', 'orthanc')", name="kind"),
)
