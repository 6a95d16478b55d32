"""Tables of the trust between sites: whom we are linked with, what was granted to them, and who visits on it.

They belong to the same metadata as :mod:`storage.index.schema`; migrations know them too.
"""

from sqlalchemy import Boolean, Column, ForeignKey, Index, LargeBinary, String, Table, Text

from storage.index.schema import Key, UTCDateTime, metadata

__all__ = ["access_grant", "grant_document", "metadata", "site", "site_invitation", "site_nonce", "site_session"]

# Another Filmless, known by its key.
site = Table(
    "site",
    metadata,
    Column("id", Key, primary_key=True),
    Column("site_id", String(64), nullable=False, unique=True),  # made of the key: storage.access.site_key
    Column("public_key", String(64), nullable=False),  # Ed25519, 32 bytes in base64url
    Column("name", Text, nullable=False),
    Column("facility_code", String(64), nullable=False, server_default=""),
    Column("address", Text, nullable=False),
    Column("state", String(16), nullable=False),  # 'waiting' for our confirmation | 'linked' | 'closed'
    Column("may_search", Boolean, nullable=False, server_default="0"),
    Column("may_break_glass", Boolean, nullable=False, server_default="0"),
    Column("linked_at", UTCDateTime, nullable=False),
    Column("linked_by", Text, nullable=False, server_default=""),
    Column("closed_at", UTCDateTime),
)

site_invitation = Table(
    "site_invitation",
    metadata,
    Column("id", Key, primary_key=True),
    Column("jti", String(64), nullable=False, unique=True),
    Column("note", Text, nullable=False, server_default=""),  # for whom it was made
    Column("made_at", UTCDateTime, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("expires_at", UTCDateTime, nullable=False),
    Column("withdrawn_at", UTCDateTime),
    Column("site_fk", ForeignKey("site.id", ondelete="CASCADE")),  # who used it
)

# Tokens that were used: each opens once.
site_nonce = Table(
    "site_nonce",
    metadata,
    Column("site_fk", ForeignKey("site.id", ondelete="CASCADE"), primary_key=True),
    Column("jti", String(64), primary_key=True),
    Column("expires_at", UTCDateTime, nullable=False),
    Index(None, "expires_at"),
)

access_grant = Table(
    "access_grant",
    metadata,
    Column("id", Key, primary_key=True),
    Column("site_fk", ForeignKey("site.id"), nullable=False),
    Column("facility_id", ForeignKey("facility.id"), nullable=False),  # who gives
    Column("kind", String(16), nullable=False),  # 'grant' | 'emergency'
    Column("scope", String(16), nullable=False),  # 'study' | 'priors' | 'patient'
    Column("study_instance_uid", String(64), nullable=False, server_default=""),
    Column("study_date", String(8), nullable=False, server_default=""),
    Column("patient_id", Text, nullable=False, server_default=""),
    Column("issuer_of_patient_id", Text, nullable=False, server_default=""),
    Column("purpose", String(16), nullable=False),  # HL7 PurposeOfUse
    Column("basis", String(16), nullable=False),  # 'consent' | 'law' | 'emergency'
    Column("note", Text, nullable=False, server_default=""),  # which provision; the reason of an emergency
    Column("person", Text, nullable=False, server_default=""),  # account at the other site; empty: anybody there
    Column("may_copy", Boolean, nullable=False, server_default="0"),
    Column("valid_until", UTCDateTime, nullable=False),
    Column("made_at", UTCDateTime, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("revoked_at", UTCDateTime),
    Column("revoked_by", Text, nullable=False, server_default=""),
    Column("revoke_reason", Text, nullable=False, server_default=""),
    Column("verdict", String(16), nullable=False, server_default=""),  # of an emergency: 'justified' | 'unjustified'
    Column("verdict_note", Text, nullable=False, server_default=""),
    Column("reviewed_at", UTCDateTime),
    Column("reviewed_by", Text, nullable=False, server_default=""),
    Index(None, "site_fk", "study_instance_uid"),
    Index(None, "site_fk", "patient_id"),
)

# The patient's written consent, as it was scanned.
grant_document = Table(
    "grant_document",
    metadata,
    Column("grant_fk", ForeignKey("access_grant.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("media_type", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("content", LargeBinary, nullable=False),
)

# A person of another site who has shown a token of it: only the SHA-256 of the secret is here.
site_session = Table(
    "site_session",
    metadata,
    Column("id", Key, primary_key=True),
    Column("secret_sha256", String(64), nullable=False, unique=True),
    Column("site_fk", ForeignKey("site.id", ondelete="CASCADE"), nullable=False),
    Column("person", Text, nullable=False),
    Column("display_name", Text, nullable=False, server_default=""),
    Column("role", String(32), nullable=False, server_default=""),
    Column("purpose", String(16), nullable=False),
    Column("study_instance_uid", String(64), nullable=False, server_default=""),  # empty: to search
    Column("made_at", UTCDateTime, nullable=False),
    Column("expires_at", UTCDateTime, nullable=False),
    Index(None, "expires_at"),
)
