"""Roll-ups on a server: a retention policy (1.x), bucket (2.x) or database (3.x) for each tier, measurements unchanged.

Fields are what InfluxQL's wildcards give: ``mean_<p>``, ``min_<p>``, ``max_<p>``, ``count_<p>``, ``last_<p>`` for each
field ``p`` of the readings, qualities and words included where the function takes them. How a span is made differs:

| server | a span is made by |
|---|---|
| InfluxDB 1 | ``SELECT … INTO``, on the server |
| InfluxDB 2 | a Flux query that ends in ``to``, on the server (`ingest.influx_flux`) |
| InfluxDB 3 | reading the buckets and writing them (it has neither) |

All are asked in InfluxQL; the tier is named as the retention policy of the request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace

from domain.site.models import StoreSettings
from domain.site.registry import Device
from ingest.aggregate import Aggregate
from ingest.influx_endpoint import Endpoint, endpoint_of, quoted
from ingest.influx_http import InfluxHttp
from ingest.influx_queries import in_span, range_series, values_of
from ingest.influx_store import InfluxStore
from ingest.rollups import MINUTE_NS, Tier
from ingest.store import RangeQuery, Series

ROLL_UP_TIMEOUT_S = 120.0
WILDCARDS = "mean(*), min(*), max(*), count(*), last(*)"

RollSpan = Callable[[Tier, int, int], None]


class InfluxRollUps:
    """See `ingest.rollups.RollsUp` for the promises. Retention is the server's own affair."""

    def __init__(self, store: InfluxStore, endpoint: Endpoint, roll: RollSpan, tiers: Sequence[Tier]) -> None:
        """Keep the roll-ups of ``store``; ``roll`` makes a span of a tier."""
        self._store = store
        self._roll = roll
        self._http = {
            tier.name: InfluxHttp(replace(endpoint, query_parameters=endpoint.query_parameters | {"rp": tier.name}))
            for tier in tiers
        }

    def first_ns(self) -> int | None:
        """Return the time of the oldest reading."""
        kinds = sorted({device.profile.kind for device in self._store.registry.devices.values()})
        asked = [[f"SELECT * FROM {quoted(kind)} ORDER BY time ASC LIMIT 1"] for kind in kinds]  # noqa: S608  # quoted
        rows = [row for answer in self._store.ask(asked) for row in values_of(answer[0])]
        return min((int(row[0]) for row in rows), default=None)

    def roll_up(self, tier: Tier, start_ns: int, end_ns: int) -> None:
        """Make the rows of a span."""
        self._roll(tier, start_ns, end_ns)

    def rolled(self, tier: Tier, query: RangeQuery) -> list[Series]:
        """Answer from the tier."""
        registry = self._store.registry
        found = []
        for point in query.points:
            answers: list[list[dict[str, object]]] = [[], []]
            if point < len(registry.points):
                device, name = registry.device_of(point), registry.points[point].name
                answers = self._http[tier.name].query(rolled_statements(device, name, query))
            found.append(range_series(point, answers, query.aggregate))
        return found

    def forget(self, tier: Tier, before_ns: int) -> None:
        """Leave it to the server."""

    def close(self) -> None:
        """Close the connections that answers come over."""
        for http in self._http.values():
            http.close()


def rolled_statements(device: Device, name: str, query: RangeQuery) -> list[str]:
    """Return the statements for one point's buckets out of a tier: values, and qualities that were not good."""
    span = f"time >= {query.start_ns} AND time < {query.end_ns}"
    where = in_span(device, query.start_ns, query.end_ns)
    buckets = f"GROUP BY time({query.resolution_ns}ns) fill(none) LIMIT {query.most_rows + 1}"

    def field(function: str) -> str:
        return quoted(f"{function}_{name}")

    total, number = f"{field('mean')} * {field('count')}", field("count")
    weighted = f'FROM (SELECT {total} AS "total", {number} AS "number" {where}) WHERE {span}'
    values = {
        Aggregate.MEAN: f'SELECT sum("total") / sum("number") {weighted}',
        Aggregate.SUM: f'SELECT sum("total") {weighted}',
        Aggregate.MIN: f"SELECT min({field('min')}) {where}",
        Aggregate.MAX: f"SELECT max({field('max')}) {where}",
        Aggregate.LAST: f"SELECT last({field('last')}) {where}",
        Aggregate.COUNT: f"SELECT sum({field('count')}) {where}",
        Aggregate.SPREAD: f"SELECT max({field('max')}) - min({field('min')}) {where}",
    }
    last_quality = quoted(f"last_{name}.quality")
    return [f"{values[query.aggregate]} {buckets}", f"SELECT last({last_quality}) {where} {buckets}"]


def into_statement(database: str, tier: Tier, start_ns: int | None = None, end_ns: int | None = None) -> str:
    """Return the ``SELECT … INTO`` of a tier, for one span, or without one (a continuous query's)."""
    base = quoted(database)
    span = "" if start_ns is None else f" WHERE time >= {start_ns} AND time < {end_ns}"
    target = f"{base}.{quoted(tier.name)}.:MEASUREMENT"
    buckets = f"GROUP BY time({duration(tier.step_ns)}), *"
    return f"SELECT {WILDCARDS} INTO {target} FROM {base}../.*/{span} {buckets}"  # noqa: S608  # quoted


def duration(step_ns: int) -> str:
    """Write whole minutes as InfluxQL does."""
    minutes = step_ns // MINUTE_NS
    return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"


def roll_by_statement(settings: StoreSettings) -> RollSpan:
    """Return what makes a span by ``SELECT … INTO`` (InfluxDB 1)."""

    def roll(tier: Tier, start_ns: int, end_ns: int) -> None:
        with closing(InfluxHttp(endpoint_of(settings), timeout_s=ROLL_UP_TIMEOUT_S)) as http:
            http.query([into_statement(settings.database, tier, start_ns, end_ns)])

    return roll
