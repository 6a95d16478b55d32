"""Facilities with their number, tier and parent; peers: the archives of other hospitals."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PARENT = "CONSTRAINT fk_facility_parent_id REFERENCES facility (id)"


def upgrade() -> None:
    """Widen the facility, make the table."""
    for name, kind in (("gln", sa.String(13)), ("tier", sa.String(16))):
        op.add_column("facility", sa.Column(name, kind, nullable=False, server_default=""))
    # In words of SQL: alembic adds a column and its reference apart, which SQLite cannot.
    whole = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(f"ALTER TABLE facility ADD COLUMN parent_id {whole} {_PARENT}")
    texts = ("url", "host", "user_name", "token_url", "scope", "authority", "certificate", "secret_names", "secrets")
    op.create_table(
        "peer",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("facility_id", _KEY, nullable=False),
        sa.Column("description", sa.Text(), nullable=False, server_default=""),
        sa.Column("enabled", sa.Boolean(), nullable=False, server_default="1"),
        sa.Column("seconds", sa.Float(), nullable=False, server_default="8"),
        *(sa.Column(name, sa.Text(), nullable=False, server_default="") for name in texts),
        sa.Column("ae_title", sa.String(16), nullable=False, server_default=""),
        sa.Column("port", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("tls", sa.Boolean(), nullable=False, server_default="0"),
        sa.Column("sign_in", sa.String(16), nullable=False, server_default="none"),
        sa.Column("certificate_sha256", sa.String(64), nullable=False, server_default=""),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('filmless', 'dicomweb', 'dimse', 'orthanc')", name=op.f("ck_peer_kind")),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("fk_peer_facility_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_peer")),
        sa.UniqueConstraint("name", name=op.f("uq_peer_name")),
    )
