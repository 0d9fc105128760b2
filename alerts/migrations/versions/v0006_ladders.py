"""What a ladder was begun with, and what each of its timers is for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.String(length=32)
TOKEN = sa.String(length=64)
KIND = sa.String(length=16)


def upgrade() -> None:
    """Add the table and two columns. A ladder that runs goes on: a timer without targets was the deadline."""
    op.create_table(
        "ladders",
        sa.Column("alert_id", ID, nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("policy", TOKEN, nullable=False),
        sa.Column("started_ns", sa.BigInteger(), nullable=False),
        sa.Column("acknowledged_within_ns", sa.BigInteger(), nullable=False),
        sa.Column("releases", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "occurrence"),
    )
    op.add_column("ladder_steps", sa.Column("kind", KIND, nullable=False, server_default="step"))
    op.add_column("ladder_steps", sa.Column("rung", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE ladder_steps SET rung = step")
    op.execute("UPDATE ladder_steps SET kind = 'answer' WHERE CAST(targets AS VARCHAR(20)) = '[]'")


def downgrade() -> None:
    """Remove them, and the timers that the version before does not know."""
    op.execute("DELETE FROM ladder_steps WHERE kind IN ('repeat', 'delayed', 'lapse')")
    op.drop_column("ladder_steps", "rung")
    op.drop_column("ladder_steps", "kind")
    op.drop_table("ladders")
