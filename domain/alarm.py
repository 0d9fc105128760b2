"""Alarms: what the rules engine says, one `Transition` at a time.

An alarm is a rule's state on one *entity* (a point, device, zone or gateway). Transitions are facts
in the ALARMS log; their ids are a function of (rule, entity, input sequence), so a replay makes the
same ones and a consumer that has seen an id ignores it.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from domain.ids import Token


class AlarmClass(StrEnum):
    """Classes in order of priority, highest first."""

    FIRE = "fire"
    LINKAGE = "linkage"
    SUPERVISORY = "supervisory"
    FAULT = "fault"
    HAZARD = "hazard"
    DUTY = "duty"
    SYSTEM = "system"

    @property
    def priority(self) -> int:
        """0 for fire, rising as priority falls."""
        return list(AlarmClass).index(self)


class Level(StrEnum):
    """How urgent an alarm is within its class."""

    NOTICE = "notice"
    WARNING = "warning"
    CRITICAL = "critical"


class Truth(StrEnum):
    """The three values of every condition. Unknown is not normal and never clears an alarm."""

    NORMAL = "normal"
    ALARM = "alarm"
    UNKNOWN = "unknown"


class TransitionKind(StrEnum):
    """What happened to the alarm."""

    RAISED = "raised"
    CLEARED = "cleared"
    LEVEL = "level"
    UNKNOWN = "unknown"
    KNOWN = "known"


class EntityKind(StrEnum):
    """What a rule keeps one state for."""

    POINT = "point"
    DEVICE = "device"
    ZONE = "zone"
    GATEWAY = "gateway"
    BUILDING = "building"
    UNIT = "unit"


class Place(BaseModel):
    """Where it is; ids only, labels come from the registry. Absent steps are None."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: Token
    building: Token | None = None
    floor: int | None = None
    zone: Token | None = None
    zone_kind: str | None = None
    gateway: Token | None = None
    device: Token | None = None
    point: Token | None = None


class Transition(BaseModel):
    """One change of one alarm, as it stands in the ALARMS log (JSON)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=32, max_length=32)
    kind: TransitionKind
    rule: Token
    rule_version: str
    alarm_class: AlarmClass
    level: Level
    entity_kind: EntityKind
    entity: str = Field(
        description="zone: unit/zone; device: unit/device; point: unit/device/point; gateway: unit/gateway;"
        " building: unit/building; unit: unit"
    )
    place: Place
    partition: int = Field(ge=0)
    input_seq: int = Field(ge=0, description="sequence in TELEMETRY of the message that caused it")
    event_time_ns: int = Field(description="when it became true at the device, ns UTC")
    log_time_ns: int = Field(description="when the log said so, ns UTC: the time that delays are counted in")
    delay_ns: int = Field(default=0, ge=0, description="on-delay that the rule asks for between the two, ns")
    value: float | None = Field(default=None, description="the value that decided, canonical quantity")
    values: dict[str, float] = Field(default_factory=dict, description="other values of the entity at that moment")
    latched: bool = Field(description="stays open until a person resets it")
    test: bool = Field(default=False, description="the device says 'test'; a flag, never a mute")
    historical: bool = Field(default=False, description="happened during an outage, delivered late")
    text_zh: str
    text_en: str
    picture_url: str | None = None
    resets: bool = Field(default=False, description="a reset at a panel: lets latched alerts of the panel go")
    hides: tuple[Token, ...] = Field(
        default=(), description="rules whose alerts on the same entity or zone are consequences"
    )
