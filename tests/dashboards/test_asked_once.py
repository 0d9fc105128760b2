"""A hundred browsers, one question: dossiers of alarms, readings around them, figures, on a real bus with puppets."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from alerts.face import AlertDetail
from backbone.client import Backbone
from dashboards.live.board import Board
from dashboards.live.dossiers import KEPT_S, Dossiers
from dashboards.live.link import Link
from dashboards.live.load import Load, Whose
from dashboards.live.windows import HALF_S, Windows
from domain.alarm import Place
from domain.clock import NS_PER_S, FakeClock
from domain.points import Point, PointKind
from tests.dashboards.board_makers import NOW_NS, alert
from tests.dashboards.test_kpi_words import figures
from tests.servers import connected, embedded_server

ALERT = alert(place=Place(unit="hotel", zone="exit", device="panel"))


class Services:
    """Puppets of the services, which count what they are asked."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.ranges: list[dict[str, Any]] = []
        self.lists: list[dict[str, Any]] = []

    async def serve(self, backbone: Backbone) -> None:
        await backbone.serve("svc.alerts.get", self._get)
        await backbone.serve("svc.alerts.list", self._list)
        await backbone.serve("svc.alerts.kpi.figures", self._figures)
        await backbone.serve("svc.query.range", self._range)

    async def _get(self, body: dict[str, Any]) -> dict[str, Any]:
        assert body == {"id": ALERT.id}
        self.asked["get"] += 1
        detail = AlertDetail(alert=ALERT, comments=(), audit=(), notifications=())
        return detail.model_dump(mode="json")

    async def _list(self, body: dict[str, Any]) -> dict[str, Any]:
        self.asked["list"] += 1
        self.lists.append(body)
        others = [alert(number=number, entity="hotel/panel").model_dump(mode="json") for number in (2, 3)]
        return {"alerts": [ALERT.model_dump(mode="json"), *others], "next_cursor": None}

    async def _figures(self, body: dict[str, Any]) -> dict[str, Any]:
        self.asked["figures"] += 1
        return figures(from_ns=body["from_ns"], until_ns=body["until_ns"], unit=body["unit"]).model_dump(mode="json")

    async def _range(self, body: dict[str, Any]) -> dict[str, Any]:
        self.asked["range"] += 1
        self.ranges.append(body)
        return {"series": [{"point": body["points"][0], "time_ns": [], "value": [], "quality": []}]}


@asynccontextmanager
async def services(folder: Path) -> AsyncIterator[tuple[Services, Link]]:
    async with embedded_server(folder) as server, connected(server) as backbone:
        puppets = Services()
        await puppets.serve(backbone)

        async def connect() -> Backbone:
            return await Backbone.connect(server.url, credentials=server.credentials["service"], name="console")

        link = Link(connect)
        await link.open()
        yield puppets, link
        await link.close()


async def test_browsers_share_answers_and_news_bring_new_ones(tmp_path: Path) -> None:
    async with services(tmp_path) as (puppets, link):
        clock, board = FakeClock(), Board()
        dossiers = Dossiers(link, board, clock)
        for _ in range(2):
            dossiers.watch(ALERT.id)
        await asyncio.gather(*(dossiers.detail(ALERT.id) for _ in range(100)))
        assert puppets.asked["get"] == 1
        board.apply_alert(ALERT)
        await asyncio.gather(*(dossiers.detail(ALERT.id) for _ in range(100)))
        assert puppets.asked["get"] == 2
        clock.advance(KEPT_S)
        await dossiers.detail(ALERT.id)
        assert puppets.asked["get"] == 3
        dossiers.unwatch(ALERT.id)
        board.apply_alert(ALERT)
        assert board.news == {ALERT.id: 2}
        dossiers.unwatch(ALERT.id)
        board.apply_alert(ALERT)
        assert board.news == {}


async def test_what_is_around_an_alarm_is_three_questions_for_all(tmp_path: Path) -> None:
    async with services(tmp_path) as (puppets, link):
        clock = FakeClock(NOW_NS)
        dossiers = Dossiers(link, Board(), clock)
        found = await asyncio.gather(*(dossiers.around(ALERT) for _ in range(50)))
        assert puppets.asked["list"] == 3
        assert [one.id for one in found[0].same_rule] == ["a2", "a3"]
        past, rule, zone = puppets.lists
        assert (past["device"], past.get("zone"), past.get("rule")) == ("panel", None, None)
        assert (rule["rule"], zone["zone"]) == (ALERT.rule, "exit")
        assert {body["unit"] for body in puppets.lists} == {"hotel"}
        assert NOW_NS - rule["since_ns"] == 30 * 86_400 * NS_PER_S
        await dossiers.around(alert(number=9, place=Place(unit="hotel")))
        assert puppets.lists[3]["rule"] == ALERT.rule


async def test_readings_around_an_alarm_end_now_and_are_looked_at_again_while_it_lasts(tmp_path: Path) -> None:
    async with services(tmp_path) as (puppets, link):
        clock = FakeClock(NOW_NS)
        windows = Windows(link, clock)
        measure = Point(unit="hotel", gateway="g", device="d", name="p")
        state = Point(unit="hotel", gateway="g", device="d", name="s", kind=PointKind.STATE)
        at_ns = NOW_NS - 60 * NS_PER_S
        for point in (measure, state):
            await asyncio.gather(*(windows.around(point, at_ns) for _ in range(20)))
        assert puppets.asked["range"] == 2
        assert [body["aggregate"] for body in puppets.ranges] == ["mean", "last"]
        assert {body["end_ns"] for body in puppets.ranges} == {NOW_NS}
        clock.advance(2)
        assert windows.is_live(at_ns)
        await windows.around(measure, at_ns)
        assert puppets.asked["range"] == 3
        clock.advance(HALF_S)
        assert not windows.is_live(at_ns)
        for _ in range(2):
            clock.advance(10)
            found = await windows.around(measure, at_ns)
        assert puppets.asked["range"] == 4
        assert found.until_ns == found.end_ns == at_ns + HALF_S * NS_PER_S


async def test_figures_are_asked_once_a_minute_for_equal_questions(tmp_path: Path) -> None:
    async with services(tmp_path) as (puppets, link):
        clock = FakeClock(NOW_NS)
        load = Load(link, clock)
        day = 86_400 * NS_PER_S
        for late_s in (0, 20, 59):
            found = await load.figures(Whose(), NOW_NS - day + late_s * NS_PER_S, NOW_NS + late_s * NS_PER_S)
        assert puppets.asked["figures"] == 1
        assert found.until_ns - found.from_ns == day
        await load.figures(Whose(unit="hotel"), NOW_NS - day, NOW_NS)
        clock.advance(60)
        await load.figures(Whose(), NOW_NS - day, NOW_NS)
        assert puppets.asked["figures"] == 3
