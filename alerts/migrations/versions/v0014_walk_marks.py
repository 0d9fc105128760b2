"""What people mark by hand in walk tests, which nobody may change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from alerts.migrations import guards

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

COUNTING = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the table, then set the guards of all append-only tables anew."""
    op.create_table(
        "walk_marks",
        sa.Column("number", COUNTING, nullable=False),
        sa.Column("walk_test", sa.String(length=32), nullable=False),
        sa.Column("point", sa.Text(), nullable=False),
        sa.Column("works", sa.Boolean(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("walk_marks_by_test", "walk_marks", ["walk_test", "number"])
    guards.make(op.get_bind())


def downgrade() -> None:
    """Remove it; a table takes its guards with it."""
    op.drop_index("walk_marks_by_test", "walk_marks")
    op.drop_table("walk_marks")
