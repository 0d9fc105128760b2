"""Accounts: users, tokens of programs, and sessions of browsers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.String(length=32)
TOKEN = sa.String(length=64)
KEY = sa.String(length=64)


def upgrade() -> None:
    """Add the tables; the first accounts are made by the service, which has their passwords."""
    op.create_table(
        "users",
        sa.Column("id", TOKEN, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("person", TOKEN, nullable=True),
        sa.Column("roles", sa.JSON(), nullable=False),
        *_scope(),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("password_ns", sa.BigInteger(), nullable=True),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("disabled_ns", sa.BigInteger(), nullable=True),
        sa.Column("created_ns", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("users_by_name", "users", ["name"], unique=True)
    op.create_table(
        "api_tokens",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("rights", sa.JSON(), nullable=False),
        *_scope(),
        sa.Column("created_ns", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("expires_ns", sa.BigInteger(), nullable=True),
        sa.Column("last_used_ns", sa.BigInteger(), nullable=True),
        sa.Column("revoked_ns", sa.BigInteger(), nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("api_tokens_by_key", "api_tokens", ["key"], unique=True)
    _sessions()


def downgrade() -> None:
    """Remove them."""
    op.drop_table("user_sessions")
    op.drop_table("api_tokens")
    op.drop_table("users")


def _scope() -> tuple[sa.Column[bool], sa.Column[list[str]], sa.Column[list[str]]]:
    return (
        sa.Column("everywhere", sa.Boolean(), nullable=False),
        sa.Column("units", sa.JSON(), nullable=False),
        sa.Column("areas", sa.JSON(), nullable=False),
    )


def _sessions() -> None:
    op.create_table(
        "user_sessions",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("user_id", TOKEN, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("created_ns", sa.BigInteger(), nullable=False),
        sa.Column("seen_ns", sa.BigInteger(), nullable=False),
        sa.Column("idle_s", sa.BigInteger(), nullable=False),
        sa.Column("ends_ns", sa.BigInteger(), nullable=False),
        sa.Column("ended_ns", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("user_sessions_by_key", "user_sessions", ["key"], unique=True)
    op.create_index("user_sessions_by_user", "user_sessions", ["user_id", "created_ns"])
