"""What was raised today, counted as it comes: by unit, class and hour, e-bikes apart.

Begins with the record's list of the day, page by page, then follows the stream; at the site's midnight it begins anew.
An alert counts once, whatever becomes of it, a suppressed one too: it is what `/history` lists for the day.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from alerts.face import MOST_LISTED
from alerts.listing_face import AlertPage, ListRequest
from domain.alarm import AlarmClass
from domain.alert import AlertView
from domain.clock import NS_PER_S

HOURS = 24
MOST_PAGES = 100
"""Pages of a day's list: 50,000 alerts. A day with more is counted from there on, and says so."""

EBIKE = "ebike"
"""What rules about e-bikes have in their ids, as in Grafana's board of them."""


def is_ebike(rule: str) -> bool:
    """Tell whether a rule is about e-bikes."""
    return EBIKE in rule


def day_start_ns(now_ns: int, zone: tzinfo) -> int:
    """Return when the day began, ns UTC."""
    now = datetime.fromtimestamp(now_ns // NS_PER_S, zone)
    return int(now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()) * NS_PER_S


@dataclass(frozen=True, slots=True)
class TodayFigures:
    """Raised today, ``ebikes`` by ``ebike_rules``; ``complete`` is False until the record's list was read.

    ``more``: there were too many to count.
    """

    by_class: dict[AlarmClass, int]
    by_hour: tuple[int, ...]
    ebikes: int
    ebike_rules: tuple[str, ...]
    complete: bool
    more: bool

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_class.values())


@dataclass(slots=True)
class Today:
    """The day's counts. ``start_ns`` 0: nothing was asked yet."""

    start_ns: int = 0
    complete: bool = False
    more: bool = False
    revision: int = 0
    _zone: tzinfo | None = None
    _seen: set[str] = field(default_factory=set)
    _counts: Counter[tuple[str, AlarmClass, int, str]] = field(default_factory=Counter)
    """By unit, class, hour, and the rule where it is about e-bikes."""

    def begin(self, start_ns: int, zone: tzinfo) -> None:
        """Begin a day."""
        self.start_ns, self._zone = start_ns, zone
        self.complete = self.more = False
        self._seen.clear()
        self._counts.clear()
        self.revision += 1

    def add(self, alert: AlertView) -> None:
        """Count an alert that was raised today and was not counted yet."""
        if self._zone is None or alert.raised_at_ns < self.start_ns or alert.id in self._seen:
            return
        self._seen.add(alert.id)
        hour = datetime.fromtimestamp(alert.raised_at_ns // NS_PER_S, self._zone).hour
        rule = alert.rule if is_ebike(alert.rule) else ""
        self._counts[alert.place.unit, alert.alarm_class, hour, rule] += 1
        self.revision += 1

    def figures(self, units: frozenset[str] | None) -> TodayFigures:
        """Return the figures of some units; None: of all."""
        by_class: Counter[AlarmClass] = Counter()
        by_hour = [0] * HOURS
        ebikes: Counter[str] = Counter()
        for (unit, alarm_class, hour, rule), count in self._counts.items():
            if units is None or unit in units:
                by_class[alarm_class] += count
                by_hour[hour] += count
                ebikes[rule] += count
        del ebikes[""]
        rules = tuple(sorted(ebikes))
        return TodayFigures(dict(by_class), tuple(by_hour), ebikes.total(), rules, self.complete, self.more)


async def fill(today: Today, ask: Callable[[ListRequest], Awaitable[AlertPage]], now_ns: int, zone: tzinfo) -> None:
    """Take the record's list where the day is not complete; raises what ``ask`` raises, and comes again."""
    start_ns = day_start_ns(now_ns, zone)
    if today.start_ns != start_ns:
        today.begin(start_ns, zone)
    if today.complete:
        return
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await ask(ListRequest(since_ns=start_ns, cursor=cursor, limit=MOST_LISTED))
        for alert in page.alerts:
            today.add(alert)
        cursor = page.next_cursor
        if cursor is None:
            break
        await asyncio.sleep(0)  # a long day must not hold up the page
    today.complete, today.more = True, cursor is not None
    today.revision += 1
