"""Silences, alerts of other makers, requests that happen once, and the indexes that pages of the record need."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.String(length=32)
SILENCE = sa.String(length=36)

INDEXES = {
    "alerts_by_unit_class": ["unit", "priority", "raised_at_ns"],
    "alerts_by_class": ["priority", "raised_at_ns"],
    "alerts_by_rule": ["rule", "raised_at_ns"],
}


def upgrade() -> None:
    """Add the tables and the indexes."""
    for name, columns in INDEXES.items():
        op.create_index(name, "alerts", columns)
    op.create_table(
        "silences",
        sa.Column("id", SILENCE, nullable=False),
        sa.Column("matchers", sa.JSON(), nullable=False),
        sa.Column("units", sa.JSON(), nullable=True),
        sa.Column("starts_ns", sa.BigInteger(), nullable=False),
        sa.Column("ends_ns", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("fire", sa.Boolean(), nullable=False),
        sa.Column("second_by", sa.Text(), nullable=True),
        sa.Column("updated_ns", sa.BigInteger(), nullable=False),
        sa.Column("begun_ns", sa.BigInteger(), nullable=True),
        sa.Column("ended_ns", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("silences_by_end", "silences", ["ended_ns", "ends_ns"])
    op.create_table(
        "silenced",
        sa.Column("silence_id", SILENCE, nullable=False),
        sa.Column("alert_id", ID, nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.Column("ended_ns", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("silence_id", "alert_id"),
    )
    op.create_index("ix_silenced_alert_id", "silenced", ["alert_id"])
    op.create_table(
        "foreign_alerts",
        sa.Column("alert_id", ID, nullable=False),
        sa.Column("fingerprint", sa.String(length=16), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("annotations", sa.JSON(), nullable=False),
        sa.Column("generator_url", sa.Text(), nullable=False),
        sa.Column("starts_ns", sa.BigInteger(), nullable=False),
        sa.Column("ends_ns", sa.BigInteger(), nullable=False),
        sa.Column("updated_ns", sa.BigInteger(), nullable=False),
        sa.Column("resolved_ns", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("alert_id"),
    )
    op.create_index("ix_foreign_alerts_fingerprint", "foreign_alerts", ["fingerprint"])
    op.create_index("foreign_alerts_by_end", "foreign_alerts", ["resolved_ns", "ends_ns"])
    op.create_table(
        "once_replies",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_once_replies_at_ns", "once_replies", ["at_ns"])


def downgrade() -> None:
    """Remove them."""
    for table in ("once_replies", "foreign_alerts", "silenced", "silences"):
        op.drop_table(table)
    for name in INDEXES:
        op.drop_index(name, "alerts")
