"""What is on its way to other modules."""

from __future__ import annotations

from sqlalchemy import Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from alerts.schema.base import COUNTING, ID, Base
from domain.alert import AlertEvent


class FeedEvent(Base):
    """A CloudEvent on its way to the ALERTS stream: fire first, then in the order of ``number``."""

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
    event: Mapped[AlertEvent]
    subject: Mapped[str]
    payload: Mapped[str]
    created_ns: Mapped[int]
    published_at_ns: Mapped[int | None]
    refused: Mapped[str | None]
