"""Curves of a point with its limits, alike on every board."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.grafana import asking
from dashboards.grafana.panels import Look, Panel, curves

LOW, HIGH = ("low", "↓"), ("high", "↑")
ENDS = {"pressure": (LOW, HIGH), "level": (LOW, HIGH), "battery": (LOW,), "obscuration": ()}
"""Which limits a point can have, by the first point of a panel; others have a high one."""


def trend(look: Look, kinds: Sequence[str], points: Sequence[str], *, where: str = asking.HERE) -> Panel:
    """Return the mean of ``points`` of all devices of ``kinds``, beside the limits that the site gives them."""
    names = ", ".join(f'mean("{point}") AS "{point}"' for point in points)
    sources = ", ".join(f'"{kind}"' for kind in kinds)
    alias = "$tag_device" if len(points) == 1 else "$tag_device · $col"
    values = asking.series(
        f'SELECT {names} FROM {sources} WHERE {where} GROUP BY time($__interval), "device" fill(null)',  # noqa: S608  # no outside text
        alias,
    )
    return curves(look, values, *limits(points, where, alias), limits=True)


def limits(points: Sequence[str], where: str, alias: str) -> list[asking.Query]:
    """Return the targets of the low (↓) and high (↑) limits; devices without one have none."""
    found = []
    for end, arrow in ENDS.get(points[0], (HIGH,)):
        names = ", ".join(f'last("{point}.{end}") AS "{point}"' for point in points)
        query = f'SELECT {names} FROM "limit" WHERE {where} GROUP BY time($__interval), "device" fill(none)'  # noqa: S608  # no outside text
        found.append(asking.series(query, f"{alias} {arrow}"))
    return found
