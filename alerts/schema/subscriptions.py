"""Which browsers a person told us to push to."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from alerts.schema.base import ID, TOKEN, Base


class PushSubscription(Base):
    """A browser on a channel, by its push service's address; ``id`` is a function of both.

    It belongs to the person of the link that it was made with. A removed one stays as a row, for the audit's sake, and
    comes back when the same browser subscribes again.
    """

    __tablename__ = "push_subscriptions"
    __table_args__ = (Index("push_subscriptions_by_person", "person", "channel", "removed_ns"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    person: Mapped[str] = mapped_column(TOKEN)
    channel: Mapped[str] = mapped_column(TOKEN)
    endpoint: Mapped[str]
    p256dh: Mapped[str]
    auth: Mapped[str]
    created_ns: Mapped[int]
    last_ok_ns: Mapped[int | None]
    removed_ns: Mapped[int | None]
    removed_why: Mapped[str | None]
