"""Linked sites, what is granted to them, and who visits on it."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    _sites()
    _grants()
    op.create_table(
        "site_session",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("secret_sha256", sa.String(64), nullable=False),
        sa.Column("site_fk", _KEY, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        _text("display_name"),
        _string("role", 32),
        sa.Column("purpose", sa.String(16), nullable=False),
        _string("study_instance_uid", 64),
        sa.Column("made_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["site_fk"], ["site.id"], name=op.f("fk_site_session_site_fk"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_session")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_site_session_secret_sha256")),
    )
    op.create_index(op.f("ix_site_session_expires_at"), "site_session", ["expires_at"])


def _sites() -> None:
    op.create_table(
        "site",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("site_id", sa.String(64), nullable=False),
        sa.Column("public_key", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        _string("facility_code", 64),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        _flag("may_search"),
        _flag("may_break_glass"),
        sa.Column("linked_at", _TIME, nullable=False),
        _text("linked_by"),
        sa.Column("closed_at", _TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("site_id", name=op.f("uq_site_site_id")),
    )
    op.create_table(
        "site_invitation",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("jti", sa.String(64), nullable=False),
        _text("note"),
        sa.Column("made_at", _TIME, nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("withdrawn_at", _TIME),
        sa.Column("site_fk", _KEY),
        sa.ForeignKeyConstraint(["site_fk"], ["site.id"], name=op.f("fk_site_invitation_site_fk"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_invitation")),
        sa.UniqueConstraint("jti", name=op.f("uq_site_invitation_jti")),
    )
    op.create_table(
        "site_nonce",
        sa.Column("site_fk", _KEY, nullable=False),
        sa.Column("jti", sa.String(64), nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["site_fk"], ["site.id"], name=op.f("fk_site_nonce_site_fk"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("site_fk", "jti", name=op.f("pk_site_nonce")),
    )
    op.create_index(op.f("ix_site_nonce_expires_at"), "site_nonce", ["expires_at"])


def _grants() -> None:
    op.create_table(
        "access_grant",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("site_fk", _KEY, nullable=False),
        sa.Column("facility_id", _KEY, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("scope", sa.String(16), nullable=False),
        _string("study_instance_uid", 64),
        _string("study_date", 8),
        _text("patient_id"),
        _text("issuer_of_patient_id"),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("basis", sa.String(16), nullable=False),
        _text("note"),
        _text("person"),
        _flag("may_copy"),
        sa.Column("valid_until", _TIME, nullable=False),
        sa.Column("made_at", _TIME, nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("revoked_at", _TIME),
        _text("revoked_by"),
        _text("revoke_reason"),
        _string("verdict", 16),
        _text("verdict_note"),
        sa.Column("reviewed_at", _TIME),
        _text("reviewed_by"),
        sa.ForeignKeyConstraint(["site_fk"], ["site.id"], name=op.f("fk_access_grant_site_fk")),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("fk_access_grant_facility_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_grant")),
    )
    for column in ("study_instance_uid", "patient_id"):
        op.create_index(op.f(f"ix_access_grant_site_fk_{column}"), "access_grant", ["site_fk", column])
    op.create_table(
        "grant_document",
        sa.Column("grant_fk", _KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["grant_fk"], ["access_grant.id"], name=op.f("fk_grant_document_grant_fk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("grant_fk", name=op.f("pk_grant_document")),
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _string(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), server_default="", nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default="0", nullable=False)
