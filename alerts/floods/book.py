"""What one transaction knows of floods: the newest alarms of every scope, and the floods that stand.

A flood begins when more than ``flood_above`` alarms were directed to people in the window, and ends when fewer than
``flood_below`` are left in it. Neither needs a count: the first is the case when the 11th newest alarm is in the
window, the second when the 5th newest has left it. So the eleven newest of a scope are all that is ever read.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, event, select
from sqlalchemy.orm import Session

from alerts.schema import Activation, Alert, Flood, FloodScope
from domain.clock import NS_PER_S
from domain.site.operators import OperatorSettings


@dataclass(frozen=True, slots=True)
class Scope:
    """Something that a flood is counted over: a building, a unit, or an operator position."""

    scope: FloodScope
    place: str
    position: str
    unit: str
    building: str | None = None

    def activations(self) -> ColumnElement[bool]:
        """Return the condition for activations of this scope."""
        if self.scope is FloodScope.POSITION:
            return Activation.position == self.position
        in_unit = Activation.unit == self.unit
        return in_unit if self.building is None else in_unit & (Activation.building == self.building)


def scopes(alert: Alert, position: str) -> Iterator[Scope]:
    """Yield what an alert counts for, smallest first."""
    unit = alert.unit
    if alert.building is not None:
        yield Scope(FloodScope.BUILDING, f"{unit}/{alert.building}", position, unit, alert.building)
    yield Scope(FloodScope.UNIT, unit, position, unit)
    yield Scope(FloodScope.POSITION, position, position, unit)


def scope_of(flood: Flood) -> Scope:
    """Return what a flood is counted over."""
    return Scope(flood.scope, flood.place, flood.position, flood.unit, flood.building)


@dataclass(frozen=True, slots=True)
class Told:
    """An alarm that was directed to people at ``at_ns``."""

    at_ns: int
    alert_id: str


Key = tuple[FloodScope, str]

MOST_KEPT = 20_000
"""Scopes that are remembered from one transaction to the next, about 2 kB each."""


class Memory:
    """The newest alarms of scopes as they were committed; only the writer's thread touches it."""

    def __init__(self) -> None:
        """Know nothing."""
        self._newest: dict[Key, tuple[Told, ...]] = {}

    def get(self, key: Key) -> tuple[Told, ...] | None:
        """Return what is known of a scope."""
        return self._newest.get(key)

    def keep(self, newest: dict[Key, list[Told]]) -> None:
        """Take what a transaction has committed."""
        if len(self._newest) > MOST_KEPT:
            self._newest.clear()
        self._newest |= {key: tuple(found) for key, found in newest.items()}


@dataclass(slots=True)
class Book:
    """What one transaction of the one writer knows; nobody else writes meanwhile.

    It begins with what the ``memory`` has from earlier ones, and gives back what it knows when it is committed.
    """

    memory: Memory = field(default_factory=Memory)
    newest: dict[Key, list[Told]] = field(default_factory=dict)
    current: dict[str, Activation | None] = field(default_factory=dict)
    _floods: dict[Key, Flood] | None = None

    def newest_of(self, session: Session, scope: Scope, most: int) -> list[Told]:
        """Return the newest alarms of a scope, at most ``most``, oldest first."""
        key = (scope.scope, scope.place)
        if key in self.newest:
            return self.newest[key]
        known = self.memory.get(key)
        self.newest[key] = list(known) if known is not None else _read_newest(session, scope, most)
        if len(self.newest) == 1:
            event.listen(session, "after_commit", lambda _: self.memory.keep(self.newest), once=True)
        return self.newest[key]

    def add(self, scope: Scope, told: Told, most: int) -> None:
        """Take an alarm into the newest of a scope (in the order of times: clocks are set back, too)."""
        newest = self.newest[scope.scope, scope.place]
        bisect.insort_right(newest, told, key=lambda one: one.at_ns)
        del newest[:-most]

    def flood(self, session: Session, scope: Scope) -> Flood | None:
        """Return the flood that stands in a scope."""
        return self.floods(session).get((scope.scope, scope.place))

    def floods(self, session: Session) -> dict[Key, Flood]:
        """Return the floods that stand."""
        if self._floods is None:
            with session.no_autoflush:  # whoever begins one in this transaction has asked before
                standing = session.scalars(select(Flood).where(Flood.ended_ns.is_(None))).all()
            self._floods = {(flood.scope, flood.place): flood for flood in standing}
        return self._floods


def _read_newest(session: Session, scope: Scope, most: int) -> list[Told]:
    """Return the newest alarms out of the database.

    Nothing is flushed for it: whoever tells an alarm in this transaction has asked for its scopes before.
    """
    query = select(Activation.told_ns, Activation.alert_id).where(scope.activations(), Activation.told_ns.is_not(None))
    ordered = query.order_by(Activation.told_ns.desc(), Activation.number.desc()).limit(most)
    with session.no_autoflush:
        rows = session.execute(ordered).all()
    return [Told(row.told_ns or 0, row.alert_id) for row in reversed(rows)]


def over_ns(newest: list[Told], settings: OperatorSettings, otherwise_ns: int) -> int:
    """Return when fewer than ``flood_below`` alarms are left in the window, if no more come."""
    if len(newest) < settings.flood_below:
        return otherwise_ns
    return newest[-settings.flood_below].at_ns + round(settings.window_s * NS_PER_S)
