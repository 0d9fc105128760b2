"""The facts of one day of one unit, computed: pure, from what is stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from alerts.feeding.alarm_counts import alarm_facts
from alerts.feeding.days import LocalDays
from alerts.feeding.downtime import device_facts, disabled_facts, gateway_facts
from alerts.feeding.histories import History
from alerts.feeding.intervals import Span, clip, minutes, total_ns
from alerts.feeding.models import AlarmFacts, Coverage, DailyFact, OutOfServiceFacts, RollCallFacts
from alerts.feeding.plant import UnitPlant
from domain.alarm import AlarmClass
from domain.alert import AlertEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that was out of service: in which entry, its kind and id, and when."""

    entry: str
    item: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class RollCalls:
    """What was asked about a day: results, and of how many duty transmitters the gateway answered."""

    results: RollCallFacts | None = None
    answered: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All that is known of a unit; ``offline`` (by gateway) and ``unwatched`` may reach beyond the unit."""

    histories: Sequence[History] = ()
    plant: UnitPlant = field(default_factory=UnitPlant)
    offline: Mapping[str, Sequence[Span]] = field(default_factory=dict)
    unwatched: Sequence[Span] = ()
    out_of_service: Sequence[Item] = ()
    roll_calls: RollCalls = RollCalls()


def daily_fact(unit: str, day: date, days: LocalDays, known: Known, *, revision: int = 1) -> DailyFact:
    """Return what ``day`` was like."""
    span, plant = days.span(day), known.plant
    gateways, gateway_share = gateway_facts(plant, known.offline, known.unwatched, span)
    devices, device_share = device_facts(plant, known.histories, known.offline, known.unwatched, span)
    unwatched_ns = total_ns(clip(known.unwatched, span))
    return DailyFact(
        unit=unit,
        day=day.isoformat(),
        timezone=days.timezone,
        begins_ns=span[0],
        ends_ns=span[1],
        revision=revision,
        alarms=dict(_by_class(known.histories, span)),
        all_alarms=alarm_facts(known.histories, span),
        devices=devices,
        gateways=gateways,
        disabled=disabled_facts(known.histories, span),
        out_of_service=out_of_service_facts(known.out_of_service, span),
        roll_calls=known.roll_calls.results if plant.duty else None,
        open_hazards=sum(_open_at(one, span[1]) for one in known.histories if one.alarm_class is AlarmClass.HAZARD),
        escalations_unanswered=sum(_unanswered(one, span) for one in known.histories),
        coverage=Coverage(
            watched=round(1 - unwatched_ns / (span[1] - span[0]), 6),
            gateways=gateway_share,
            devices=device_share,
            roll_calls=round(known.roll_calls.answered / len(plant.duty), 6) if plant.duty else None,
        ),
    )


def _by_class(histories: Sequence[History], day: Span) -> Iterator[tuple[AlarmClass, AlarmFacts]]:
    """Yield the facts of each class that has any: most days of most units have none, and there are many units."""
    for alarm_class in AlarmClass:
        facts = alarm_facts([one for one in histories if one.alarm_class is alarm_class], day)
        if facts.alarms or facts.tests:
            yield alarm_class, facts


def out_of_service_facts(items: Sequence[Item], day: Span) -> OutOfServiceFacts:
    """Return the facts of what was out of service; an item that two entries name counts once."""
    touched = [item for item in items if clip([item.span], day)]
    by_item: dict[str, list[Span]] = {}
    for item in touched:
        by_item.setdefault(item.item, []).append(item.span)
    return OutOfServiceFacts(
        entries=len({item.entry for item in touched}),
        item_minutes=round(sum(minutes(clip(spans, day)) for spans in by_item.values()), 2),
    )


def _open_at(history: History, time_ns: int) -> bool:
    """Tell whether it stood open when the day ended; tests are no hazards."""
    return not history.test and any(start < time_ns <= end for start, end in history.open())


def _unanswered(history: History, day: Span) -> int:
    return sum(
        not history.test
        and moment.action == AlertEvent.ESCALATED
        and moment.outcome == "unanswered"
        and day[0] <= moment.at_ns < day[1]
        for moment in history.moments
    )
