"""Addresses of the console, the pace of its pages, and what is made once for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.console import pace as pace_of_pages
from dashboards.console.pace import BEAT_S, Pace
from dashboards.console.section import MOST_STEPS, Address
from dashboards.console.sections import BY_PATH, SECTIONS
from dashboards.console.styles import FOLDER, PARTS, style
from dashboards.live.board import Board
from dashboards.live.once import Once
from tests.screens.shots import shots


def test_an_address_has_path_rest_and_query() -> None:
    assert Address.read("/devices/hotel/p%2F1?span=900&x=%E7%83%BD") == Address(
        "/devices", ("hotel", "p/1"), {"span": "900", "x": "烽"}
    )
    assert Address.read("/") == Address.read("") == Address.read("/?") == Address()


@given(st.text(max_size=3000))
def test_any_address_can_be_read(given: str) -> None:
    found = Address.read(f"/{given}")
    assert len(found.rest) < MOST_STEPS
    assert found.path.startswith("/")


def test_a_host_in_an_address_is_no_page_of_ours() -> None:
    assert Address.read("https://elsewhere.example/devices").path == "/devices"
    assert Address.read("//elsewhere.example/devices").path == "/devices"


def test_no_two_sections_share_a_name_or_a_path() -> None:
    assert len(BY_PATH) == len({section.name for section in SECTIONS}) == len(SECTIONS)


def test_every_page_of_the_menu_is_photographed() -> None:
    taken = {shot.path.partition("?")[0] for shot in shots()}
    assert {section.path for section in SECTIONS if section.in_menu} <= taken


def test_every_style_file_is_served() -> None:
    assert {file.stem for file in FOLDER.glob("*.css")} <= set(PARTS)
    assert "http:" not in style()
    assert "https:" not in style()


@asynccontextmanager
async def drawing(board: Board) -> AsyncIterator[asyncio.Queue[float]]:
    """Draw a page of the board; yields when it was drawn, as it is."""
    drawn, pace, loop = asyncio.Queue[float](), Pace(board), asyncio.get_running_loop()
    pace.join("page", lambda: drawn.put_nowait(loop.time()))
    running = asyncio.create_task(pace.run())
    async with asyncio.timeout(20):
        yield drawn
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_pages_are_drawn_at_once_when_alarms_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace_of_pages, "BEAT_S", 3600.0)
    board = Board()
    async with drawing(board) as drawn:
        await drawn.get()
        board.alerts_revision += 1
        await drawn.get()


async def test_pages_are_drawn_on_the_beat() -> None:
    async with drawing(Board()) as drawn:
        first, second = await drawn.get(), await drawn.get()
    assert second - first >= BEAT_S * 0.9


async def test_a_page_that_cannot_be_drawn_keeps_no_other_from_it() -> None:
    board, drawn = Board(), asyncio.Event()
    pace = Pace(board)

    def broken() -> None:
        raise ZeroDivisionError

    pace.join("broken", broken)
    pace.join("sound", drawn.set)
    running = asyncio.create_task(pace.run())
    async with asyncio.timeout(20):
        await drawn.wait()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert pace.failed == 1


async def test_who_left_is_drawn_no_more() -> None:
    board, drawn = Board(), asyncio.Queue[str]()
    pace = Pace(board)
    pace.join("stays", lambda: drawn.put_nowait("stays"))
    pace.join("leaves", lambda: drawn.put_nowait("leaves"))
    pace.leave("leaves")
    pace.leave("never came")
    running = asyncio.create_task(pace.run())
    async with asyncio.timeout(20):
        assert [await drawn.get() for _ in range(2)] == ["stays", "stays"]
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


def test_what_is_the_same_is_made_once_a_state() -> None:
    once, made = Once(), []
    for state in (1, 1, 2, 2, 1):
        once.of("lamps", state, lambda at=state: made.append(at))  # type: ignore[misc]  # a value is remembered too when it is None
    assert made == [1, 2, 1]


def test_what_is_remembered_is_bounded_and_the_oldest_goes_first() -> None:
    once, made = Once(most=2), []
    for name in ("a", "b", "a", "c", "a", "b"):
        once.of(name, 0, lambda at=name: made.append(at))  # type: ignore[misc]  # as above
    assert made == ["a", "b", "c", "b"]
