"""Curves asked from a store that counts the questions: aggregates by kind, ranges, one answer for all who ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from backbone.client import Backbone
from dashboards.live.link import Link
from dashboards.live.traces import BEFORE_S, MOST_POINTS, Span, Traces
from domain.clock import NS_PER_S, FakeClock
from domain.errors import LinkError
from domain.points import Point, PointKind
from domain.quality import GOOD
from tests.servers import connected, embedded_server

S = NS_PER_S
NOW_NS = 1_800_000_000 * S
SPAN = Span(NOW_NS - 900 * S, NOW_NS)
LEVEL = {"mean": 2.0, "min": 1.0, "max": 3.0, "last": 6.0}


def point(name: str, kind: PointKind = PointKind.MEASURE) -> Point:
    return Point(unit="hotel", gateway="gw", device="p1", name=name, kind=kind)


class Store:
    """Answers ``svc.query.range`` with one bucket of the aggregate's level, and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    async def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(body)
        one = {"time_ns": [body["start_ns"]], "value": [LEVEL[body["aggregate"]]], "quality": [GOOD]}
        return {"series": [{"point": key, **one} for key in body["points"]]}


@asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[tuple[Store, Traces, FakeClock]]:
    async with embedded_server(folder, []) as server, connected(server) as backbone:
        store, clock = Store(), FakeClock(NOW_NS)
        await backbone.serve("svc.query.range", store.answer)

        async def connect() -> Backbone:
            return backbone

        link = Link(connect)
        await link.open()
        yield store, Traces(link, clock), clock


async def test_measures_are_means_with_ranges_and_states_the_last_word_with_that_of_before(tmp_path: Path) -> None:
    async with desk(tmp_path) as (store, traces, _):
        found = await traces.curves([point("state", PointKind.STATE), point("level")], SPAN, ranges=True)
    state, level = found
    assert (level.values, level.low, level.high, level.before) == ((2.0,), (1.0,), (3.0,), None)
    assert (state.point, state.values, state.low) == ("hotel/p1/state", (6.0,), ())
    assert state.before is not None
    assert state.before[1:] == (6.0, GOOD)
    assert sorted(one["aggregate"] for one in store.asked) == ["last", "last", "max", "mean", "min"]
    before = next(one for one in store.asked if one["end_ns"] == SPAN.start_ns)
    assert before["start_ns"] == SPAN.start_ns - BEFORE_S * S


async def test_what_many_look_at_is_asked_once_and_again_when_it_is_old(tmp_path: Path) -> None:
    async with desk(tmp_path) as (store, traces, clock):
        await asyncio.gather(*(traces.curves([point("level")], SPAN) for _ in range(20)))
        assert len(store.asked) == 1
        later = Span(SPAN.start_ns + S, SPAN.end_ns + S)
        await traces.curves([point("level")], later)
        assert len(store.asked) == 1
        clock.advance(10)
        await traces.curves([point("level")], later)
        assert len(store.asked) == 2
        await traces.curves([point("level")], Span(SPAN.start_ns, SPAN.end_ns, follows=False))
        assert len(store.asked) == 3


async def test_no_more_lines_than_can_be_told_apart(tmp_path: Path) -> None:
    async with desk(tmp_path) as (store, traces, _):
        found = await traces.curves([point(f"p{n}") for n in range(20)], SPAN)
    assert len(found) == MOST_POINTS
    assert len(store.asked[0]["points"]) == MOST_POINTS


async def test_without_a_backbone_there_is_no_curve() -> None:
    async def connect() -> Backbone:
        raise LinkError("away")

    with pytest.raises(LinkError):
        await Traces(Link(connect), FakeClock(NOW_NS)).curves([point("level")], SPAN)
