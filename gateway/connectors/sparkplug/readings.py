"""From the values of an edge to readings: quality, conversion, and a time that no other reading of the point has.

| value | time of its reading |
|---|---|
| in data | the metric's own, else the payload's; too far off: the gateway's, reason `CLOCK` |
| in data, flagged historical | the metric's own, however old, marked historical |
| in a birth, and newer than what is known | the metric's own, however old |
| in a birth, not newer, and another value than is known | the birth's: it is true now |
| in a birth, not newer, the same value | no reading: it is known |
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from domain.clock import NS_PER_MS, Clock
from domain.points import PointKind
from domain.quality import BAD, GOOD, HISTORICAL, STALE, Reason, pack
from gateway.connectors.contract import Hosting
from gateway.connectors.json_listener import Harvest, Timekeeper
from gateway.connectors.reporter import CLOCK_MARK
from gateway.connectors.sparkplug.points import Place
from gateway.connectors.sparkplug.protocol import Kind, Message, Metric

GONE = pack(STALE, Reason.LINK_DOWN)
_UNKNOWN = pack(STALE, Reason.SILENT)
_BAD_VALUE = pack(BAD, Reason.BAD_VALUE)
_OUT_OF_RANGE = pack(BAD, Reason.OUT_OF_RANGE)
_TOLD_BASES: dict[int | None, int] = {0: BAD, 500: STALE}

ONLY_VALUE = -1
"""In place of a quality that nobody remembers."""


class _Told(NamedTuple):
    """What a reading says."""

    value: float
    quality: int
    text: str = ""

    def is_same(self, known: _Told) -> bool:
        """Tell whether another reading says the same, as far as that is known."""
        same = self.value == known.value or (math.isnan(self.value) and math.isnan(known.value))
        if known.quality == ONLY_VALUE:
            return same and not self.text
        return same and (self.quality, self.text) == (known.quality, known.text)

    def marked(self, believed: bool) -> _Told:  # noqa: FBT001  # one word of two
        """Return it with the mark of a time that is not the edge's own."""
        return self if believed or self.quality != GOOD else self._replace(quality=CLOCK_MARK)


class Recorder:
    """Keeps the newest time and value of each point of one connection, and adds readings to a harvest."""

    def __init__(self, hosting: Hosting, clock: Clock, tolerance_s: float, errors: Counter[str]) -> None:
        """Count wrong clocks in ``errors``."""
        self._hosting = hosting
        self._clock = clock
        self._live = Timekeeper(clock, tolerance_s, errors)
        self._past = Timekeeper(clock, tolerance_s, errors, late_s=math.inf)
        self._newest: dict[int, tuple[int, _Told]] = {}
        self._untold: set[int] = set()

    def forget(self, points: Iterable[int]) -> None:
        """Readings of these points were not stored: their next birth tells something new, whatever it says."""
        self._untold.update(points)
        self._newest.clear()

    def tell(self, place: Place, metric: Metric, message: Message, harvest: Harvest, *, birth: bool) -> None:
        """Add a metric's value."""
        told = _value(place, metric)
        own_ms = metric.time_ms if metric.time_ms is not None else message.time_ms
        keeper = self._past if birth or metric.historical else self._live
        time_ns, believed = keeper.time(None if own_ms is None else own_ms * NS_PER_MS, expected=True)
        if metric.historical and not birth:
            late = told.marked(believed)
            _add(harvest, place.point, time_ns, late._replace(quality=late.quality | HISTORICAL))
            return
        last_ns, known = self._last(place.point)
        if time_ns <= last_ns and birth:
            if place.point not in self._untold and told.is_same(known):
                return
            time_ns = max(last_ns + NS_PER_MS, min(message.time_ms or 0, self._now_ms()) * NS_PER_MS)
        elif time_ns <= last_ns:
            believed = believed and time_ns == last_ns  # the same millisecond is no fault of a clock
            time_ns = last_ns + NS_PER_MS
        self._note(harvest, place.point, time_ns, told.marked(believed))

    def says(self, point: int, value: float) -> bool:
        """Tell whether the newest reading of a point that is stored has this value."""
        return point not in self._untold and self._last(point)[1].value == value

    def now(self, point: int, value: float, harvest: Harvest, quality: int = GOOD) -> None:
        """Add a reading that the gateway itself makes."""
        time_ns = max(self._now_ms() * NS_PER_MS, self._last(point)[0] + NS_PER_MS)
        self._note(harvest, point, time_ns, _Told(value, quality))

    def _now_ms(self) -> int:
        return self._clock.now_ns() // NS_PER_MS

    def _last(self, point: int) -> tuple[int, _Told]:
        """Return time and content of the newest reading; of one that only the log knows, its value is all."""
        return self._newest.get(point) or (
            self._hosting.last_ns(point),
            _Told(self._hosting.last_value(point), ONLY_VALUE),
        )

    def _note(self, harvest: Harvest, point: int, time_ns: int, told: _Told) -> None:
        self._newest[point] = (time_ns, told)
        self._untold.discard(point)
        _add(harvest, point, time_ns, told)


def _add(harvest: Harvest, point: int, time_ns: int, told: _Told) -> None:
    if told.text:
        harvest.text[len(harvest.point)] = told.text
    harvest.add(time_ns, [point], [told.value], [told.quality])


def _value(place: Place, metric: Metric) -> _Told:
    """Return what a metric says at its point."""
    if metric.kind is Kind.NULL:
        return _Told(math.nan, _UNKNOWN)
    quality = GOOD if metric.quality in {None, GOOD} else _TOLD_BASES.get(metric.quality, BAD)
    if metric.kind is Kind.TEXT:
        value = dict(place.words).get(metric.text, math.nan) if place.words else 1.0
        is_read = not math.isnan(value) and (place.words or place.kind is not PointKind.MEASURE)
        return _Told(value, quality, metric.text) if is_read else _Told(math.nan, _BAD_VALUE, metric.text)
    value = metric.number * place.factor + place.offset
    if not math.isfinite(value):
        return _Told(math.nan, _BAD_VALUE)
    in_range = place.floor <= value <= place.ceiling
    return _Told(value, quality if in_range or quality != GOOD else _OUT_OF_RANGE)
