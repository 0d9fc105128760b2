"""The points of a process after a switch: indexes of points that are known never move. Pure.

A point that nobody has any more stays in the table as a gap, for batches that are under way and rows that wait; it
is in no birth. A point whose definition changed is another point at the same index.
"""

from __future__ import annotations

from collections.abc import Iterable

from domain.points import Point, PointTable


def redefined(known: PointTable, wanted: Iterable[Point]) -> PointTable:
    """Return a table in which every wanted point is as it is wanted, the known ones at their old indexes.

    The same table when nothing differs. Raises ValueError when the wire alias of a new point is that of another.
    """
    by_key = {point.key: point for point in wanted}
    new = [point for point in by_key.values() if point.key not in known]
    if all(by_key.get(point.key, point) == point for point in known):
        table = known.grown(new) if new else known
        if len(table) != len(known) + len(new):
            msg = "a new point shares its wire alias with a point that was there before: restart the gateway"
            raise ValueError(msg)
        return table
    return PointTable([*(by_key.get(point.key, point) for point in known), *new])


def gaps(table: PointTable, wanted: Iterable[Point]) -> frozenset[int]:
    """Return the indexes of points that nobody has any more."""
    keys = {point.key for point in wanted}
    return frozenset(at for at, point in enumerate(table) if point.key not in keys)


def altered(before: PointTable, after: PointTable, gone: frozenset[int], gone_before: frozenset[int]) -> frozenset[int]:
    """Return the indexes of points that are new, defined anew, gone or back again."""
    redone = {at for at in range(len(before)) if before[at] != after[at]} if after is not before else set()
    return frozenset(redone | set(range(len(before), len(after))) | (gone ^ gone_before))
