"""When the plan calls: at random moments that nobody can know before, not even by reading our database.

Nothing about the future is drawn in advance. Every `SLOT_S` it is decided anew for each transmitter
whether it is called *now*: with n calls left and m slots left the chance is n/m (selection sampling), so
that exactly n calls happen, every choice of moments is equally likely, and a restart changes nothing: what
is left follows from the calls that were made. After a call the least gap passes first, and the slots that
later gaps will take are not counted as left. The draws are those of `secrets`.

A call that met a cut line was no check of a person: it counts against the most calls of a day, but not as
done. No national rule on number and hours of calls was found: all defaults are assumptions, except the
minutes to answer (worked example of a maker's manual: 10, marked as missed 2 minutes later).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from math import ceil
from typing import Annotated, Self

from pydantic import Field, model_validator

from domain.clock import NS_PER_S
from domain.site.labels import Settings
from gateway.connectors.gb26875.roll_call import Asker, Result, RollCall

SLOT_S = 10
"""Seconds between two decisions about one transmitter: short against a gap, long against our own pace."""

LEAST_MINUTES, MOST_MINUTES = 1, 10
"""Minutes to answer. GB 26875.1-2011: the device rings until answered, at most 10 minutes (secondary source)."""

AGAIN_WITHIN_S = 3600.0
"""A second call that could not be made for so long (we were down) is not made at all (assumption)."""

FromHour = Annotated[int, Field(ge=0, le=23)]
ToHour = Annotated[int, Field(ge=0, le=24)]


class RollCallPlan(Settings):
    """How often, when, and how patiently people on duty are called; ``per_day: 0`` calls only when asked to.

    Hours are ``[from, to]`` in the site's local time; ``[22, 6]`` goes over midnight.
    """

    per_day: int = Field(default=0, ge=0, le=24, description="calls of each transmitter a day, at random moments")
    at_night: int = Field(default=0, ge=0, le=24, description="how many of them fall into the night hours")
    hours: tuple[FromHour, ToHour] = Field(default=(8, 22), description="hours of the calls that are not at night")
    night_hours: tuple[FromHour, ToHour] = Field(default=(22, 6), description="hours of the calls at night")
    minutes: int = Field(default=3, ge=LEAST_MINUTES, le=MOST_MINUTES, description="time to answer")
    grace_s: float = Field(default=120.0, ge=0, le=600, description="an answer so long after the minutes is late")
    again_s: float | None = Field(default=None, ge=60, le=86_400, description="second call so long after no answer")
    most_a_day: int = Field(default=3, ge=1, le=48, description="planned calls a day at most, second calls included")
    least_gap_s: float = Field(default=3600.0, ge=60, le=86_400, description="planned calls are so far apart")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.at_night > self.per_day:
            raise ValueError(f"at_night {self.at_night} is more than per_day {self.per_day} → write at most that")
        if self.per_day > self.most_a_day:
            raise ValueError(f"per_day {self.per_day} is more than most_a_day {self.most_a_day} → raise most_a_day")
        if self.at_night and _overlap(self.hours, self.night_hours):
            raise ValueError(f"hours {self.hours} and night_hours {self.night_hours} overlap → let them only touch")
        for count, hours in ((self.per_day - self.at_night, self.hours), (self.at_night, self.night_hours)):
            if count > 1 and (count - 1) * self.least_gap_s > length_h(hours) * 3600 / 2:
                raise ValueError(
                    f"{count} calls in hours {hours} with gaps of {self.least_gap_s:g} s can be guessed"
                    " → fewer calls, more hours or a smaller least_gap_s"
                )
        return self


class Occasion(StrEnum):
    """Why the plan calls."""

    DRAWN = "drawn"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class Window:
    """The hours that are open now: how many calls belong into them, and their borders."""

    calls: int
    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of decisions, the same for all transmitters: when the plan's day began, and which hours are open."""

    now_ns: int
    day_ns: int
    window: Window | None


class Planner:
    """Decides from the calls that were made whether a transmitter is called now."""

    def __init__(self, plan: RollCallPlan, zone: tzinfo, draw: Callable[[int], int] = secrets.randbelow) -> None:
        """``draw(n)`` returns one of 0…n-1; ``zone`` is the site's timezone."""
        self.plan = plan
        self._zone = zone
        self._draw = draw

    def moment(self, now_ns: int) -> Moment:
        """Return what all decisions at ``now_ns`` share.

        The plan's day begins with the first of the day hours, so that a night belongs to one day.
        """
        hour = self.plan.hours[0]
        day = span_at(now_ns, (hour, hour), self._zone)
        assert day is not None  # noqa: S101  # 24 hours hold every moment
        return Moment(now_ns, day[0], self._window(now_ns))

    def wants(self, moment: Moment, calls: Sequence[RollCall]) -> Occasion | None:
        """Decide for one transmitter, whose ``calls`` of the last two days these are, oldest first; once a slot."""
        last = calls[-1] if calls else None
        today = sum(1 for call in calls if call.planned and call.called_ns >= moment.day_ns)
        left = self.plan.most_a_day - today
        if left <= 0 or (last is not None and last.result is Result.WAITING):
            return None
        if last is not None and self._again_is_due(moment.now_ns, last):
            return Occasion.AGAIN
        window, gap_ns = moment.window, self.plan.least_gap_s * NS_PER_S
        if window is None or (last is not None and moment.now_ns - last.called_ns < gap_ns):
            return None
        left = min(left, window.calls - _done(window, calls))
        return Occasion.DRAWN if left > 0 and self._draw(self._slots(moment.now_ns, window, left)) < left else None

    def _window(self, now_ns: int) -> Window | None:
        plan = self.plan
        for calls, hours in ((plan.per_day - plan.at_night, plan.hours), (plan.at_night, plan.night_hours)):
            span = span_at(now_ns, hours, self._zone) if calls else None
            if span is not None:
                return Window(calls, *span)
        return None

    def _slots(self, now_ns: int, window: Window, left: int) -> int:
        """Return how many slots are left for ``left`` calls, without those that the gaps between them take."""
        room_s = (window.end_ns - now_ns) / NS_PER_S - (left - 1) * self.plan.least_gap_s
        return max(ceil(room_s / SLOT_S), 1)

    def _again_is_due(self, now_ns: int, last: RollCall) -> bool:
        if self.plan.again_s is None or last.asker is not Asker.PLAN or last.result is not Result.NO_ANSWER:
            return False
        waited_s = (now_ns - last.changed_ns) / NS_PER_S
        return self.plan.again_s <= waited_s <= self.plan.again_s + AGAIN_WITHIN_S


def _done(window: Window, calls: Sequence[RollCall]) -> int:
    """Return the calls of a window that were checks: second calls and cut lines do not count."""
    return sum(
        1
        for call in calls
        if call.asker is Asker.PLAN and call.called_ns >= window.start_ns and call.result is not Result.LINE_DOWN
    )


def length_h(hours: tuple[int, int]) -> int:
    """Return how many hours there are from the first to the second, over midnight where needed."""
    return (hours[1] - hours[0]) % 24 or 24


def span_at(now_ns: int, hours: tuple[int, int], zone: tzinfo) -> tuple[int, int] | None:
    """Return start and end (ns) of the daily hours that hold ``now_ns``, None when it is outside."""
    now = datetime.fromtimestamp(now_ns // NS_PER_S, zone)
    start = now.replace(hour=hours[0], minute=0, second=0, microsecond=0)
    if start > now:
        start -= timedelta(days=1)
    end = start + timedelta(hours=length_h(hours))
    return (_ns(start), _ns(end)) if now < end else None


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    taken = [{(hours[0] + at) % 24 for at in range(length_h(hours))} for hours in (one, other)]
    return bool(taken[0] & taken[1])


def _ns(moment: datetime) -> int:
    return int(moment.timestamp()) * NS_PER_S
