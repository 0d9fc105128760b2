"""What a spool tells of itself."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolFigures:
    """The spool at a glance. Counters are for ever, the rest is now; ``forecast_s`` None: no rate yet."""

    counters: Counter[str]
    batches: int
    waiting_events: int
    size: int
    oldest_ns: int | None
    forecast_s: float | None
