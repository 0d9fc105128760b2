"""Floods begin, end, and are told of. Their times are those of the record, however late a timer looks.

A beginning is written with the alarm that makes it; an end when an alarm comes, or the timer finds, that it was over
before: at the time at which the fifth newest alarm left the window. So the floods are a function of when alarms were
told, and a kill -9, or an hour's outage, changes none of them.

Told (`announce`, in the next transaction): an audit entry and a message for other modules for every flood; the own
alarm ``alarm_flood`` for that of a unit, and for that of a position with several units. A building's flood is
always one of its unit, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from alerts.feeding.models import FirstOut, FloodNotice
from alerts.floods.book import Scope, Told, over_ns, scope_of
from alerts.schema import Activation, Alert, DigestItem, Flood, FloodScope
from domain.clock import NS_PER_S
from domain.ids import stable_id

if TYPE_CHECKING:
    from alerts.desk import Desk

BATCH = 100


def count(desk: Desk, scope: Scope, alert: Alert) -> None:
    """Count an alarm that is told now; a flood may end before it, and one may begin with it."""
    settings, book = desk.directory.operators.settings, desk.book
    most = settings.flood_above + 1
    newest = book.newest_of(desk.session, scope, most)
    flood = book.flood(desk.session, scope)
    if flood is not None:
        over = over_ns(newest, settings, desk.now_ns)
        if over <= desk.now_ns:
            _end(desk, flood, over)
            flood = None
    book.add(scope, Told(desk.now_ns, alert.id), most)
    in_window = desk.now_ns - round(settings.window_s * NS_PER_S)
    if flood is None and len(newest) == most and newest[0].at_ns > in_window:
        _begin(desk, scope, newest)


def _begin(desk: Desk, scope: Scope, newest: list[Told]) -> None:
    first = newest[0]
    flood = Flood(
        id=stable_id("flood", scope.scope, scope.place, desk.now_ns, newest[-1].alert_id),
        scope=scope.scope,
        place=scope.place,
        position=scope.position,
        unit=scope.unit,
        building=scope.building,
        first_ns=first.at_ns,
        first_alert=first.alert_id,
        begun_ns=desk.now_ns,
        check_ns=over_ns(newest, desk.directory.operators.settings, desk.now_ns),
        untold=True,
    )
    desk.session.add(flood)
    desk.book.floods(desk.session)[flood.scope, flood.place] = flood


def _end(desk: Desk, flood: Flood, at_ns: int) -> None:
    """End a flood; what waits for a digest because of it goes at once."""
    flood.ended_ns, flood.untold = at_ns, True
    flood.alarms, flood.peak = extent(desk.session, flood, at_ns, desk.directory.operators.settings.window_s)
    desk.book.floods(desk.session).pop((flood.scope, flood.place), None)
    if flood.scope is FloodScope.UNIT:
        waiting = (DigestItem.unit == flood.unit, DigestItem.digest_id.is_(None))
        desk.session.execute(update(DigestItem).where(*waiting).values(due_ns=desk.now_ns))


def extent(session: Session, flood: Flood, until_ns: int, window_s: float) -> tuple[int, int]:
    """Return how many alarms a flood has until ``until_ns``, and the most of them in one window."""
    query = select(Activation.told_ns).where(
        scope_of(flood).activations(), Activation.told_ns >= flood.first_ns, Activation.told_ns <= until_ns
    )
    times = np.sort(np.array(session.scalars(query).all(), np.int64))
    if not times.size:
        return 0, 0
    left = np.searchsorted(times, times - round(window_s * NS_PER_S), side="right")
    return int(times.size), int((np.arange(1, times.size + 1) - left).max())


def next_time(session: Session) -> int | None:
    """Return when there is something to do: at once where a flood is untold."""
    if session.scalar(select(Flood.id).where(Flood.untold).limit(1)) is not None:
        return 0
    return session.scalar(select(func.min(Flood.check_ns)).where(Flood.ended_ns.is_(None)))


def end_overdue(desk: Desk) -> None:
    """End the floods whose time is up; those that went on are looked at again when they can end."""
    settings = desk.directory.operators.settings
    overdue = select(Flood).where(Flood.ended_ns.is_(None), Flood.check_ns <= desk.now_ns)
    for flood in desk.session.scalars(overdue.limit(BATCH)).all():
        newest = desk.book.newest_of(desk.session, scope_of(flood), settings.flood_above + 1)
        over = over_ns(newest, settings, desk.now_ns)
        if over <= desk.now_ns:
            _end(desk, flood, over)
        else:
            flood.check_ns = over


def facts(desk: Desk, flood: Flood) -> FloodNotice:
    """Return what audit and feed say of a flood."""
    first = desk.alert(flood.first_alert)
    return FloodNotice(
        id=flood.id,
        scope=flood.scope.value,
        place=flood.place,
        position=flood.position,
        unit=flood.unit,
        building=flood.building,
        begun_ns=flood.begun_ns,
        ended_ns=flood.ended_ns,
        alarms=flood.alarms,
        peak=flood.peak,
        first_out=FirstOut(
            alert_id=first.id,
            rule=first.rule,
            alarm_class=first.alarm_class,
            at_ns=flood.first_ns,
            text_zh=first.text_zh,
            text_en=first.text_en,
            place=first.place,
        ),
    )
