"""The order of fires: which alarm of a building came first (首警)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the number; fires from before have none."""
    op.add_column("alerts", sa.Column("fire_order", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Remove it."""
    op.drop_column("alerts", "fire_order")
