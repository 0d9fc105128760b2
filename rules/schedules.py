"""Schedules as leaves: what the log's ticks say of the time of the week, and of opening hours.

All zones with the same opening hours share a leaf, so that closing time is one change and not a thousand. Until the
first tick nobody has told the time: unknown. The clock is the server's receive time of the tick, never the wall clock.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

import numpy as np

from domain.clock import NS_PER_S
from domain.site import Registry
from domain.site.hours import Span, is_open
from rules.conditions import Schedule
from rules.forest import Changes
from rules.kernels import ALARM, NORMAL, Truths

Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class ScheduleLeaf:
    """One question: a schedule, and the opening hours that it is about where it asks for those."""

    asked: Schedule
    hours: Spans = ()

    @property
    def key(self) -> str:
        """What it means, for snapshots."""
        return f"{self.asked.model_dump_json()} {[span.model_dump_json() for span in self.hours]}"


class Schedules:
    """Answers all schedules of a plan at each tick."""

    def __init__(self, registry: Registry, leaves: Sequence[ScheduleLeaf], first_signal: int, truth: Truths) -> None:
        """``truth`` is the engine's array of all leaves; those from ``first_signal`` on are ours."""
        self._leaves, self._first, self._truth = leaves, first_signal, truth
        self._zone = _time_zone(registry.site.timezone)
        self._calendar = registry.calendar

    def tick(self, log_ns: int) -> Changes:
        """Return what changed at a tick's receive time [ns UTC]."""
        if not self._leaves:
            none = np.empty(0, np.int64)
            return Changes(none, none.astype(np.uint8), none.astype(np.uint8), none, none)
        local = datetime.fromtimestamp(log_ns // NS_PER_S, self._zone)
        now = [ALARM if self._holds(leaf, local) else NORMAL for leaf in self._leaves]
        signal = self._first + np.arange(len(now))
        before, after = self._truth[signal], np.array(now, np.uint8)
        self._truth[signal] = after
        nobody = np.full(len(now), -1)
        return Changes(signal, before, after, np.zeros(len(now), np.int64), nobody).take(before != after)

    def _holds(self, leaf: ScheduleLeaf, local: datetime) -> bool:
        if leaf.asked.opening is None:
            return leaf.asked.covers(local, self._calendar)
        return is_open(leaf.hours, local, self._calendar) is (leaf.asked.opening == "open")


def _time_zone(name: str) -> tzinfo:
    """Return the site's time zone; UTC on a machine without a zone database, where `fengsui check` can't know it."""
    try:
        return zoneinfo.ZoneInfo(name)
    except zoneinfo.ZoneInfoNotFoundError:
        return UTC
