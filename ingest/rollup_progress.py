"""How far roll-ups have come, and which hours are to be made again: a small file beside the store.

A batch is announced before it is written: an hour that was rolled up already, and that a late reading falls into, is
noted on disk before the reading is stored. So a kill at any moment can only make us do an hour again. A file that is
missing, damaged, or of another store means that nothing is known: everything is made again.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingest.rollups import HOUR_NS, Tier

log = logging.getLogger(__name__)

FILE_NAME = "rollups.json"
FUTURE = 2**63 - 1


class Progress:
    """Safe to use from the writer's thread and the worker's at once. ``store`` names what the file is about."""

    def __init__(self, folder: Path, store: str) -> None:
        """Read what is known."""
        self._path = folder / FILE_NAME
        self._store = store
        self._lock = threading.Lock()
        self._until: dict[str, int] = {}
        self._late: set[int] = set()
        self._claimed_ns = 0
        self._writing: Counter[int] = Counter()
        self._oldest: Counter[int] = Counter()
        self._again: set[int] = set()
        self._load()

    @contextmanager
    def writing(self, time_ns: NDArray[np.int64]) -> Iterator[None]:
        """Announce readings with these times, for as long as they are being stored."""
        if not len(time_ns):
            yield
            return
        oldest = int(time_ns.min())
        with self._lock:
            late = self._late_hours(time_ns, oldest)
            self._oldest[oldest] += 1
            self._writing.update(late)
            if not late <= self._late:
                self._late |= late
                self._save()
            self._again |= late
        try:
            yield
        finally:
            with self._lock:
                self._oldest = +(self._oldest - Counter([oldest]))
                self._writing = +(self._writing - Counter(late))

    def _late_hours(self, time_ns: NDArray[np.int64], oldest: int) -> set[int]:
        if oldest >= self._claimed_ns:
            return set()
        return set(np.unique(time_ns[time_ns < self._claimed_ns] // HOUR_NS).tolist())

    def until(self, tier: Tier) -> int | None:
        """Return up to where a tier was made; None when nothing is known."""
        with self._lock:
            return self._until.get(tier.name)

    def claim(self, tier: Tier, wanted_ns: int) -> int:
        """Return up to where the tier may be made now, at most ``wanted_ns``: not past what is being stored.

        From here on a reading before that is late.
        """
        with self._lock:
            free = min([wanted_ns, *self._oldest]) // tier.step_ns * tier.step_ns
            self._claimed_ns = max(self._claimed_ns, free)
            return free

    def advance(self, tier: Tier, until_ns: int) -> None:
        """Note that the tier was made up to ``until_ns``."""
        with self._lock:
            self._until[tier.name] = until_ns
            self._claimed_ns = max(self._claimed_ns, until_ns)
            self._save()

    def late_hour(self) -> int | None:
        """Return the oldest hour (since 1970) that is to be made again and that nobody is writing to."""
        with self._lock:
            hour = min((hour for hour in self._late if not self._writing[hour]), default=None)
            if hour is not None:
                self._again.discard(hour)
            return hour

    def made(self, hour: int) -> None:
        """Note that an hour was made again, unless another late reading came meanwhile."""
        with self._lock:
            if hour not in self._again:
                self._late.discard(hour)
                self._save()

    @property
    def late(self) -> int:
        """How many hours are to be made again."""
        with self._lock:
            return len(self._late)

    def whole(self, tier: Tier, since_ns: int = 0) -> list[tuple[int, int]]:
        """Return the spans from ``since_ns`` on in which the tier is complete, ascending."""
        with self._lock:
            until = self._until.get(tier.name, 0)
            late = sorted(hour for hour in self._late if hour * HOUR_NS >= since_ns - HOUR_NS)
        spans, at = [], since_ns
        for hour in late:
            if hour * HOUR_NS > at:
                spans.append((at, min(hour * HOUR_NS, until)))
            at = max(at, (hour + 1) * HOUR_NS)
        spans.append((at, until))
        return [(first, last) for first, last in spans if last > first]

    def _load(self) -> None:
        try:
            known = json.loads(self._path.read_text())
            if known["store"] == self._store:
                self._until = {str(name): int(until) for name, until in known["until"].items()}
                self._late = {int(hour) for hour in known["late"]}
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("%s can't be read, all roll-ups are made again: %s", self._path, error)
            self._until, self._late = {}, set()
        self._claimed_ns = max(self._until.values(), default=0)

    def _save(self) -> None:
        text = json.dumps({"store": self._store, "until": self._until, "late": sorted(self._late)})
        new = self._path.with_suffix(".new")
        with new.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
