"""Alarms of a day: how many, what was found, and how fast people were."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from alerts.feeding.histories import History
from alerts.feeding.intervals import Span
from alerts.feeding.models import AlarmFacts, Spread
from domain.alert import AlertEvent, Confirmation
from domain.clock import NS_PER_S


def alarm_facts(histories: Iterable[History], day: Span) -> AlarmFacts:
    """Return the facts of the alarms that began on ``day``; tests are counted and nothing else of them."""
    begun = [one for one in histories if day[0] <= one.begun_ns < day[1]]
    alarms = [one for one in begun if not one.test]
    real = sum(one.confirmed is Confirmation.REAL for one in alarms)
    false = sum(one.confirmed is Confirmation.FALSE for one in alarms)
    return AlarmFacts(
        alarms=len(alarms),
        recurrences=sum(_recurrences(one, day) for one in alarms),
        tests=len(begun) - len(alarms),
        real=real,
        false=false,
        unconfirmed=len(alarms) - real - false,
        false_share=round(false / (real + false), 4) if real + false else None,
        to_acknowledge=spread([_seconds(one, one.first(AlertEvent.ACKNOWLEDGED)) for one in alarms]),
        to_confirm=spread([_seconds(one, one.first(AlertEvent.CONFIRMED)) for one in alarms]),
        to_close=spread([_seconds(one, one.closed_ns()) for one in alarms]),
    )


def spread(seconds: Sequence[float | None]) -> Spread:
    """Return count and percentiles (linear between values); None is an alarm without."""
    told = [one for one in seconds if one is not None]
    p50, p95 = np.percentile(np.array(told), (50, 95)) if told else (None, None)
    return Spread(
        count=len(told),
        outstanding=len(seconds) - len(told),
        p50_s=None if p50 is None else round(float(p50), 3),
        p95_s=None if p95 is None else round(float(p95), 3),
    )


def _seconds(history: History, at_ns: int | None) -> float | None:
    return None if at_ns is None else max(0, at_ns - history.raised_ns) / NS_PER_S


def _recurrences(history: History, day: Span) -> int:
    """Count the times it was raised after the first, on the day."""
    raised = [moment.at_ns for moment in history.moments if moment.action == AlertEvent.RAISED]
    return sum(day[0] <= at_ns < day[1] for at_ns in raised[1:])
