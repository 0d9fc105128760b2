"""Which points are under which, by their names: ``s1-1-c40`` under ``s1-1``, all of a device under its ``state``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rules.kernels import Indexes


def nearest(key: str, row_of: Mapping[str, int]) -> int:
    """Return the row of the point above one, -1 for none: the longest name that begins its own, or state."""
    start, dash, _ = key.rpartition("-")
    while dash:
        if start in row_of:
            return row_of[start]
        start, dash, _ = start.rpartition("-")
    return row_of.get(f"{key.rpartition('/')[0]}/state", -1)


def lines_of(keys: Sequence[str], entity: Indexes, points: Indexes) -> tuple[Indexes, Indexes, Indexes]:
    """Return who has the same of ``points`` over it: the line of each entity; then (line, row of ``points``) pairs.

    All components of one system share a line, so that a rule needs one node for them and not one for each.
    """
    row_of = {keys[point]: row for row, point in enumerate(points.tolist())}
    lines: dict[tuple[int, ...], int] = {}
    line = [lines.setdefault(_line(keys[point], row_of), len(lines)) for point in entity.tolist()]
    member = [number for rows, number in lines.items() for _ in rows]
    return (
        np.array(line, np.int64),
        np.array(member, np.int64),
        np.array([row for rows in lines for row in rows], np.int64),
    )


def _line(key: str, row_of: Mapping[str, int]) -> tuple[int, ...]:
    """Return the rows of a point, of all whose names begin its own, and of its device's state."""
    device, _, name = key.rpartition("/")
    parts = name.split("-")
    names = {"state", *("-".join(parts[:count]) for count in range(1, len(parts) + 1))}
    return tuple(sorted(row_of[there] for one in names if (there := f"{device}/{one}") in row_of))
