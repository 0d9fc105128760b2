"""Digests, fires told to others, and the health of channels."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and two facts of a notification; those from before have neither."""
    op.create_table(
        "channel_health",
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("down_since_ns", sa.BigInteger(), nullable=True),
        sa.Column("probe_ns", sa.BigInteger(), nullable=True),
        sa.Column("dead", sa.Boolean(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("channel"),
    )
    op.add_column("notifications", sa.Column("digest_id", sa.String(length=32), nullable=True))
    op.add_column("notifications", sa.Column("widened_ns", sa.BigInteger(), nullable=True))
    op.create_index("notifications_by_digest", "notifications", ["digest_id"])
    op.create_index("notifications_by_provider", "notifications", ["channel", "provider_id"])


def downgrade() -> None:
    """Remove them; a message that went out in a digest counts as given up."""
    op.execute("UPDATE notifications SET state = 'dead' WHERE state = 'digested'")
    op.drop_index("notifications_by_provider", "notifications")
    op.drop_index("notifications_by_digest", "notifications")
    op.drop_column("notifications", "widened_ns")
    op.drop_column("notifications", "digest_id")
    op.drop_table("channel_health")
