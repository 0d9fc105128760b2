"""InfluxDB 1, 2 or 3 as a store: idempotent, because a series and a time name one row.

Lines of a write go out over several connections at a time; all lines of a series go over the same one, in order.

The server can't keep our stream sequences in the same transaction, so nothing is ever known to be
applied: what is delivered again is written again and changes nothing. Duplicates can't be counted.
The historical flag of a good reading is not kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from domain.batch import ReadingBatch
from domain.errors import StoreError
from domain.ids import point_key
from domain.quality import GOOD
from domain.site.models import StoreSettings
from domain.site.registry import Registry
from ingest import influx_queries as queries
from ingest import influx_spans as spans
from ingest.influx_endpoint import Endpoint, endpoint_of
from ingest.influx_http import InfluxHttp
from ingest.line_protocol import Lines, Names, PointNames, encode, point_names
from ingest.store import Counts, Holes, HolesQuery, Mark, RangeQuery, Refused, Series, Shares, StoreDeniedError, Written

NEVER = -1
"""Before every time that a store may hold here: queries begin at 1970."""
STATEMENTS_PER_REQUEST = 60
LEAST_PER_CONNECTION = 5_000
"""Readings below which another request at the same time is not worth its while."""

Rows = NDArray[np.intp]


class InfluxStore:
    """Readings of a registry's points on a server; see `ingest.store.Store` for the promises.

    Nothing is connected before the first call, so a server that is down is no reason not to start.
    """

    def __init__(self, registry: Registry, endpoint: Endpoint, *, compress: bool = False, connections: int = 1) -> None:
        """Prepare the names of all points; ``compress`` sends bodies as gzip, ``connections`` at a time."""
        self._registry = registry
        self._http = InfluxHttp(endpoint, compress=compress)
        self._connections = connections
        self._pool = ThreadPoolExecutor(connections, thread_name_prefix="store")
        self._names = Names.of([])
        self._kinds: set[tuple[str, str]] = set()
        self._name(registry)

    def grow(self, registry: Registry) -> None:
        """Prepare the names of the new points."""
        if len(registry.points) > len(self._names):
            self._name(registry)

    def _name(self, registry: Registry) -> None:
        new = range(len(self._names), len(registry.points))
        self._kinds = self._kinds | {(registry.device_of(at).profile.kind, registry.points[at].name) for at in new}
        self._names = self._names.grown([name_of(registry, at) for at in new])
        self._registry = registry

    @property
    def registry(self) -> Registry:
        """The points that the store was told of."""
        return self._registry

    def applied(self, stream: str, marks: Sequence[Mark]) -> list[bool]:  # noqa: ARG002  # the contract's names
        """Say no: writing again is harmless here."""
        return [False] * len(marks)

    def write(self, rows: ReadingBatch, marks: Mapping[str, Sequence[Mark]]) -> Written:  # noqa: ARG002  # as above
        """Send the readings as lines; one that the server won't have does not take its neighbours along."""
        names = self._names
        sent: list[tuple[Rows, Lines, Future[dict[int, str]]]] = []
        for part in self._parts(rows, names):
            lines = encode(rows.take(part), names)
            sent.append((part, lines, self._pool.submit(self._http.write, lines)))
        refused: list[Refused] = []
        for part, lines, answer in _answered(sent):
            for at in answer:
                refused += self._one_by_one(rows, part[lines.first_row[at] : lines.first_row[at + 1]], names)
        return Written(stored=len(rows) - len(refused), refused=tuple(refused))

    def _parts(self, rows: ReadingBatch, names: Names) -> list[Rows]:
        """Share rows out by series, a part for each connection that has enough to do."""
        count = min(self._connections, max(1, len(rows) // LEAST_PER_CONNECTION))
        if count == 1:
            return [np.arange(len(rows))] if len(rows) else []
        lane = names.series[rows.point] % count
        parts = [np.flatnonzero(lane == number) for number in range(count)]
        return [part for part in parts if len(part)]

    def _one_by_one(self, rows: ReadingBatch, at: Rows, names: Names) -> list[Refused]:
        """Send each reading of a refused line on a line of its own; returns those that are the reason."""
        lines = [encode(rows.take(at[number : number + 1]), names).line(0) for number in range(len(at))]
        refusals = self._http.write(Lines.of(lines))
        return [Refused(reason, lines[number].decode(), int(at[number])) for number, reason in refusals.items()]

    def write_lines(self, lines: Sequence[bytes]) -> dict[int, str]:
        """Send lines that are no readings (`ingest.events`); returns the positions of refused ones, with reasons."""
        return self._http.write(Lines.of(lines))

    def range(self, query: RangeQuery) -> list[Series]:
        """Return rows or buckets of each point."""
        registry = self._registry
        known = [point for point in dict.fromkeys(query.points) if point < len(registry.points)]
        answers = self.ask(
            [queries.range_statements(registry.device_of(at), registry.points[at].name, query) for at in known]
        )
        by_point = dict(zip(known, answers, strict=True))
        return [queries.range_series(point, by_point.get(point, [[]]), query.aggregate) for point in query.points]

    def holes(self, query: HolesQuery) -> Holes:
        """Return where a point was silent for too long."""
        if query.point >= len(self._registry.points):
            return spans.holes_of([[], [], []])
        device, name = self._registry.device_of(query.point), self._registry.points[query.point].name
        return spans.holes_of(self.ask([spans.holes_statements(device, name, query)])[0])

    def shares(self, query: RangeQuery) -> list[Shares]:
        """Return the qualities of each point."""
        registry = self._registry
        known = [point for point in dict.fromkeys(query.points) if point < len(registry.points)]
        asked = [spans.share_statements(registry.device_of(at), registry.points[at].name, query) for at in known]
        by_point = dict(zip(known, self.ask(asked), strict=True))
        return [spans.shares_of(point, by_point.get(point, []), query) for point in query.points]

    def latest(self) -> ReadingBatch:
        """Return the newest reading of each point that has one."""
        table = self._registry.points
        columns: list[tuple[int, int, float, int]] = []
        texts: dict[int, str] = {}
        kinds = sorted(self._kinds)
        answers = self.ask([queries.latest_statements(kind, name) for kind, name in kinds])
        for (_, name), answer in zip(kinds, answers, strict=True):
            of_value, of_quality, of_text = (queries.newest_by_device(series) for series in answer)
            for place in of_value.keys() | of_quality.keys():
                point = table.get(point_key(*place, name))
                if point is None:
                    continue
                value_ns, value = of_value.get(place, (NEVER, math.nan))
                quality_ns, quality = of_quality.get(place, (NEVER, GOOD))
                time_ns = max(value_ns, quality_ns)
                if of_text.get(place, (NEVER, ""))[0] == time_ns:
                    texts[len(columns)] = of_text[place][1]
                columns.append(
                    (
                        time_ns,
                        point,
                        value if value_ns == time_ns else math.nan,
                        quality if quality_ns == time_ns else GOOD,
                    )
                )
        if not columns:
            return ReadingBatch.empty(table)
        times, points, values, qualities = zip(*columns, strict=True)
        return ReadingBatch.build(table, times, points, values, qualities, text=texts)

    def counts(self) -> Counts:
        """Count the readings of the registry's points; every one is distinct by construction."""
        kinds = sorted(self._kinds)
        total = sum(map(queries.count_of, self.ask([queries.count_statements(*pair) for pair in kinds])))
        edges = self.ask([queries.edge_statements(kind) for kind in sorted({kind for kind, _ in kinds})])
        times = [time for pair in edges for answer in pair for time in queries.times_of(answer)]
        return Counts(stored=total, distinct=total, first_ns=min(times, default=None), last_ns=max(times, default=None))

    def close(self) -> None:
        """Close the connections."""
        self._pool.shutdown()
        self._http.close()

    def ask(self, groups: Sequence[Sequence[str]]) -> list[list[queries.Rows]]:
        """Run groups of statements (all groups equally large) and return the answers group by group."""
        if not groups:
            return []
        size = len(groups[0])
        flat = [statement for group in groups for statement in group]
        answers: list[queries.Rows] = []
        for start in range(0, len(flat), STATEMENTS_PER_REQUEST):
            answers += self._http.query(flat[start : start + STATEMENTS_PER_REQUEST])
        return [answers[start : start + size] for start in range(0, len(flat), size)]


def _answered(
    sent: Sequence[tuple[Rows, Lines, Future[dict[int, str]]]],
) -> list[tuple[Rows, Lines, dict[int, str]]]:
    """Wait for all requests; raises what a person must mend before what may pass."""
    answers, problems = [], list[StoreError]()
    for part, lines, future in sent:
        try:
            answers.append((part, lines, future.result()))
        except StoreError as error:
            problems.append(error)
    if problems:
        raise next((problem for problem in problems if isinstance(problem, StoreDeniedError)), problems[0])
    return answers


def open_influx(registry: Registry, settings: StoreSettings, kind: type[InfluxStore] = InfluxStore) -> InfluxStore:
    """Return the store that ``site.yaml`` names; ``settings.kind`` must be one of the servers."""
    return kind(
        registry,
        endpoint_of(settings),
        compress=not is_near(settings.url) if settings.compress is None else settings.compress,
        connections=settings.connections,
    )


def is_near(url: str | None) -> bool:
    """Tell whether a server is on this machine, where packing costs more than it saves."""
    return (urlsplit(url or "").hostname or "") in ("localhost", "127.0.0.1", "::1")


def name_of(registry: Registry, at: int) -> PointNames:
    """Return measurement, tags and field of the point at an index."""
    point, device = registry.points[at], registry.device_of(at)
    zone = registry.zone_of(point)
    tags = {
        "unit": point.unit,
        "gateway": point.gateway,
        "device": point.device,
        "zone": zone.settings.id,
        "building": zone.building.id,
    }
    return point_names(device.profile.kind, tags, point.name)
