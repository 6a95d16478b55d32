"""What people have set for themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "preference",
        sa.Column("account_fk", _KEY, nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_fk"], ["account.id"], name=op.f("fk_preference_account_fk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_fk", "name", name=op.f("pk_preference")),
    )
