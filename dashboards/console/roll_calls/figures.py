"""What roll-calls add up to, and when the plan calls. Pure.

A line that was down says nothing of a person: it is counted by itself, and is no part of any share. Nobody can know
when the plan calls next: the gateway draws the moment. What can be known are the hours, how many calls belong into
them, and how many of them are done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from statistics import median
from typing import Any

from dashboards.live.roll_call_desk import Call
from dashboards.live.roll_calls import Result
from domain.clock import NS_PER_S

PLAN = "plan"
"""Who called, where no person did."""

_ANSWERED = (Result.PRESENT, Result.LATE)
_JUDGED = (*_ANSWERED, Result.NO_ANSWER)


@dataclass(frozen=True, slots=True)
class Share:
    """Calls by result. ``answered`` and ``in_time`` are shares of those in which somebody could have answered."""

    counts: Mapping[Result, int]
    took_s: float | None

    @property
    def calls(self) -> int:
        """All calls whose result is known to us."""
        return sum(self.counts.values())

    @property
    def answered(self) -> float | None:
        """Share of answered calls; None where nobody could have answered."""
        return self._share(_ANSWERED)

    @property
    def in_time(self) -> float | None:
        """Share of calls that were answered within the minutes."""
        return self._share((Result.PRESENT,))

    def _share(self, results: Iterable[Result]) -> float | None:
        judged = sum(self.counts.get(one, 0) for one in _JUDGED)
        return sum(self.counts.get(one, 0) for one in results) / judged if judged else None


def share_of(calls: Iterable[Call]) -> Share:
    """Return what calls add up to; ``took_s`` is the median time to the answer."""
    listed = list(calls)
    took = [call.took_s for call in listed if call.took_s is not None]
    return Share(Counter(call.result for call in listed if call.result is not None), median(took) if took else None)


@dataclass(frozen=True, slots=True)
class Window:
    """Hours in which the plan calls: how often each transmitter, from when until when; ``open`` now, or next."""

    calls: int
    start_ns: int
    end_ns: int
    is_open: bool


def windows_of(plan: Mapping[str, Any], now_ns: int, zone: tzinfo) -> list[Window]:
    """Return the hours of a plan that are open now or come next, in their order; none where nothing is planned."""
    per_day, at_night = _whole(plan.get("per_day")), _whole(plan.get("at_night"))
    found = []
    for calls, name in ((per_day - at_night, "hours"), (at_night, "night_hours")):
        hours = plan.get(name)
        if calls > 0 and isinstance(hours, list | tuple) and len(hours) == 2:  # from and to
            found.append(_window(calls, _whole(hours[0]), _whole(hours[1]), now_ns, zone))
    return sorted(found, key=lambda one: one.start_ns)


def done_in(window: Window, calls: Iterable[Call]) -> int:
    """Return the planned calls of open hours that were checks: a line that was down is none."""
    return sum(
        call.by == PLAN and call.called_ns >= window.start_ns and call.result is not Result.LINE_DOWN for call in calls
    )


def _window(calls: int, first: int, last: int, now_ns: int, zone: tzinfo) -> Window:
    now = datetime.fromtimestamp(now_ns / NS_PER_S, zone)
    length = timedelta(hours=(last - first) % 24 or 24)
    start = now.replace(hour=first % 24, minute=0, second=0, microsecond=0)
    if start > now:
        start -= timedelta(days=1)
    if now >= start + length:
        start += timedelta(days=1)
    return Window(calls, _ns(start), _ns(start + length), start <= now)


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _ns(moment: datetime) -> int:
    return int(moment.timestamp()) * NS_PER_S
