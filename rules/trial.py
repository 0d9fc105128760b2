"""A backtest of one rule over one unit: what it reads, how long it remembers, and what its result consists of.

Reading the past is done elsewhere (`cli.rule_trial`); here is what can be worked out without a store.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

import numpy as np

from domain.alarm import EntityKind, Transition
from domain.clock import NS_PER_S
from rules.backtest_report import Change, Occurrence, Report
from rules.banks import Bank
from rules.banks.limits import AboveBank, BelowBank
from rules.model import Rule
from rules.plan import Plan
from rules.trials_face import (
    DAY_S,
    MOST_CHANGES,
    MOST_INTERVALS,
    MOST_SERIES,
    MOST_TRANSITIONS,
    BacktestResult,
    Changed,
    Curve,
    Day,
    Interval,
    Limit,
    Said,
)

LEAST_MEMORY_S, MOST_MEMORY_S = 3600.0, 28.0 * DAY_S
WEEK_S = 7.0 * DAY_S
REMEMBERS = frozenset({"over_s", "within_s", "for_s", "whole_s", "plateau_s"})
"""Parameters of conditions that say how far back they look."""
SAME_S = 5.0
"""A record and a backtest that are this near came at the same time: stored readings are fed second by second, and
what was read late came late in life."""


@dataclass(frozen=True, slots=True)
class Past:
    """What was evaluated: where it was read, how many readings, and both tellings compared."""

    source: str
    readings: int
    said: Sequence[Transition]
    report: Report


def memory_s(rule: Rule) -> float:
    """Return how long before a span the evaluation must begin, so that the rule knows at its start what it would know.

    An hour at least, for states that hold until the next reading; as long as the rule's windows and delays; a baseline
    its weeks; four weeks at most.
    """
    asked = [one.model_dump() for one in (rule.condition, *rule.asides)]
    spans = [span for one in asked for span in _spans(one)]
    return min(MOST_MEMORY_S, max(LEAST_MEMORY_S, rule.on_delay_s + rule.off_delay_s + sum(spans)))


def _spans(asked: Any) -> Iterator[float]:
    if isinstance(asked, Mapping):
        for name, value in asked.items():
            if name in REMEMBERS and isinstance(value, int | float):
                yield float(value)
            elif name == "weeks" and isinstance(value, int):
                yield value * WEEK_S
            else:
                yield from _spans(value)
    elif isinstance(asked, list | tuple):
        for one in asked:
            yield from _spans(one)


def points_read(rule: Rule, plan: Plan) -> list[str]:
    """Return the keys of the points that a rule's plan reads; all of the site where it asks for silence."""
    tests = [test for one in (rule.condition, *rule.asides) for test in one.tests()]
    if any(test.absence for test in tests):
        return list(plan.site.keys)
    rows = np.unique(np.concatenate([_rows(bank) for bank in plan.banks] or [np.empty(0, np.int64)]))
    return [plan.site.table[row].key for row in rows.tolist()]


def _rows(bank: Bank) -> Any:
    """Return all rows that a bank looks at: a formula's terms have a point of their own and others beside it."""
    return np.flatnonzero(np.asarray(bank.links.count) > 0)


def limits_at(plan: Plan, row: int) -> tuple[Limit, ...]:
    """Return the limits that the plan holds a point against."""
    found = {}
    for bank in plan.banks:
        if isinstance(bank, AboveBank | BelowBank):
            for term in np.flatnonzero(bank.point == row).tolist():
                value, clears = float(bank.limit[term]), float(bank.clear_at[term])
                if np.isfinite(value):
                    found[value, clears] = Limit(value=value, clears_at=clears)
    return tuple(found.values())


def points_to_draw(rule: Rule, plan: Plan, keys: Sequence[str], raised: Sequence[Occurrence]) -> list[str]:
    """Choose the points whose curves are shown: those of entities that raised most, else the first."""
    entities = [entity for entity, _ in Counter(one.entity for one in raised).most_common()]
    owned: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        owned[_owner(rule.entity, plan, key)].append(key)
    chosen = [key for entity in entities for key in owned.get(entity, ())]
    return list(dict.fromkeys([*chosen, *keys]))[:MOST_SERIES]


def _owner(kind: EntityKind, plan: Plan, key: str) -> str:
    """Return the key of the entity that a point belongs to; empty for none."""
    if kind is EntityKind.POINT:
        return key
    at = int(plan.site.entities_of_points(kind)[plan.site.table.index(key)])
    return plan.site.entity_key(kind, at) if at >= 0 else ""


def result_of(rule: Rule, past: Past, curves: Sequence[Curve], zone: tzinfo) -> BacktestResult:
    """Put together what people are shown."""
    found, start_ns, end_ns = past.report, past.report.start_ns, past.report.end_ns
    said = [one for one in past.said if start_ns <= one.log_time_ns < end_ns]
    changes = [one for one in found.changes if one.kind in ("new", "gone") or abs(one.by_s) > SAME_S]
    return BacktestResult(
        source="log" if past.source == "log" else "store",
        version=rule.version,
        readings=past.readings,
        raised=len(found.after),
        recorded=len(found.before),
        per_hour=found.load_after.per_hour,
        transitions=tuple(map(_said, said[:MOST_TRANSITIONS])),
        transitions_left_out=max(0, len(said) - MOST_TRANSITIONS),
        intervals=tuple(map(_interval, found.after[:MOST_INTERVALS])),
        intervals_left_out=max(0, len(found.after) - MOST_INTERVALS),
        recorded_intervals=tuple(map(_interval, found.before[:MOST_INTERVALS])),
        changes=tuple(map(_changed, changes[:MOST_CHANGES])),
        changed=dict(Counter(one.kind for one in changes)),
        days=tuple(_days(found, zone)),
        curves=tuple(curves),
    )


def _said(one: Transition) -> Said:
    return Said(
        time_ns=one.log_time_ns,
        kind=one.kind,
        entity=one.entity,
        level=one.level,
        value=one.value,
        text_zh=one.text_zh,
        text_en=one.text_en,
    )


def _interval(one: Occurrence) -> Interval:
    return Interval(entity=one.entity, raised_ns=one.raised_ns, cleared_ns=one.cleared_ns)


def _changed(one: Change) -> Changed:
    occurrence = one.occurrence
    return Changed.model_validate(
        {"kind": one.kind, "entity": occurrence.entity, "raised_ns": occurrence.raised_ns, "by_s": one.by_s}
    )


def _days(found: Report, zone: tzinfo) -> Iterator[Day]:
    """Count by local day, also the days without any."""
    before, after = (_by_day(raised, zone) for raised in (found.before, found.after))
    step_ns = DAY_S * NS_PER_S // 4  # a day is 23 hours now and then
    moments = [*range(found.start_ns, found.end_ns, step_ns), found.end_ns - 1]
    for day in dict.fromkeys(_day(at, zone) for at in moments):
        yield Day(day=day, backtest=after[day], record=before[day])


def _by_day(raised: Iterable[Occurrence], zone: tzinfo) -> Counter[str]:
    return Counter(_day(one.raised_ns, zone) for one in raised)


def _day(time_ns: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(time_ns / NS_PER_S, zone).date().isoformat()
