"""Printed films."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "film",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("film_uid", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="new", nullable=False),
        sa.Column("facility_id", _KEY, nullable=False),
        sa.Column("ae_title", sa.String(length=16), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("label", sa.Text(), server_default="", nullable=False),
        sa.Column("texts", sa.Text(), server_default="", nullable=False),
        sa.Column("proposal", sa.Text(), server_default="", nullable=False),
        sa.Column("display_format", sa.Text(), server_default="", nullable=False),
        sa.Column("size_id", sa.String(length=16), server_default="", nullable=False),
        sa.Column("number_of_images", sa.Integer(), nullable=False),
        sa.Column("location", sa.String(length=8), server_default="spool", nullable=False),
        sa.Column("node", sa.String(length=16), nullable=False),
        sa.Column("host", sa.Text(), server_default="", nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("object_key", sa.Text(), server_default="", nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=24), server_default="", nullable=False),
        sa.Column("study_instance_uid", sa.String(length=64), server_default="", nullable=False),
        sa.Column("target", sa.Text(), server_default="", nullable=False),
        sa.Column("filed_by_kind", sa.String(length=16), server_default="", nullable=False),
        sa.Column("filed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('new', 'tray', 'filing', 'filed', 'discarded')", name=op.f("ck_film_state")),
        sa.CheckConstraint("location IN ('spool', 'object', 'none')", name=op.f("ck_film_location")),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("fk_film_facility_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_film")),
        sa.UniqueConstraint("film_uid", name=op.f("uq_film_film_uid")),
    )
    op.create_index(op.f("ix_film_state_id"), "film", ["state", "id"])
    op.create_index(op.f("ix_film_settled_at"), "film", ["settled_at"])
    op.create_index(op.f("ix_film_location_state"), "film", ["location", "state"])
