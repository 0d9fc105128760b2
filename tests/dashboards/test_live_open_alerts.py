"""The list of open alerts in rounds of pages, with events in between."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from alerts.listing_face import AlertPage, ListRequest
from dashboards.live.board import Board, list_order
from dashboards.live.open_alerts import OpenAlerts
from domain.alarm import AlarmClass
from domain.alert import AlertView
from domain.clock import FakeClock
from tests.dashboards.board_makers import NOW_NS, alert

PAGE = 3


@dataclass
class Record:
    """Open alerts by id, and the pages that a service would make of them: a cursor is the place of the last alert."""

    alerts: dict[str, AlertView] = field(default_factory=dict)
    asked: int = 0

    async def page(self, request: ListRequest) -> AlertPage:
        self.asked += 1
        listed = sorted(self.alerts.values(), key=list_order)
        if request.cursor is not None:
            priority, raised, name = request.cursor.split(",")
            after = (int(priority), int(raised), name)
            listed = [one for one in listed if list_order(one) > after]
        page = tuple(listed[: request.limit])
        more = len(listed) > request.limit
        cursor = ",".join(str(part) for part in list_order(page[-1])) if more else None
        return AlertPage(alerts=page, next_cursor=cursor)


def opened(record: Record, board: Board, *, most: int = 1000) -> OpenAlerts:
    return OpenAlerts(board, record.page, FakeClock(NOW_NS), page=PAGE, most=most)


def named(*numbers: int) -> dict[str, AlertView]:
    return {one.id: one for one in (alert(number, alarm_class=AlarmClass.FAULT) for number in numbers)}


async def test_the_first_round_asks_until_it_is_complete() -> None:
    record, board = Record(named(*range(8))), Board()
    await opened(record, board).next()
    assert board.alerts == record.alerts
    assert board.alerts_at_ns == NOW_NS
    assert record.asked == 3


async def test_later_rounds_ask_one_page_at_a_time_and_drop_what_is_gone_at_their_end() -> None:
    record, board = Record(named(*range(8))), Board()
    rounds = opened(record, board)
    await rounds.next()
    del record.alerts["a7"]
    await rounds.next()
    assert record.asked == 4
    assert "a7" in board.alerts
    await rounds.next()
    await rounds.next()
    assert board.alerts == record.alerts


async def test_what_an_event_told_is_believed_more_than_pages_of_the_same_round() -> None:
    record, board = Record(named(*range(8))), Board()
    rounds = opened(record, board)
    await rounds.next()
    await rounds.next()
    answered = record.alerts["a0"].model_copy(update={"acknowledged_at_ns": NOW_NS})
    raised = alert(99)
    rounds.apply(answered)
    rounds.apply(raised)
    await rounds.next()
    await rounds.next()
    assert board.alerts["a0"] == answered
    assert board.alerts["a99"] == raised
    await rounds.next()
    await rounds.next()
    await rounds.next()
    assert board.alerts == record.alerts


async def test_of_too_many_those_of_the_highest_classes_are_kept_and_it_is_said() -> None:
    fires = {one.id: one for one in (alert(number) for number in range(100, 103))}
    record, board = Record({**named(*range(8)), **fires}), Board()
    await opened(record, board, most=6).next()
    assert set(fires) <= set(board.alerts)
    assert len(board.alerts) == 6
    assert board.alerts_cut is AlarmClass.FAULT


Step = tuple[str, int]


@given(st.lists(st.tuples(st.sampled_from(["raise", "close", "lose", "page"]), st.integers(0, 11)), max_size=60))
async def test_after_a_quiet_round_the_board_is_the_record(steps: list[Step]) -> None:
    """``lose``: the record changed and no event told of it."""
    record, board = Record(named(0, 1, 2, 3)), Board()
    rounds = opened(record, board)
    for step, number in steps:
        one = alert(number, alarm_class=AlarmClass.FAULT)
        match step:
            case "raise":
                record.alerts[one.id] = one
                rounds.apply(one)
            case "close":
                record.alerts.pop(one.id, None)
                rounds.apply(one.model_copy(update={"closed_at_ns": NOW_NS}))
            case "lose":
                record.alerts.pop(one.id, None)
            case _:
                await rounds.next()
    for _ in range(2 * (12 // PAGE + 2)):
        await rounds.next()
    assert board.alerts == record.alerts
