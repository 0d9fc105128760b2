"""Over which time figures are counted, and whose: read from the address, written back to it. Pure.

| span | from | until |
|---|---|---|
| shift | twelve hours ago (assumption: two shifts a day) | now |
| day, week, month | 24 h, 7 days, 30 days ago | now |
| own | a local time | another one, or now |

Times are ns UTC; local times are those of the site. Until now is until the end of this minute: a hundred browsers then
ask the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from enum import StrEnum
from urllib.parse import urlencode

from alerts.kpi_face import DAY_NS, LONGEST_NS
from dashboards.console.moments import written
from dashboards.live.load import MINUTE_NS, WHOLE, Whose
from domain.clock import NS_PER_S
from domain.site import Registry

PATH = "/kpi"
HOUR_NS = 3600 * NS_PER_S
LOCAL = "%Y-%m-%dT%H:%M"
"""As browsers write a local time."""
MOST_ID = 64
MOST_OFFERED = 200


class Span(StrEnum):
    """What can be chosen."""

    SHIFT = "shift"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    OWN = "own"


LENGTHS_NS = {Span.SHIFT: 12 * HOUR_NS, Span.DAY: DAY_NS, Span.WEEK: 7 * DAY_NS, Span.MONTH: 30 * DAY_NS}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a span with its own times (ns; 0: none), and whose load."""

    span: Span = Span.DAY
    from_ns: int = 0
    until_ns: int = 0
    whose: Whose = WHOLE

    @classmethod
    def read(cls, query: Mapping[str, str], zone: tzinfo) -> Question:
        """Read an address; what it says and we don't know is left out."""
        named = query.get("span", "")
        span = Span(named) if named in set(Span) else Span.DAY
        begin, end = (local_ns(query.get(name, ""), zone) or 0 for name in ("from", "to"))
        if span is Span.OWN and not begin > 0:
            span = Span.DAY
        unit, position = (query.get(name, "")[:MOST_ID] or None for name in ("unit", "position"))
        own = (begin, end) if span is Span.OWN else (0, 0)
        return cls(span, *own, Whose(unit, None if unit else position))

    def period(self, now_ns: int) -> tuple[int, int]:
        """Return from when until when, whole minutes, never longer than the service counts.

        Now is the end of this minute: the service counts until it is asked, and a minute has one answer.
        """
        now_ns += MINUTE_NS - now_ns % MINUTE_NS
        if self.span is not Span.OWN:
            return now_ns - LENGTHS_NS[self.span], now_ns
        end = min(self.until_ns or now_ns, now_ns)
        end = max(end, self.from_ns + MINUTE_NS)
        return max(self.from_ns, end - LONGEST_NS), end

    @property
    def goes_on(self) -> bool:
        """Tell whether it ends now, and so has another answer in a minute."""
        return self.span is not Span.OWN or not self.until_ns

    def of(self, whose: Whose) -> Question:
        """Return the same question about somebody else's load."""
        return replace(self, whose=whose)

    def over(self, span: Span, from_ns: int = 0, until_ns: int = 0) -> Question:
        """Return the same question over another time."""
        return replace(self, span=span, from_ns=from_ns, until_ns=until_ns)

    def address(self, zone: tzinfo) -> str:
        """Return where it is answered."""
        said = {"span": self.span.value, "unit": self.whose.unit or "", "position": self.whose.position or ""}
        if self.span is Span.OWN:
            said["from"] = written(self.from_ns, zone)
            said["to"] = written(self.until_ns, zone) if self.until_ns else ""
        return f"{PATH}?{urlencode({name: value for name, value in said.items() if value})}"


def local_ns(words: str, zone: tzinfo) -> int | None:
    """Read a local time; None for what is none."""
    try:
        return round(datetime.strptime(words, LOCAL).replace(tzinfo=zone).timestamp()) * NS_PER_S
    except (ValueError, OverflowError):
        return None


def whose_choices(registry: Registry, units: frozenset[str] | None) -> list[Whose]:
    """Return whose load somebody may ask for: with a scope their units only, without one the site and its positions.

    Figures of a position or the site tell of units outside a scope.
    """
    own = [Whose(unit=unit) for unit in registry.units if units is None or unit in units]
    if units is not None:
        return own
    positions = [Whose(position=one.id) for one in registry.site.operators.positions]
    return [WHOLE, *positions, *own]


def offered(choices: list[Whose], chosen: Whose) -> list[Whose]:
    """Return what a list offers: all, or where units are many (a province has 65,000) all but the units not chosen."""
    if len(choices) <= MOST_OFFERED:
        return choices
    return [one for one in choices if one.unit is None or one == chosen]


def unit_called(registry: Registry, choices: list[Whose], words: str) -> Whose | None:
    """Return the unit with this id or name, else the first whose name has the words in it."""
    wanted = words.strip().casefold()
    within = None
    for one in choices:
        unit = registry.units.get(one.unit) if one.unit is not None else None
        if unit is None or not wanted:
            continue
        names = [unit.id.casefold(), unit.labels.zh.casefold(), unit.labels.en.casefold()]
        if wanted in names:
            return one
        if within is None and any(wanted in name for name in names):
            within = one
    return within


def seen(question: Question, choices: list[Whose]) -> Question | None:
    """Return the question about what may be asked for: the first choice where it asks beyond; None: there is none."""
    if question.whose in choices:
        return question
    return question.of(choices[0]) if choices else None
