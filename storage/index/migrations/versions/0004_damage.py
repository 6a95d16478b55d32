"""Which instances were found missing or damaged when their objects were looked through."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "damage",
        sa.Column("instance_fk", _KEY, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('missing', 'size', 'content', 'unreadable')", name=op.f("ck_damage_kind")),
        sa.ForeignKeyConstraint(
            ["instance_fk"], ["instance.id"], name=op.f("fk_damage_instance_fk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("instance_fk", name=op.f("pk_damage")),
    )
