"""By which account somebody acted, where a deed needs another person; rows from before have none, and stay valid."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TOKEN = sa.String(length=64)

COLUMNS = (
    ("alerts", "acknowledged_account"),
    ("alerts", "owner_account"),
    ("shift_handovers", "given_account"),
    ("silences", "created_account"),
)


def upgrade() -> None:
    """Add the columns: the guards of these tables name none of them, and stay as they are."""
    for table, column in COLUMNS:
        op.add_column(table, sa.Column(column, TOKEN, nullable=True))


def downgrade() -> None:
    """Remove them; what was done keeps its names."""
    for table, column in reversed(COLUMNS):
        op.drop_column(table, column)
