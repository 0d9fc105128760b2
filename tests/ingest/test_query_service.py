"""Questions to the store: limits, refusals in words, and replies that fit a message."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.batch import ReadingBatch
from domain.errors import RefusedError, StoreError
from domain.points import Point
from ingest.catalogue import Catalogue
from ingest.duckdb_store import DuckDbStore
from ingest.face import MOST_LISTED, MOST_POINTS, MOST_ROWS, QueryFace
from ingest.latest import LatestValues
from ingest.query_service import QueryService
from tests.ingest.ingest_site import SECOND_NS, START_NS, load, site
from tests.servers import connected, embedded_server

SITE = site()
KEY = "hotel/pressure-1/pressure"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDbStore]:
    opened = DuckDbStore(SITE.points, tmp_path / "readings.duckdb")
    yield opened
    opened.close()


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(SITE, tmp_path)


@pytest.fixture
def service(store: DuckDbStore, catalogue: Catalogue) -> QueryService:
    store.write(load(SITE, 10), {})
    latest = LatestValues(SITE.points)
    latest.seed(store.latest())
    return QueryService(store, catalogue, latest)


def body(**changes: Any) -> dict[str, Any]:
    return {"points": [KEY], "start_ns": START_NS, "end_ns": START_NS + 100 * SECOND_NS} | changes


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "points: Field required"),
        (body(points=[]), "points"),
        (body(points=[KEY] * (MOST_POINTS + 1)), "points"),
        (body(points="hotel"), "points"),
        (body(end_ns=START_NS), "later than start_ns"),
        (body(start_ns=-1), "start_ns"),
        (body(start_ns="soon"), "start_ns"),
        (body(end_ns=2**80), "end_ns"),
        (body(start_ns=0), "400 days"),
        (body(resolution_s=1e-9), "resolution_s"),
        (body(resolution_s=float("nan")), "resolution_s"),
        (body(aggregate="median"), "aggregate"),
        (body(table="readings"), "table"),
    ],
)
async def test_a_range_question_that_breaks_a_limit_is_told_which(
    service: QueryService, asked: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        await service.range(asked)


@pytest.mark.parametrize("key", ["hotel/nobody/pressure", "' OR 1=1 --", ""])
async def test_a_point_that_is_not_there_is_not_found(service: QueryService, key: str) -> None:
    for ask in (service.range(body(points=[key])), service.latest({"points": [key]})):
        with pytest.raises(RefusedError, match="no point") as caught:
            await ask
        assert caught.value.code == 404


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "exactly one of"),
        ({"unit": "hotel", "device": "hotel/pressure-1"}, "exactly one of"),
        ({"unit": "motel"}, "no unit 'motel'"),
        ({"device": "pressure-1"}, "no device 'pressure-1'"),
        ({"rows": 1}, "rows"),
    ],
)
async def test_a_bad_question_for_the_newest_is_told_why(
    service: QueryService, asked: dict[str, Any], message: str
) -> None:
    with pytest.raises((ValueError, RefusedError), match=message):
        await service.latest(asked)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=6,
)
fields = st.sampled_from(
    ["points", "start_ns", "end_ns", "resolution_s", "aggregate", "device", "unit", "after", "longer_s", "x"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(fields, json_values, max_size=5))
async def test_whatever_is_asked_is_answered_or_refused(service: QueryService, asked: dict[str, Any]) -> None:
    for handler in (service.range, service.latest, service.counts, service.points, service.gaps, service.quality):
        try:
            reply = await handler(asked)
        except (ValueError, RefusedError):
            continue
        json.dumps(reply, allow_nan=False)


async def test_before_the_store_was_read_the_newest_are_unknown_and_not_absent(
    tmp_path: Path, store: DuckDbStore
) -> None:
    service = QueryService(store, Catalogue(SITE, tmp_path), LatestValues(SITE.points))
    with pytest.raises(StoreError, match="not read from the store yet"):
        await service.latest({"unit": "hotel"})


async def test_the_largest_reply_fits_a_message_and_one_row_more_is_refused_with_the_mend(
    tmp_path: Path, store: DuckDbStore
) -> None:
    count = MOST_ROWS + 1
    values = -np.nextafter(np.arange(1, count + 1) / 3e200, 1)  # as many digits as a number can have
    times = START_NS + np.arange(count) * 1_000_000
    store.write(ReadingBatch.build(SITE.points, times, np.zeros(count), values, np.full(count, 65_535)), {})
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        await QueryService(store, Catalogue(SITE, tmp_path), LatestValues(SITE.points)).serve(backbone)
        face = QueryFace(backbone)
        (whole,) = await face.range([KEY], START_NS, START_NS + MOST_ROWS * 1_000_000)
        assert whole.value == tuple(values[:MOST_ROWS].tolist())
        with pytest.raises(RefusedError, match="ask with resolution_s of") as caught:
            await face.range([KEY], START_NS, START_NS + count * 1_000_000)
        wanted_s = float(str(caught.value).split("resolution_s of ")[1].split()[0])
        (coarse,) = await face.range([KEY], START_NS, START_NS + count * 1_000_000, resolution_s=wanted_s)
        assert 0 < len(coarse.time_ns) <= MOST_ROWS


async def test_the_face_refuses_before_it_asks_and_counts_an_empty_store(tmp_path: Path, store: DuckDbStore) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        await QueryService(store, Catalogue(SITE, tmp_path), LatestValues(SITE.points)).serve(backbone)
        face = QueryFace(backbone)
        with pytest.raises(ValueError, match="median"):
            await face.range([KEY], 0, 5, aggregate="median")
        with pytest.raises(ValueError, match="exactly one of"):
            await face.latest()
        counts = await face.counts()
        assert (counts.stored, counts.distinct, counts.first_ns, counts.last_ns) == (0, 0, None, None)


async def test_points_are_listed_page_by_page_with_labels_and_words(tmp_path: Path) -> None:
    wide = Catalogue(SITE, tmp_path)
    wide.learn(
        Point(
            unit="hotel",
            gateway="gw-east",
            device="camera-1",
            name=f"c40-{n}",
            label_zh="走廊烟感",
            word="gb_component_state",
        )
        for n in range(MOST_LISTED + 5)
    )
    store = DuckDbStore(SITE.points, tmp_path / "readings.duckdb")
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        await QueryService(store, wide, LatestValues(SITE.points)).serve(backbone)
        found = await QueryFace(backbone).points(device="hotel/camera-1")
        everything = await QueryFace(backbone).points(unit="hotel")
        series = await QueryFace(backbone).range(["hotel/camera-1/c40-7"], START_NS, START_NS + SECOND_NS)
    store.close()
    assert [one.key for one in found] == ["hotel/camera-1/ebike_count", "hotel/camera-1/image"] + [
        f"hotel/camera-1/c40-{n}" for n in range(MOST_LISTED + 5)
    ]
    assert [one.learned for one in found[:3]] == [False, False, True]
    assert (found[2].label_zh, found[2].word, found[2].zone) == ("走廊烟感", "gb_component_state", "east-b1-pump")
    assert found[2].label_en == "c40-0"
    assert len(everything) == len(SITE.points) + MOST_LISTED + 5
    assert series[0].time_ns == (), "a store that was not told of a point yet has no readings of it"
