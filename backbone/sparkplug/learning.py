"""Points from births: how consumers learn what nobody wrote in the site.

A DBIRTH lists all points of its device with everything that a `Point` holds. Whoever reads the log reads
the stream of births once, then the births that pass, and grows its table (`PointTable.grown`): a birth
stands in the log before the first data that use it.
"""

from __future__ import annotations

import asyncio
import logging
import math

from backbone import subjects
from backbone.client import Backbone
from backbone.layout import BIRTHS
from backbone.sparkplug.births import BirthMetric, decode_birth
from domain.errors import WireError
from domain.ids import is_token
from domain.points import Point, PointKind
from domain.quality import GOOD
from domain.quantity import Quantity
from domain.wording import printable

log = logging.getLogger(__name__)

MOST_LABEL = 120
"""Characters of a label, as in `domain.site.labels.Labels`."""

A_TURN = 50
"""Births read at a stretch; of 50 points each they take some tens of milliseconds."""

DEFAULT_SILENCE_S = 60.0
"""Longest silence of a point whose birth says none: that of `Point`."""

_KINDS = {kind.value: kind for kind in PointKind}
_QUANTITIES = {quantity.value: quantity for quantity in Quantity}


async def births(backbone: Backbone, partition: int | None = None) -> list[Point]:
    """Return the points of every device's newest birth, oldest birth first; junk is logged and left out.

    With ``partition`` only those of its units. Thousands of births take seconds to read: others get their turns.
    Raises LinkError or RefusedError when the stream can't be read.
    """
    points: list[Point] = []
    filters = [f"tel.{'*' if partition is None else partition}.*.DBIRTH.>"]
    for number, message in enumerate(await backbone.messages(BIRTHS, subjects=filters)):
        if number % A_TURN == A_TURN - 1:
            await asyncio.sleep(0)
        try:
            points += points_of_message(message.subject, message.data)
        except WireError as error:
            log.warning("birth %d on %s left out: %s", message.seq, message.subject, error)
    return points


def points_of_message(subject: str, payload: bytes) -> list[Point]:
    """Return the points that a message of the log tells of: those of a DBIRTH, none for others; raises WireError."""
    source = subjects.parse(subject)
    if source.type != "DBIRTH" or source.device is None:
        return []
    return points_of_birth(source.unit, source.gateway, source.device, payload)


def points_of_birth(unit: str, gateway: str, device: str, payload: bytes) -> list[Point]:
    """Return the points that a DBIRTH lists, in its order; raises WireError for junk.

    Left out is what data could not be read of: names that are no ids, names that come twice, metrics
    without an alias or with one that is not a function of the name (other makers' births).
    """
    if not (is_token(unit) and is_token(gateway) and is_token(device)):
        raise WireError(f"{unit}/{gateway}/{device} are no ids", payload)
    points: dict[str, Point] = {}
    for metric in decode_birth(payload).metrics:
        if not is_token(metric.name):
            continue
        point = _point(unit, gateway, device, metric)
        if metric.alias == point.alias:
            points.setdefault(metric.name, point)
    return list(points.values())


def metric_of(point: Point, *, value: float | None = None, time_ns: int = 0, quality: int = GOOD) -> BirthMetric:
    """Return the metric by which a birth tells of a point: what `points_of_birth` makes the point of again."""
    return BirthMetric(
        name=point.name,
        alias=point.alias,
        quantity=point.quantity.value,
        kind=point.kind.value,
        low=point.low,
        high=point.high,
        word=point.word,
        zone=point.zone,
        label_zh=point.label_zh,
        label_en=point.label_en,
        max_silence_s=point.max_silence_s,
        value=value,
        time_ns=time_ns,
        quality=quality,
    )


def _point(unit: str, gateway: str, device: str, metric: BirthMetric) -> Point:
    return Point(
        unit=unit,
        gateway=gateway,
        device=device,
        name=metric.name,
        kind=_KINDS.get(metric.kind, PointKind.MEASURE),
        quantity=_QUANTITIES.get(metric.quantity, Quantity.NONE),
        low=_finite(metric.low),
        high=_finite(metric.high),
        max_silence_s=_silence_s(metric.max_silence_s),
        label_zh=_label(metric.label_zh),
        label_en=_label(metric.label_en),
        word=metric.word if is_token(metric.word) else "",
        zone=metric.zone if metric.zone is not None and is_token(metric.zone) else None,
    )


def _label(said: str) -> str:
    """Return a label without what a terminal obeys or what turns the reading direction: anybody may send a birth."""
    return printable(said[:MOST_LABEL])


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _silence_s(said_s: float | None) -> float:
    return said_s if said_s is not None and math.isfinite(said_s) and said_s > 0 else DEFAULT_SILENCE_S
