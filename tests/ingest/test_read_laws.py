"""Laws of reading: every store gives the answers of a slow reference, for random readings and random questions."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypedDict

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.quality import BAD, GOOD, STALE, Reason, pack
from domain.site.registry import Registry
from ingest.aggregate import Aggregate
from ingest.duckdb_store import DuckDbStore
from ingest.influx_endpoint import version_1
from ingest.influx_store import InfluxStore
from ingest.store import HolesQuery, RangeQuery, Store
from tests.ingest.ingest_site import SECOND_NS, START_NS, readings, site
from tests.ingest.reading_reference import Row, holes_of, series_of, shares_of
from tests.ingest.store_servers import influxd

SITE = site()
KEY = "pressure-1/pressure"
POINT = SITE.points.index(f"hotel/{KEY}")
TIMEOUT, RANGE = pack(BAD, Reason.TIMEOUT), pack(BAD, Reason.OUT_OF_RANGE)
SUBSTITUTED = pack(GOOD, Reason.SUBSTITUTED)

MakeStore = Callable[[], Store]


@pytest.fixture(scope="module")
def influx_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with influxd(tmp_path_factory.mktemp("influxd")) as url:
        yield url


@pytest.fixture(params=["duckdb", "influxdb1"])
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> MakeStore:
    """Return what makes an empty store, a new one at each call."""
    number = itertools.count()
    if request.param == "duckdb":
        return lambda: DuckDbStore(SITE.points, tmp_path / f"{next(number)}.duckdb")
    url = request.getfixturevalue("influx_url")
    return lambda: InfluxStore(SITE, version_1(url, f"{tmp_path.name}-{next(number)}"))


@pytest.fixture
def store(make_store: MakeStore) -> Iterator[Store]:
    opened = make_store()
    yield opened
    opened.close()


quarters = st.integers(-4_000, 4_000).map(lambda n: n / 4)
good = st.tuples(quarters, st.sampled_from([GOOD, GOOD, GOOD, RANGE, SUBSTITUTED]))
absent = st.tuples(st.just(math.nan), st.sampled_from([TIMEOUT, STALE]))
moments = st.integers(0, 240_000)
Stream = dict[int, tuple[float, int]]
streams = st.dictionaries(moments, good | good | absent, max_size=40)
spans = st.tuples(st.integers(0, 200_000), st.integers(1, 200_000))


def rows_of(stream: Stream) -> list[Row]:
    """Return readings by their milliseconds since the start, oldest first."""
    return [Row(START_NS + ms * 1_000_000, *stream[ms]) for ms in sorted(stream)]


def written(store: Store, rows: list[Row], registry: Registry = SITE) -> None:
    batch = readings(
        registry,
        [KEY] * len(rows),
        [(row.time_ns - START_NS) / SECOND_NS for row in rows],
        [row.value for row in rows],
        quality=[row.quality for row in rows],
    )
    store.write(batch, {})


class Between(TypedDict):
    """A span, as questions take it."""

    start_ns: int
    end_ns: int


def between(span: tuple[int, int]) -> Between:
    start_ns = START_NS + span[0] * 1_000_000
    return Between(start_ns=start_ns, end_ns=start_ns + span[1] * 1_000_000)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    stream=streams,
    span=spans,
    resolution_ms=st.sampled_from([0, 1_000, 7_000, 60_000]),
    aggregate=st.sampled_from(list(Aggregate)),
)
def test_a_range_is_what_the_reference_says(
    make_store: MakeStore,
    stream: Stream,
    span: tuple[int, int],
    resolution_ms: int,
    aggregate: Aggregate,
) -> None:
    store, rows = make_store(), rows_of(stream)
    try:
        written(store, rows)
        query = RangeQuery(
            points=(POINT,), **between(span), resolution_ns=resolution_ms * 1_000_000, aggregate=aggregate
        )
        (found,), wanted = store.range(query), series_of(rows, query)
    finally:
        store.close()
    assert found.time_ns.tolist() == wanted.time_ns.tolist()
    assert found.quality.tolist() == wanted.quality.tolist()
    np.testing.assert_allclose(found.value, wanted.value, rtol=1e-12)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stream=streams, span=spans, resolution_ms=st.sampled_from([0, 7_000, 60_000]), longer_ms=st.integers(1, 60_000))
def test_silences_and_qualities_are_what_the_reference_says(
    make_store: MakeStore,
    stream: Stream,
    span: tuple[int, int],
    resolution_ms: int,
    longer_ms: int,
) -> None:
    store, rows = make_store(), rows_of(stream)
    try:
        written(store, rows)
        query = RangeQuery(points=(POINT,), **between(span), resolution_ns=resolution_ms * 1_000_000)
        (shares,) = store.shares(query)
        asked = HolesQuery(point=POINT, **between(span), longer_ns=longer_ms * 1_000_000)
        holes = store.holes(asked)
    finally:
        store.close()
    told = zip(shares.time_ns.tolist(), shares.good.tolist(), shares.bad.tolist(), shares.stale.tolist(), strict=True)
    assert list(told) == shares_of(rows, query)
    found = list(zip(holes.before_ns.tolist(), holes.after_ns.tolist(), strict=True))
    assert (holes.first_ns, holes.last_ns, found) == holes_of(rows, asked)


def test_a_store_that_knows_nothing_of_a_point_has_no_silences_and_no_qualities(store: Store) -> None:
    nowhere = len(SITE.points) + 3
    holes = store.holes(HolesQuery(point=nowhere, **between((0, 1000)), longer_ns=1))
    assert (holes.first_ns, holes.last_ns, holes.after_ns.tolist()) == (None, None, [])
    (shares,) = store.shares(RangeQuery(points=(nowhere,), **between((0, 1000))))
    assert shares.good.tolist() == []


def test_holes_tell_when_there_are_more(store: Store) -> None:
    written(store, [Row(START_NS + second * SECOND_NS, 1.0, GOOD) for second in range(0, 100, 10)])
    query = HolesQuery(point=POINT, **between((0, 100_000)), longer_ns=5 * SECOND_NS, most=4)
    assert len(store.holes(query).after_ns) == 5
