"""What people took out of service, alerts from there, and resets at a panel."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.String(length=32)
TOKEN = sa.String(length=64)


def upgrade() -> None:
    """Add the table and the two facts of an alert; alerts from before have neither."""
    op.create_table(
        "out_of_service",
        sa.Column("id", ID, nullable=False),
        sa.Column("unit", TOKEN, nullable=False),
        sa.Column("zones", sa.JSON(), nullable=False),
        sa.Column("devices", sa.JSON(), nullable=False),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("gateways", sa.JSON(), nullable=False),
        sa.Column("begun_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("begun_ns", sa.BigInteger(), nullable=False),
        sa.Column("until_ns", sa.BigInteger(), nullable=False),
        sa.Column("ended_ns", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("out_of_service_by_end", "out_of_service", ["ended_ns", "until_ns"])
    op.add_column("alerts", sa.Column("out_of_service", ID, nullable=True))
    op.add_column("alerts", sa.Column("panel_reset_ns", sa.BigInteger(), nullable=True))
    op.create_index("alerts_by_out_of_service", "alerts", ["out_of_service"])


def downgrade() -> None:
    """Remove them."""
    op.drop_index("alerts_by_out_of_service", "alerts")
    op.drop_column("alerts", "panel_reset_ns")
    op.drop_column("alerts", "out_of_service")
    op.drop_table("out_of_service")
