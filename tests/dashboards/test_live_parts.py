"""Board and tail: the small parts that everything on the screen stands on."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from backbone.messages import LogMessage
from dashboards.live.board import Board
from dashboards.live.tail import AlertTail
from domain.alarm import AlarmClass
from tests.dashboards.board_makers import NOW_NS, alert


def message(seq: int) -> LogMessage:
    return LogMessage("alert.hotel.fire.raised", b"{}", seq, NOW_NS)


def test_a_cut_list_says_nothing_about_what_stands_behind_its_end() -> None:
    board = Board()
    old, middle, new = (alert(number, alarm_class=AlarmClass.FAULT) for number in (1, 2, 3))
    board.replace_alerts([new, middle, old], NOW_NS, cut=False)
    board.replace_alerts([middle], NOW_NS, cut=True)
    assert set(board.alerts) == {"a2", "a1"}
    assert board.alerts_cut is AlarmClass.FAULT


def test_a_closed_alert_leaves_the_board() -> None:
    board = Board()
    board.apply_alert(alert())
    before = board.alerts_revision
    board.apply_alert(alert(closed_at_ns=NOW_NS))
    assert board.alerts == {}
    assert board.alerts_revision == before + 1


def test_the_same_list_again_asks_nobody_to_redraw() -> None:
    board = Board()
    board.replace_alerts([alert()], NOW_NS, cut=False)
    revision = board.alerts_revision
    board.replace_alerts([alert()], NOW_NS + 1, cut=False)
    assert board.alerts_revision == revision
    assert board.alerts_at_ns == NOW_NS + 1


@given(st.integers(0, 50), st.lists(st.integers(1, 5), max_size=20), st.integers(1, 10))
def test_whoever_stands_above_the_floor_misses_nothing(start: int, sizes: list[int], kept: int) -> None:
    tail = AlertTail(kept)
    tail.start(start)
    last = start
    for size in sizes:
        tail.push([message(seq) for seq in range(last + 1, last + size + 1)])
        last += size
    assert tail.last_seq == last
    for position in range(tail.floor, last + 1):
        assert [one.seq for one in tail.since(position)] == list(range(position + 1, last + 1))


async def test_a_follower_is_woken_by_news_and_by_the_end() -> None:
    tail = AlertTail()
    waiting = asyncio.create_task(tail.more(0, timeout_s=30))
    await asyncio.sleep(0)
    tail.push([message(1)])
    assert [one.seq for one in await waiting] == [1]
    waiting = asyncio.create_task(tail.more(1, timeout_s=30))
    await asyncio.sleep(0)
    tail.close()
    assert await waiting == []
    assert tail.closed


async def test_a_follower_without_news_goes_on_after_a_while() -> None:
    assert await AlertTail().more(0, timeout_s=0.01) == []
