"""Who may come in: people with a password, programs with a token, and the sessions of browsers.

No secret stands here: of a password its argon2id hash, of a token and of a session's id the SHA-256 (both are 256
random bits, for which a plain hash is enough).
"""

from __future__ import annotations

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from alerts.schema.base import ID, TOKEN, Base

KEY = String(64)
"""A SHA-256 in hex."""


class User(Base):
    """An account of a person; ``everywhere`` or else the scope is ``units`` and all units of ``areas``."""

    __tablename__ = "users"
    __table_args__ = (Index("users_by_name", "name", unique=True),)

    id: Mapped[str] = mapped_column(TOKEN, primary_key=True)
    name: Mapped[str]
    name_en: Mapped[str]
    person: Mapped[str | None] = mapped_column(TOKEN)
    roles: Mapped[list[str]]
    everywhere: Mapped[bool]
    units: Mapped[list[str]]
    areas: Mapped[list[str]]
    password_hash: Mapped[str | None]
    password_ns: Mapped[int | None]
    must_change: Mapped[bool]
    disabled_ns: Mapped[int | None]
    created_ns: Mapped[int]
    created_by: Mapped[str]


class ApiToken(Base):
    """A program's token: the rights of its roles, and single ones."""

    __tablename__ = "api_tokens"
    __table_args__ = (Index("api_tokens_by_key", "key", unique=True),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    key: Mapped[str] = mapped_column(KEY)
    name: Mapped[str]
    roles: Mapped[list[str]]
    rights: Mapped[list[str]]
    everywhere: Mapped[bool]
    units: Mapped[list[str]]
    areas: Mapped[list[str]]
    created_ns: Mapped[int]
    created_by: Mapped[str]
    expires_ns: Mapped[int | None]
    last_used_ns: Mapped[int | None]
    revoked_ns: Mapped[int | None]
    revoked_by: Mapped[str | None]


class UserSession(Base):
    """A browser that signed in. It ends ``idle_s`` after it was last seen, at ``ends_ns`` in any case."""

    __tablename__ = "user_sessions"
    __table_args__ = (
        Index("user_sessions_by_key", "key", unique=True),
        Index("user_sessions_by_user", "user_id", "created_ns"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    key: Mapped[str] = mapped_column(KEY)
    user_id: Mapped[str] = mapped_column(TOKEN)
    address: Mapped[str]
    agent: Mapped[str]
    created_ns: Mapped[int]
    seen_ns: Mapped[int]
    idle_s: Mapped[int]
    ends_ns: Mapped[int]
    ended_ns: Mapped[int | None]
    ended_by: Mapped[str | None]
    ended_why: Mapped[str | None]
