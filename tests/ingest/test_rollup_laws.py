"""Roll-ups: the embedded store and a real InfluxDB 1 answer from them what the readings would have told."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.clock import FakeClock
from domain.site.models import RetentionSettings, StoreKind, StoreSettings
from ingest.aggregate import Aggregate
from ingest.duckdb_store import DuckDbStore
from ingest.influx_setup import set_up
from ingest.influx_store import open_influx
from ingest.rolled_store import RolledStore
from ingest.rollup_choice import rolls_of
from ingest.rollup_progress import FILE_NAME, Progress
from ingest.rollup_worker import RollUpWorker
from ingest.rollups import DAY_NS, HOUR_NS, MINUTE_NS, RollsUp, tiers_of
from ingest.store import RangeQuery, Series, Store
from tests.ingest.ingest_site import SECOND_NS, START_NS
from tests.ingest.reading_reference import Row, series_of
from tests.ingest.store_servers import influxd
from tests.ingest.test_read_laws import POINT, SITE, Stream, absent, good, rows_of, written

HOURS = 5
TIERS = tiers_of(RetentionSettings())
MINUTE, HOUR = TIERS


@dataclass
class Kept:
    """A store with its roll-ups and a clock of its own."""

    inner: Store
    rolls: RollsUp
    progress: Progress
    store: RolledStore
    worker: RollUpWorker
    clock: FakeClock

    def work(self) -> None:
        """Roll up until nothing waits."""
        while self.worker.step():
            pass


MakeKept = Callable[[], Kept]


@pytest.fixture(scope="module")
def influx_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with influxd(tmp_path_factory.mktemp("influxd")) as url:
        yield url


@pytest.fixture(params=["duckdb", "influxdb1"])
def make_kept(request: pytest.FixtureRequest, tmp_path: Path) -> MakeKept:
    number = itertools.count()

    def make() -> Kept:
        folder = tmp_path / str(next(number))
        folder.mkdir()
        if request.param == "duckdb":
            chosen = StoreSettings()
            inner: Store = DuckDbStore(SITE.points, folder / "readings.duckdb")
        else:
            url, database = request.getfixturevalue("influx_url"), f"{tmp_path.name}-{folder.name}"
            chosen = StoreSettings(kind=StoreKind.INFLUXDB1, url=url, database=database)
            set_up(chosen)
            inner = open_influx(SITE, chosen)
        rolls = rolls_of(inner, chosen)
        assert rolls is not None
        return kept_of(inner, rolls, folder)

    return make


def kept_of(inner: Store, rolls: RollsUp, folder: Path, raw_days: int = 90) -> Kept:
    clock, progress = FakeClock(START_NS + HOURS * HOUR_NS + 3 * MINUTE_NS), Progress(folder, "here")
    return Kept(
        inner,
        rolls,
        progress,
        RolledStore(
            inner, rolls, progress, settings=StoreSettings(retention=RetentionSettings(raw_days=raw_days)), clock=clock
        ),
        RollUpWorker(rolls, progress, tiers=TIERS, raw_days=raw_days, clock=clock),
        clock,
    )


moments = st.integers(0, HOURS * 3_600_000 - 1)
streams = st.dictionaries(moments, good | good | absent, max_size=60)
late_ones = st.dictionaries(moments, good, max_size=4)
questions = st.builds(
    lambda start_ms, minutes, aggregate: RangeQuery(
        points=(POINT,),
        start_ns=START_NS + start_ms * 1_000_000,
        end_ns=START_NS + HOURS * HOUR_NS,
        resolution_ns=minutes * MINUTE_NS,
        aggregate=aggregate,
    ),
    st.integers(0, 2 * 3_600_000),
    st.sampled_from([1, 2, 15, 60, 120]),
    st.sampled_from(sorted(set(Aggregate))),
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(early=streams, late=late_ones, query=questions)
def test_an_answer_is_the_same_before_and_after_rolling_up_and_with_late_readings(
    make_kept: MakeKept, early: Stream, late: Stream, query: RangeQuery
) -> None:
    kept = make_kept()
    later = {ms: row for ms, row in late.items() if ms not in early}
    everything = rows_of(early | later)
    try:
        written(kept.store, rows_of(early))
        kept.work()
        same(kept.store, rows_of(early), query)
        written(kept.store, rows_of(later))
        same(kept.store, everything, query)
        kept.work()
        assert not kept.progress.late
        same(kept.store, everything, query)
        if early and query.aggregate is not Aggregate.FIRST:
            whole = replace(query, start_ns=START_NS // HOUR_NS * HOUR_NS)
            for tier in TIERS if query.resolution_ns % HOUR_NS == 0 else (MINUTE,):
                alike(kept.rolls.rolled(tier, whole)[0], series_of(everything, whole))
    finally:
        kept.store.close()


def same(store: Store, rows: list[Row], query: RangeQuery) -> None:
    (found,) = store.range(query)
    alike(found, series_of(rows, query))


def alike(found: Series, wanted: Series) -> None:
    assert found.time_ns.tolist() == wanted.time_ns.tolist()
    assert found.quality.tolist() == wanted.quality.tolist()
    np.testing.assert_allclose(found.value, wanted.value, rtol=1e-9, atol=1e-9)


def folder_of(tmp_path: Path) -> Path:
    return next(path for path in tmp_path.iterdir() if (path / FILE_NAME).exists())


def test_what_the_readings_have_lost_is_answered_from_the_roll_ups(make_kept: MakeKept) -> None:
    kept = make_kept()
    rows = [Row(START_NS + minute * MINUTE_NS + SECOND_NS, float(minute), 192) for minute in range(HOURS * 60)]
    written(kept.store, rows)
    kept.work()
    empty_spans = kept.inner.range(RangeQuery(points=(POINT,), start_ns=0, end_ns=START_NS))
    assert len(empty_spans[0].time_ns) == 0
    kept.clock.advance(200 * 86_400)
    query = RangeQuery(
        points=(POINT,), start_ns=START_NS + 90 * SECOND_NS, end_ns=START_NS + 2 * HOUR_NS, resolution_ns=HOUR_NS
    )
    (found,) = kept.store.range(query)
    kept.store.close()
    whole_hours = [row for row in rows if START_NS + HOUR_NS <= row.time_ns < START_NS + 2 * HOUR_NS]
    assert found.time_ns.tolist() == [START_NS + HOUR_NS], "the first hour's step begins before the span"
    assert found.value.tolist() == [sum(row.value for row in whole_hours) / 60]


def test_an_hour_whose_readings_are_partly_gone_is_never_made_again(make_kept: MakeKept, tmp_path: Path) -> None:
    kept = make_kept()
    written(kept.store, [Row(START_NS + SECOND_NS, 5.0, 192)])
    kept.work()
    kept = kept_of(kept.inner, kept.rolls, folder_of(tmp_path), raw_days=1)
    kept.clock.advance(2 * 86_400)
    written(kept.store, [Row(START_NS + 2 * SECOND_NS, 7.0, 192)])
    kept.work()
    span = RangeQuery(points=(POINT,), start_ns=START_NS, end_ns=START_NS + HOUR_NS, resolution_ns=HOUR_NS)
    (found,) = kept.rolls.rolled(HOUR, span)
    kept.store.close()
    assert found.value.tolist() == [5.0]
    assert not kept.progress.late


def test_roll_ups_that_are_too_old_are_let_go(tmp_path: Path) -> None:
    inner = DuckDbStore(SITE.points, tmp_path / "readings.duckdb")
    rolls = rolls_of(inner, StoreSettings())
    assert rolls is not None
    written(inner, [Row(START_NS + SECOND_NS, 5.0, 192), Row(START_NS + DAY_NS, 6.0, 192)])
    rolls.roll_up(HOUR, START_NS, START_NS + 2 * DAY_NS)
    rolls.forget(HOUR, START_NS + HOUR_NS)
    span = RangeQuery(points=(POINT,), start_ns=START_NS, end_ns=START_NS + 2 * DAY_NS, resolution_ns=HOUR_NS)
    (found,) = rolls.rolled(HOUR, span)
    inner.close()
    assert found.value.tolist() == [6.0]


def test_a_worker_that_starts_again_goes_on_where_it_was(make_kept: MakeKept, tmp_path: Path) -> None:
    kept = make_kept()
    written(kept.store, [Row(START_NS + SECOND_NS, 5.0, 192)])
    assert kept.worker.step(), "an hour at a time: more waits"
    again = kept_of(kept.inner, kept.rolls, folder_of(tmp_path))
    assert again.progress.until(MINUTE) == START_NS + HOUR_NS
    again.work()
    assert again.progress.until(MINUTE) == START_NS + HOURS * HOUR_NS + MINUTE_NS
    assert again.progress.until(HOUR) == START_NS + HOURS * HOUR_NS
    kept.store.close()
