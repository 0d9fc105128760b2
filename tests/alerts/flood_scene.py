"""Alarms in numbers for the tests of floods: each of a rule of its own, at the exit unless another place is named."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from alerts import timers
from alerts.schema import Flood, FloodScope, Notification
from domain.alarm import AlarmClass, Place, Transition
from tests.alerts.alerts_scene import EXIT, Scene, transition


def fault(number: int, **changes: Any) -> Transition:
    """Return a fault of a rule of its own."""
    values: dict[str, Any] = {"alarm_class": AlarmClass.FAULT, "text_zh": f"故障{number}", "text_en": f"Fault {number}"}
    return transition(changes.pop("rule", f"fault-{number}"), **{**values, **changes})


async def faults(bench: Scene, count: int, *, start: int = 0, every_s: float = 1.0, place: Place = EXIT) -> list[str]:
    """Raise faults one after the other; returns their ids."""
    ids = []
    for number in range(start, start + count):
        ids.append(await bench.say(fault(number, place=place)))
        bench.clock.advance(every_s)
    return ids


async def tick(bench: Scene, seconds: float = 0.0) -> None:
    """Move the clock and run the timers."""
    bench.clock.advance(seconds)
    await bench.office.change(timers.escalate)


async def floods(bench: Scene, scope: FloodScope = FloodScope.UNIT) -> list[Flood]:
    """Return the floods of a scope, oldest first."""
    query = select(Flood).where(Flood.scope == scope).order_by(Flood.begun_ns)
    return list(await bench.office.database.read(lambda session: session.scalars(query).all()))


async def notices(bench: Scene) -> list[Notification]:
    """Return all notifications in order."""
    query = select(Notification).order_by(Notification.created_ns, Notification.id)
    return list(await bench.office.database.read(lambda session: session.scalars(query).all()))


def is_digest(notice: Notification) -> bool:
    """Tell whether a message stands for many."""
    return notice.reason.startswith("digest-")
