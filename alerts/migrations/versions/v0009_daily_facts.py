"""Daily facts of units, and how far they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TOKEN = sa.String(length=64)


def upgrade() -> None:
    """Add the tables; days before the first start with them have no facts."""
    op.create_table(
        "daily_facts",
        sa.Column("unit", TOKEN, nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("issued_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("unit", "day"),
    )
    op.create_index("daily_facts_by_day", "daily_facts", ["day"])
    op.create_table(
        "facts_progress",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("began_ns", sa.BigInteger(), nullable=False),
        sa.Column("next_day", sa.String(length=10), nullable=False),
        sa.Column("audit_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("facts_progress")
    op.drop_index("daily_facts_by_day", "daily_facts")
    op.drop_table("daily_facts")
