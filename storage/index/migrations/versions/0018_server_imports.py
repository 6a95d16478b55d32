"""What is taken over from another archive's server."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BIG = ("position", "last_position", "instances_there", "stored", "duplicates", "gone", "unproven", "bytes")
_SMALL = ("studies_there", "studies_compared", "studies_complete")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "server_import",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("address", sa.String(512), nullable=False),
        sa.Column("facility_id", _KEY, nullable=False),
        sa.Column("state", sa.String(9), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False, server_default="0") for name in _BIG),
        *(sa.Column(name, sa.Integer(), nullable=False, server_default="0") for name in _SMALL),
        sa.Column("error", sa.Text(), nullable=False, server_default=""),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "state IN ('running', 'comparing', 'following', 'complete', 'stopped', 'failed', 'cancelled')",
            name=op.f("ck_server_import_state"),
        ),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("fk_server_import_facility_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_server_import")),
        sa.UniqueConstraint("address", name=op.f("uq_server_import_address")),
    )
    op.create_table(
        "server_import_problem",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("server_import_fk", _KEY, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('instance', 'study')", name=op.f("ck_server_import_problem_kind")),
        sa.ForeignKeyConstraint(
            ["server_import_fk"],
            ["server_import.id"],
            name=op.f("fk_server_import_problem_server_import_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_server_import_problem")),
        sa.UniqueConstraint(
            "server_import_fk", "kind", "subject", name=op.f("uq_server_import_problem_server_import_fk_kind_subject")
        ),
    )
    op.create_index(
        op.f("ix_server_import_problem_server_import_fk_id"), "server_import_problem", ["server_import_fk", "id"]
    )
