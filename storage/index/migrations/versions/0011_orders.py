"""Orders, their scheduled steps and studies, and what machines report of their work."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0012"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _make_orders()
    _make_steps()
    _make_studies()
    _make_performed()
    _make_links()


def _make_orders() -> None:
    op.create_table(
        "imaging_order",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("facility_id", _KEY, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("patient_name", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.Column("patient_birth_date", sa.String(length=8), server_default="", nullable=False),
        sa.Column("accession_number", sa.Text(), server_default="", nullable=False),
        sa.Column("requested_procedure_id", sa.Text(), server_default="", nullable=False),
        sa.Column("study_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("details", sa.Text(), server_default="{}", nullable=False),
        sa.Column("scheduled_date", sa.String(length=8), nullable=False),
        sa.Column("scheduled_time", sa.String(length=6), server_default="", nullable=False),
        sa.Column("search_text", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("final_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('scheduled', 'in-progress', 'completed', 'discontinued', 'cancelled')",
            name=op.f("ck_imaging_order_state"),
        ),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("fk_imaging_order_facility_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imaging_order")),
        sa.UniqueConstraint("study_instance_uid", name=op.f("uq_imaging_order_study_instance_uid")),
    )
    op.create_index(op.f("ix_imaging_order_accession_number"), "imaging_order", ["accession_number"])
    op.create_index(op.f("ix_imaging_order_final_at"), "imaging_order", ["final_at"])
    op.create_index(op.f("ix_imaging_order_patient_id"), "imaging_order", ["patient_id"])
    op.create_index(
        op.f("ix_imaging_order_scheduled_date_scheduled_time_id"),
        "imaging_order",
        ["scheduled_date", "scheduled_time", "id"],
    )
    op.create_index(op.f("ix_imaging_order_state_scheduled_date"), "imaging_order", ["state", "scheduled_date"])


def _make_steps() -> None:
    op.create_table(
        "order_step",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("order_fk", _KEY, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("step_id", sa.Text(), server_default="", nullable=False),
        sa.Column("modality", sa.String(length=16), nullable=False),
        sa.Column("scheduled_date", sa.String(length=8), nullable=False),
        sa.Column("scheduled_time", sa.String(length=6), server_default="", nullable=False),
        sa.Column("stations", sa.Text(), server_default="\\", nullable=False),
        sa.Column("details", sa.Text(), server_default="{}", nullable=False),
        sa.CheckConstraint(
            "state IN ('scheduled', 'in-progress', 'completed', 'discontinued', 'cancelled')",
            name=op.f("ck_order_step_state"),
        ),
        sa.ForeignKeyConstraint(
            ["order_fk"], ["imaging_order.id"], name=op.f("fk_order_step_order_fk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_step")),
    )
    op.create_index(op.f("ix_order_step_order_fk"), "order_step", ["order_fk"])
    op.create_index(
        op.f("ix_order_step_state_scheduled_date_scheduled_time_id"),
        "order_step",
        ["state", "scheduled_date", "scheduled_time", "id"],
    )


def _make_studies() -> None:
    op.create_table(
        "order_study",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("order_fk", _KEY, nullable=False),
        sa.Column("study_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("found_by", sa.String(length=16), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_fk"], ["imaging_order.id"], name=op.f("fk_order_study_order_fk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_study")),
        sa.UniqueConstraint("order_fk", "study_instance_uid", name=op.f("uq_order_study_order_fk_study_instance_uid")),
    )
    op.create_index(op.f("ix_order_study_study_instance_uid"), "order_study", ["study_instance_uid"])


def _make_performed() -> None:
    op.create_table(
        "performed_step",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("sop_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("facility_id", _KEY, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("ae_title", sa.String(length=16), server_default="", nullable=False),
        sa.Column("patient_id", sa.Text(), server_default="", nullable=False),
        sa.Column("study_instance_uid", sa.String(length=64), server_default="", nullable=False),
        sa.Column("data_set", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("final_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('IN PROGRESS', 'COMPLETED', 'DISCONTINUED')", name=op.f("ck_performed_step_state")
        ),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("fk_performed_step_facility_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_performed_step")),
        sa.UniqueConstraint("sop_instance_uid", name=op.f("uq_performed_step_sop_instance_uid")),
    )
    op.create_index(op.f("ix_performed_step_ae_title_state"), "performed_step", ["ae_title", "state"])
    op.create_index(op.f("ix_performed_step_final_at"), "performed_step", ["final_at"])
    op.create_index(op.f("ix_performed_step_study_instance_uid"), "performed_step", ["study_instance_uid"])


def _make_links() -> None:
    op.create_table(
        "performed_order",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("performed_fk", _KEY, nullable=False),
        sa.Column("order_step_fk", _KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["order_step_fk"], ["order_step.id"], name=op.f("fk_performed_order_order_step_fk"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["performed_fk"], ["performed_step.id"], name=op.f("fk_performed_order_performed_fk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_performed_order")),
        sa.UniqueConstraint(
            "performed_fk", "order_step_fk", name=op.f("uq_performed_order_performed_fk_order_step_fk")
        ),
    )
    op.create_index(op.f("ix_performed_order_order_step_fk"), "performed_order", ["order_step_fk"])
