"""Shift hand-overs, which nobody may change; and whose message it is, for a person's own list."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from alerts.migrations import guards

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ID = sa.String(length=32)


def upgrade() -> None:
    """Add the tables and the index, then set the guards of all append-only tables anew."""
    op.create_table(
        "shift_handovers",
        sa.Column("id", ID, nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("given_ns", sa.BigInteger(), nullable=False),
        sa.Column("since_ns", sa.BigInteger(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("open_alerts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("shift_handovers_by_time", "shift_handovers", ["given_ns"])
    op.create_table(
        "shift_takings",
        sa.Column("handover_id", ID, nullable=False),
        sa.Column("taken_by", sa.Text(), nullable=False),
        sa.Column("taken_ns", sa.BigInteger(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("handover_id"),
    )
    op.create_index("shift_takings_by_time", "shift_takings", ["taken_ns"])
    op.create_index("notifications_by_person", "notifications", ["person", "created_ns"])
    guards.make(op.get_bind())


def downgrade() -> None:
    """Remove them; a table takes its guards with it."""
    op.drop_index("notifications_by_person", "notifications")
    op.drop_index("shift_takings_by_time", "shift_takings")
    op.drop_table("shift_takings")
    op.drop_index("shift_handovers_by_time", "shift_handovers")
    op.drop_table("shift_handovers")
