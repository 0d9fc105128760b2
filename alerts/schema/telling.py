"""Who is to be told, and what became of it: ladders, notifications and the tries to send them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from alerts.schema.base import COUNTING, ID, TOKEN, Base, NoticeState, StepKind, StepState
from domain.alarm import AlarmClass


class LadderStep(Base):
    """A timer of an occurrence's ladder: what happens at ``due_ns`` is its ``kind``'s matter.

    ``step`` numbers the timers; ``rung`` is the step of the policy that it belongs to, as people count them.
    """

    __tablename__ = "ladder_steps"

    alert_id: Mapped[str] = mapped_column(ID, primary_key=True)
    occurrence: Mapped[int] = mapped_column(Integer, primary_key=True)
    step: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[StepKind] = mapped_column(default=StepKind.STEP)
    rung: Mapped[int] = mapped_column(Integer, default=0)
    due_ns: Mapped[int]
    targets: Mapped[list[str]]
    state: Mapped[StepState] = mapped_column(default=StepState.PENDING)
    ended_at_ns: Mapped[int | None]


class Ladder(Base):
    """What a ladder was begun with: a change of the site changes nothing about one that runs.

    ``releases`` counts how often people were told anew as what kept it quiet had ended.
    """

    __tablename__ = "ladders"

    alert_id: Mapped[str] = mapped_column(ID, primary_key=True)
    occurrence: Mapped[int] = mapped_column(Integer, primary_key=True)
    policy: Mapped[str] = mapped_column(TOKEN)
    started_ns: Mapped[int]
    acknowledged_within_ns: Mapped[int]
    releases: Mapped[int] = mapped_column(Integer, default=0)


class Notification(Base):
    """A message to one person on one channel; ``id`` is its idempotency key.

    ``accepted`` is the platform's word, ``delivered`` its later word where it gives one, ``read``
    and ``answered`` the person's. These times are set once: the database refuses to change them.
    ``body`` is what is sent, less the answer link, which is made when it is sent. A ``digested`` one was never sent:
    its digest was (``digest_id``). ``widened_ns`` is when others were told of a fire in its stead.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        Index("notifications_by_turn", "channel", "state", "priority", "created_ns"),
        Index("notifications_by_state", "state"),
        Index("notifications_by_digest", "digest_id"),
        Index("notifications_by_provider", "channel", "provider_id"),
        Index("notifications_by_time", "created_ns"),
        Index("notifications_by_person", "person", "created_ns"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    alert_id: Mapped[str] = mapped_column(ID, index=True)
    occurrence: Mapped[int] = mapped_column(Integer)
    step: Mapped[int] = mapped_column(Integer)
    person: Mapped[str] = mapped_column(TOKEN)
    channel: Mapped[str] = mapped_column(TOKEN)
    reason: Mapped[str] = mapped_column(TOKEN)
    alarm_class: Mapped[AlarmClass]
    priority: Mapped[int] = mapped_column(Integer)
    body: Mapped[dict[str, Any]]
    state: Mapped[NoticeState] = mapped_column(default=NoticeState.QUEUED)
    created_ns: Mapped[int]
    next_try_ns: Mapped[int]
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    sent_at_ns: Mapped[int | None]
    accepted_at_ns: Mapped[int | None]
    delivered_at_ns: Mapped[int | None]
    provider_id: Mapped[str | None]
    read_at_ns: Mapped[int | None]
    answered_at_ns: Mapped[int | None]
    answer: Mapped[str | None] = mapped_column(TOKEN)
    last_error: Mapped[str | None]
    digest_id: Mapped[str | None] = mapped_column(ID)
    widened_ns: Mapped[int | None]


class ChannelHealth(Base):
    """What a channel's answers say of the channel itself (see `alerts.channel_health`); a row once it has failed.

    ``failures`` are tries in a row without an answer of the platform; ``probe_ns`` is when the next message that is no
    fire may try while it is down; ``dead`` tells that ``notification_dead`` stands for it.
    """

    __tablename__ = "channel_health"

    channel: Mapped[str] = mapped_column(TOKEN, primary_key=True)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    down_since_ns: Mapped[int | None]
    probe_ns: Mapped[int | None]
    dead: Mapped[bool] = mapped_column(default=False)
    last_error: Mapped[str | None]


class Attempt(Base):
    """One try; the row is there before the bytes leave, so a crash can't hide that they may have left."""

    __tablename__ = "attempts"
    __table_args__ = (Index("attempts_by_channel", "channel", "at_ns"),)

    number: Mapped[int] = mapped_column(COUNTING, primary_key=True)
    notification_id: Mapped[str] = mapped_column(ID, index=True)
    channel: Mapped[str] = mapped_column(TOKEN)
    fire: Mapped[bool]
    at_ns: Mapped[int]
    ended_at_ns: Mapped[int | None]
    outcome: Mapped[str | None] = mapped_column(TOKEN)
    detail: Mapped[str | None]
