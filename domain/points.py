"""Points and the `PointTable`: what the integers of a `ReadingBatch` mean.

A point is one channel of one device. Its *kind* decides how the platform treats its readings:

| kind | meaning | lane | rules |
|---|---|---|---|
| measure | a number that varies (pressure, watts) | fresh live, spooled to backfill | thresholds |
| state | a word or enum that holds (panel bits) | always live, late if it must be | bits, equality |
| event | something that happened once (a camera report) | always live, late if it must be | bits, equality |
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from domain.ids import alias_of, point_key
from domain.point_index import PointIndex
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
    """An immutable, indexed list of points; ``point`` columns of batches are indexes into it.

    Tables that grew out of one another share one index, so that growing costs what is new.
    """

    def __init__(self, points: Iterable[Point]) -> None:
        """Index ``points`` in the given order; raises ValueError on equal keys or colliding aliases."""
        points = tuple(points)
        names = Counter(point.key for point in points)
        if len(names) != len(points):
            msg = f"points named twice: {', '.join(sorted(key for key, count in names.items() if count > 1))}"
            raise ValueError(msg)
        self._shared = PointIndex()
        for point in points:
            other = self._shared.by_alias.get((point.unit, point.gateway, point.alias))
            if other is not None:
                msg = f"{points[other].key} and {point.key} share a wire alias"
                raise ValueError(msg)
            self._shared.add(point)
        self._count = len(points)

    def grown(self, points: Iterable[Point]) -> PointTable:
        """Return a table with further points behind these; indexes stay.

        Left out are points that are here already, and those whose wire alias another point has: data
        under that alias would be read as the other's.
        """
        new: dict[str, Point] = {}
        aliases: set[tuple[str, str, int]] = set()
        for point in points:
            alias = (point.unit, point.gateway, point.alias)
            if point.key not in self and point.key not in new and self.by_alias(*alias) is None:
                if alias not in aliases:
                    new[point.key] = point
                aliases.add(alias)
        return self._with(new.values()) if new else self

    def _with(self, points: Iterable[Point]) -> PointTable:
        """Add to the shared index; a table that is no longer the newest of its line begins one of its own."""
        if len(self._shared.points) != self._count:
            return PointTable((*self, *points))
        table = PointTable.__new__(PointTable)
        table._shared = self._shared  # noqa: SLF001  # one of us, made without indexing all again
        for point in points:
            self._shared.add(point)
        table._count = len(self._shared.points)  # noqa: SLF001  # as above
        return table

    def __len__(self) -> int:
        """Return the number of points."""
        return self._count

    def __iter__(self) -> Iterator[Point]:
        """Iterate in index order."""
        return islice(self._shared.points, self._count)

    def __getitem__(self, index: int) -> Point:
        """Return the point at ``index``; raises IndexError outside the table."""
        if not -self._count <= index < self._count:
            msg = f"no point {index} in a table of {self._count}"
            raise IndexError(msg)
        return self._shared.points[index if index >= 0 else index + self._count]

    def __contains__(self, key: object) -> bool:
        """Tell whether a point has this key."""
        return isinstance(key, str) and self.get(key) is not None

    def index(self, key: str) -> int:
        """Return the index of ``unit/device/point``; raises KeyError when unknown."""
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def get(self, key: str) -> int | None:
        """Return the index of a key, or None."""
        return self._seen(self._shared.at.get(key))

    def by_alias(self, unit: str, gateway: str, alias: int) -> int | None:
        """Return the index of a gateway's wire alias, or None when the registry has no such point."""
        return self._seen(self._shared.by_alias.get((unit, gateway, alias)))

    def of_device(self, unit: str, device: str) -> NDArray[np.int32]:
        """Return the indexes of a device's points, shape ``(k,)``."""
        found = self._shared.of_device.get((unit, device), [])
        return np.array(found[: bisect_left(found, self._count)], np.int32)

    def count_of_device(self, unit: str, device: str) -> int:
        """Return how many points a device has."""
        return bisect_left(self._shared.of_device.get((unit, device), []), self._count)

    def sorted_aliases(self, unit: str, gateway: str) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
        """Return the wire aliases of a gateway's points in rising order, and the index of each, shape ``(k,)``."""
        return self._shared.sorted_aliases(unit, gateway, self._count)

    @property
    def aliases(self) -> NDArray[np.uint32]:
        """Wire alias of each point, shape ``(points,)``."""
        return self._shared.aliases[: self._count]

    @property
    def event_lane(self) -> NDArray[np.bool_]:
        """Per point: readings go first and never to backfill, shape ``(points,)``."""
        return self._shared.event_lane[: self._count]

    @property
    def home(self) -> NDArray[np.intp]:
        """Per point the number of its device among `homes`, shape ``(points,)``."""
        return self._shared.home[: self._count]

    @property
    def homes(self) -> Sequence[tuple[str, str, str]]:
        """Unit, gateway and device by number; those of later tables of the line stand behind."""
        return self._shared.homes

    def _seen(self, at: int | None) -> int | None:
        return at if at is not None and at < self._count else None
