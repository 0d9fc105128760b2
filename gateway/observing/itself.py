"""The gateway tells of itself as a device: figures every ten seconds, and each loss as an event.

A loss is an event of the spool's event lane: it is never thinned or dropped itself, and after an outage the rules
hear of it before any measure. How much has been told stands in the spool's counters and is committed together with
the event, so a loss is told once, whatever is killed when. A point tells at most once a minute, in one sum.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence

from domain.batch import ReadingBatch
from domain.cancellation import heed_cancellation
from domain.clock import NS_PER_MS, floor_ms
from domain.errors import StoreError
from domain.points import PointTable
from domain.site.itself import device_id
from gateway.losses import losses
from gateway.observing.lanes import Lane
from gateway.observing.observer import Observer
from gateway.observing.snapshot import Snapshot
from gateway.spool import Spool

log = logging.getLogger(__name__)

TELL_S = 10.0
WINDOW = 6
"""Reports between the two ends of "the last minute"."""

AGAIN_S = 60.0
"""Least time between two events of one point: two weeks without a link make some 20,000 events, 3 MB, of a loss that
never ends."""

TOLD = "told."
"""Prefix of the counters that say how much of a loss has been told."""

NO_ERRORS = frozenset({"second_copy", "left_to_others"})
"""What connectors count beside errors: messages that were meant for others, or known."""

MOST_TEXT = 160

MEASURES = (
    "spool_used",
    "spool_batches",
    "events_waiting",
    "oldest_age",
    "offline_forecast",
    "readings_accepted",
    "readings_published",
    "missed_share",
    "errors",
    "devices_lost",
    "connections_down",
    "breakers_open",
    "latency_live",
    "latency_event",
    "latency_backfill",
    "memory",
    "cpu",
    "open_files",
)
SINCE_START = ("input_refused", "breaker_opened")
"""Events whose counts begin with the process."""

Loss = tuple[float, str]
"""How much, and by which reasons."""


class Teller:
    """Tells through the spool, like a connector; `run` until cancelled."""

    def __init__(self, observer: Observer, spool: Spool, table: Callable[[], PointTable]) -> None:
        """``table`` gives the points of now; without those of its own device the gateway tells nothing."""
        self._observer = observer
        self._spool = spool
        self._points = table
        self._device = f"{observer.unit}/{device_id(observer.gateway)}"
        self._window: deque[tuple[int, int, int, float, float]] = deque(maxlen=WINDOW + 1)
        self._told: Counter[str] = Counter()
        self._told_s: dict[str, float] = {}
        self._last_ns = 0

    @property
    def is_there(self) -> bool:
        """Tell whether the site has the gateway as a device."""
        return self._points().get(f"{self._device}/{MEASURES[0]}") is not None

    async def run(self) -> None:
        """Tell for ever; a spool that takes nothing is asked again at the next report."""
        while True:
            try:
                if self.is_there:
                    await self.tell()
            except StoreError as error:
                log.warning("the gateway's own figures were not stored: %s", error)
            heed_cancellation()
            await asyncio.sleep(TELL_S)

    async def tell(self) -> None:
        """Store the figures of now, and what has been lost since it was told last; raises StoreError."""
        snapshot = await self._observer.snapshot()
        told: list[tuple[str, float, str]] = [(name, value, "") for name, value in self._measures(snapshot).items()]
        counts: Counter[str] = Counter()
        for point, (value, text) in self._losses(snapshot, counts).items():
            told.append((point, value, text))
        told += self._happened(snapshot)
        await self._spool.emit(self._batch(told), counts=counts)

    def _batch(self, told: Sequence[tuple[str, float, str]]) -> ReadingBatch:
        """Return the readings of one moment; no two moments share a time."""
        self._last_ns = max(floor_ms(self._observer.clock.now_ns()), self._last_ns + NS_PER_MS)
        table = self._points()
        points = [table.index(f"{self._device}/{name}") for name, _, _ in told]
        text = {at: words for at, (_, _, words) in enumerate(told) if words}
        return ReadingBatch.build(
            table, [self._last_ns] * len(told), points, [value for _, value, _ in told], text=text
        )

    def _measures(self, snapshot: Snapshot) -> dict[str, float]:
        """Return the figures; what is not known yet is left out."""
        polls, missed = snapshot.polls
        errors = sum(count for kind, count in snapshot.errors.items() if kind not in NO_ERRORS)
        self._window.append((polls, missed, errors, snapshot.process.cpu_s, snapshot.age_s))
        late = {lane: snapshot.lanes.of[lane].shares() for lane in Lane}
        forecast_s = snapshot.spool.forecast_s
        figures = (
            100 * snapshot.used_share,
            snapshot.spool.batches,
            snapshot.spool.waiting_events,
            snapshot.oldest_s,
            math.nan if forecast_s is None else forecast_s,
            snapshot.spool.counters["accepted"],
            snapshot.spool.counters["published"],
            *self._recent(),
            snapshot.lost,
            snapshot.down,
            snapshot.breakers_open,
            *(math.nan if shares is None else shares[1] for shares in late.values()),
            snapshot.process.memory,
            self._cpu(),
            snapshot.process.open_files,
        )
        return {name: float(value) for name, value in zip(MEASURES, figures, strict=True) if math.isfinite(value)}

    def _recent(self) -> tuple[float, float]:
        """Return the share of polls missed [%] and the number of errors in the last minute."""
        first, last = self._window[0], self._window[-1]
        polls, missed = last[0] - first[0], last[1] - first[1]
        return 100 * missed / max(polls + missed, 1), float(last[2] - first[2])

    def _cpu(self) -> float:
        first, last = self._window[0], self._window[-1]
        span_s = last[4] - first[4]
        return 100 * (last[3] - first[3]) / span_s if span_s > 0 else 0.0

    def _losses(self, snapshot: Snapshot, counts: Counter[str]) -> dict[str, Loss]:
        """Return what is to be told of losses, and note in ``counts`` that it has been."""
        found: dict[str, Loss] = {}
        for point, by_reason in losses(snapshot.spool.counters).items():
            new = {
                reason: count - snapshot.spool.counters[_told_name(point, reason)]
                for reason, count in by_reason.items()
            }
            new = {reason: count for reason, count in new.items() if count > 0}
            if new and self._may_tell(point):
                found[point] = float(sum(new.values())), _words(new)
                counts.update({_told_name(point, reason): count for reason, count in new.items()})
        return found

    def _happened(self, snapshot: Snapshot) -> list[tuple[str, float, str]]:
        """Return what has happened since the process began and was not told."""
        opened = sum(unit.breaker_opened for unit in snapshot.units)
        refused = snapshot.refusals
        told = []
        for point, count in zip(SINCE_START, (refused.total(), opened), strict=True):
            new = count - self._told[point]
            if new > 0 and self._may_tell(point):
                self._told[point] = count
                told.append((point, float(new), _words(+refused) if point == SINCE_START[0] else ""))
        for point, values in (("uplink_away", self._observer.absences), ("clock_step", self._observer.steps)):
            if values:
                told.append((point, max(values, key=abs), ""))
                values.clear()
        return told

    def _may_tell(self, point: str) -> bool:
        now_s = asyncio.get_running_loop().time()
        if now_s - self._told_s.get(point, -math.inf) < AGAIN_S:
            return False
        self._told_s[point] = now_s
        return True


def _told_name(point: str, reason: str) -> str:
    return f"{TOLD}{point}.{reason}"


def _words(by_reason: Mapping[str, int]) -> str:
    """Return the reasons with their counts, the most frequent first."""
    ordered = sorted(by_reason.items(), key=lambda item: -item[1])
    return ", ".join(f"{reason} {count}" for reason, count in ordered)[:MOST_TEXT]
