"""The slow evaluator's part for places and time: schedules, points that are awaited, several of many, sequences.

Each alarm keeps what it remembers of its own conditions, and asks them anew at every instant.
"""

from __future__ import annotations

import math
from collections.abc import Sized
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from domain.alarm import EntityKind
from domain.clock import NS_PER_S
from domain.points import PointKind
from domain.site import Zone
from domain.site.hours import Day, Span
from rules.conditions import Absence, Condition, Counted, Selector, Several

if TYPE_CHECKING:
    from tests.rules.reference_truths import Alarm, Truth, Watched

N, A, U = "normal", "alarm", "unknown"


def home_of(zone: Zone, kind: EntityKind) -> str:
    """Return the key of the zone, building or unit that a zone is."""
    if kind is EntityKind.UNIT:
        return zone.unit.id
    return f"{zone.unit.id}/{zone.building.id}" if kind is EntityKind.BUILDING else zone.key


@dataclass
class Held:
    """What a lasting condition of one point or device remembers."""

    base: str = U
    lasting: bool = False
    until_ns: int = 0


@dataclass
class Course:
    """What a sequence of one entity remembers: per step, whether it stands, when it counted."""

    held: dict[int, bool] = field(default_factory=dict)
    reached_ns: dict[int, int] = field(default_factory=dict)
    began_ns: dict[int, int] = field(default_factory=dict)
    done: bool = False


class Places:
    """Mixed into `Watched`."""

    local: datetime | None = None
    at_tick: bool = False

    # ---- time ----

    def _local_time(self, time_ns: int) -> datetime:
        me = cast("Watched", self)
        aware = datetime.fromtimestamp(time_ns // NS_PER_S, ZoneInfo(me.registry.site.timezone))
        return aware.replace(tzinfo=None)

    def _schedule_leaves(self, test: Condition, alarm: Alarm, meant: list[str]) -> list[object]:
        me = cast("Watched", self)
        assert test.schedule is not None
        if not meant:
            return []
        if test.schedule.opening is None:
            return [("schedule", test.schedule, ())]
        if alarm.kind is EntityKind.POINT:
            hours = me.registry.zone_of(me.point[alarm.key]).opening
        elif alarm.kind is EntityKind.DEVICE:
            hours = me.registry.devices[alarm.key].zone.opening
        elif alarm.kind is EntityKind.ZONE:
            hours = me.registry.zones[alarm.key].opening
        else:
            hours = me.registry.units[alarm.key.partition("/")[0]].opening
        return [] if hours is None else [("schedule", test.schedule, hours)]

    def _schedule_truth(self, leaf: tuple[Any, ...]) -> Truth:
        _, asked, hours = leaf
        if self.local is None:
            return U
        if asked.opening is None:
            return A if self._within(asked) else N
        return A if any(self._within(one) for one in hours) is (asked.opening == "open") else N

    def _within(self, span: Span) -> bool:
        """Lay the span on yesterday's and today's page of the calendar."""
        assert self.local is not None
        midnight = self.local.replace(hour=0, minute=0, second=0, microsecond=0)
        start, end = (timedelta(hours=int(one[:2]), minutes=int(one[3:])) for one in (span.start, span.end))
        for day in (midnight - timedelta(days=1), midnight):
            ends = day + end if end > start else day + timedelta(days=1) + end
            if day + start <= self.local < ends and (not span.days or any(self._is_a(day, one) for one in span.days)):
                return True
        return False

    def _is_a(self, day: datetime, kind: Day) -> bool:
        calendar = cast("Watched", self).registry.calendar
        date = day.date()
        if kind not in (Day.WORKDAY, Day.DAY_OFF):
            return day.strftime("%a").lower() == kind.value
        works = date in calendar.workdays or (date not in calendar.days_off and day.isoweekday() < 6)
        return works if kind is Day.WORKDAY else not works

    # ---- silence ----

    def _awaited_leaves(self, absence: Absence, meant: list[str]) -> list[object]:
        me = cast("Watched", self)
        found: list[object] = []
        for key in meant:
            point = me.point[key]
            if point.kind is not PointKind.EVENT:
                found.append(("point", key, absence.within_s or point.max_silence_s))
        return found

    def _points_absent(self, device: str, gateway: str, *, away: bool) -> None:
        me = cast("Watched", self)
        asked = {test.absence.within_s for rule in me.rules for test in me.all_tests(rule) if test.absence}
        for key in me._device_points(device):
            heard_ns = me.points[key].heard_ns
            for within_s in {me.point[key].max_silence_s, *(one for one in asked if one is not None)}:
                silent = heard_ns + within_s * NS_PER_S <= me.gateways[gateway].heard_ns
                met = heard_ns >= 0
                me.absences["point", key, within_s] = N if not met else U if away else A if silent else N

    # ---- several of many ----

    def _several_parts(self, condition: Condition, alarm: Alarm, watches: Selector, points: list[str]) -> list[Alarm]:
        """Return the points or devices that are counted, each with its own memory."""
        me = cast("Watched", self)
        assert condition.several is not None
        name = ("several", id(condition), alarm.rule.id, alarm.key, id(watches), id(points))
        if name not in me.remembered_parts:
            several = condition.several
            if several.of is Counted.POINT:
                parts = [me.part(alarm, EntityKind.POINT, key, [key]) for key in points]
            else:
                parts = [
                    me.part(alarm, EntityKind.DEVICE, key, me._device_points(key))
                    for key, device in me.registry.devices.items()
                    if self._home_of_device(key, alarm.kind) == alarm.key
                ]
            if several.share is not None:
                parts = [part for part in parts if part.key not in me.learned]
            me.remembered_parts[name] = [
                part for part in parts if me._possible(several.condition, part, watches, part.points)
            ]
        return me.remembered_parts[name]

    def _home_of_device(self, key: str, kind: EntityKind) -> str:
        me = cast("Watched", self)
        device = me.registry.devices[key]
        if kind is EntityKind.DEVICE:
            return key
        if kind is EntityKind.GATEWAY:
            return f"{device.gateway.unit}/{device.gateway.gateway}"
        return home_of(device.zone, kind)

    def _several(
        self, condition: Condition, alarm: Alarm, watches: Selector, points: list[str], path: tuple[object, ...]
    ) -> tuple[Truth, int]:
        me = cast("Watched", self)
        several = condition.several
        assert several is not None
        parts = []
        for part in self._several_parts(condition, alarm, watches, points):
            told = me._truth(several.condition, part, watches, part.points, (*path, "one"))
            if several.within_s:
                truth = self._lasting(part.held.setdefault(path, Held()), told[0], several.within_s)
                told = me._new(part, (*path, "lasting"), truth, [told])
            parts.append(told)
        needed = self._needed(several, parts)
        alarms, unknowns = ([truth for truth, _ in parts].count(one) for one in (A, U))
        truth = A if alarms >= needed else U if alarms + unknowns >= needed else N
        return me._new(alarm, path, truth, parts)

    def _needed(self, several: Several, parts: Sized) -> int:
        return max(several.at_least, math.ceil((several.share or 0.0) * len(parts)))

    def _lasting(self, held: Held, base: Truth, within_s: float) -> Truth:
        now_ns = cast("Watched", self).counted_ns
        if held.base == A and base != A:
            held.lasting, held.until_ns = True, now_ns + round(within_s * NS_PER_S)
        if base == A or (self.at_tick and held.until_ns <= now_ns):
            held.lasting = False
        held.base = base
        return A if held.lasting else base

    # ---- one after another ----

    def _sequence(
        self, condition: Condition, alarm: Alarm, watches: Selector, points: list[str], path: tuple[object, ...]
    ) -> tuple[Truth, int]:
        me = cast("Watched", self)
        assert condition.sequence is not None
        parts = [
            me._truth(step, alarm, watches, points, (*path, at)) for at, step in enumerate(condition.sequence.steps)
        ]
        truths = [truth for truth, _ in parts]
        course = alarm.courses.setdefault(path, Course())
        self._step_on(condition, course, truths)
        standing = A if course.done else U if U in truths[:-1] else N
        truth = standing if truths[-1] == A else truths[-1]
        return me._new(alarm, path, truth, parts)

    def _step_on(self, condition: Condition, course: Course, truths: list[Truth]) -> None:
        sequence, now_ns = condition.sequence, cast("Watched", self).counted_ns
        assert sequence is not None
        for at, truth in enumerate(truths):
            if truth == A and not course.held.get(at, False):
                before_ns = now_ns if at == 0 else course.reached_ns.get(at - 1)
                began_ns = now_ns if at == 0 else course.began_ns.get(at - 1)
                if before_ns is not None and began_ns is not None:
                    soon = sequence.within_s is None or now_ns - before_ns <= round(sequence.within_s * NS_PER_S)
                    if soon and (sequence.whole_s is None or now_ns - began_ns <= round(sequence.whole_s * NS_PER_S)):
                        course.reached_ns[at], course.began_ns[at] = now_ns, began_ns
                        course.done = course.done or at == len(truths) - 1
            course.held[at] = truth == A
        course.done = course.done and truths[-1] != N
