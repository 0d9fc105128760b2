"""The whole record: shelving, suppression, evidence, re-check, re-occurrence; and what nobody may change."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from alerts.migrations import guards

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.String(length=32)
TOKEN = sa.String(length=64)
WORD = sa.String(length=16)
NS = sa.BigInteger()
COUNTING = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

FACTS: tuple[tuple[str, Any], ...] = (
    ("suppressed_kind", WORD),
    ("shelved_until_ns", NS),
    ("shelved_by", sa.Text()),
    ("shelved_with", sa.Text()),
    ("shelve_reason", sa.Text()),
    ("false_cause", sa.Text()),
    ("previous_id", ID),
    ("rechecked_at_ns", NS),
    ("rechecked_by", sa.Text()),
    ("input_seq", NS),
    ("log_time_ns", NS),
)


def upgrade() -> None:
    """Add tables and facts; until now only a cause suppressed alerts. Then set the guards."""
    _maintenance_windows()
    _attachments()
    for name, kind in FACTS:
        op.add_column("alerts", sa.Column(name, kind, nullable=True))
    for name in ("attachments", "reopened"):
        op.add_column("alerts", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE alerts SET suppressed_kind = 'cause' WHERE suppressed_by IS NOT NULL")
    op.create_index("alerts_by_shelf", "alerts", ["shelved_until_ns"])
    op.create_index("alerts_by_entity", "alerts", ["rule", "entity", "closed_at_ns"])
    op.add_column("notifications", sa.Column("read_at_ns", NS, nullable=True))
    guards.make(op.get_bind())


def downgrade() -> None:
    """Remove the guards, then facts and tables."""
    guards.remove(op.get_bind())
    op.drop_column("notifications", "read_at_ns")
    op.drop_index("alerts_by_entity", "alerts")
    op.drop_index("alerts_by_shelf", "alerts")
    for name in ("reopened", "attachments", *(name for name, _ in reversed(FACTS))):
        op.drop_column("alerts", name)
    op.drop_table("attachments")
    op.drop_table("maintenance_windows")


def _maintenance_windows() -> None:
    op.create_table(
        "maintenance_windows",
        sa.Column("id", ID, nullable=False),
        sa.Column("unit", TOKEN, nullable=False),
        sa.Column("zones", sa.JSON(), nullable=False),
        sa.Column("devices", sa.JSON(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("planned_by", sa.Text(), nullable=False),
        sa.Column("second_by", sa.Text(), nullable=True),
        sa.Column("planned_ns", NS, nullable=False),
        sa.Column("from_ns", NS, nullable=False),
        sa.Column("until_ns", NS, nullable=False),
        sa.Column("started_ns", NS, nullable=True),
        sa.Column("ended_ns", NS, nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("maintenance_windows_by_end", "maintenance_windows", ["ended_ns", "until_ns"])


def _attachments() -> None:
    op.create_table(
        "attachments",
        sa.Column("number", COUNTING, nullable=False),
        sa.Column("alert_id", ID, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("sha256", TOKEN, nullable=False),
        sa.Column("media_type", sa.String(length=127), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at_ns", NS, nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("ix_attachments_alert_id", "attachments", ["alert_id"])
