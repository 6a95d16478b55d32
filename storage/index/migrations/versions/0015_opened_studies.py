"""The studies that each person has opened."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "opened_study",
        sa.Column("account_fk", _KEY, nullable=False),
        sa.Column("study_fk", _KEY, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_fk"], ["account.id"], name=op.f("fk_opened_study_account_fk"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["study_fk"], ["study.id"], name=op.f("fk_opened_study_study_fk"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_fk", "study_fk", name=op.f("pk_opened_study")),
    )
    op.create_index(op.f("ix_opened_study_study_fk"), "opened_study", ["study_fk"])
