"""Laws that every store keeps: the embedded file, the same with its parts, a real InfluxDB 1."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from domain.points import Point
from domain.quality import BAD, GOOD, Reason, pack
from domain.site.registry import Registry
from ingest.aggregate import Aggregate
from ingest.duckdb_store import DuckDbStore
from ingest.influx_endpoint import version_1
from ingest.influx_store import InfluxStore
from ingest.store import Counts, Mark, RangeQuery, Series, Store
from tests.ingest.compacting_store import CompactingStore
from tests.ingest.ingest_site import SECOND_NS, START_NS, load, readings, site
from tests.ingest.store_servers import influxd

P1, P2, LEVEL, IMAGE = "pressure-1/pressure", "pressure-2/pressure", "pressure-1/level", "camera-1/image"
TIMEOUT = pack(BAD, Reason.TIMEOUT)

OpenStore = Callable[[], Store]


@pytest.fixture(scope="module")
def registry() -> Registry:
    return site()


@pytest.fixture(scope="module")
def influx_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with influxd(tmp_path_factory.mktemp("influxd")) as url:
        yield url


@pytest.fixture(params=["duckdb", "duckdb-parts", "duckdb-half-parts", "influxdb1"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path, registry: Registry) -> OpenStore:
    """Return what opens the store under test: the same data, as after a restart of the process."""
    if request.param == "duckdb":
        return lambda: DuckDbStore(registry.points, tmp_path / "readings.duckdb")
    if request.param.startswith("duckdb-"):
        every = 1 if request.param == "duckdb-parts" else 2
        return lambda: CompactingStore(registry.points, tmp_path / "readings.duckdb", every)
    url = request.getfixturevalue("influx_url")
    return lambda: InfluxStore(registry, version_1(url, tmp_path.name))


@pytest.fixture
def store(open_store: OpenStore) -> Iterator[Store]:
    opened = open_store()
    yield opened
    opened.close()


def marks(*seqs: int) -> dict[str, list[Mark]]:
    return {"TELEMETRY": [Mark(seq, START_NS + seq) for seq in seqs]}


def ask(store: Store, registry: Registry, key: str, resolution_s: float = 0, **more: object) -> Series:
    query = RangeQuery(
        points=(registry.points.index(f"hotel/{key}"),),
        start_ns=START_NS,
        end_ns=START_NS + 1000 * SECOND_NS,
        resolution_ns=round(resolution_s * SECOND_NS),
        **more,  # type: ignore[arg-type]  # the tests' few other fields
    )
    return store.range(query)[0]


def seconds(series: Series) -> list[float]:
    return [(time_ns - START_NS) / SECOND_NS for time_ns in series.time_ns.tolist()]


def test_what_is_written_comes_back_by_point_and_time(store: Store, registry: Registry) -> None:
    rows = readings(registry, [P1, P2, P1, LEVEL], [0, 0, 1.5, 1.5], [600.25, 1e-300, -601.0, 1e300])
    assert store.write(rows, marks(1)).stored == 4
    found = ask(store, registry, P1)
    assert seconds(found) == [0, 1.5]
    assert found.value.tolist() == [600.25, -601.0]
    assert found.quality.tolist() == [GOOD, GOOD]
    assert ask(store, registry, P2).value.tolist() == [1e-300]
    assert ask(store, registry, LEVEL).value.tolist() == [1e300]


def test_a_reading_without_value_keeps_its_reason_and_never_becomes_a_number(store: Store, registry: Registry) -> None:
    rows = readings(registry, [P1, P1], [0, 1], [math.nan, 610.0], quality=[TIMEOUT, pack(BAD, Reason.OUT_OF_RANGE)])
    store.write(rows, marks(1))
    found = ask(store, registry, P1)
    assert np.isnan(found.value[0])
    assert found.value[1] == 610.0
    assert found.quality.tolist() == [TIMEOUT, pack(BAD, Reason.OUT_OF_RANGE)]


def test_writing_again_changes_nothing_in_whatever_order(store: Store, registry: Registry) -> None:
    rows = load(registry, 20)
    store.write(rows, marks(1))
    before = store.counts()
    for again in (rows, rows.take(slice(None, None, -1)), rows.take(slice(30, 50))):
        store.write(again, marks(2))
    assert store.counts() == before
    assert before.stored == before.distinct == len(rows)


def test_one_batch_may_hold_a_reading_twice(store: Store, registry: Registry) -> None:
    rows = readings(registry, [P1, P2, P1, P1], [5, 5, 4, 5], [1, 2, 3, 1])
    store.write(rows, marks(1))
    assert ask(store, registry, P1).value.tolist() == [3, 1]
    assert store.counts().stored == 3


def test_late_readings_fill_the_gap_they_belong_to(store: Store, registry: Registry) -> None:
    store.write(readings(registry, [P1, P1], [0, 100], [1, 2]), marks(1))
    store.write(readings(registry, [P1, P1, P1], [50, 100, 25], [5, 2, 4]), marks(2))
    found = ask(store, registry, P1)
    assert seconds(found) == [0, 25, 50, 100]
    assert found.value.tolist() == [1, 4, 5, 2]


def test_all_is_there_after_a_restart(open_store: OpenStore, registry: Registry) -> None:
    first = open_store()
    rows = load(registry, 10)
    first.write(rows, marks(1))
    counted = first.counts()
    first.close()
    second = open_store()
    assert second.counts() == counted
    second.write(rows, marks(1))
    assert second.counts() == counted
    second.close()


def test_latest_is_the_newest_by_time_with_its_quality_and_words(store: Store, registry: Registry) -> None:
    rows = readings(
        registry,
        [P1, P1, P2, P2, IMAGE, IMAGE],
        [10, 5, 1, 2, 1, 3],
        [6.0, 5.0, 7.0, math.nan, 1.0, 1.0],
        quality=[GOOD, GOOD, GOOD, TIMEOUT, GOOD, GOOD],
        text={4: "http://old", 5: 'http://x/東 "1".jpg'},
    )
    store.write(rows, marks(1))
    latest = store.latest()
    found = {
        registry.points[int(point)].key.removeprefix("hotel/"): (int(time - START_NS) // SECOND_NS, value, int(quality))
        for point, time, value, quality in zip(latest.point, latest.time_ns, latest.value, latest.quality, strict=True)
    }
    assert found.keys() == {P1, P2, IMAGE}
    assert found[P1] == (10, 6.0, GOOD)
    assert found[P2][0] == 2
    assert math.isnan(found[P2][1])
    assert found[P2][2] == TIMEOUT
    words = {registry.points[int(latest.point[row])].name: text for row, text in latest.text.items()}
    assert words == {"image": 'http://x/東 "1".jpg'}


def test_an_empty_store_answers(store: Store, registry: Registry) -> None:
    assert store.counts() == Counts(stored=0, distinct=0, first_ns=None, last_ns=None)
    assert len(store.latest()) == 0
    assert len(ask(store, registry, P1).time_ns) == 0
    assert store.write(load(registry, 0), marks(1)).stored == 0


def test_counts_see_readings_with_and_without_value_once(store: Store, registry: Registry) -> None:
    rows = readings(
        registry, [P1, P1, P2], [0, 7, 3], [1, math.nan, 2.0], quality=[GOOD, TIMEOUT, pack(BAD, Reason.OUT_OF_RANGE)]
    )
    store.write(rows, marks(1))
    expected = Counts(stored=3, distinct=3, first_ns=START_NS, last_ns=START_NS + 7 * SECOND_NS)
    assert store.counts() == expected


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        (Aggregate.MEAN, [2.0, 10.0, 30.0]),
        (Aggregate.MIN, [1.0, 10.0, 30.0]),
        (Aggregate.MAX, [3.0, 10.0, 30.0]),
        (Aggregate.LAST, [3.0, 10.0, 30.0]),
    ],
)
def test_buckets(store: Store, registry: Registry, aggregate: Aggregate, expected: list[float]) -> None:
    store.write(readings(registry, [P1] * 4, [0, 9.999, 10, 30], [1, 3, 10, 30]), marks(1))
    found = ask(store, registry, P1, 10, aggregate=aggregate)
    assert seconds(found) == [0, 10, 30], "a bucket without readings has no row"
    assert found.value.tolist() == expected


def test_a_bucket_says_that_something_in_it_was_not_good(store: Store, registry: Registry) -> None:
    rows = readings(
        registry, [P1] * 4, [0, 1, 2, 10], [1, math.nan, 3, math.nan], quality=[GOOD, TIMEOUT, GOOD, TIMEOUT]
    )
    store.write(rows, marks(1))
    found = ask(store, registry, P1, 10)
    assert found.value[0] == 2.0
    assert np.isnan(found.value[1])
    assert found.quality.tolist() == [TIMEOUT, TIMEOUT]


def test_a_range_takes_its_begin_and_leaves_its_end_and_tells_when_there_is_more(
    store: Store, registry: Registry
) -> None:
    store.write(load(registry, 20), marks(1))
    point = registry.points.index(f"hotel/{P1}")
    query = RangeQuery(points=(point,), start_ns=START_NS + 5 * SECOND_NS, end_ns=START_NS + 8 * SECOND_NS)
    assert seconds(store.range(query)[0]) == [5, 6, 7]
    assert len(ask(store, registry, P1, most_rows=7).time_ns) == 8
    assert len(ask(store, registry, P1, 1, most_rows=7).time_ns) == 8


def test_several_points_come_in_the_order_asked(store: Store, registry: Registry) -> None:
    store.write(load(registry, 3), marks(1))
    points = (5, 0, 3)
    found = store.range(RangeQuery(points=points, start_ns=START_NS, end_ns=START_NS + SECOND_NS))
    assert [series.point for series in found] == [5, 0, 3]
    assert [series.value.tolist() for series in found] == [[0.005], [0.0], [0.003]]


def test_a_store_that_grows_is_one_that_knew_all_points_from_the_start(
    store: Store, registry: Registry, open_store: OpenStore
) -> None:
    learned = [Point(unit="hotel", gateway="gw-east", device="camera-1", name=f"c40-{n}") for n in range(3)]
    wider, widest = registry.grown(learned[:2]), registry.grown(learned)
    assert all(not len(one.time_ns) for one in store.range(everything(widest))), "nobody told it of these points"
    store.grow(wider)
    store.grow(registry)
    before = readings(wider, ["camera-1/c40-0", P1], [1, 2], [5, 600])
    assert store.write(before, marks(1)).stored == 2
    store.grow(widest)
    after = readings(widest, ["camera-1/c40-0", "camera-1/c40-2", "camera-1/c40-0"], [1, 3, 4], [5, 7, 8])
    store.write(after, marks(2))
    store.close()
    again = open_store()
    again.grow(widest)
    found = {
        widest.points[one.point].name: (seconds(one), one.value.tolist()) for one in again.range(everything(widest))
    }
    assert found["c40-0"] == ([1, 4], [5, 8])
    assert found["c40-1"] == ([], [])
    assert found["c40-2"] == ([3], [7])
    newest = again.latest()
    assert {widest.points[int(at)].name for at in newest.point} == {"pressure", "c40-0", "c40-2"}
    assert again.counts().distinct == 4
    again.close()


def everything(registry: Registry) -> RangeQuery:
    """Ask for the points that were learned."""
    learned = tuple(at for at, point in enumerate(registry.points) if point.name.startswith("c40"))
    return RangeQuery(points=learned, start_ns=START_NS, end_ns=START_NS + 1000 * SECOND_NS)
