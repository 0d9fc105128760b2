"""Browsers that people are pushed to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TOKEN = sa.String(length=64)


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "push_subscriptions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person", TOKEN, nullable=False),
        sa.Column("channel", TOKEN, nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("p256dh", sa.Text(), nullable=False),
        sa.Column("auth", sa.Text(), nullable=False),
        sa.Column("created_ns", sa.BigInteger(), nullable=False),
        sa.Column("last_ok_ns", sa.BigInteger(), nullable=True),
        sa.Column("removed_ns", sa.BigInteger(), nullable=True),
        sa.Column("removed_why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("push_subscriptions_by_person", "push_subscriptions", ["person", "channel", "removed_ns"])


def downgrade() -> None:
    """Remove it: people subscribe again."""
    op.drop_index("push_subscriptions_by_person", "push_subscriptions")
    op.drop_table("push_subscriptions")
