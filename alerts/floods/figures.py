"""The report on a period: one read of the database, figures by `alerts.floods.measures`."""

from __future__ import annotations

from collections import Counter

import numpy as np
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from alerts.floods import loading, measures
from alerts.floods.delivery import delivery
from alerts.floods.limits import LIMITS
from alerts.floods.loading import Slice
from alerts.floods.standing import extent
from alerts.floods.work_items import work_item_view
from alerts.kpi_face import (
    DAY_NS,
    SLOT_NS,
    Actor,
    Chatterer,
    Detector,
    Figures,
    FloodView,
    Mark,
    Spread,
    Stale,
    WorkItemView,
)
from alerts.schema import Flood, FloodScope, OutOfService, WalkTest, WorkItem
from domain.alarm import AlarmClass, Level
from domain.alert import Confirmation
from domain.clock import NS_PER_S
from domain.site.operators import OperatorSettings

TOP = 10
MOST = 50
"""Chattering, stale, floods and detectors that a report lists."""
HOUR_NS = 3600 * NS_PER_S


def figures(session: Session, part: Slice, settings: OperatorSettings, *, position: str | None) -> Figures:
    """Compute all figures; marks come last, from what the report says."""
    slots = loading.slots(session, part)
    alarms = int(slots.sum())
    span_ns = part.until_ns - part.from_ns
    counts = loading.mix(session, part)
    top = _top(session, part, alarms)
    floods = _floods(session, part, settings, position)
    stale, stale_most = _stale(session, part)
    peak = int(slots.max())
    confirm, false_share, detectors, closed = _found(session, part)
    report = Figures(
        unit=part.unit,
        position=position,
        from_ns=part.from_ns,
        until_ns=part.until_ns,
        alarms=alarms,
        per_hour=round(alarms * HOUR_NS / span_ns, 3),
        per_day=round(alarms * DAY_NS / span_ns, 3),
        slots=tuple(slots.tolist()),
        peak=peak,
        peak_at_ns=part.from_ns + int(slots.argmax()) * SLOT_NS if peak else None,
        slots_above=float(np.mean(slots > settings.flood_above)),
        flood_share=_flood_share(floods, part),
        floods=tuple(floods[-MOST:]),
        by_class=_by_class(counts),
        by_level=_by_level(counts),
        top=top,
        top_share=round(sum(actor.share for actor in top), 6),
        stale=stale[:MOST],
        stale_most=stale_most,
        chattering=_chattering(session, part),
        unauthorised=_unauthorised(session, part),
        acknowledge=_acknowledge(session, part),
        confirm=confirm,
        close=closed,
        false_share=false_share,
        detectors=detectors[:MOST],
        delivery=delivery(session, part),
        work_items=_work_items(session, part),
        marks=(),
    )
    return report.model_copy(update={"marks": marks(report)})


def marks(report: Figures) -> tuple[Mark, ...]:
    """Put the figures beside their limits."""
    settled = [channel.success for channel in report.delivery if channel.success is not None]
    critical = report.by_level[Level.CRITICAL.value] / report.alarms if report.alarms else None
    values: dict[str, float | None] = {
        "per_hour": report.per_hour,
        "per_day": report.per_day,
        "peak": report.peak,
        "slots_above": report.slots_above,
        "flood_share": report.flood_share,
        "top_share": report.top_share if report.alarms else None,
        "stale_most": report.stale_most,
        "chattering": len(report.chattering),
        "critical_share": critical,
        "unauthorised": report.unauthorised,
        "acknowledge_p95_s": report.acknowledge.p95_s,
        "confirm_p95_s": report.confirm.p95_s,
        "false_share": report.false_share,
        "delivery": min(settled, default=None),
    }
    return tuple(LIMITS[name].mark(name, value) for name, value in values.items())


def _by_class(counts: list[tuple[AlarmClass, Level, int]]) -> dict[AlarmClass, int]:
    found: Counter[AlarmClass] = Counter()
    for alarm_class, _, count in counts:
        found[alarm_class] += count
    return {alarm_class: found[alarm_class] for alarm_class in AlarmClass if found[alarm_class]}


def _by_level(counts: list[tuple[AlarmClass, Level, int]]) -> dict[str, int]:
    return {level.value: sum(count for _, one, count in counts if one is level) for level in Level}


def _top(session: Session, part: Slice, alarms: int) -> tuple[Actor, ...]:
    return tuple(
        Actor(unit=unit, rule=rule, entity=entity, alarm_class=found, count=count, share=count / alarms)
        for unit, rule, entity, found, count in loading.busiest(session, part, TOP)
    )


def _floods(session: Session, part: Slice, settings: OperatorSettings, position: str | None) -> list[FloodView]:
    """Return the floods of the unit, or of the positions, oldest first."""
    if part.unit is not None:
        whose = (Flood.scope == FloodScope.UNIT, Flood.place == part.unit)
    else:
        whose = (
            Flood.scope == FloodScope.POSITION,
            Flood.place.in_(part.positions if position is None else [position]),
        )
    inside = (Flood.begun_ns < part.until_ns, or_(Flood.ended_ns.is_(None), Flood.ended_ns > part.from_ns))
    found = session.scalars(select(Flood).where(*whose, *inside).order_by(Flood.begun_ns)).all()
    return [_flood_view(session, flood, part, settings) for flood in found]


def _flood_view(session: Session, flood: Flood, part: Slice, settings: OperatorSettings) -> FloodView:
    so_far = (flood.alarms, flood.peak)
    if flood.ended_ns is None:
        so_far = extent(session, flood, part.until_ns, settings.window_s)
    values = {name: getattr(flood, name) for name in FloodView.model_fields if name not in ("alarms", "peak")}
    return FloodView(**values, alarms=so_far[0], peak=so_far[1])


def _flood_share(floods: list[FloodView], part: Slice) -> float:
    spans = [(flood.begun_ns, flood.ended_ns or part.until_ns) for flood in floods]
    return measures.covered_ns(spans, part.from_ns, part.until_ns) / (part.until_ns - part.from_ns)


def _stale(session: Session, part: Slice) -> tuple[tuple[Stale, ...], int]:
    """Return what is stale at the end of the period, and the most that were at the end of any day of it."""
    found = loading.long_ones(session, part)
    begins = np.array([(one.told_ns or 0) + DAY_NS for one in found], np.int64)
    ends = np.array([one.ended_ns or 2**62 for one in found], np.int64)
    days = np.append(np.arange(part.from_ns + DAY_NS, part.until_ns, DAY_NS, dtype=np.int64), part.until_ns)
    now = tuple(
        Stale(
            alert_id=one.alert_id,
            unit=one.unit,
            rule=one.rule,
            entity=one.entity,
            alarm_class=one.alarm_class,
            since_ns=one.told_ns or 0,
        )
        for one in found
        if one.ended_ns is None or one.ended_ns > part.until_ns
    )
    return now, measures.most_standing(begins, ends, days)


def _chattering(session: Session, part: Slice) -> tuple[Chatterer, ...]:
    found = [
        Chatterer(
            unit=unit,
            rule=rule,
            entity=entity,
            in_a_minute=measures.most_in(times, measures.MINUTE_NS),
            in_an_hour=measures.most_in(times, measures.HOUR_NS),
        )
        for (unit, rule, entity), times in loading.chatterers(session, part).items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.in_an_hour, one.unit, one.rule, one.entity)))


def _acknowledge(session: Session, part: Slice) -> Spread:
    spans, outstanding = loading.acknowledge_ns(session, part)
    p50, p95 = measures.percentiles_s(spans)
    return Spread(count=int(spans.size), outstanding=outstanding, p50_s=p50, p95_s=p95)


def _found(session: Session, part: Slice) -> tuple[Spread, float | None, tuple[Detector, ...], Spread]:
    """Return times to confirm, the share of false alarms, the detectors that had any, and times to close."""
    spans, rows = loading.findings(session, part)
    unfound, still_open = loading.standing(session, part)
    p50, p95 = measures.percentiles_s(spans)
    confirm = Spread(count=int(spans.size), outstanding=unfound, p50_s=p50, p95_s=p95)
    false: Counter[tuple[str, str]] = Counter()
    found: Counter[tuple[str, str]] = Counter()
    for unit, entity, finding, count in rows:
        if finding is not Confirmation.TEST:
            found[unit, entity] += count
            false[unit, entity] += count if finding is Confirmation.FALSE else 0
    detectors = tuple(
        Detector(unit=unit, entity=entity, false=count, found=found[unit, entity], rate=count / found[unit, entity])
        for (unit, entity), count in sorted(false.items(), key=lambda pair: (-pair[1], pair[0]))
        if count
    )
    share = false.total() / found.total() if found.total() else None
    closed = loading.close_ns(session, part)
    p50, p95 = measures.percentiles_s(closed)
    return confirm, share, detectors, Spread(count=int(closed.size), outstanding=still_open, p50_s=p50, p95_s=p95)


def _unauthorised(session: Session, part: Slice) -> int:
    """Count what was taken out of people's sight without a person or a reason.

    The service refuses each of these; the figure is counted all the same, from what is stored.
    """
    nobody = (func.trim(OutOfService.begun_by) == "") | (func.trim(OutOfService.reason) == "")
    total = 0
    for table, wrong in ((OutOfService, nobody), (WalkTest, func.trim(WalkTest.begun_by) == "")):
        inside = (table.begun_ns >= part.from_ns, table.begun_ns < part.until_ns)
        whose = [table.unit == part.unit] if part.unit else [table.unit.in_(part.units)] if part.units else []
        total += session.scalar(select(func.count()).where(*inside, *whose, wrong)) or 0
    return total


def _work_items(session: Session, part: Slice) -> tuple[WorkItemView, ...]:
    query = select(WorkItem).where(WorkItem.closed_ns.is_(None)).order_by(WorkItem.opened_ns.desc(), WorkItem.id)
    if part.unit:
        query = query.where(WorkItem.unit == part.unit)
    elif part.units is not None:
        query = query.where(WorkItem.unit.in_(part.units))
    return tuple(work_item_view(item) for item in session.scalars(query.limit(MOST)))
