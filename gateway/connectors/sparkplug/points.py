"""Which point a metric of an edge is: one that the site declares, or one that is learned.

| metric | point |
|---|---|
| named by ``read.metric`` of a declared device's profile | that point, converted |
| another one of a declared device | learned, as a point of that device |
| of a device that nobody declared, or of the edge itself | learned, as a point of the edge |

Ids of learned points are a function of the edge's own names: the name itself where it is an id, else what of it
may stand in one, and a checksum of the whole. Two names never share a point, whatever they look like.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from domain.ids import is_token, point_key
from domain.points import Point, PointKind
from domain.quantity import Quantity, to_canonical
from domain.site import Device, Transmitter
from domain.site.hosted import HOLDS_S
from domain.wording import printable
from gateway.connectors.contract import Hosting
from gateway.connectors.sparkplug.config import SparkplugRead
from gateway.connectors.sparkplug.edge import Device as Name
from gateway.connectors.sparkplug.protocol import Kind, Metric, kind_of

MOST_POINTS = 2_000
"""Of one edge, declared and learned; assumption."""

MOST_LABEL = 120
MOST_TOKEN = 64
MARK_BYTES = 5
_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")
_KINDS = {Kind.NUMBER: PointKind.MEASURE, Kind.FLAG: PointKind.STATE, Kind.TEXT: PointKind.EVENT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A point with the way from a metric's value to its own; a value outside the range is marked."""

    point: int
    kind: PointKind
    factor: float = 1.0
    offset: float = 0.0
    floor: float = -sys.float_info.max
    ceiling: float = sys.float_info.max
    words: tuple[tuple[str, float], ...] = ()


class EdgePoints:
    """The points of one edge."""

    def __init__(self, registered: Transmitter, devices: Iterable[Device], hosting: Hosting) -> None:
        """Know what the site declares: ``devices`` are the edge itself, and those under it."""
        self._unit, self._node = registered.settings.unit, registered.settings.id
        self._hosting = hosting
        self._homes: dict[Name, str] = {}
        self._declared: dict[tuple[Name, str], Place] = {}
        self._taken: set[tuple[str, str]] = set()
        self._known: dict[tuple[Name, str], Place | None] = {}
        self._claimed: dict[tuple[str, str], tuple[Name, str]] = {}
        self._count = len(hosting.table.sorted_aliases(self._unit, self._node)[0])
        for device in devices:
            self._declare(device)

    def own(self, name: str) -> int | None:
        """Return a point of the edge itself that the gateway tells."""
        return self._hosting.table.get(point_key(self._unit, self._node, name))

    def alive(self, device: Name) -> int | None:
        """Return the point that says whether a declared device is born."""
        home = self._homes.get(device)
        return None if home is None else self._hosting.table.get(point_key(self._unit, home, "alive"))

    def place(self, device: Name, metric: Metric) -> Place | None:
        """Return where a metric's values go, learning a point that is new; None when there is no room for it."""
        key = (device, metric.name)
        if key not in self._known:
            self._known[key] = self._declared.get(key) or self._learned(device, metric)
        return self._known[key]

    def seen_of(self, device: Name) -> list[int]:
        """Return the points that have been placed for a device."""
        return [place.point for (of, _), place in self._known.items() if of == device and place is not None]

    def forget(self, device: Name) -> None:
        """Look anew at what a birth says of a device: units, kinds, and whether there is room now."""
        for key in [key for key in self._known if key[0] == device]:
            del self._known[key]

    def _declare(self, device: Device) -> None:
        settings = device.settings
        itself = settings.id == self._node
        name = None if itself or settings.address == "" else str(settings.address)
        if itself:
            self._homes.setdefault(None, settings.id)
        else:
            self._homes[name] = settings.id
        for point in device.profile.points:
            self._taken.add((settings.id, point.id))
            read = SparkplugRead.model_validate(point.read)
            if read.metric is None:
                continue
            _, factor, shift = to_canonical(read.quantity or point.quantity.value)
            self._declared[name, read.metric] = Place(
                point=self._hosting.table.index(point_key(self._unit, settings.id, point.id)),
                kind=point.kind,
                factor=read.scale * factor,
                offset=read.offset * factor + shift,
                floor=-sys.float_info.max if point.floor is None else point.floor,
                ceiling=sys.float_info.max if point.ceiling is None else point.ceiling,
                words=tuple(read.words.items()),
            )

    def _learned(self, device: Name, metric: Metric) -> Place | None:
        home = self._homes.get(device)
        inner = device if home is None else None
        home = home or self._node
        name = point_name(inner, metric.name)
        if (home, name) in self._taken:
            name = point_name(inner, metric.name, anyway=True)
        if self._claimed.setdefault((home, name), (device, metric.name)) != (device, metric.name):
            return None
        quantity, factor, shift = _quantity(metric.unit)
        found = self._hosting.table.get(point_key(self._unit, home, name))
        if found is None and self._count < MOST_POINTS:
            words = f"{inner} {metric.name}" if inner else metric.name
            label = printable(f"{words} ({metric.unit})" if metric.unit and not quantity else words)[:MOST_LABEL]
            kind = kind_of(metric.datatype) if metric.kind is Kind.NULL else metric.kind
            point = Point(
                unit=self._unit,
                gateway=self._node,
                device=home,
                name=name,
                kind=_KINDS[kind],
                quantity=quantity or Quantity.NONE,
                max_silence_s=HOLDS_S,
                label_zh=label,
                label_en=label,
            )
            self._hosting.learn([point])
            found = self._hosting.table.get(point_key(self._unit, home, name))
            self._count += found is not None
        if found is None:
            return None
        return Place(point=found, kind=self._hosting.table[found].kind, factor=factor, offset=shift)


def point_name(device: Name, metric: str, *, anyway: bool = False) -> str:
    """Return the id of a learned point; ``device`` where the edge itself is the point's device.

    A plain id of the edge's own stays as it is, unless ``anyway``: a checksum is added to everything else.
    """
    if device is None and is_token(metric) and not anyway:
        return metric
    words = metric if device is None else f"{device}_{metric}"
    whole = f"{device or ''}\x1f{metric}".encode(errors="surrogatepass")
    mark = "-" + hashlib.blake2s(whole, digest_size=MARK_BYTES).hexdigest()
    return (_UNFIT.sub("_", words).strip("_") or "m")[: MOST_TOKEN - len(mark)] + mark


def _quantity(unit: str) -> tuple[Quantity | None, float, float]:
    """Return what a birth's ``engUnit`` is to us, and the way there; None for a unit that we do not know."""
    try:
        return to_canonical(unit)
    except KeyError:
        return None, 1.0, 0.0
