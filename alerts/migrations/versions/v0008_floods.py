"""Activations, floods, digests and work items; activations of what is on record already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.String(length=32)
TOKEN = sa.String(length=64)
WORD = sa.String(length=16)
COUNTING = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = sa.text("ended_ns IS NULL")
NOT_CLOSED = sa.text("closed_ns IS NULL")

FROM_THE_RECORD = """
INSERT INTO activations (alert_id, position, unit, building, rule, entity, alarm_class, level,
                         at_ns, told_ns, acknowledged_ns, ended_ns)
SELECT id, 'site', unit, building, rule, entity, alarm_class, level, raised_at_ns,
       CASE WHEN suppressed_by IS NULL AND NOT held AND (out_of_service IS NULL OR alarm_class = 'fire')
            THEN raised_at_ns END,
       acknowledged_at_ns, cleared_at_ns
FROM alerts ORDER BY raised_at_ns
"""
"""One activation for each alert, at the position of the whole site: what came back is not counted apart."""


def upgrade() -> None:
    """Make the tables, and fill the first from the record."""
    _activations()
    _floods()
    _digest_items()
    _work_items()
    op.create_index("notifications_by_time", "notifications", ["created_ns"])
    op.create_index("alerts_by_finding", "alerts", ["confirmed_at_ns", "confirmed"])
    op.execute(FROM_THE_RECORD)


def downgrade() -> None:
    """Remove them."""
    op.drop_index("alerts_by_finding", "alerts")
    op.drop_index("notifications_by_time", "notifications")
    for table in ("work_items", "digest_items", "floods", "activations"):
        op.drop_table(table)


def _activations() -> None:
    op.create_table(
        "activations",
        sa.Column("number", COUNTING, nullable=False),
        sa.Column("alert_id", ID, nullable=False),
        sa.Column("position", TOKEN, nullable=False),
        sa.Column("unit", TOKEN, nullable=False),
        sa.Column("building", TOKEN, nullable=True),
        sa.Column("rule", TOKEN, nullable=False),
        sa.Column("entity", sa.String(length=200), nullable=False),
        sa.Column("alarm_class", WORD, nullable=False),
        sa.Column("level", WORD, nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.Column("told_ns", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_ns", sa.BigInteger(), nullable=True),
        sa.Column("ended_ns", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("ix_activations_alert_id", "activations", ["alert_id"])
    op.create_index("activations_by_time", "activations", ["at_ns"])
    op.create_index("activations_by_position", "activations", ["position", "told_ns"])
    op.create_index("activations_by_unit", "activations", ["unit", "told_ns"])
    op.create_index("activations_by_building", "activations", ["unit", "building", "told_ns"])
    op.create_index("activations_standing", "activations", ["ended_ns", "told_ns"])


def _floods() -> None:
    op.create_table(
        "floods",
        sa.Column("id", ID, nullable=False),
        sa.Column("scope", WORD, nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("position", TOKEN, nullable=False),
        sa.Column("unit", TOKEN, nullable=False),
        sa.Column("building", TOKEN, nullable=True),
        sa.Column("first_ns", sa.BigInteger(), nullable=False),
        sa.Column("first_alert", ID, nullable=False),
        sa.Column("begun_ns", sa.BigInteger(), nullable=False),
        sa.Column("check_ns", sa.BigInteger(), nullable=False),
        sa.Column("ended_ns", sa.BigInteger(), nullable=True),
        sa.Column("alarms", sa.Integer(), nullable=True),
        sa.Column("peak", sa.Integer(), nullable=True),
        sa.Column("untold", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "one_flood_at_a_time", "floods", ["scope", "place"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.create_index("floods_by_end", "floods", ["ended_ns", "check_ns"])
    op.create_index("floods_by_time", "floods", ["scope", "place", "begun_ns"])
    op.create_index("floods_untold", "floods", ["untold"])


def _digest_items() -> None:
    op.create_table(
        "digest_items",
        sa.Column("number", COUNTING, nullable=False),
        sa.Column("person", TOKEN, nullable=False),
        sa.Column("alert_id", ID, nullable=False),
        sa.Column("unit", TOKEN, nullable=False),
        sa.Column("reason", TOKEN, nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.Column("due_ns", sa.BigInteger(), nullable=False),
        sa.Column("digest_id", ID, nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("digest_items_waiting", "digest_items", ["digest_id", "person", "due_ns"])


def _work_items() -> None:
    op.create_table(
        "work_items",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("unit", TOKEN, nullable=False),
        sa.Column("rule", TOKEN, nullable=True),
        sa.Column("entity", sa.String(length=200), nullable=False),
        sa.Column("alarm_class", WORD, nullable=False),
        sa.Column("alert_id", ID, nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("opened_ns", sa.BigInteger(), nullable=False),
        sa.Column("seen_ns", sa.BigInteger(), nullable=False),
        sa.Column("closed_ns", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "one_open_work_item",
        "work_items",
        ["kind", "subject"],
        unique=True,
        sqlite_where=NOT_CLOSED,
        postgresql_where=NOT_CLOSED,
    )
    op.create_index("work_items_by_time", "work_items", ["unit", "opened_ns"])
