"""What messages of the feed carry besides alerts: work items and daily facts. Their JSON Schemas are made from here.

Version 1 of each only grows: fields and words of enums may be added, none is removed or given another type.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from domain.alarm import AlarmClass, Level, Place
from domain.ids import Token

Count = Annotated[int, Field(ge=0)]
Minutes = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class Fed(BaseModel):
    """Base: frozen, unknown fields are refused where we write."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WorkItem(Fed):
    """Something that somebody should do: a bad actor to be repaired, a stale alarm to be settled. Times: ns UTC."""

    id: str = Field(min_length=1, max_length=64, description="the same for the same matter")
    kind: Token = Field(description="what sort of work, such as chattering, stale, frequent, false_alarms")
    alarm_class: AlarmClass
    level: Level
    place: Place
    entity: str = Field(description="whom it is about, in the form of a transition's entity")
    rule: Token | None = Field(default=None, description="the rule whose alarms give the work")
    text_zh: str
    text_en: str
    evidence: dict[str, float] = Field(default_factory=dict, description="the figures that give the work")
    alerts: tuple[str, ...] = Field(default=(), description="ids of alerts that show it, some of them")
    opened_ns: int
    closed_ns: int | None = None
    due_ns: int | None = None


class FirstOut(Fed):
    """The alarm that a flood began with."""

    alert_id: str
    rule: Token
    alarm_class: AlarmClass
    at_ns: int
    text_zh: str
    text_en: str
    place: Place


class FloodNotice(Fed):
    """More alarms in ten minutes than people can work on: begun, or ended. Times: ns UTC."""

    id: str
    scope: Token = Field(description="building, unit or position")
    place: str = Field(description="the building, unit or operator position that it is of")
    position: str
    unit: Token
    building: Token | None
    begun_ns: int
    ended_ns: int | None = Field(description="None: it has begun, and lasts")
    alarms: Count | None = Field(description="alarms in it; known at its end")
    peak: Count | None = Field(description="most alarms in one window; known at its end")
    first_out: FirstOut


class Spread(Fed):
    """Times in seconds from the raising of an alarm to an answer. Percentiles are None when nothing was answered."""

    count: Count = Field(description="alarms that have it")
    outstanding: Count = Field(description="alarms that do not have it yet")
    p50_s: float | None
    p95_s: float | None


class AlarmFacts(Fed):
    """Alarms that were raised on the day: what was found, and how fast people were."""

    alarms: Count = Field(description="records raised on the day, without tests")
    recurrences: Count = Field(description="times that one of them came back before it was closed")
    tests: Count = Field(description="records raised by a test or in a walk test, or confirmed as one")
    real: Count
    false: Count
    unconfirmed: Count
    false_share: Share | None = Field(description="false / (false + real); None when nothing was confirmed")
    to_acknowledge: Spread
    to_confirm: Spread
    to_close: Spread


class DeviceFacts(Fed):
    """Devices of the unit, without the gateways' own."""

    count: Count
    silent: Count = Field(description="devices that were silent at some time of the day")
    downtime_minutes: Minutes = Field(description="sum over devices: silent while their gateway was there")
    unknown_minutes: Minutes = Field(description="sum over devices: nobody could know (gateway away, nobody watched)")


class GatewayFacts(Fed):
    """Gateways and transmitters of the unit."""

    count: Count
    offline: Count = Field(description="those that were offline at some time of the day")
    offline_minutes: Minutes = Field(description="sum over gateways")


class DisabledFacts(Fed):
    """Points that a panel reports as disabled (屏蔽)."""

    points: Count = Field(description="points that were disabled at some time of the day")
    at_end: Count = Field(description="points that were disabled when the day ended")
    point_minutes: Minutes = Field(description="sum over points")


class OutOfServiceFacts(Fed):
    """What people took out of service (停用)."""

    entries: Count = Field(description="entries that were in force at some time of the day")
    item_minutes: Minutes = Field(description="sum over the points, devices, zones and gateways that they name")


class RollCallFacts(Fed):
    """Results of the day's roll-calls (查岗), as the transmitters' gateways have them."""

    present: Count = 0
    late: Count = 0
    no_answer: Count = 0
    line_down: Count = Field(default=0, description="nobody's fault on duty: the call never rang")
    waiting: Count = Field(default=0, description="not ended when it was asked")


class Coverage(Fed):
    """How much of the day is known: what is missing counts as missing, never as good. 1 is all of it.

    None where the unit has nothing of the kind.
    """

    watched: Share = Field(description="time in which the record was kept and rules were at work")
    gateways: Share | None = Field(description="gateway time that was online and watched")
    devices: Share | None = Field(description="device time with data: neither silent, nor behind an absent gateway")
    roll_calls: Share | None = Field(description="duty transmitters whose gateway answered about the day")


class DailyFact(Fed):
    """What one local day of one unit was like. Issued again with a higher ``revision`` when later facts change it."""

    unit: Token
    day: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$", description="local date")
    timezone: str = Field(description="IANA name of the site's time zone")
    begins_ns: int
    ends_ns: int
    revision: int = Field(ge=1)
    alarms: dict[AlarmClass, AlarmFacts] = Field(description="classes with an alarm or a test on the day")
    all_alarms: AlarmFacts
    devices: DeviceFacts
    gateways: GatewayFacts
    disabled: DisabledFacts
    out_of_service: OutOfServiceFacts
    roll_calls: RollCallFacts | None = Field(description="None: no transmitter on duty, or nobody could be asked")
    open_hazards: Count = Field(description="hazards that were open when the day ended")
    escalations_unanswered: Count = Field(description="ladders that ended without an answer on the day")
    coverage: Coverage
