"""What alarms cost people: activations, floods, what waits for a digest, and work that bad actors make."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from alerts.schema.base import COUNTING, ID, TOKEN, Base, words
from domain.alarm import AlarmClass, Level


class FloodScope(StrEnum):
    """What a flood is counted over."""

    BUILDING = "building"
    UNIT = "unit"
    POSITION = "position"


class WorkItemKind(StrEnum):
    """What is wrong with an alarm."""

    CHATTERING = "chattering"
    STALE = "stale"
    HOG = "hog"
    FALSE_ALARMS = "false_alarms"


class Activation(Base):
    """One time that an alarm became active; an alert that comes back before it is closed has several.

    ``told_ns``: since when it is directed to an operator; None while it is a consequence, held, shelved or out of
    service. ``acknowledged_ns`` and ``ended_ns``: the first of each after it. `alerts.floods.activations` writes it.
    """

    __tablename__ = "activations"
    __table_args__ = (
        Index("activations_by_time", "at_ns"),
        Index("activations_by_position", "position", "told_ns"),
        Index("activations_by_unit", "unit", "told_ns"),
        Index("activations_by_building", "unit", "building", "told_ns"),
        Index("activations_standing", "ended_ns", "told_ns"),
    )

    number: Mapped[int] = mapped_column(COUNTING, primary_key=True)
    alert_id: Mapped[str] = mapped_column(ID, index=True)
    position: Mapped[str] = mapped_column(TOKEN)
    unit: Mapped[str] = mapped_column(TOKEN)
    building: Mapped[str | None] = mapped_column(TOKEN)
    rule: Mapped[str] = mapped_column(TOKEN)
    entity: Mapped[str] = mapped_column(String(200))
    alarm_class: Mapped[AlarmClass]
    level: Mapped[Level]
    at_ns: Mapped[int]
    told_ns: Mapped[int | None]
    acknowledged_ns: Mapped[int | None]
    ended_ns: Mapped[int | None]


class Flood(Base):
    """A time in which one scope had more alarms than people can work on.

    ``first_alert`` is the first-out: the oldest alarm in the window that made it a flood. ``check_ns``: not before
    this can it end. ``alarms`` and ``peak`` (most in one window) are there when it has ended. ``untold``: its
    beginning or end has not been told on yet.
    """

    __tablename__ = "floods"
    __table_args__ = (
        Index(
            "one_flood_at_a_time",
            "scope",
            "place",
            unique=True,
            sqlite_where=text("ended_ns IS NULL"),
            postgresql_where=text("ended_ns IS NULL"),
        ),
        Index("floods_by_end", "ended_ns", "check_ns"),
        Index("floods_by_time", "scope", "place", "begun_ns"),
        Index("floods_untold", "untold"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    scope: Mapped[FloodScope] = mapped_column(words(FloodScope))
    place: Mapped[str] = mapped_column(String(200))
    position: Mapped[str] = mapped_column(TOKEN)
    unit: Mapped[str] = mapped_column(TOKEN)
    building: Mapped[str | None] = mapped_column(TOKEN)
    first_ns: Mapped[int]
    first_alert: Mapped[str] = mapped_column(ID)
    begun_ns: Mapped[int]
    check_ns: Mapped[int]
    ended_ns: Mapped[int | None]
    alarms: Mapped[int | None] = mapped_column(Integer)
    peak: Mapped[int | None] = mapped_column(Integer)
    untold: Mapped[bool]


class DigestItem(Base):
    """A message to a person that waits for the next digest of a flood, or went with one (``digest_id``)."""

    __tablename__ = "digest_items"
    __table_args__ = (Index("digest_items_waiting", "digest_id", "person", "due_ns"),)

    number: Mapped[int] = mapped_column(COUNTING, primary_key=True)
    person: Mapped[str] = mapped_column(TOKEN)
    alert_id: Mapped[str] = mapped_column(ID)
    unit: Mapped[str] = mapped_column(TOKEN)
    reason: Mapped[str] = mapped_column(TOKEN)
    at_ns: Mapped[int]
    due_ns: Mapped[int]
    digest_id: Mapped[str | None] = mapped_column(ID)


class WorkItem(Base):
    """Something about an alarm that somebody must mend; ``subject`` is what it is about, once for each kind."""

    __tablename__ = "work_items"
    __table_args__ = (
        Index(
            "one_open_work_item",
            "kind",
            "subject",
            unique=True,
            sqlite_where=text("closed_ns IS NULL"),
            postgresql_where=text("closed_ns IS NULL"),
        ),
        Index("work_items_by_time", "unit", "opened_ns"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    kind: Mapped[WorkItemKind] = mapped_column(words(WorkItemKind))
    subject: Mapped[str] = mapped_column(String(300))
    unit: Mapped[str] = mapped_column(TOKEN)
    rule: Mapped[str | None] = mapped_column(TOKEN)
    entity: Mapped[str] = mapped_column(String(200))
    alarm_class: Mapped[AlarmClass]
    alert_id: Mapped[str] = mapped_column(ID)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    opened_ns: Mapped[int]
    seen_ns: Mapped[int]
    closed_ns: Mapped[int | None]
