"""The record: alerts, what was read to make them, what people said, and the audit chain."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, Integer, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from alerts.schema.base import COUNTING, ID, TOKEN, Base
from domain.alarm import AlarmClass, EntityKind, Level, Place, TransitionKind
from domain.alert import Confirmation, SuppressionKind


class Alert(Base):
    """One occurrence. ``id`` is the id of the transition that raised it.

    ``occurrence`` counts how often it came back before it was closed; a ladder belongs to one
    occurrence. ``paused_at_ns`` is since when the ladder waits (suppressed, or gone by itself). ``fire_order``
    numbers the fires of a building in the order of the log, while one of them is open: 1 is the first alarm (首警).
    ``out_of_service`` is what took its place out of service; ``panel_reset_ns`` when a reset began to wait for it.
    ``suppressed_by`` is the id of what ``suppressed_kind`` names; ``shelved_*`` are set while it is shelved, and only
    then. ``reopened`` counts how often it came back after it was closed, ``previous_id`` is the record before it.
    ``acknowledged_account`` and ``owner_account``: the account of who is named there, where it is known.
    ``walk_test`` is the test that it was raised in; while it is ``held`` its ladder waits (see `alerts.walk_tests`).
    """

    __tablename__ = "alerts"
    __table_args__ = (
        Index(
            "one_open_alert",
            "rule",
            "entity",
            unique=True,
            sqlite_where=text("closed_at_ns IS NULL"),
            postgresql_where=text("closed_at_ns IS NULL"),
        ),
        Index("alerts_by_time", "raised_at_ns"),
        Index("alerts_by_state", "closed_at_ns", "priority", "raised_at_ns"),
        Index("alerts_by_unit", "unit", "raised_at_ns"),
        Index("alerts_by_unit_class", "unit", "priority", "raised_at_ns"),
        Index("alerts_by_class", "priority", "raised_at_ns"),
        Index("alerts_by_rule", "rule", "raised_at_ns"),
        Index("alerts_by_timer", "next_escalation_ns"),
        Index("alerts_by_cause", "suppressed_by"),
        Index("alerts_by_finding", "confirmed_at_ns", "confirmed"),
        Index("alerts_by_walk_test", "walk_test"),
        Index("alerts_by_out_of_service", "out_of_service"),
        Index("alerts_by_shelf", "shelved_until_ns"),
        Index("alerts_by_entity", "rule", "entity", "closed_at_ns"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    rule: Mapped[str] = mapped_column(TOKEN)
    rule_version: Mapped[str]
    alarm_class: Mapped[AlarmClass]
    priority: Mapped[int] = mapped_column(Integer)
    level: Mapped[Level]
    entity_kind: Mapped[EntityKind]
    entity: Mapped[str] = mapped_column(String(200))
    unit: Mapped[str] = mapped_column(TOKEN)
    building: Mapped[str | None] = mapped_column(TOKEN)
    floor: Mapped[int | None] = mapped_column(Integer)
    zone: Mapped[str | None] = mapped_column(TOKEN)
    zone_kind: Mapped[str | None] = mapped_column(TOKEN)
    gateway: Mapped[str | None] = mapped_column(TOKEN)
    device: Mapped[str | None] = mapped_column(TOKEN)
    point: Mapped[str | None] = mapped_column(TOKEN)
    text_zh: Mapped[str]
    text_en: Mapped[str]
    picture_url: Mapped[str | None]
    value: Mapped[float | None]
    values: Mapped[dict[str, Any]]
    event_time_ns: Mapped[int]
    delay_ns: Mapped[int] = mapped_column(default=0)
    raised_at_ns: Mapped[int]
    occurrence: Mapped[int] = mapped_column(Integer, default=1)

    active: Mapped[bool] = mapped_column(default=True)
    data_unknown: Mapped[bool] = mapped_column(default=False)
    cleared_at_ns: Mapped[int | None]
    latched: Mapped[bool]
    reset_at_ns: Mapped[int | None]
    reset_by: Mapped[str | None]
    acknowledged_at_ns: Mapped[int | None]
    acknowledged_by: Mapped[str | None]
    confirmed: Mapped[Confirmation | None]
    confirmed_at_ns: Mapped[int | None]
    confirmed_by: Mapped[str | None]
    suppressed_by: Mapped[str | None] = mapped_column(ID)
    test: Mapped[bool]
    historical: Mapped[bool]
    owner: Mapped[str | None]
    escalation_step: Mapped[int] = mapped_column(Integer, default=0)
    next_escalation_ns: Mapped[int | None]
    paused_at_ns: Mapped[int | None]
    closed_at_ns: Mapped[int | None]
    comments: Mapped[int] = mapped_column(Integer, default=0)
    fire_order: Mapped[int | None] = mapped_column(Integer)
    walk_test: Mapped[str | None] = mapped_column(ID)
    held: Mapped[bool] = mapped_column(default=False, server_default=false())
    out_of_service: Mapped[str | None] = mapped_column(ID)
    panel_reset_ns: Mapped[int | None]
    suppressed_kind: Mapped[SuppressionKind | None]
    shelved_until_ns: Mapped[int | None]
    shelved_by: Mapped[str | None]
    shelved_with: Mapped[str | None]
    shelve_reason: Mapped[str | None]
    false_cause: Mapped[str | None]
    previous_id: Mapped[str | None] = mapped_column(ID)
    attachments: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    reopened: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    rechecked_at_ns: Mapped[int | None]
    rechecked_by: Mapped[str | None]
    acknowledged_account: Mapped[str | None] = mapped_column(TOKEN)
    owner_account: Mapped[str | None] = mapped_column(TOKEN)
    input_seq: Mapped[int | None]
    log_time_ns: Mapped[int | None]

    @property
    def place(self) -> Place:
        """Where it is, as the domain writes it."""
        names = ("unit", "building", "floor", "zone", "zone_kind", "gateway", "device", "point")
        return Place(**{name: getattr(self, name) for name in names})


class HiddenRule(Base):
    """A rule whose alerts in the same place are consequences of an alert (`Transition.hides`)."""

    __tablename__ = "hidden_rules"

    alert_id: Mapped[str] = mapped_column(ID, primary_key=True)
    rule: Mapped[str] = mapped_column(TOKEN, primary_key=True, index=True)


class SeenTransition(Base):
    """A transition that was read; ``alert_id`` is None when it concerned no open alert."""

    __tablename__ = "transitions"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    seq: Mapped[int]
    kind: Mapped[TransitionKind]
    alert_id: Mapped[str | None] = mapped_column(ID, index=True)
    seen_at_ns: Mapped[int]


class Position(Base):
    """How far a lane of a stream has been read: the last sequence that is in this database."""

    __tablename__ = "positions"

    lane: Mapped[str] = mapped_column(TOKEN, primary_key=True)
    seq: Mapped[int]


class SetAside(Base):
    """An input that could not be applied."""

    __tablename__ = "set_aside"

    number: Mapped[int] = mapped_column(COUNTING, primary_key=True)
    seq: Mapped[int]
    subject: Mapped[str]
    reason: Mapped[str]
    sample_hex: Mapped[str]
    at_ns: Mapped[int]


class Comment(Base):
    """What somebody said about an alert."""

    __tablename__ = "comments"

    number: Mapped[int] = mapped_column(COUNTING, primary_key=True)
    alert_id: Mapped[str] = mapped_column(ID, index=True)
    by: Mapped[str]
    text: Mapped[str]
    at_ns: Mapped[int]


class Attachment(Base):
    """Evidence that lies elsewhere: its address, and the hash that says whether it is still the same."""

    __tablename__ = "attachments"

    number: Mapped[int] = mapped_column(COUNTING, primary_key=True)
    alert_id: Mapped[str] = mapped_column(ID, index=True)
    by: Mapped[str]
    url: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(127))
    note: Mapped[str]
    at_ns: Mapped[int]


class AuditEntry(Base):
    """A link of the chain; ``details`` is canonical JSON text, hashed as it stands (see `alerts.audit`)."""

    __tablename__ = "audit"

    number: Mapped[int] = mapped_column(COUNTING, primary_key=True, autoincrement=False)
    at_ns: Mapped[int]
    actor: Mapped[str]
    action: Mapped[str] = mapped_column(TOKEN)
    alert_id: Mapped[str | None] = mapped_column(ID, index=True)
    details: Mapped[str]
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
