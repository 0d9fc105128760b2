"""Alerts: the record people handle, as other packages see it.

The facts are independent columns after ISA-18.2 / IEC 62682, never one enum: an alert can be
inactive and unacknowledged, acknowledged and not confirmed. Mute ≠ acknowledge ≠ confirm ≠ reset.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from domain.alarm import AlarmClass, EntityKind, Level, Place


class Confirmation(StrEnum):
    """What a person found out."""

    REAL = "real"
    FALSE = "false"
    TEST = "test"


class SuppressionKind(StrEnum):
    """Why an alert is told to nobody although it stands; ``suppressed_by`` is the id of the reason."""

    CAUSE = "cause"
    MAINTENANCE = "maintenance"
    DIGEST = "digest"


class AlertEvent(StrEnum):
    """What happened to an alert: the last token of its feed subject and CloudEvents type."""

    RAISED = "raised"
    LEVEL = "level"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    CONFIRMED = "confirmed"
    UNKNOWN = "unknown"
    KNOWN = "known"
    CLEARED = "cleared"
    RESET = "reset"
    COMMENTED = "commented"
    SUPPRESSED = "suppressed"
    RECEIPT = "receipt"
    CLOSED = "closed"
    SHELVED = "shelved"
    ATTACHED = "attached"
    ASSIGNED = "assigned"
    RECHECKED = "rechecked"


class AlertView(BaseModel):
    """One alert with all its facts. Times are ns UTC of this server; None = has not happened."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    rule: str
    rule_version: str
    alarm_class: AlarmClass
    level: Level
    entity_kind: EntityKind
    entity: str
    place: Place
    text_zh: str
    text_en: str
    picture_url: str | None
    value: float | None
    values: dict[str, float]
    raised_at_ns: int
    event_time_ns: int
    active: bool
    data_unknown: bool
    cleared_at_ns: int | None
    latched: bool
    reset_at_ns: int | None
    reset_by: str | None
    acknowledged_at_ns: int | None
    acknowledged_by: str | None
    confirmed: Confirmation | None
    confirmed_at_ns: int | None
    confirmed_by: str | None
    suppressed_by: str | None
    test: bool
    historical: bool
    owner: str | None
    escalation_step: int
    next_escalation_ns: int | None
    closed_at_ns: int | None
    comments: int
    fire_order: int | None = Field(
        default=None,
        ge=1,
        description="of a fire: 1 = the first alarm (首警) of its building since no fire was open there, 2 the second",
    )
    walk_test: str | None = Field(default=None, description="id of the walk test (走动测试) that it was raised in")
    out_of_service: str | None = Field(
        default=None, description="id of what took its place out of service (停用); fires are told all the same"
    )
    held: bool = Field(default=False, description="raised in a walk test, and told to nobody for that reason")
    shelved_until_ns: int | None = Field(default=None, description="shelved (搁置): told to nobody until then")
    shelved_by: str | None = None
    shelved_with: str | None = Field(default=None, description="the second person, whom the class fire needs")
    shelve_reason: str | None = None
    false_cause: str | None = Field(default=None, description="of a false alarm: what made it")
    suppressed_kind: SuppressionKind | None = Field(default=None, description="what `suppressed_by` is the id of")
    previous_id: str | None = Field(default=None, description="the occurrence before this one, of the same rule there")
    attachments: int = 0
    reopened: int = Field(default=0, description="how often it was opened again after it had closed")
    rechecked_at_ns: int | None = Field(default=None, description="re-checked (复查) on the spot")
    rechecked_by: str | None = None
    input_seq: int | None = Field(default=None, description="sequence in TELEMETRY of what raised it (last)")
    log_time_ns: int | None = Field(default=None, description="when the log said so: rules count their delays in it")
    delay_ns: int = Field(default=0, description="on-delay that the rule asked for, ns")

    @property
    def is_open(self) -> bool:
        """Tell whether it still needs somebody."""
        return self.closed_at_ns is None
