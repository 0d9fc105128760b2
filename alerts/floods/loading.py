"""What the figures are made of, out of the database. The database counts; what comes here is short or plain numbers.

Every query goes by an index over times within a unit or position, so its cost is that of the period, not of the record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from alerts.floods.measures import CHATTER, MINUTE_NS, Times
from alerts.kpi_face import DAY_NS, SLOT_NS
from alerts.schema import Activation, Alert
from domain.alarm import AlarmClass, Level
from domain.alert import Confirmation


@dataclass(frozen=True, slots=True)
class Slice:
    """Whose alarms, and when. ``positions`` are those asked for; ``units`` None means all of the site."""

    from_ns: int
    until_ns: int
    positions: tuple[str, ...]
    unit: str | None = None
    units: frozenset[str] | None = None

    def activations(self) -> ColumnElement[bool]:
        """Return the condition for activations of these alarms, of any time."""
        if self.unit is not None:
            return Activation.unit == self.unit
        return Activation.position.in_(self.positions)

    def told(self) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions for operator-directed alarms of the period."""
        return (self.activations(), Activation.told_ns >= self.from_ns, Activation.told_ns < self.until_ns)

    def alerts(self) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions for alerts of these alarms, of any time."""
        if self.unit is not None:
            return (Alert.unit == self.unit,)
        return () if self.units is None else (Alert.unit.in_(self.units),)


def slots(session: Session, part: Slice) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the alarms of each ten minutes of the period; the last slot may be a shorter one."""
    slot = (Activation.told_ns - part.from_ns) // SLOT_NS
    counts = np.zeros(-(-(part.until_ns - part.from_ns) // SLOT_NS), np.int64)
    for number, count in session.execute(select(slot, func.count()).where(*part.told()).group_by(slot)):
        counts[number] = count
    return counts


def mix(session: Session, part: Slice) -> list[tuple[AlarmClass, Level, int]]:
    """Return counts by class and level."""
    both = (Activation.alarm_class, Activation.level)
    found = session.execute(select(*both, func.count()).where(*part.told()).group_by(*both))
    return [(alarm_class, level, count) for alarm_class, level, count in found]


def busiest(session: Session, part: Slice, most: int) -> list[tuple[str, str, str, AlarmClass, int]]:
    """Return (unit, rule, entity, class, count) of the alarms that came most, the first ones by name among equals."""
    who = (Activation.unit, Activation.rule, Activation.entity)
    count = func.count().label("times")
    query = select(*who, func.min(Activation.alarm_class), count).where(*part.told()).group_by(*who)
    found = session.execute(query.order_by(count.desc(), *who).limit(most))
    return [(unit, rule, entity, AlarmClass(found_class), times) for unit, rule, entity, found_class, times in found]


def chatterers(session: Session, part: Slice) -> dict[tuple[str, str, str], Times]:
    """Return when those came that came three times within a minute, by (unit, rule, entity), told or not."""
    who = (Activation.unit, Activation.rule, Activation.entity)
    inside = (part.activations(), Activation.at_ns >= part.from_ns, Activation.at_ns < part.until_ns)
    later = func.lead(Activation.at_ns, CHATTER - 1).over(partition_by=who, order_by=Activation.at_ns)
    each = select(*who, Activation.at_ns.label("at_ns"), later.label("later_ns")).where(*inside).subquery()
    quick = select(each.c.unit, each.c.rule, each.c.entity).where(each.c.later_ns - each.c.at_ns < MINUTE_NS)
    return {(unit, rule, entity): _times(session, unit, rule, entity, part) for unit, rule, entity in
            session.execute(quick.distinct().order_by(each.c.unit, each.c.rule, each.c.entity)).all()}  # fmt: skip


def _times(session: Session, unit: str, rule: str, entity: str, part: Slice) -> Times:
    query = select(Activation.at_ns).where(
        Activation.unit == unit, Activation.rule == rule, Activation.entity == entity,
        Activation.at_ns >= part.from_ns, Activation.at_ns < part.until_ns,
    )  # fmt: skip
    return np.sort(np.array(session.scalars(query).all(), np.int64))


def long_ones(session: Session, part: Slice) -> Sequence[Activation]:
    """Return the operator-directed alarms that were active for more than a day and some of it in the period."""
    aged = (
        part.activations(),
        Activation.told_ns < part.until_ns - DAY_NS,
        Activation.ended_ns.is_(None) | (Activation.ended_ns - Activation.told_ns > DAY_NS),
        Activation.ended_ns.is_(None) | (Activation.ended_ns > part.from_ns),
    )
    return session.scalars(select(Activation).where(*aged).order_by(Activation.told_ns, Activation.number)).all()


def acknowledge_ns(session: Session, part: Slice) -> tuple[Times, int]:
    """Return how long it took from told to acknowledged, and how many have nobody."""
    span = select(Activation.acknowledged_ns - Activation.told_ns).where(*part.told())
    open_ones = select(func.count()).where(*part.told(), Activation.acknowledged_ns.is_(None))
    return _numbers(session, span.where(Activation.acknowledged_ns.is_not(None))), session.scalar(open_ones) or 0


def findings(session: Session, part: Slice) -> tuple[Times, list[tuple[str, str, Confirmation, int]]]:
    """Return how long it took from raised to found out, and (unit, entity, finding, count), found in the period."""
    inside = (Alert.confirmed_at_ns >= part.from_ns, Alert.confirmed_at_ns < part.until_ns, *part.alerts())
    who = (Alert.unit, Alert.entity, Alert.confirmed)
    counted = session.execute(
        select(*who, func.count()).where(*inside, Alert.confirmed.is_not(None)).group_by(*who).order_by(*who[:2])
    )
    rows = [(unit, entity, finding, count) for unit, entity, finding, count in counted if finding is not None]
    return _numbers(session, select(Alert.confirmed_at_ns - Alert.raised_at_ns).where(*inside)), rows


def close_ns(session: Session, part: Slice) -> Times:
    """Return how long alerts were open that were closed in the period."""
    inside = (Alert.closed_at_ns >= part.from_ns, Alert.closed_at_ns < part.until_ns)
    return _numbers(session, select(Alert.closed_at_ns - Alert.raised_at_ns).where(*inside, *part.alerts()))


def standing(session: Session, part: Slice) -> tuple[int, int]:
    """Return how many alerts of the period have no finding, and how many are open."""
    inside = (Alert.raised_at_ns >= part.from_ns, Alert.raised_at_ns < part.until_ns, *part.alerts())
    unfound = session.scalar(select(func.count()).where(*inside, Alert.confirmed.is_(None))) or 0
    return unfound, session.scalar(select(func.count()).where(*inside, Alert.closed_at_ns.is_(None))) or 0


def _numbers(session: Session, query: Select[Any]) -> Times:
    return np.fromiter(session.scalars(query), np.int64)
