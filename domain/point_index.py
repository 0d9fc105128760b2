"""What `PointTable`s that grew out of one another share: an index that is only ever added to.

A table is a number: how many of these entries it sees. Growing by one point costs one entry and not a copy
of all that went before, so that ten thousand transmitters may introduce their components one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from domain.points import Point

Found = tuple[NDArray[np.uint64], NDArray[np.int32]]
"""Aliases in rising order, and the index of the point of each; both of shape (k,)."""


class PointIndex:
    """Points in order and by every name that they are looked up by. Entries are added and never changed.

    Columns are as long as their capacity: entry ``n`` is final as soon as ``len(points) > n``.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self.points: list[Point] = []
        self.at: dict[str, int] = {}
        self.by_alias: dict[tuple[str, str, int], int] = {}
        self.of_device: dict[tuple[str, str], list[int]] = {}
        self.of_gateway: dict[tuple[str, str], list[int]] = {}
        self.aliases = np.zeros(16, np.uint32)
        self.event_lane = np.zeros(16, np.bool_)
        self.home = np.zeros(16, np.intp)
        self.homes: list[tuple[str, str, str]] = []
        self._code: dict[tuple[str, str, str], int] = {}
        self._sorted: dict[tuple[str, str], Found] = {}

    def add(self, point: Point) -> None:
        """Append one point whose key and alias are new."""
        at = len(self.points)
        if at == len(self.aliases):
            self.aliases = np.concatenate([self.aliases, np.zeros_like(self.aliases)])
            self.event_lane = np.concatenate([self.event_lane, np.zeros_like(self.event_lane)])
            self.home = np.concatenate([self.home, np.zeros_like(self.home)])
        alias = point.alias
        self.aliases[at] = alias
        self.event_lane[at] = point.is_event_lane
        self.home[at] = self._home(point)
        self.at[point.key] = at
        self.by_alias[point.unit, point.gateway, alias] = at
        self.of_device.setdefault((point.unit, point.device), []).append(at)
        self.of_gateway.setdefault((point.unit, point.gateway), []).append(at)
        self.points.append(point)

    def sorted_aliases(self, unit: str, gateway: str, count: int) -> Found:
        """Return the aliases of a gateway's points among the first ``count``; kept until the gateway grows."""
        own = self.of_gateway.get((unit, gateway), [])
        found = self._sorted.get((unit, gateway))
        if found is None or len(found[0]) != len(own):
            indexes = np.array(own, np.int32)
            aliases = self.aliases[indexes].astype(np.uint64)
            order = np.argsort(aliases)
            found = self._sorted[unit, gateway] = aliases[order], indexes[order]
        if not own or own[-1] < count:
            return found
        seen = found[1] < count
        return found[0][seen], found[1][seen]

    def _home(self, point: Point) -> int:
        home = (point.unit, point.gateway, point.device)
        code = self._code.get(home)
        if code is None:
            code = self._code[home] = len(self.homes)
            self.homes.append(home)
        return code
