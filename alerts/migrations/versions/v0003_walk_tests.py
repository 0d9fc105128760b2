"""Walk tests, and the alerts that were raised in one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.String(length=32)
TOKEN = sa.String(length=64)


def upgrade() -> None:
    """Add the table and the two facts of an alert; alerts from before were raised in no test."""
    op.create_table(
        "walk_tests",
        sa.Column("id", ID, nullable=False),
        sa.Column("unit", TOKEN, nullable=False),
        sa.Column("zones", sa.JSON(), nullable=False),
        sa.Column("devices", sa.JSON(), nullable=False),
        sa.Column("begun_by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("begun_ns", sa.BigInteger(), nullable=False),
        sa.Column("until_ns", sa.BigInteger(), nullable=False),
        sa.Column("from_seq", sa.BigInteger(), nullable=False),
        sa.Column("ended_ns", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("audit_hash", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    running = sa.text("ended_ns IS NULL")
    op.create_index(
        "one_running_walk_test", "walk_tests", ["unit"], unique=True, sqlite_where=running, postgresql_where=running
    )
    op.create_index("walk_tests_by_time", "walk_tests", ["begun_ns"])
    op.add_column("alerts", sa.Column("walk_test", ID, nullable=True))
    op.add_column("alerts", sa.Column("held", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("alerts_by_walk_test", "alerts", ["walk_test"])


def downgrade() -> None:
    """Remove them."""
    op.drop_index("alerts_by_walk_test", "alerts")
    op.drop_column("alerts", "held")
    op.drop_column("alerts", "walk_test")
    op.drop_table("walk_tests")
