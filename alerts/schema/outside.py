"""What programs outside asked for: silences, alerts of other makers, and requests that must happen once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from alerts.schema.base import ID, TOKEN, Base


class Silence(Base):
    """A silence as Alertmanager has it: it shelves what its matchers match, from one time to another.

    ``matchers`` is ``{"all": [{name, value, isRegex, isEqual}, …]}``. ``fire`` says that it was asked to cover fires;
    it does so from when ``second_by``, another person, confirmed it. ``created_account`` is that of ``created_by``,
    where they were signed in. ``begun_ns`` and ``ended_ns`` are when the service put it in force and out of it.
    ``units`` is the scope of who made it: it covers alerts of these only; None is all.
    Never deleted.
    """

    __tablename__ = "silences"
    __table_args__ = (Index("silences_by_end", "ended_ns", "ends_ns"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    matchers: Mapped[dict[str, Any]]
    units: Mapped[list[str] | None]
    starts_ns: Mapped[int]
    ends_ns: Mapped[int]
    created_by: Mapped[str]
    created_account: Mapped[str | None] = mapped_column(TOKEN)
    comment: Mapped[str]
    fire: Mapped[bool]
    second_by: Mapped[str | None]
    updated_ns: Mapped[int]
    begun_ns: Mapped[int | None]
    ended_ns: Mapped[int | None]
    ended_by: Mapped[str | None]


class Silenced(Base):
    """An alert that a silence shelved; ``ended_ns`` when it let it go."""

    __tablename__ = "silenced"

    silence_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    alert_id: Mapped[str] = mapped_column(ID, primary_key=True, index=True)
    at_ns: Mapped[int]
    ended_ns: Mapped[int | None]


class ForeignAlert(Base):
    """What another maker's alert said, beside the alert that it became; ``resolved_ns``: it ended or fell silent."""

    __tablename__ = "foreign_alerts"
    __table_args__ = (Index("foreign_alerts_by_end", "resolved_ns", "ends_ns"),)

    alert_id: Mapped[str] = mapped_column(ID, primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(16), index=True)
    labels: Mapped[dict[str, Any]]
    annotations: Mapped[dict[str, Any]]
    generator_url: Mapped[str]
    starts_ns: Mapped[int]
    ends_ns: Mapped[int]
    updated_ns: Mapped[int]
    resolved_ns: Mapped[int | None]


class OnceReply(Base):
    """A request that was done, by the key its client gave it, and what was answered (see `alerts.once`)."""

    __tablename__ = "once_replies"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    request: Mapped[str] = mapped_column(String(64))
    reply: Mapped[str]
    at_ns: Mapped[int] = mapped_column(index=True)
