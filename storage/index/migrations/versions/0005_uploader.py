"""An index of what waits for the object store alone, and a word from the uploader of each node."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_WAITING = sa.text("location = 'spool'")


def upgrade() -> None:
    """Replace the index of locations, make the table of uploaders."""
    op.drop_index(op.f("ix_instance_location_id"), table_name="instance")
    op.create_index(
        "ix_instance_waiting",
        "instance",
        ["id", "spool_name", "size", "received_at", "location"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
    op.create_table(
        "uploader",
        sa.Column("node", sa.String(length=16), nullable=False),
        sa.Column("away_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=16), server_default="", nullable=False),
        sa.Column("failing", sa.Integer(), server_default="0", nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("node", name=op.f("pk_uploader")),
    )
