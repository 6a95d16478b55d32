"""Holds, removals, commitments of storage, and unified procedure steps."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _make_removals()
    _make_commitments()
    _make_work_items()


def _make_removals() -> None:
    """Make the tables of holds and of what was removed."""
    op.create_table(
        "hold",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("study_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    op.create_index(op.f("ix_hold_study_instance_uid"), "hold", ["study_instance_uid"])
    op.create_table(
        "removal",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("study_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("series_instance_uid", sa.String(length=64), server_default="", nullable=False),
        sa.Column("sop_instance_uid", sa.String(length=64), server_default="", nullable=False),
        sa.Column("facility_id", _KEY, nullable=False),
        sa.Column("patient_id", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("number_of_instances", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_by", sa.Text(), nullable=False),
        sa.Column("erase_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("restored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("restored_by", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("level IN ('study', 'series', 'instance')", name=op.f("ck_removal_level")),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("fk_removal_facility_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_removal")),
    )
    op.create_index(op.f("ix_removal_removed_at"), "removal", ["removed_at"])
    op.create_index(
        "ix_removal_uids",
        "removal",
        ["study_instance_uid", "series_instance_uid", "sop_instance_uid"],
    )
    op.create_table(
        "removed_object",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("removal_fk", _KEY, nullable=False),
        sa.Column("series_instance_uid", sa.String(length=64), server_default="", nullable=False),
        sa.Column("sop_instance_uid", sa.String(length=64), server_default="", nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("spool_name", sa.Text(), server_default="", nullable=False),
        sa.Column("size", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("dataset_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("erase_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["removal_fk"], ["removal.id"], name=op.f("fk_removed_object_removal_fk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_removed_object")),
    )
    op.create_index(op.f("ix_removed_object_erase_after"), "removed_object", ["erase_after"])
    op.create_index(op.f("ix_removed_object_object_key"), "removed_object", ["object_key"])
    op.create_index(op.f("ix_removed_object_removal_fk"), "removed_object", ["removal_fk"])
    op.create_index(op.f("ix_removed_object_sop_instance_uid"), "removed_object", ["sop_instance_uid"])
    op.create_index(op.f("ix_removed_object_spool_name"), "removed_object", ["spool_name"])


def _make_commitments() -> None:
    """Make the tables of commitments."""
    op.create_table(
        "commitment",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("transaction_uid", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=8), server_default="pending", nullable=False),
        sa.Column("by_study", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("requester_kind", sa.String(length=16), nullable=False),
        sa.Column("requester", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('pending', 'done')", name=op.f("ck_commitment_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment")),
        sa.UniqueConstraint("transaction_uid", name=op.f("uq_commitment_transaction_uid")),
    )
    op.create_index(op.f("ix_commitment_state_id"), "commitment", ["state", "id"])
    op.create_table(
        "commitment_instance",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("commitment_fk", _KEY, nullable=False),
        sa.Column("study_instance_uid", sa.String(length=64), server_default="", nullable=False),
        sa.Column("series_instance_uid", sa.String(length=64), server_default="", nullable=False),
        sa.Column("sop_class_uid", sa.String(length=64), server_default="", nullable=False),
        sa.Column("sop_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("failure_reason", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["commitment_fk"], ["commitment.id"], name=op.f("fk_commitment_instance_commitment_fk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment_instance")),
    )
    op.create_index(op.f("ix_commitment_instance_commitment_fk_id"), "commitment_instance", ["commitment_fk", "id"])


def _make_work_items() -> None:
    """Make the tables of work items."""
    op.create_table(
        "work_item",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("sop_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("facility_id", _KEY, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("transaction_uid", sa.String(length=64), server_default="", nullable=False),
        sa.Column("patient_id", sa.Text(), server_default="", nullable=False),
        sa.Column("study_instance_uid", sa.String(length=64), server_default="", nullable=False),
        sa.Column("scheduled_at", sa.String(length=26), server_default="", nullable=False),
        sa.Column("data_set", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("final_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('SCHEDULED', 'IN PROGRESS', 'COMPLETED', 'CANCELED')", name=op.f("ck_work_item_state")
        ),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("fk_work_item_facility_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_item")),
        sa.UniqueConstraint("sop_instance_uid", name=op.f("uq_work_item_sop_instance_uid")),
    )
    op.create_index(op.f("ix_work_item_final_at"), "work_item", ["final_at"])
    op.create_index(op.f("ix_work_item_patient_id"), "work_item", ["patient_id"])
    op.create_index(op.f("ix_work_item_scheduled_at_id"), "work_item", ["scheduled_at", "id"])
    op.create_index(op.f("ix_work_item_state_scheduled_at_id"), "work_item", ["state", "scheduled_at", "id"])
    op.create_index(op.f("ix_work_item_study_instance_uid"), "work_item", ["study_instance_uid"])
    op.create_table(
        "work_item_subscription",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("subscriber", sa.String(length=64), nullable=False),
        sa.Column("target_uid", sa.String(length=64), nullable=False),
        sa.Column("deletion_lock", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("filter", sa.Text(), server_default="", nullable=False),
        sa.Column("facilities", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_item_subscription")),
        sa.UniqueConstraint("subscriber", "target_uid", name=op.f("uq_work_item_subscription_subscriber_target_uid")),
    )
    op.create_index(op.f("ix_work_item_subscription_target_uid"), "work_item_subscription", ["target_uid"])
    op.create_table(
        "work_item_event",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("subscriber", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_item_event")),
    )
    op.create_index(op.f("ix_work_item_event_at"), "work_item_event", ["at"])
    op.create_index(op.f("ix_work_item_event_subscriber_id"), "work_item_event", ["subscriber", "id"])
