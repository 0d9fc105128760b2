"""Questions to the store, as other packages ask them: models and a typed client, no store behind them.

Dashboards import this and no more of ingest; the store itself is opened by the writer's process only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from backbone.client import Backbone
from domain.errors import WireError
from ingest.aggregate import Aggregate

__all__ = [
    "MOST_POINTS",
    "MOST_ROWS",
    "Aggregate",
    "CountsReply",
    "Gap",
    "GapsReply",
    "GapsRequest",
    "LatestReading",
    "LatestReply",
    "LatestRequest",
    "PointGaps",
    "PointInfo",
    "PointsReply",
    "PointsRequest",
    "Qualities",
    "QualityReply",
    "QualityRequest",
    "QueryFace",
    "RangeReply",
    "RangeRequest",
    "Series",
]

RANGE = "svc.query.range"
LATEST = "svc.query.latest"
COUNTS = "svc.query.counts"
POINTS = "svc.query.points"
GAPS = "svc.query.gaps"
QUALITY = "svc.query.quality"

MOST_POINTS = 50
MOST_ROWS = 18_000
"""Rows of all series of one reply: 55 bytes each at most, so that it fits a message of 1 MiB."""
MOST_LISTED = 500
"""Points of one page: 1,900 bytes each with the longest labels, ASCII-escaped, so that it fits a message."""
MOST_RANGE_S = 400 * 86_400
"""A little more than the year that records are kept."""
LATEST_TIME_NS = 2**63 - 1
NS_PER_S = 1_000_000_000

REQUEST_TIMEOUT_S = 15.0
COUNT_TIMEOUT_S = 120.0

PointKey = Annotated[str, StringConstraints(max_length=200)]
"""``unit/device/point``."""


class Message(BaseModel):
    """Base of requests and replies: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def check_span(start_ns: int, end_ns: int) -> None:
    """Raise ValueError for a span that is empty or too long."""
    if end_ns <= start_ns:
        msg = "end_ns must be later than start_ns"
        raise ValueError(msg)
    if end_ns - start_ns > MOST_RANGE_S * NS_PER_S:
        msg = f"a range may span {MOST_RANGE_S // 86_400} days at most: ask in parts"
        raise ValueError(msg)


def check_resolution(resolution_s: float) -> None:
    """Raise ValueError for buckets shorter than a millisecond."""
    if 0 < resolution_s < 0.001:
        msg = "resolution_s must be 0 (no buckets) or at least 0.001"
        raise ValueError(msg)


class RangeRequest(Message):
    """Readings with ``start_ns <= time_ns < end_ns``; ``resolution_s`` 0 asks for each of them, else buckets."""

    points: tuple[PointKey, ...] = Field(min_length=1, max_length=MOST_POINTS)
    start_ns: int = Field(ge=0, le=LATEST_TIME_NS)
    end_ns: int = Field(ge=0, le=LATEST_TIME_NS)
    resolution_s: float = Field(default=0.0, ge=0.0, le=MOST_RANGE_S, allow_inf_nan=False)
    aggregate: Aggregate = Aggregate.MEAN

    @model_validator(mode="after")
    def _span(self) -> Self:
        check_span(self.start_ns, self.end_ns)
        check_resolution(self.resolution_s)
        return self


class Series(Message):
    """One point's rows, oldest first; ``value`` None where a reading or bucket has none.

    ``time_ns`` of a bucket is its begin; its ``quality`` is 192, or that of its last reading that was
    not good. Buckets without readings are absent.
    """

    point: str
    time_ns: tuple[int, ...]
    value: tuple[float | None, ...]
    quality: tuple[int, ...]


class RangeReply(Message):
    """One series per point, in the order asked."""

    series: tuple[Series, ...]


class GapsRequest(Message):
    """Silences of points within ``start_ns <= t < end_ns``.

    A silence is longer than ``longer_s``, by default than the point's own ``max_silence_s``.
    """

    points: tuple[PointKey, ...] = Field(min_length=1, max_length=MOST_POINTS)
    start_ns: int = Field(ge=0, le=LATEST_TIME_NS)
    end_ns: int = Field(ge=0, le=LATEST_TIME_NS)
    longer_s: float | None = Field(default=None, gt=0.0, le=MOST_RANGE_S, allow_inf_nan=False)

    @model_validator(mode="after")
    def _span(self) -> Self:
        check_span(self.start_ns, self.end_ns)
        return self


class Gap(Message):
    """From the last reading with a value (or the span's begin) to the next one (or the span's end, or now)."""

    start_ns: int
    end_ns: int
    ongoing: bool = Field(description="no reading ended it within the span")


class PointGaps(Message):
    """The silences of a point, oldest first. ``share`` of the span (up to now) without data, 0..1."""

    point: str
    longer_s: float
    gaps: tuple[Gap, ...]
    silent_s: float
    share: float


class GapsReply(Message):
    """One entry for each point, in the order asked."""

    points: tuple[PointGaps, ...]


class QualityRequest(Message):
    """Qualities with ``start_ns <= time_ns < end_ns``; ``resolution_s`` 0 asks for the whole span at once."""

    points: tuple[PointKey, ...] = Field(min_length=1, max_length=MOST_POINTS)
    start_ns: int = Field(ge=0, le=LATEST_TIME_NS)
    end_ns: int = Field(ge=0, le=LATEST_TIME_NS)
    resolution_s: float = Field(default=0.0, ge=0.0, le=MOST_RANGE_S, allow_inf_nan=False)

    @model_validator(mode="after")
    def _span(self) -> Self:
        check_span(self.start_ns, self.end_ns)
        check_resolution(self.resolution_s)
        return self


class Qualities(Message):
    """How many readings of a point were good, bad and stale, by bucket; buckets without readings are absent."""

    point: str
    time_ns: tuple[int, ...]
    good: tuple[int, ...]
    bad: tuple[int, ...]
    stale: tuple[int, ...]


class QualityReply(Message):
    """One entry for each point, in the order asked."""

    points: tuple[Qualities, ...]


class LatestRequest(Message):
    """The newest readings of ``points``, or of a ``device`` (``unit/device``), or of a ``unit``: one of the three."""

    points: tuple[PointKey, ...] | None = Field(default=None, min_length=1, max_length=5_000)
    device: str | None = Field(default=None, max_length=130)
    unit: str | None = Field(default=None, max_length=64)

    @model_validator(mode="after")
    def _one_of_three(self) -> Self:
        if sum(part is not None for part in (self.points, self.device, self.unit)) != 1:
            msg = "name exactly one of points, device, unit"
            raise ValueError(msg)
        return self


class LatestReading(Message):
    """A point's newest reading by its own time. How old is too old is the asker's to judge."""

    time_ns: int
    value: float | None
    quality: int
    text: str | None


class LatestReply(Message):
    """By point key; a point that never had a reading is absent, which is not the same as normal."""

    points: dict[str, LatestReading]


class PointsRequest(Message):
    """The points of a ``device`` (``unit/device``) or of a ``unit``; ``after`` is the last key of the page before."""

    device: str | None = Field(default=None, max_length=130)
    unit: str | None = Field(default=None, max_length=64)
    after: PointKey | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.device is None) == (self.unit is None):
            msg = "name exactly one of device, unit"
            raise ValueError(msg)
        return self


class PointInfo(Message):
    """One point with all that people and programs need to read it; ``learned``: nobody wrote it, a birth told."""

    key: str
    gateway: str
    kind: str
    quantity: str
    word: str
    zone: str
    label_zh: str
    label_en: str
    low: float | None
    high: float | None
    max_silence_s: float
    learned: bool


class PointsReply(Message):
    """One page of points; ``more`` when another one follows."""

    points: tuple[PointInfo, ...]
    more: bool


class CountsReply(Message):
    """Readings stored, different (point, time) among them, and their span; None in an empty store."""

    stored: int
    distinct: int
    first_ns: int | None
    last_ns: int | None


Reply = TypeVar("Reply", bound=Message)


class QueryFace:
    """Asks the store. Raises RefusedError for a bad question, LinkError when nobody can answer."""

    def __init__(self, backbone: Backbone) -> None:
        """Ask over ``backbone``."""
        self._backbone = backbone

    async def range(
        self,
        points: Sequence[str],
        start_ns: int,
        end_ns: int,
        *,
        resolution_s: float = 0.0,
        aggregate: str = Aggregate.MEAN,
    ) -> tuple[Series, ...]:
        """Return one series per point, in the order asked; ``aggregate`` is one of `Aggregate`.

        Raises ValueError for a question that breaks a limit, before anybody is asked.
        """
        request = RangeRequest(
            points=tuple(points),
            start_ns=start_ns,
            end_ns=end_ns,
            resolution_s=resolution_s,
            aggregate=Aggregate(aggregate),
        )
        return (await self._ask(RANGE, request, RangeReply, REQUEST_TIMEOUT_S)).series

    async def gaps(
        self, points: Sequence[str], start_ns: int, end_ns: int, *, longer_s: float | None = None
    ) -> tuple[PointGaps, ...]:
        """Return the silences of each point; raises ValueError for a question that breaks a limit."""
        request = GapsRequest(points=tuple(points), start_ns=start_ns, end_ns=end_ns, longer_s=longer_s)
        return (await self._ask(GAPS, request, GapsReply, REQUEST_TIMEOUT_S)).points

    async def quality(
        self, points: Sequence[str], start_ns: int, end_ns: int, *, resolution_s: float = 0.0
    ) -> tuple[Qualities, ...]:
        """Return how many readings were good, bad and stale; raises ValueError for a question that breaks a limit."""
        request = QualityRequest(points=tuple(points), start_ns=start_ns, end_ns=end_ns, resolution_s=resolution_s)
        return (await self._ask(QUALITY, request, QualityReply, REQUEST_TIMEOUT_S)).points

    async def latest(
        self, *, points: Sequence[str] | None = None, device: str | None = None, unit: str | None = None
    ) -> dict[str, LatestReading]:
        """Return the newest readings by point key; name exactly one of the three."""
        chosen = None if points is None else tuple(points)
        request = LatestRequest(points=chosen, device=device, unit=unit)
        return (await self._ask(LATEST, request, LatestReply, REQUEST_TIMEOUT_S)).points

    async def points(self, *, device: str | None = None, unit: str | None = None) -> list[PointInfo]:
        """Return what points a device or a unit has, learned ones too; name exactly one of the two."""
        found: list[PointInfo] = []
        while True:
            after = found[-1].key if found else None
            request = PointsRequest(device=device, unit=unit, after=after)
            page = await self._ask(POINTS, request, PointsReply, REQUEST_TIMEOUT_S)
            found += page.points
            if not page.more:
                return found

    async def counts(self) -> CountsReply:
        """Count what is stored; takes long on a large store."""
        return await self._ask(COUNTS, Message(), CountsReply, COUNT_TIMEOUT_S)

    async def _ask(self, subject: str, request: Message, reply: type[Reply], timeout_s: float) -> Reply:
        answer: Any = await self._backbone.request(subject, request.model_dump(mode="json"), timeout_s=timeout_s)
        try:
            return reply.model_validate(answer)
        except ValidationError as error:
            raise WireError(f"{subject} answered in a form that is not ours: {error.error_count()} fields") from error
