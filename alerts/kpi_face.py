"""`svc.alerts.kpi.*` as other processes see it: figures of the alarm load, work items, and a typed client.

What each figure is, its limit and where the limit comes from: docs/alarm-performance.md. Times are ns UTC.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from alerts.face import Model
from backbone.client import Backbone
from domain.alarm import AlarmClass
from domain.clock import NS_PER_S
from domain.ids import Token

DAY_NS = 86_400 * NS_PER_S
SLOT_NS = 600 * NS_PER_S
"""Ten minutes: the slot of ISA-18.2 (secondary source)."""
LONGEST_NS = 400 * DAY_NS
MOST_LISTED = 200
ASK_S = 60.0
"""How long an answer may take: a million records take seconds."""

Time = Annotated[int, Field(ge=0, le=2**62)]


class KpiSubject(StrEnum):
    """Where the service answers."""

    FIGURES = "svc.alerts.kpi.figures"
    WORK_ITEMS = "svc.alerts.kpi.work_items"


class KpiRequest(Model):
    """Which figures: of a unit, of an operator position, or of the whole site, in a half-open period."""

    unit: Token | None = None
    position: Token | None = None
    from_ns: Time
    until_ns: Time

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if not 0 < self.until_ns - self.from_ns <= LONGEST_NS:
            raise ValueError("the period must end after it begins, and be 400 days at most")
        if self.unit is not None and self.position is not None:
            raise ValueError("ask for a unit or for a position, not for both")
        return self


class WorkItemsRequest(Model):
    """Which work items, newest first; ``units``: of these only, None is all."""

    units: tuple[Token, ...] | None = None
    open: bool | None = Field(default=True, description="True: not closed; False: closed; None: both")
    limit: int = Field(default=100, ge=1, le=MOST_LISTED)


class Mark(Model):
    """A figure beside its limit. ``good`` is None where there is nothing to judge yet; shares are 0 to 1."""

    name: str
    value: float | None
    limit: float
    at_least: bool = False
    good: bool | None
    limit_is: str = Field(description="where the limit comes from: isa-18.2, mission or assumption")


class Actor(Model):
    """An alarm, and its part of the load."""

    unit: str
    rule: str
    entity: str
    alarm_class: AlarmClass
    count: int
    share: float


class Chatterer(Model):
    """An alarm that came three times within a minute, and the most that it came in one minute and one hour."""

    unit: str
    rule: str
    entity: str
    in_a_minute: int
    in_an_hour: int


class Stale(Model):
    """An alarm that is active for more than 24 h."""

    alert_id: str
    unit: str
    rule: str
    entity: str
    alarm_class: AlarmClass
    since_ns: int


class FloodView(Model):
    """A flood; ``ended_ns`` is None while it stands, and ``alarms`` and ``peak`` are those so far."""

    id: str
    scope: str
    place: str
    position: str
    unit: str
    building: str | None
    first_alert: str
    first_ns: int
    begun_ns: int
    ended_ns: int | None
    alarms: int
    peak: int


class Spread(Model):
    """Seconds until people did something; None where nobody did. ``outstanding``: alarms without it."""

    count: int
    outstanding: int
    p50_s: float | None
    p95_s: float | None


class Detector(Model):
    """What was found out about the alarms of one entity."""

    unit: str
    entity: str
    false: int
    found: int
    rate: float


class Delivery(Model):
    """Messages of a channel. ``success``: accepted of those that are settled; ``p95_s``: queued until accepted."""

    channel: str
    messages: int
    accepted: int
    dead: int
    answered: int
    failed_tries: int
    success: float | None
    p95_s: float | None


class WorkItemView(Model):
    """Something about an alarm that somebody must mend."""

    id: str
    kind: str
    unit: str
    rule: str | None
    entity: str
    alarm_class: AlarmClass
    alert_id: str
    facts: dict[str, Any]
    opened_ns: int
    seen_ns: int
    closed_ns: int | None


class Figures(Model):
    """The load of a unit or position over a period. ``slots``: operator-directed alarms in each ten minutes."""

    unit: str | None
    position: str | None
    from_ns: int
    until_ns: int
    alarms: int
    per_hour: float
    per_day: float
    slots: tuple[int, ...]
    peak: int
    peak_at_ns: int | None
    slots_above: float
    flood_share: float
    floods: tuple[FloodView, ...]
    by_class: dict[AlarmClass, int]
    by_level: dict[str, int]
    top: tuple[Actor, ...]
    top_share: float
    stale: tuple[Stale, ...]
    stale_most: int
    chattering: tuple[Chatterer, ...]
    unauthorised: int
    acknowledge: Spread
    confirm: Spread
    close: Spread
    false_share: float | None
    detectors: tuple[Detector, ...]
    delivery: tuple[Delivery, ...]
    work_items: tuple[WorkItemView, ...]
    marks: tuple[Mark, ...]


class KpiFace:
    """Typed client. Raises RefusedError with the reason, LinkError when nobody answers."""

    def __init__(self, backbone: Backbone) -> None:
        """Ask over ``backbone``."""
        self._backbone = backbone

    async def figures(
        self, *, from_ns: int, until_ns: int, unit: str | None = None, position: str | None = None
    ) -> Figures:
        """Return the figures of a period."""
        request = KpiRequest(unit=unit, position=position, from_ns=from_ns, until_ns=until_ns)
        return Figures.model_validate(await self._ask(KpiSubject.FIGURES, request))

    async def work_items(
        self,
        *,
        units: tuple[str, ...] | None = None,
        open: bool | None = True,  # noqa: A002  # the word of the contract
        limit: int = 100,
    ) -> tuple[WorkItemView, ...]:
        """Return work items, newest first."""
        reply = await self._ask(KpiSubject.WORK_ITEMS, WorkItemsRequest(units=units, open=open, limit=limit))
        return tuple(WorkItemView.model_validate(item) for item in reply["work_items"])

    async def _ask(self, subject: KpiSubject, request: Model) -> Any:
        return await self._backbone.request(subject.value, request.model_dump(mode="json"), timeout_s=ASK_S)
