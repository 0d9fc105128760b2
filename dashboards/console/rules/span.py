"""The span of a backtest as people choose it: the last hours or days, or two times in the site's zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from dashboards.console import moments
from domain.clock import NS_PER_S
from rules.trials_face import MOST_SPAN_S

SPANS: Mapping[str, int] = {"1h": 3600, "24h": 86_400, "7d": 7 * 86_400, "30d": 30 * 86_400}
"""Choices, seconds back from now."""
LEAST_S = 60


@dataclass(frozen=True, slots=True)
class Span:
    """``start_ns <= t < end_ns``."""

    start_ns: int
    end_ns: int


def last(seconds: int, now_ns: int) -> Span:
    """Return the span up to now, whole minutes."""
    end_s = now_ns // NS_PER_S // 60 * 60
    return Span((end_s - seconds) * NS_PER_S, end_s * NS_PER_S)


def read(start: str, end: str, zone: tzinfo) -> Span | str:
    """Read two times of a browser's fields; the key of what is wrong where they are no span."""
    start_ns, end_ns = moments.read(start, zone), moments.read(end, zone)
    if start_ns is None or end_ns is None:
        return "rules_span_no_time"
    if end_ns - start_ns < LEAST_S * NS_PER_S:
        return "rules_span_turned"
    if end_ns - start_ns > MOST_SPAN_S * NS_PER_S:
        return "rules_span_long"
    return Span(start_ns, end_ns)
