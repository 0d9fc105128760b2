"""What is on its way to other modules, and the daily facts that were computed for them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from alerts.schema.base import COUNTING, ID, TOKEN, Base


class FeedEvent(Base):
    """A CloudEvent on its way to its stream: fire first, then alerts, then facts; in the order of ``number`` in each.

    ``event`` is the last token of the subject (of facts: ``fact``); ``alert_id`` is empty for what is about no alert.
    """

    __tablename__ = "feed_events"
    __table_args__ = (
        UniqueConstraint("id"),
        Index("feed_events_by_alert", "alert_id", "event"),
        Index("feed_events_waiting", "published_at_ns", "priority", "number"),
    )

    number: Mapped[int] = mapped_column(COUNTING, primary_key=True)
    id: Mapped[str] = mapped_column(ID)
    alert_id: Mapped[str] = mapped_column(ID)
    priority: Mapped[int] = mapped_column(Integer)
    event: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str]
    payload: Mapped[str]
    created_ns: Mapped[int]
    published_at_ns: Mapped[int | None]
    refused: Mapped[str | None]


class DailyFactRow(Base):
    """The facts of one local day of one unit, as they were issued last.

    ``content`` is `alerts.feeding.models.DailyFact` as JSON; ``revision`` counts from 1; ``digest`` is of what the
    facts say, so that the same facts are issued once; ``complete``: every gateway that had to be asked has answered.
    """

    __tablename__ = "daily_facts"
    __table_args__ = (Index("daily_facts_by_day", "day"),)

    unit: Mapped[str] = mapped_column(TOKEN, primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    revision: Mapped[int] = mapped_column(Integer)
    digest: Mapped[str] = mapped_column(String(32))
    complete: Mapped[bool]
    content: Mapped[dict[str, Any]]
    issued_ns: Mapped[int]


class FactsProgress(Base):
    """One row: since when there is a record, the next day to be computed, and the audit entry that was seen last."""

    __tablename__ = "facts_progress"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    began_ns: Mapped[int]
    next_day: Mapped[str] = mapped_column(String(10))
    audit_number: Mapped[int]
