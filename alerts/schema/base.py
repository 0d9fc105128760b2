"""What all tables share: column types, the words of states, and the base class."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Enum, Float, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase

from domain.alarm import AlarmClass, EntityKind, Level, TransitionKind
from domain.alert import AlertEvent, Confirmation, SuppressionKind

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


class StepKind(StrEnum):
    """What the timer of a ladder is for (see `alerts.escalation`)."""

    STEP = "step"
    REPEAT = "repeat"
    DELAYED = "delayed"
    ANSWER = "answer"
    LAPSE = "lapse"


class NoticeState(StrEnum):
    """Where a notification is on its way out."""

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DIGESTED = "digested"
    DEAD = "dead"


def _words(kind: type[StrEnum]) -> Enum:
    """Store an enum's values (not its Python names) as text."""
    return Enum(
        kind, native_enum=False, length=16, values_callable=lambda members: [member.value for member in members]
    )


def words(kind: type[StrEnum]) -> Enum:
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
            kind: words(kind)
            for kind in (
                AlarmClass,
                AlertEvent,
                Confirmation,
                EntityKind,
                Level,
                NoticeState,
                StepKind,
                StepState,
                SuppressionKind,
                TransitionKind,
            )
        },
    }
