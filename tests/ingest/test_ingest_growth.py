"""Points that nobody wrote: whenever they are learned, what is stored is what a writer would store that knew them."""

from __future__ import annotations

import asyncio
import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from backbone.client import Backbone
from backbone.sparkplug import Birth, BirthMetric, encode_batch, encode_birth, with_seq
from backbone.subjects import backfill, telemetry
from domain.batch import ReadingBatch
from domain.points import Point, PointKind
from domain.site.registry import Registry
from ingest.catalogue import Catalogue
from ingest.face import QueryFace
from ingest.lane import HISTORY, Lane
from ingest.pile import Pile
from ingest.process import FILE_NAME
from ingest.teacher import Teacher
from tests.ingest.ingest_site import GATEWAY, SECOND_NS, START_NS, UNIT, site
from tests.ingest.ingest_traffic import PATIENCE_S, as_set, ingesting, status_when
from tests.servers import connected, embedded_server

SITE = site()
DEVICES = ("pressure-1", "pressure-2", "camera-1")


def learned(device: str, number: int) -> Point:
    """Return a point that is in nobody's YAML."""
    return Point(
        unit=UNIT,
        gateway=GATEWAY,
        device=device,
        name=f"c40-10-{number}",
        kind=PointKind.STATE,
        word="gb_component_state",
        label_zh=f"感烟探测器 10-{number}",
        label_en=f"smoke detector 10-{number}",
    )


def metric(point: Point) -> BirthMetric:
    return BirthMetric(
        name=point.name,
        alias=point.alias,
        kind=point.kind.value,
        word=point.word,
        label_zh=point.label_zh,
        label_en=point.label_en,
        max_silence_s=point.max_silence_s,
    )


class Edge:
    """An edge node that meets components as it goes; sometimes it forgets those it met before."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._known: dict[str, list[Point]] = {device: [] for device in DEVICES}
        self._second = 0
        self._sent = 0
        self.everything: Registry = SITE
        self.rows: set[tuple[str, int, float | None]] = set()

    async def act(self, backbone: Backbone) -> None:
        """Do one thing: be born with a new point, forget, send live, send late, or send a copy."""
        device = self._dice.choice(DEVICES)
        match self._dice.choice(("born", "born", "live", "live", "live", "late", "twice", "forget")):
            case "born":
                await self._born(backbone, device)
            case "forget":
                self._known[device] = []
            case "live":
                await self._send(backbone, device, late=False)
            case "late":
                await self._send(backbone, device, late=True)
            case "twice":
                await self._send(backbone, device, late=False, copies=2)

    async def _born(self, backbone: Backbone, device: str) -> None:
        point = learned(device, self._dice.randrange(40))
        if point not in self._known[device]:
            self._known[device].append(point)
        self.everything = self.everything.grown([point])
        birth = Birth(metrics=tuple(map(metric, self._known[device])), seq=0, time_ns=START_NS)
        await self._publish(backbone, telemetry(UNIT, "DBIRTH", GATEWAY, device), encode_birth(birth))

    async def _send(self, backbone: Backbone, device: str, *, late: bool, copies: int = 1) -> None:
        own = [point for point in SITE.points if point.device == device] + self._known[device]
        chosen = self._dice.sample(own, self._dice.randint(1, min(3, len(own))))
        self._second += 1
        table = self.everything.points
        indexes = [table.index(point.key) for point in chosen]
        batch = ReadingBatch.build(
            table, [START_NS + self._second * SECOND_NS] * len(chosen), indexes, [float(self._second)] * len(chosen)
        )
        self.rows |= as_set(batch)
        subject = backfill(UNIT, GATEWAY, device) if late else telemetry(UNIT, "DDATA", GATEWAY, device)
        for _ in range(copies):
            await self._publish(backbone, subject, with_seq(encode_batch(batch, START_NS), 0))

    async def _publish(self, backbone: Backbone, subject: str, payload: bytes) -> None:
        self._sent += 1
        await backbone.publish(subject, payload, message_id=f"edge-{self._sent}")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "data"
    shutil.rmtree(tmp_path / "data", ignore_errors=True)


@pytest.mark.parametrize("seed", range(4))
async def test_births_data_cuts_and_restarts_store_what_a_writer_stores_that_knew_all(
    tmp_path: Path, folder: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.lane.MOST_AGE_S", 0.02)
    monkeypatch.setattr("ingest.lane.FETCH", 1 + seed * 5)
    dice = random.Random(seed)
    edge = Edge(dice)
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        for run in range(4):
            for _ in range(dice.randrange(15)):
                await edge.act(backbone)
            async with connected(server, f"ingest{run}") as link, ingesting(SITE, link, folder):
                for _ in range(dice.randrange(5, 40)):
                    await edge.act(backbone)
                    await asyncio.sleep(dice.choice((0, 0, 0.01)))
        began_ns = time.time_ns()
        async with connected(server, "last") as link, ingesting(SITE, link, folder):
            seen = await status_when(link, lambda seen: seen["started_ns"] > began_ns and seen["lag_messages"] == 0)
            assert seen["unknown_points"] == 0
            latest = await QueryFace(link).latest(unit=UNIT)
    assert stored(folder / FILE_NAME) == edge.rows
    newest: dict[str, tuple[int, float | None]] = {}
    for key, time_ns, value in edge.rows:
        newest[key] = max(newest.get(key, (0, None)), (time_ns, value), key=lambda pair: pair[0])
    assert {key: (one.time_ns, one.value) for key, one in latest.items()} == newest


def stored(path: Path) -> set[tuple[str, int, float | None]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        rows = connection.execute("SELECT key, time_ns, value FROM readings JOIN points ON id = point").fetchall()
    assert len(rows) == len(set(rows))
    return set(rows)


async def test_history_that_is_read_before_its_birth_waits_for_the_birth(tmp_path: Path, folder: Path) -> None:
    point = learned("pressure-1", 1)
    wider = SITE.grown([point])
    late = ReadingBatch.build(wider.points, [START_NS], [wider.points.index(point.key)], [3.0])
    catalogue = Catalogue(SITE, folder)
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        history = Lane(HISTORY, backbone, catalogue, Teacher(backbone, catalogue))
        await history.open()
        birth = encode_birth(Birth(metrics=(metric(point),), seq=0, time_ns=START_NS))
        await backbone.publish(telemetry(UNIT, "DBIRTH", GATEWAY, "pressure-1"), birth)
        await backbone.publish(backfill(UNIT, GATEWAY, "pressure-1"), with_seq(encode_batch(late, START_NS), 0))
        pile = Pile()
        async with asyncio.timeout(PATIENCE_S):
            while not pile.items:
                pile = await history.gather(asyncio.Event())
        await history.close()
    assert [item.unknown_points for item in pile.items] == [0]
    assert as_set(pile.chunks[0].rows) == {(point.key, START_NS, 3.0)}


async def test_a_learned_point_is_answered_with_its_label_and_its_word(tmp_path: Path, folder: Path) -> None:
    point = learned("pressure-1", 1)
    wider = SITE.grown([point])
    rows = ReadingBatch.build(wider.points, [START_NS], [wider.points.index(point.key)], [3.0])
    async with (
        embedded_server(tmp_path) as server,
        connected(server) as backbone,
        ingesting(SITE, backbone, folder),
    ):
        birth = encode_birth(Birth(metrics=(metric(point),), seq=0, time_ns=START_NS))
        await backbone.publish(telemetry(UNIT, "DBIRTH", GATEWAY, "pressure-1"), birth)
        payload = with_seq(encode_batch(rows, START_NS), 0)
        await backbone.publish(telemetry(UNIT, "DDATA", GATEWAY, "pressure-1"), payload)
        found = await status_when(backbone, lambda seen: seen["stored"] == 1)
        face = QueryFace(backbone)
        series = await face.range([point.key], START_NS, START_NS + 1)
        listed = await face.points(device=f"{UNIT}/pressure-1")
    assert (found["learned_points"], found["unknown_points"]) == (1, 0)
    assert series[0].value == (3.0,)
    assert [(one.label_zh, one.word) for one in listed if one.learned] == [("感烟探测器 10-1", "gb_component_state")]


async def test_births_that_are_junk_teach_nothing_and_stop_nothing(tmp_path: Path, folder: Path) -> None:
    point = learned("pressure-1", 1)
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        subject = telemetry(UNIT, "DBIRTH", GATEWAY, "pressure-1")
        await backbone.publish(subject, b"\xff\xffjunk", message_id="junk before")
        async with ingesting(SITE, backbone, folder):
            await backbone.publish(subject, b"\x12\x03junk", message_id="junk while")
            birth = Birth(metrics=(metric(point),), seq=0, time_ns=START_NS)
            await backbone.publish(subject, encode_birth(birth), message_id="good")
            found = await status_when(backbone, lambda seen: seen["learned_points"] == 1)
    assert found["last_error"] is None
