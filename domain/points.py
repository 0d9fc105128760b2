"""Points and the `PointTable`: what the integers of a `ReadingBatch` mean.

A point is one channel of one device. Its *kind* decides how the platform treats its readings:

| kind | meaning | lane | rules |
|---|---|---|---|
| measure | a number that varies (pressure, watts) | fresh live, spooled to backfill | thresholds |
| state | a word or enum that holds (panel bits) | always live, late if it must be | bits, equality |
| event | something that happened once (a camera report) | always live, late if it must be | bits, equality |
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from domain.ids import alias_of, point_key
from domain.quantity import Quantity


class PointKind(StrEnum):
    """How readings of a point behave; see the module's table."""

    MEASURE = "measure"
    STATE = "state"
    EVENT = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One channel of one device, with the limits the registry holds for it.

    ``low``/``high`` are alarm limits and ``floor``/``ceiling`` the physically possible range, all in
    the canonical quantity; None means no such limit. ``max_silence_s`` is the longest time without a
    good reading before the point counts as unknown. ``word`` names the code table that explains the bits
    of a state word (`domain.words`); ``zone`` is the place of the point where it is not its device's.
    """

    unit: str
    gateway: str
    device: str
    name: str
    kind: PointKind = PointKind.MEASURE
    quantity: Quantity = Quantity.NONE
    low: float | None = None
    high: float | None = None
    floor: float | None = None
    ceiling: float | None = None
    max_silence_s: float = 60.0
    label_zh: str = ""
    label_en: str = ""
    word: str = ""
    zone: str | None = None

    @property
    def key(self) -> str:
        """Platform-wide name ``unit/device/point``."""
        return point_key(self.unit, self.device, self.name)

    @property
    def alias(self) -> int:
        """Sparkplug alias, a function of device and point id."""
        return alias_of(self.device, self.name)

    @property
    def is_event_lane(self) -> bool:
        """Tell whether readings travel ahead of measures and are never left to backfill."""
        return self.kind is not PointKind.MEASURE


class PointTable:
    """An immutable, indexed list of points; ``point`` columns of batches are indexes into it."""

    def __init__(self, points: Iterable[Point]) -> None:
        """Index ``points`` in the given order; raises ValueError on equal keys or colliding aliases."""
        self._points = tuple(points)
        self._index = {point.key: at for at, point in enumerate(self._points)}
        if len(self._index) != len(self._points):
            twice = sorted(key for key, count in Counter(point.key for point in self._points).items() if count > 1)
            msg = f"points named twice: {', '.join(twice)}"
            raise ValueError(msg)
        self._aliases: dict[tuple[str, str, int], int] = {}
        for at, point in enumerate(self._points):
            other = self._aliases.setdefault((point.unit, point.gateway, point.alias), at)
            if other != at:
                msg = f"{self._points[other].key} and {point.key} share a wire alias"
                raise ValueError(msg)

    def grown(self, points: Iterable[Point]) -> PointTable:
        """Return a table with further points behind these; indexes stay.

        Left out are points that are here already, and those whose wire alias another point has: data
        under that alias would be read as the other's.
        """
        new: dict[str, Point] = {}
        aliases = set(self._aliases)
        for point in points:
            alias = (point.unit, point.gateway, point.alias)
            if point.key not in self._index and point.key not in new and alias not in aliases:
                new[point.key] = point
                aliases.add(alias)
        return PointTable((*self._points, *new.values())) if new else self

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self._points)

    def __iter__(self) -> Iterator[Point]:
        """Iterate in index order."""
        return iter(self._points)

    def __getitem__(self, index: int) -> Point:
        """Return the point at ``index``."""
        return self._points[index]

    def index(self, key: str) -> int:
        """Return the index of ``unit/device/point``; raises KeyError when unknown."""
        return self._index[key]

    def get(self, key: str) -> int | None:
        """Return the index of a key, or None."""
        return self._index.get(key)

    def by_alias(self, unit: str, gateway: str, alias: int) -> int | None:
        """Return the index of a gateway's wire alias, or None when the registry has no such point."""
        return self._aliases.get((unit, gateway, alias))

    def of_device(self, unit: str, device: str) -> NDArray[np.int32]:
        """Return the indexes of a device's points, shape ``(k,)``."""
        return self._by_device.get((unit, device), np.empty(0, np.int32))

    @cached_property
    def _by_device(self) -> dict[tuple[str, str], NDArray[np.int32]]:
        groups: dict[tuple[str, str], list[int]] = {}
        for at, point in enumerate(self._points):
            groups.setdefault((point.unit, point.device), []).append(at)
        return {name: np.array(rows, np.int32) for name, rows in groups.items()}

    @cached_property
    def aliases(self) -> NDArray[np.uint32]:
        """Wire alias of each point, shape ``(points,)``."""
        return np.array([point.alias for point in self._points], np.uint32)

    @cached_property
    def event_lane(self) -> NDArray[np.bool_]:
        """Per point: readings go first and never to backfill, shape ``(points,)``."""
        return np.array([point.is_event_lane for point in self._points], np.bool_)
