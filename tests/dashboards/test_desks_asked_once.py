"""Many open pages, one question: the shift, what a person was told, a backtest that runs, a transmitter's frames."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from alerts.mine_face import MineSubject
from alerts.shifts_face import ShiftFigures, ShiftNow, ShiftSubject
from backbone.client import Backbone
from dashboards.live.asked import Asked
from dashboards.live.backtest_desk import RUNNING_S, BacktestDesk
from dashboards.live.board import Board
from dashboards.live.gateway_desk import USUAL_S, GatewayDesk
from dashboards.live.link import Link
from dashboards.live.mine_desk import ASK_S as MINE_S
from dashboards.live.mine_desk import MineDesk
from dashboards.live.shift_desk import ASK_S as SHIFT_S
from dashboards.live.shift_desk import ShiftDesk
from domain.clock import NS_PER_S, FakeClock
from rules.trials_face import Backtest, BacktestJob, JobState
from tests.dashboards.board_makers import NOW_NS, alert
from tests.servers import connected, embedded_server

BROWSERS = 100
SOON_S = 20.0
ASKED = Backtest(rule="low", unit="hotel", start_ns=NOW_NS - 3600 * NS_PER_S, end_ns=NOW_NS)
RUNNING = BacktestJob(
    id="job", asked=ASKED, state=JobState.RUNNING, share=0.5, began_ns=NOW_NS, ended_ns=None, error="", result=None
)  # fmt: skip
FIGURES = ShiftFigures(
    since_ns=NOW_NS, until_ns=NOW_NS, raised={}, acknowledged=0, closed=0, confirmed={}, open={}, fresh=0, shelved=0,
    out_of_service=0, silences=0, maintenance=0,
)  # fmt: skip
REPLIES: dict[str, dict[str, Any]] = {
    ShiftSubject.NOW: ShiftNow(holder=None, since_ns=NOW_NS, figures=FIGURES, waiting=None).model_dump(mode="json"),
    ShiftSubject.LIST: {"handovers": []},
    MineSubject.LIST: {"told": []},
    "svc.rules.desk.job": {"job": RUNNING.model_dump(mode="json")},
    "svc.rules.desk.begin": {"id": "job"},
    "svc.rules.desk.cancel": {},
    "svc.gateway.hotel.gw": {"transmitters": [], "frames": []},
}


@asynccontextmanager
async def services(folder: Path) -> AsyncIterator[tuple[Counter[str], Link]]:
    """Yield how often each service was asked, and a link to them."""
    asked: Counter[str] = Counter()

    def answering(subject: str) -> Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]:
        async def answer(body: dict[str, Any]) -> dict[str, Any]:
            del body
            asked[subject] += 1
            return REPLIES[subject]

        return answer

    async with embedded_server(folder) as server, connected(server) as backbone:
        for subject in REPLIES:
            await backbone.serve(subject, answering(subject))

        async def connect() -> Backbone:
            return await Backbone.connect(server.url, credentials=server.credentials["service"], name="console")

        link = Link(connect)
        await link.open()
        yield asked, link
        await link.close()


async def looked(question: Callable[[], Asked[Any]], revision: int = 1) -> None:
    """Look as all browsers do with each beat, until an answer of a revision has come."""
    until = time.monotonic() + SOON_S
    while question().revision < revision and time.monotonic() < until:
        for _ in range(BROWSERS):
            question().look()
        await asyncio.sleep(0.01)
    assert question().revision >= revision, question().trouble


async def test_the_shift_is_asked_once_for_all_pages_and_again_where_alarms_changed(tmp_path: Path) -> None:
    async with services(tmp_path) as (asked, link):
        clock, board = FakeClock(NOW_NS), Board()
        shift = ShiftDesk(link, board, clock).shift
        await looked(lambda: shift)
        assert (asked[ShiftSubject.NOW], asked[ShiftSubject.LIST]) == (1, 1)
        clock.advance(SHIFT_S)
        assert shift.look() is not None
        await shift.fresh()  # somebody gave or took: it waits for what is under way
        assert asked[ShiftSubject.NOW] == 2
        board.apply_alert(alert())
        shift.look()
        assert asked[ShiftSubject.NOW] == 2
        clock.advance(SHIFT_S)
        for _ in range(BROWSERS):
            shift.look()
        await shift.fresh()
        assert asked[ShiftSubject.NOW] == 4


async def test_a_person_has_one_question_for_all_their_phones(tmp_path: Path) -> None:
    async with services(tmp_path) as (asked, link):
        clock, board = FakeClock(NOW_NS), Board()
        desk = MineDesk(link, board, clock)
        await looked(lambda: desk.of("p-chen"))
        assert asked[MineSubject.LIST] == 1
        await looked(lambda: desk.of("p-li"))
        assert asked[MineSubject.LIST] == 2
        clock.advance(MINE_S)
        board.apply_alert(alert())
        for _ in range(BROWSERS):
            desk.of("p-chen").look()
        await desk.of("p-chen").fresh()
        assert asked[MineSubject.LIST] == 4


async def test_a_backtest_is_asked_once_a_second_and_at_once_after_a_deed(tmp_path: Path) -> None:
    async with services(tmp_path) as (asked, link):
        clock = FakeClock(NOW_NS)
        desk = BacktestDesk(link, clock)
        found = await asyncio.gather(*(desk.job("job") for _ in range(BROWSERS)))
        assert (set(found), asked["svc.rules.desk.job"]) == ({RUNNING}, 1)
        clock.advance(RUNNING_S)
        await asyncio.gather(*(desk.job("job") for _ in range(BROWSERS)))
        assert asked["svc.rules.desk.job"] == 2
        await desk.cancel("job")
        await asyncio.gather(*(desk.job("job") for _ in range(BROWSERS)))
        assert asked["svc.rules.desk.job"] == 3
        assert await desk.begin(ASKED) == "job"
        await desk.job("job")
        assert asked["svc.rules.desk.job"] == 4


async def test_frames_of_an_adopted_transmitter_are_one_question_for_all_pages(tmp_path: Path) -> None:
    async with services(tmp_path) as (asked, link):
        clock = FakeClock(NOW_NS)
        desk = GatewayDesk(link, clock)
        about = {"connection": "lan", "unit": "hotel", "transmitter": "utd"}
        await looked(lambda: desk.of("hotel/gw", "frames", limit=30, **about))
        await looked(lambda: desk.of("hotel/gw", "transmitters", **about))
        assert asked["svc.gateway.hotel.gw"] == 2
        clock.advance(USUAL_S)
        for _ in range(BROWSERS):
            desk.of("hotel/gw", "frames", limit=30, **about).look()
        await desk.of("hotel/gw", "frames", limit=30, **about).fresh()
        assert asked["svc.gateway.hotel.gw"] == 4
