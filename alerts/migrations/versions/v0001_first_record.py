"""The first record: alerts with their facts, ladders, outbox, feed and audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.String(length=32)
TOKEN = sa.String(length=64)
WORD = sa.String(length=16)
NS = sa.BigInteger()
COUNTING = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = sa.text("closed_at_ns IS NULL")

TABLES = (
    "alerts",
    "attempts",
    "audit",
    "comments",
    "feed_events",
    "hidden_rules",
    "ladder_steps",
    "notifications",
    "positions",
    "set_aside",
    "transitions",
)


def upgrade() -> None:
    """Make all tables."""
    _alerts()
    _attempts()
    _audit()
    _comments()
    _feed_events()
    _hidden_rules()
    _ladder_steps()
    _notifications()
    _positions()
    _set_aside()
    _transitions()


def downgrade() -> None:
    """Remove all tables, with everything in them."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", ID, nullable=False),
        sa.Column("rule", TOKEN, nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("alarm_class", WORD, nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("level", WORD, nullable=False),
        sa.Column("entity_kind", WORD, nullable=False),
        sa.Column("entity", sa.String(length=200), nullable=False),
        sa.Column("unit", TOKEN, nullable=False),
        sa.Column("building", TOKEN, nullable=True),
        sa.Column("floor", sa.Integer(), nullable=True),
        sa.Column("zone", TOKEN, nullable=True),
        sa.Column("zone_kind", TOKEN, nullable=True),
        sa.Column("gateway", TOKEN, nullable=True),
        sa.Column("device", TOKEN, nullable=True),
        sa.Column("point", TOKEN, nullable=True),
        sa.Column("text_zh", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("picture_url", sa.Text(), nullable=True),
        sa.Column("value", sa.Float(precision=53), nullable=True),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("event_time_ns", NS, nullable=False),
        sa.Column("delay_ns", NS, nullable=False),
        sa.Column("raised_at_ns", NS, nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("data_unknown", sa.Boolean(), nullable=False),
        sa.Column("cleared_at_ns", NS, nullable=True),
        sa.Column("latched", sa.Boolean(), nullable=False),
        sa.Column("reset_at_ns", NS, nullable=True),
        sa.Column("reset_by", sa.Text(), nullable=True),
        sa.Column("acknowledged_at_ns", NS, nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("confirmed", WORD, nullable=True),
        sa.Column("confirmed_at_ns", NS, nullable=True),
        sa.Column("confirmed_by", sa.Text(), nullable=True),
        sa.Column("suppressed_by", ID, nullable=True),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("historical", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("escalation_step", sa.Integer(), nullable=False),
        sa.Column("next_escalation_ns", NS, nullable=True),
        sa.Column("paused_at_ns", NS, nullable=True),
        sa.Column("closed_at_ns", NS, nullable=True),
        sa.Column("comments", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("alerts_by_cause", "alerts", ["suppressed_by"])
    op.create_index("alerts_by_state", "alerts", ["closed_at_ns", "priority", "raised_at_ns"])
    op.create_index("alerts_by_time", "alerts", ["raised_at_ns"])
    op.create_index("alerts_by_timer", "alerts", ["next_escalation_ns"])
    op.create_index("alerts_by_unit", "alerts", ["unit", "raised_at_ns"])
    op.create_index(
        "one_open_alert", "alerts", ["rule", "entity"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("number", COUNTING, nullable=False),
        sa.Column("notification_id", ID, nullable=False),
        sa.Column("channel", TOKEN, nullable=False),
        sa.Column("fire", sa.Boolean(), nullable=False),
        sa.Column("at_ns", NS, nullable=False),
        sa.Column("ended_at_ns", NS, nullable=True),
        sa.Column("outcome", TOKEN, nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("attempts_by_channel", "attempts", ["channel", "at_ns"])
    op.create_index("ix_attempts_notification_id", "attempts", ["notification_id"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("number", COUNTING, autoincrement=False, nullable=False),
        sa.Column("at_ns", NS, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", TOKEN, nullable=False),
        sa.Column("alert_id", ID, nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("previous", TOKEN, nullable=False),
        sa.Column("hash", TOKEN, nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("ix_audit_alert_id", "audit", ["alert_id"])


def _comments() -> None:
    op.create_table(
        "comments",
        sa.Column("number", COUNTING, nullable=False),
        sa.Column("alert_id", ID, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at_ns", NS, nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("ix_comments_alert_id", "comments", ["alert_id"])


def _feed_events() -> None:
    op.create_table(
        "feed_events",
        sa.Column("number", COUNTING, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("alert_id", ID, nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("event", WORD, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("created_ns", NS, nullable=False),
        sa.Column("published_at_ns", NS, nullable=True),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("feed_events_by_alert", "feed_events", ["alert_id", "event"])
    op.create_index("feed_events_waiting", "feed_events", ["published_at_ns", "priority", "number"])


def _hidden_rules() -> None:
    op.create_table(
        "hidden_rules",
        sa.Column("alert_id", ID, nullable=False),
        sa.Column("rule", TOKEN, nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "rule"),
    )
    op.create_index("ix_hidden_rules_rule", "hidden_rules", ["rule"])


def _ladder_steps() -> None:
    op.create_table(
        "ladder_steps",
        sa.Column("alert_id", ID, nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("due_ns", NS, nullable=False),
        sa.Column("targets", sa.JSON(), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("ended_at_ns", NS, nullable=True),
        sa.PrimaryKeyConstraint("alert_id", "occurrence", "step"),
    )


def _notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("id", ID, nullable=False),
        sa.Column("alert_id", ID, nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("person", TOKEN, nullable=False),
        sa.Column("channel", TOKEN, nullable=False),
        sa.Column("reason", TOKEN, nullable=False),
        sa.Column("alarm_class", WORD, nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("created_ns", NS, nullable=False),
        sa.Column("next_try_ns", NS, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at_ns", NS, nullable=True),
        sa.Column("accepted_at_ns", NS, nullable=True),
        sa.Column("delivered_at_ns", NS, nullable=True),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("answered_at_ns", NS, nullable=True),
        sa.Column("answer", TOKEN, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_notifications_alert_id", "notifications", ["alert_id"])
    op.create_index("notifications_by_state", "notifications", ["state"])
    op.create_index("notifications_by_turn", "notifications", ["channel", "state", "priority", "created_ns"])


def _positions() -> None:
    op.create_table(
        "positions",
        sa.Column("lane", TOKEN, nullable=False),
        sa.Column("seq", NS, nullable=False),
        sa.PrimaryKeyConstraint("lane"),
    )


def _set_aside() -> None:
    op.create_table(
        "set_aside",
        sa.Column("number", COUNTING, nullable=False),
        sa.Column("seq", NS, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sample_hex", sa.Text(), nullable=False),
        sa.Column("at_ns", NS, nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )


def _transitions() -> None:
    op.create_table(
        "transitions",
        sa.Column("id", ID, nullable=False),
        sa.Column("seq", NS, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("alert_id", ID, nullable=True),
        sa.Column("seen_at_ns", NS, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_transitions_alert_id", "transitions", ["alert_id"])
