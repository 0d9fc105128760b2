"""The tables of the record: what is known, what is owed, and what was done.

| table | one row is | written |
|---|---|---|
| alerts | one occurrence with its ISA-18.2 / IEC 62682 facts as independent columns | by transitions and people |
| hidden_rules | a rule whose alerts are consequences of one alert | with the alert |
| transitions | one transition seen, applied or not | once, with the stream position |
| walk_tests | a time in which the alarms of a unit, or of parts of it, are told to nobody | begun and ended once |
| out_of_service | a time in which points, devices, zones or gateways are out of service | begun and ended once |
| ladder_steps | one timer of an escalation ladder | made when the ladder starts, ended once |
| notifications | one message to one person on one channel | outbox: made with its cause |
| attempts | one try to send a notification | before the bytes leave, and after the answer |
| feed_events | one CloudEvent for the ALERTS stream | outbox: made with its cause |
| comments | what somebody said | append only |
| audit | one link of the hash chain | append only |
| positions | how far a stream has been read | in the transaction of what was read |
| set_aside | an input that could not be applied, with the reason | append only |

Times are ns since 1970 UTC in BIGINT; ids are text. Nothing here is special to SQLite: PostgreSQL
takes the same tables. The schema changes only by a migration in `alerts.migrations`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Enum, Float, Index, Integer, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from domain.alarm import AlarmClass, EntityKind, Level, Place, TransitionKind
from domain.alert import AlertEvent, Confirmation

ID = String(32)
"""A `domain.ids.stable_id`."""

TOKEN = String(64)
"""A `domain.ids.Token`."""

COUNTING = BigInteger().with_variant(Integer(), "sqlite")
"""A key that the database counts up; SQLite does that only for INTEGER, which is 64 bits wide there."""


class StepState(StrEnum):
    """What became of a step of a ladder."""

    PENDING = "pending"
    DONE = "done"
    STOPPED = "stopped"


class NoticeState(StrEnum):
    """Where a notification is on its way out."""

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DEAD = "dead"


def _words(kind: type[StrEnum]) -> Enum:
    """Store an enum's values (not its Python names) as text."""
    return Enum(
        kind, native_enum=False, length=16, values_callable=lambda members: [member.value for member in members]
    )


class Base(DeclarativeBase):
    """Maps Python types to columns."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger(),
        float: Float(53),
        str: Text(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
        **{
            kind: _words(kind)
            for kind in (
                AlarmClass,
                AlertEvent,
                Confirmation,
                EntityKind,
                Level,
                NoticeState,
                StepState,
                TransitionKind,
            )
        },
    }


class Alert(Base):
    """One occurrence. ``id`` is the id of the transition that raised it.

    ``occurrence`` counts how often it came back before it was closed; a ladder belongs to one
    occurrence. ``paused_at_ns`` is since when the ladder waits (suppressed, or gone by itself). ``fire_order``
    numbers the fires of a building in the order of the log, while one of them is open: 1 is the first alarm (首警).
    ``out_of_service`` is what took its place out of service; ``panel_reset_ns`` when a reset began to wait for it.
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
        Index("alerts_by_timer", "next_escalation_ns"),
        Index("alerts_by_cause", "suppressed_by"),
        Index("alerts_by_walk_test", "walk_test"),
        Index("alerts_by_out_of_service", "out_of_service"),
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

    @property
    def place(self) -> Place:
        """Where it is, as the domain writes it."""
        names = ("unit", "building", "floor", "zone", "zone_kind", "gateway", "device", "point")
        return Place(**{name: getattr(self, name) for name in names})


class WalkTest(Base):
    """A walk test (走动测试): what is raised in its scope until it ends is recorded and told to nobody.

    Scope: the zones and devices that are named, the whole unit when none is. ``from_seq`` is the end of TELEMETRY
    when it began; ``audit_hash`` that of the audit entry of its end. One test of a unit runs at a time.
    """

    __tablename__ = "walk_tests"
    __table_args__ = (
        Index(
            "one_running_walk_test",
            "unit",
            unique=True,
            sqlite_where=text("ended_ns IS NULL"),
            postgresql_where=text("ended_ns IS NULL"),
        ),
        Index("walk_tests_by_time", "begun_ns"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    unit: Mapped[str] = mapped_column(TOKEN)
    zones: Mapped[list[str]]
    devices: Mapped[list[str]]
    begun_by: Mapped[str]
    note: Mapped[str]
    begun_ns: Mapped[int]
    until_ns: Mapped[int]
    from_seq: Mapped[int]
    ended_ns: Mapped[int | None]
    ended_by: Mapped[str | None]
    audit_hash: Mapped[str | None]


class OutOfService(Base):
    """A time in which something is out of service (see `alerts.out_of_service`); ``points`` are ``device/point``."""

    __tablename__ = "out_of_service"
    __table_args__ = (Index("out_of_service_by_end", "ended_ns", "until_ns"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    unit: Mapped[str] = mapped_column(TOKEN)
    zones: Mapped[list[str]]
    devices: Mapped[list[str]]
    points: Mapped[list[str]]
    gateways: Mapped[list[str]]
    begun_by: Mapped[str]
    reason: Mapped[str]
    begun_ns: Mapped[int]
    until_ns: Mapped[int]
    ended_ns: Mapped[int | None]
    ended_by: Mapped[str | None]


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


class LadderStep(Base):
    """A timer: at ``due_ns`` the ``targets`` are told. No targets: the last step's answer is overdue."""

    __tablename__ = "ladder_steps"

    alert_id: Mapped[str] = mapped_column(ID, primary_key=True)
    occurrence: Mapped[int] = mapped_column(Integer, primary_key=True)
    step: Mapped[int] = mapped_column(Integer, primary_key=True)
    due_ns: Mapped[int]
    targets: Mapped[list[str]]
    state: Mapped[StepState] = mapped_column(default=StepState.PENDING)
    ended_at_ns: Mapped[int | None]


class Notification(Base):
    """A message to one person on one channel; ``id`` is its idempotency key.

    ``accepted`` is the platform's word, ``delivered`` its later word where it gives one, ``answered``
    the person's. ``body`` is what is sent, less the answer link, which is made when it is sent.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        Index("notifications_by_turn", "channel", "state", "priority", "created_ns"),
        Index("notifications_by_state", "state"),
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
    answered_at_ns: Mapped[int | None]
    answer: Mapped[str | None] = mapped_column(TOKEN)
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
