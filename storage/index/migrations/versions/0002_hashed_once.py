"""A file is hashed once, while it arrives; when its object was last proved right, and when its sender was told."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop the hash of whole files; note verification and storage commitment."""
    with op.batch_alter_table("instance") as table:
        table.drop_column("sha256")
        table.add_column(sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("committed_at", sa.DateTime(timezone=True), nullable=True))
