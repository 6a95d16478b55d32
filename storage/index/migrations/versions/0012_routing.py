"""Forwarding rules, what is owed to whom, and storage commitments that this archive asks for."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _make_routes()
    _make_deliveries()
    _make_asked()


def _make_routes() -> None:
    op.create_table(
        "route",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default="1", nullable=False),
        sa.Column("destinations", sa.Text(), nullable=False),
        sa.Column("confirm", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("source_ae_titles", sa.Text(), server_default="", nullable=False),
        sa.Column("modalities", sa.Text(), server_default="", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("received_hours", sa.String(length=11), server_default="", nullable=False),
        sa.Column("received_days", sa.String(length=7), server_default="", nullable=False),
        sa.Column("send_hours", sa.String(length=11), server_default="", nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_route")),
        sa.UniqueConstraint("name", name=op.f("uq_route_name")),
    )
    op.create_table(
        "routing_mark",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("looked_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_routing_mark")),
    )


def _make_deliveries() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("ae_title", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("send_hours", sa.String(length=11), server_default="", nullable=False),
        sa.Column("confirm", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("state", sa.String(length=9), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.String(length=64), server_default="", nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('store', 'notify', 'confirm', 'report')", name=op.f("ck_delivery_kind")),
        sa.CheckConstraint("state IN ('waiting', 'done', 'failed', 'cancelled')", name=op.f("ck_delivery_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint(
            *("kind", "ae_title", "subject", "send_hours"), name=op.f("uq_delivery_kind_ae_title_subject_send_hours")
        ),
    )
    op.create_index(op.f("ix_delivery_state_next_at_id"), "delivery", ["state", "next_at", "id"])
    for name in ("subject", "lease_owner", "finished_at"):
        op.create_index(op.f(f"ix_delivery_{name}"), "delivery", [name])
    _make_delivery_instances()


def _make_delivery_instances() -> None:
    op.create_table(
        "delivery_instance",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("delivery_fk", _KEY, nullable=False),
        sa.Column("instance_fk", _KEY, nullable=False),
        sa.Column("state", sa.String(length=7), server_default="waiting", nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'refused')", name=op.f("ck_delivery_instance_state")),
        sa.ForeignKeyConstraint(
            ["delivery_fk"], ["delivery.id"], name=op.f("fk_delivery_instance_delivery_fk"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["instance_fk"], ["instance.id"], name=op.f("fk_delivery_instance_instance_fk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_instance")),
        sa.UniqueConstraint("delivery_fk", "instance_fk", name=op.f("uq_delivery_instance_delivery_fk_instance_fk")),
    )
    op.create_index(
        op.f("ix_delivery_instance_delivery_fk_state_instance_fk"),
        "delivery_instance",
        ["delivery_fk", "state", "instance_fk"],
    )
    op.create_index(op.f("ix_delivery_instance_instance_fk"), "delivery_instance", ["instance_fk"])


def _make_asked() -> None:
    op.create_table(
        "asked_commitment",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("transaction_uid", sa.String(length=64), nullable=False),
        sa.Column("ae_title", sa.String(length=16), nullable=False),
        sa.Column("delivery_fk", _KEY, nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_fk"], ["delivery.id"], name=op.f("fk_asked_commitment_delivery_fk"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asked_commitment")),
        sa.UniqueConstraint("transaction_uid", name=op.f("uq_asked_commitment_transaction_uid")),
    )
    for name in ("delivery_fk", "asked_at"):
        op.create_index(op.f(f"ix_asked_commitment_{name}"), "asked_commitment", [name])
    op.create_table(
        "asked_instance",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("asked_commitment_fk", _KEY, nullable=False),
        sa.Column("sop_class_uid", sa.String(length=64), nullable=False),
        sa.Column("sop_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("failure_reason", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["asked_commitment_fk"],
            ["asked_commitment.id"],
            name=op.f("fk_asked_instance_asked_commitment_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asked_instance")),
    )
    op.create_index(
        op.f("ix_asked_instance_asked_commitment_fk_sop_instance_uid"),
        "asked_instance",
        ["asked_commitment_fk", "sop_instance_uid"],
    )
