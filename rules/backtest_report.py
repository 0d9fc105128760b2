"""What a backtest found: alarms that are new, gone, earlier or later, and the load on operators before and after.

The load's yardsticks are those of ISA-18.2-2016 (16.5, performance metrics) as read in secondary texts: 6 alarms an
hour are very likely acceptable for one operator, 12 the most that one can manage, 10 in ten minutes begin a flood.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from domain.alarm import Transition, TransitionKind
from domain.clock import NS_PER_S

ACCEPTABLE_PER_HOUR, MOST_PER_HOUR, FLOOD_PER_10_MIN = 6.0, 12.0, 10
TEN_MINUTES_NS = 600 * NS_PER_S
SAME_NS = NS_PER_S // 2
"""Alarms that come less than this apart came at the same time (ticks are a second apart)."""
NEAR_NS = 60 * NS_PER_S
"""Occurrences that do not overlap are still the same one when they are this near (assumption)."""
ENDLESS = 2**62


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An alarm from when it was raised until it cleared, log time [ns]; ``cleared_ns`` None: still open."""

    rule: str
    entity: str
    alarm_class: str
    raised_ns: int
    cleared_ns: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """One occurrence that is different; ``kind`` is new, gone, earlier or later, ``by_s`` is after minus before."""

    kind: str
    occurrence: Occurrence
    by_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Load:
    """Alarms raised within a time: how many, how they crowd, and what ISA-18.2 says of that.

    ``flooded`` is the share of the time's ten-minute pieces with more than ten alarms.
    """

    alarms: int
    per_hour: float
    peak_10_min: int
    flooded: float
    by_class: dict[str, int]
    verdict: str


@dataclass(frozen=True, slots=True)
class Report:
    """All of a backtest."""

    start_ns: int
    end_ns: int
    before: tuple[Occurrence, ...]
    after: tuple[Occurrence, ...]
    changes: tuple[Change, ...]
    load_before: Load
    load_after: Load

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "start_ns": self.start_ns,
            "end_ns": self.end_ns,
            "changes": [{"kind": one.kind, "by_s": one.by_s, **asdict(one.occurrence)} for one in self.changes],
            "before": asdict(self.load_before),
            "after": asdict(self.load_after),
        }


def report(before: Sequence[Transition], after: Sequence[Transition], start_ns: int, end_ns: int) -> Report:
    """Compare what two sets of rules said between two moments of log time."""
    old, new = (_within(occurrences(said), start_ns, end_ns) for said in (before, after))
    return Report(
        start_ns, end_ns, old, new, tuple(changes(old, new)), load(old, start_ns, end_ns), load(new, start_ns, end_ns)
    )


def occurrences(said: Iterable[Transition]) -> list[Occurrence]:
    """Pair raising with clearing, in order of raising."""
    found: list[Occurrence] = []
    open_at: dict[tuple[str, str], Transition] = {}
    for one in said:
        key = (one.rule, one.entity)
        if one.kind is TransitionKind.RAISED:
            open_at[key] = one
        elif one.kind is TransitionKind.CLEARED and key in open_at:
            found.append(_occurrence(open_at.pop(key), one.log_time_ns))
    found += [_occurrence(one, None) for one in open_at.values()]
    return sorted(found, key=lambda one: (one.raised_ns, one.rule, one.entity))


def changes(before: Sequence[Occurrence], after: Sequence[Occurrence]) -> list[Change]:
    """Match occurrences of the same alarm that overlap or are near, one to one in order of time."""
    left: dict[tuple[str, str], list[Occurrence]] = defaultdict(list)
    for one in before:
        left[one.rule, one.entity].append(one)
    found: list[Change] = []
    for one in after:
        candidates = left[one.rule, one.entity]
        match = next((old for old in candidates if _meet(old, one)), None)
        if match is None:
            found.append(Change("new", one))
            continue
        candidates.remove(match)
        apart = one.raised_ns - match.raised_ns
        if abs(apart) >= SAME_NS:
            found.append(Change("earlier" if apart < 0 else "later", one, round(apart / NS_PER_S, 3)))
    found += [Change("gone", one) for rest in left.values() for one in rest]
    return sorted(found, key=lambda change: (change.occurrence.raised_ns, change.occurrence.rule, change.kind))


def load(raised: Sequence[Occurrence], start_ns: int, end_ns: int) -> Load:
    """Return the load on operators from ``start_ns`` to ``end_ns``."""
    times = sorted(one.raised_ns for one in raised)
    hours = max((end_ns - start_ns) / NS_PER_S / 3600, 1e-9)
    peak = max((bisect_right(times, at + TEN_MINUTES_NS - 1) - row for row, at in enumerate(times)), default=0)
    pieces = ten_minutes(raised, start_ns, end_ns)
    per_hour = len(times) / hours
    return Load(
        alarms=len(times),
        per_hour=round(per_hour, 2),
        peak_10_min=peak,
        flooded=round(sum(count > FLOOD_PER_10_MIN for count in pieces) / len(pieces), 4),
        by_class=dict(sorted(Counter(one.alarm_class for one in raised).items())),
        verdict="acceptable"
        if per_hour <= ACCEPTABLE_PER_HOUR
        else "manageable"
        if per_hour <= MOST_PER_HOUR
        else "too many",
    )


def ten_minutes(raised: Sequence[Occurrence], start_ns: int, end_ns: int) -> list[int]:
    """Return how many alarms were raised in each ten minutes; the last piece may be shorter."""
    counts = [0] * max(1, -(-(end_ns - start_ns) // TEN_MINUTES_NS))
    for one in raised:
        counts[min(len(counts) - 1, (one.raised_ns - start_ns) // TEN_MINUTES_NS)] += 1
    return counts


def _meet(one: Occurrence, other: Occurrence) -> bool:
    ends, others_end = (ENDLESS if each.cleared_ns is None else each.cleared_ns for each in (one, other))
    return one.raised_ns <= others_end + NEAR_NS and other.raised_ns <= ends + NEAR_NS


def _within(found: Iterable[Occurrence], start_ns: int, end_ns: int) -> tuple[Occurrence, ...]:
    return tuple(one for one in found if start_ns <= one.raised_ns < end_ns)


def _occurrence(raised: Transition, cleared_ns: int | None) -> Occurrence:
    return Occurrence(raised.rule, raised.entity, raised.alarm_class.value, raised.log_time_ns, cleared_ns)
