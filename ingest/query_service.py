"""Answers ``svc.query.*`` from the store, in the writer's own process: nobody else opens the store.

Ranges run in worker threads, few at a time, so that a screen full of charts never holds up the
writer. What would not fit a reply is refused with the resolution that would fit, never cut short.
"""

from __future__ import annotations

import asyncio
import math
from bisect import bisect_right
from typing import Any, TypeVar

import numpy as np
from pydantic import ValidationError

from backbone.client import Backbone
from domain.clock import Clock, SystemClock
from domain.errors import RefusedError
from domain.points import PointTable
from ingest import face
from ingest.catalogue import Catalogue
from ingest.latest import LatestValues
from ingest.silences import Span, silences_of
from ingest.store import RangeQuery, Series, Store, StoreDownError

NOT_FOUND = 404
MOST_AT_ONCE = 2
MOST_LATEST = 4_000
"""Points of one reply: 250 bytes each with short words, within a message of 1 MiB."""
MOST_TEXT_BYTES = 256 * 1024
NS_PER_S = 1_000_000_000

Model = TypeVar("Model", bound=face.Message)


class QueryService:
    """The questions, each as a handler of `Backbone.serve`."""

    def __init__(self, store: Store, catalogue: Catalogue, latest: LatestValues, clock: Clock | None = None) -> None:
        """Answer from ``store``, the newest readings from ``latest``, what there is from ``catalogue``."""
        self._store = store
        self._catalogue = catalogue
        self._latest = latest
        self._clock = clock or SystemClock()
        self._slots = asyncio.Semaphore(MOST_AT_ONCE)
        self._counting = asyncio.Lock()

    async def serve(self, backbone: Backbone) -> None:
        """Begin to answer."""
        await backbone.serve(face.RANGE, self.range)
        await backbone.serve(face.LATEST, self.latest)
        await backbone.serve(face.COUNTS, self.counts)
        await backbone.serve(face.POINTS, self.points)
        await backbone.serve(face.GAPS, self.gaps)
        await backbone.serve(face.QUALITY, self.quality)

    @property
    def _table(self) -> PointTable:
        return self._catalogue.table

    async def range(self, body: dict[str, Any]) -> dict[str, Any]:
        """Answer ``svc.query.range``; raises ValueError or RefusedError for a question with no answer."""
        asked = _parsed(face.RangeRequest, body)
        query = RangeQuery(
            points=tuple(self._index(key) for key in asked.points),
            start_ns=asked.start_ns,
            end_ns=asked.end_ns,
            resolution_ns=round(asked.resolution_s * NS_PER_S),
            aggregate=asked.aggregate,
            most_rows=face.MOST_ROWS,
        )
        async with self._slots:
            found = await asyncio.to_thread(self._store.range, query)
        total = sum(len(series.time_ns) for series in found)
        if total > face.MOST_ROWS:
            raise RefusedError(_too_many(asked))
        return {"series": [self._reply(series) for series in found]}

    async def gaps(self, body: dict[str, Any]) -> dict[str, Any]:
        """Answer ``svc.query.gaps``; what has not come yet is no silence."""
        asked = _parsed(face.GapsRequest, body)
        end_ns = min(asked.end_ns, self._clock.now_ns())
        found = []
        async with self._slots:
            for key in asked.points:
                at = self._index(key)
                longer_ns = round((asked.longer_s or self._table[at].max_silence_s) * NS_PER_S)
                span = Span(asked.start_ns, max(end_ns, asked.start_ns), longer_ns)
                silences = await asyncio.to_thread(silences_of, self._store, at, span)
                found.append({"point": key, "longer_s": longer_ns / NS_PER_S, **silences})
        total = sum(len(one["gaps"]) for one in found)
        if total > face.MOST_ROWS // 2:
            raise RefusedError(
                f"{total} gaps are too many for one reply: ask with a larger longer_s, or a shorter range"
            )
        return {"points": found}

    async def quality(self, body: dict[str, Any]) -> dict[str, Any]:
        """Answer ``svc.query.quality``."""
        asked = _parsed(face.QualityRequest, body)
        query = RangeQuery(
            points=tuple(self._index(key) for key in asked.points),
            start_ns=asked.start_ns,
            end_ns=asked.end_ns,
            resolution_ns=round(asked.resolution_s * NS_PER_S),
            most_rows=face.MOST_ROWS,
        )
        async with self._slots:
            found = await asyncio.to_thread(self._store.shares, query)
        if sum(len(one.time_ns) for one in found) > face.MOST_ROWS:
            raise RefusedError(_too_many(asked))
        names = ("time_ns", "good", "bad", "stale")
        return {
            "points": [
                {"point": self._table[one.point].key} | {name: getattr(one, name).tolist() for name in names}
                for one in found
            ]
        }

    async def latest(self, body: dict[str, Any]) -> dict[str, Any]:
        """Answer ``svc.query.latest`` from memory; raises StoreDownError while the store was never read."""
        asked = _parsed(face.LatestRequest, body)
        points = self._points_of(asked)
        if len(points) > MOST_LATEST:
            raise RefusedError(f"{len(points)} points are too many for one reply ({MOST_LATEST}): ask device by device")
        if not self._latest.seeded:
            raise StoreDownError("the newest readings are not read from the store yet")
        found = self._latest.of(points)
        if sum(len(newest.text or "") for newest in found.values()) > MOST_TEXT_BYTES:
            raise RefusedError("the words of these points are too long for one reply: ask device by device")
        return {
            "points": {
                key: {"time_ns": item.time_ns, "value": item.value, "quality": item.quality, "text": item.text}
                for key, item in found.items()
            }
        }

    async def counts(self, body: dict[str, Any]) -> dict[str, Any]:
        """Answer ``svc.query.counts``; one count at a time, the next asker gets a fresh one."""
        _parsed(face.Message, body)
        async with self._counting:
            found = await asyncio.to_thread(self._store.counts)
        return {
            "stored": found.stored,
            "distinct": found.distinct,
            "first_ns": found.first_ns,
            "last_ns": found.last_ns,
        }

    async def points(self, body: dict[str, Any]) -> dict[str, Any]:
        """Answer ``svc.query.points``: what points there are, learned ones among them, page by page."""
        asked = _parsed(face.PointsRequest, body)
        found = self._points_of(asked)
        first = 0 if asked.after is None else bisect_right(found, self._index(asked.after))
        page = found[first : first + face.MOST_LISTED]
        more = len(found) > first + len(page)
        return {"points": [self._described(at) for at in page], "more": more}

    def _described(self, at: int) -> dict[str, Any]:
        point = self._table[at]
        label = self._catalogue.registry.point_labels.get(point.key)
        return {
            "key": point.key,
            "gateway": point.gateway,
            "kind": point.kind.value,
            "quantity": point.quantity.value,
            "word": point.word,
            "zone": self._catalogue.registry.zone_of(point).settings.id,
            "label_zh": label.zh if label else point.name,
            "label_en": label.en if label else point.name,
            "low": point.low,
            "high": point.high,
            "max_silence_s": point.max_silence_s,
            "learned": self._catalogue.is_learned(at),
        }

    def _points_of(self, asked: face.LatestRequest | face.PointsRequest) -> list[int]:
        if isinstance(asked, face.LatestRequest) and asked.points is not None:
            return [self._index(key) for key in asked.points]
        if asked.device is not None:
            unit, _, device = asked.device.partition("/")
            return _found(self._table.of_device(unit, device).tolist(), f"device '{asked.device}'")
        return _found([at for at, point in enumerate(self._table) if point.unit == asked.unit], f"unit '{asked.unit}'")

    def _index(self, key: str) -> int:
        found = self._table.get(key)
        if found is None:
            raise RefusedError(f"no point '{key}' in the registry", code=NOT_FOUND)
        return found

    def _reply(self, series: Series) -> dict[str, Any]:
        value = series.value.tolist()
        if not np.isfinite(series.value).all():  # a sum may be beyond every number
            value = [number if math.isfinite(number) else None for number in value]
        return {
            "point": self._table[series.point].key,
            "time_ns": series.time_ns.tolist(),
            "value": value,
            "quality": series.quality.tolist(),
        }


def _found(points: list[int], what: str) -> list[int]:
    if not points:
        raise RefusedError(f"no {what} in the registry", code=NOT_FOUND)
    return points


def _too_many(asked: face.RangeRequest | face.QualityRequest) -> str:
    """Say what to ask instead."""
    span_s = (asked.end_ns - asked.start_ns) / NS_PER_S
    fits_s = math.ceil(1000 * span_s * len(asked.points) / (face.MOST_ROWS - 2 * len(asked.points))) / 1000
    return f"more than {face.MOST_ROWS} rows: ask with resolution_s of {fits_s:g} or more, or for a shorter range"


def _parsed(model: type[Model], body: dict[str, Any]) -> Model:
    """Read a request; raises ValueError with the first fault in words."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise ValueError(f"{where}: {first['msg']}" if where else first["msg"]) from error
