"""What an administrator needs to know of a quarantined instance; where what came contradicts what is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN_CONFLICT = sa.text("state = 'open' AND kind = 'conflict'")


def upgrade() -> None:
    """Widen the quarantine, make the table of discrepancies."""
    _quarantine()
    _discrepancy()
    op.create_index(op.f("ix_study_facility_id_patient_id"), "study", ["facility_id", "patient_id"])


def _quarantine() -> None:
    with op.batch_alter_table("quarantine") as table:
        table.alter_column("at", new_column_name="received_at")
        for name, length, default in (
            ("node", 16, ""),
            ("kind", 8, "damaged"),
            ("state", 10, "open"),
            ("sop_class_uid", 64, ""),
            ("series_instance_uid", 64, ""),
            ("study_instance_uid", 64, ""),
            ("transfer_syntax_uid", 64, ""),
            ("dataset_sha256", 64, ""),
            ("kept_dataset_sha256", 64, ""),
            ("source_kind", 8, ""),
            ("source_ae_title", 16, ""),
        ):
            table.add_column(sa.Column(name, sa.String(length=length), server_default=default, nullable=False))
        for name in ("host", "patient_name", "patient_id", "source_address", "resolved_by", "note"):
            table.add_column(sa.Column(name, sa.Text(), server_default="", nullable=False))
        table.add_column(sa.Column("size", sa.BigInteger(), server_default="0", nullable=False))
        table.add_column(sa.Column("times_received", sa.Integer(), server_default="1", nullable=False))
        table.add_column(sa.Column("facility_id", _KEY, nullable=True))
        table.add_column(sa.Column("last_received_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True))
        table.create_foreign_key(op.f("fk_quarantine_facility_id"), "facility", ["facility_id"], ["id"])
        table.create_check_constraint(op.f("ck_quarantine_kind"), "kind IN ('conflict', 'damaged')")
        table.create_check_constraint(op.f("ck_quarantine_state"), "state IN ('open', 'discarded', 'stored')")
    # A file's name begins with the node whose disk it is on.
    op.execute("UPDATE quarantine SET node = substr(file_name, 1, 8)")
    op.create_index(op.f("ix_quarantine_state_id"), "quarantine", ["state", "id"])
    op.create_index(
        "uq_quarantine_open_conflict",
        "quarantine",
        ["sop_instance_uid", "dataset_sha256"],
        unique=True,
        sqlite_where=_OPEN_CONFLICT,
        postgresql_where=_OPEN_CONFLICT,
    )


def _discrepancy() -> None:
    op.create_table(
        "discrepancy",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="open", nullable=False),
        sa.Column("study_fk", _KEY, nullable=False),
        sa.Column("series_fk", _KEY, nullable=True),
        sa.Column("other_study_fk", _KEY, nullable=True),
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column("kept", sa.Text(), nullable=False),
        sa.Column("arrived", sa.Text(), nullable=False),
        sa.Column("subject", sa.String(length=64), server_default="", nullable=False),
        sa.Column("number_of_instances", sa.Integer(), server_default="1", nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dismissed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("kind IN ('patient', 'study', 'series')", name=op.f("ck_discrepancy_kind")),
        sa.CheckConstraint("state IN ('open', 'dismissed')", name=op.f("ck_discrepancy_state")),
        sa.ForeignKeyConstraint(["study_fk"], ["study.id"], name=op.f("fk_discrepancy_study_fk"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["series_fk"], ["series.id"], name=op.f("fk_discrepancy_series_fk"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["other_study_fk"], ["study.id"], name=op.f("fk_discrepancy_other_study_fk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discrepancy")),
        sa.UniqueConstraint("key", name=op.f("uq_discrepancy_key")),
    )
    for columns in (["study_fk"], ["series_fk"], ["other_study_fk"], ["subject"], ["state", "last_seen_at"]):
        op.create_index(op.f(f"ix_discrepancy_{'_'.join(columns)}"), "discrepancy", columns)
