"""What a machine of the DICOM network may do and how it is spoken to; live associations and what went wrong."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0007"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ALLOWED = ("may_worklist", "may_mpps", "may_commit", "may_print", "may_forward")
_NOT_ASKED = ("notify_availability", "require_tls", "call_with_tls", "require_user")
_UNLIMITED = ("maximum_associations", "associations_per_minute")


def upgrade() -> None:
    """Add the columns and make the tables."""
    for name in _ALLOWED:
        op.add_column("ae", sa.Column(name, sa.Boolean(), server_default="1", nullable=False))
    for name in _NOT_ASKED:
        op.add_column("ae", sa.Column(name, sa.Boolean(), server_default="0", nullable=False))
    for name in _UNLIMITED:
        op.add_column("ae", sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    for name in ("description", "calls_from", "sop_classes"):
        op.add_column("ae", sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.add_column("ae", sa.Column("worklist_charset", sa.String(length=8), server_default="utf-8", nullable=False))
    op.add_column("ae", sa.Column("certificate_sha256", sa.String(length=64), server_default="", nullable=False))
    _make_live()
    _make_findings()


def _make_live() -> None:
    op.create_table(
        "dicom_process",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("node", sa.String(length=64), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("ae_title", sa.String(length=16), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("tls_port", sa.Integer(), server_default="0", nullable=False),
        sa.Column("maximum_associations", sa.Integer(), server_default="0", nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dicom_process")),
    )
    op.create_index(op.f("ix_dicom_process_seen_at"), "dicom_process", ["seen_at"])
    op.create_table(
        "live_association",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("process_fk", _KEY, nullable=False),
        sa.Column("association", sa.String(length=32), nullable=False),
        sa.Column("calling_ae_title", sa.String(length=16), nullable=False),
        sa.Column("called_ae_title", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("facility_id", _KEY, nullable=False),
        sa.Column("user_name", sa.String(length=128), server_default="", nullable=False),
        sa.Column("tls", sa.String(length=16), server_default="", nullable=False),
        sa.Column("service", sa.String(length=32), server_default="", nullable=False),
        sa.Column("requests", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refused", sa.Integer(), server_default="0", nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("active_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["process_fk"], ["dicom_process.id"], name=op.f("fk_live_association_process_fk"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("fk_live_association_facility_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_association")),
        sa.UniqueConstraint("association", name=op.f("uq_live_association_association")),
    )
    op.create_index(op.f("ix_live_association_process_fk"), "live_association", ["process_fk"])


def _make_findings() -> None:
    op.create_table(
        "network_finding",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.Column("calling_ae_title", sa.String(length=16), server_default="", nullable=False),
        sa.Column("called_ae_title", sa.String(length=16), server_default="", nullable=False),
        sa.Column("address", sa.String(length=64), server_default="", nullable=False),
        sa.Column("subject", sa.String(length=128), server_default="", nullable=False),
        sa.Column("node", sa.String(length=64), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("times", sa.Integer(), server_default="1", nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_finding")),
        sa.UniqueConstraint(
            *("cause", "calling_ae_title", "called_ae_title", "address", "subject"),
            name=op.f("uq_network_finding_one"),
        ),
    )
    op.create_index(op.f("ix_network_finding_last_at"), "network_finding", ["last_at"])
