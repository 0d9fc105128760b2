"""The duty roll-call: who is present, who is not, and when it is nobody's fault."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from domain.clock import NS_PER_S
from domain.errors import LinkError, RefusedError
from domain.words import ROLL_CALL, VALUES
from gateway.connectors.gb26875.roll_call import Cause, Result, RollCall
from gateway.connectors.gb26875.roll_calls import RollCallPlan, Sent
from tests.gateway.gb26875.roll_call_desk import EAST, WEST, desk

PRESENT, LATE, NO_ANSWER, LINE_DOWN, WAITING = (
    Result.PRESENT, Result.LATE, Result.NO_ANSWER, Result.LINE_DOWN, Result.WAITING,
)  # fmt: skip


async def test_an_answer_within_the_minutes_is_present_with_operator_and_time(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        call = await one.calls.call(EAST, None, "Li")
        await one.wait(42)
        ended = await one.answer(operator=7)
        await one.settle()
        assert one.sent == [(EAST, 3)]
        assert ended is not None
        assert (ended.id, ended.result, ended.operator) == (call.id, PRESENT, 7)
        assert one.results == [WAITING, PRESENT]
        assert one.told[1].text == "operator 7, 42 s"
        assert await one.calls.list() == (one.calls.last(EAST),)


async def test_an_answer_in_the_grace_is_late(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        await one.calls.call(EAST, 1, "Li")
        await one.wait(61)
        assert one.calls.waiting == 1
        await one.answer()
        await one.settle()
        assert one.results == [WAITING, LATE]


async def test_no_answer_is_said_when_the_grace_is_over_and_is_final(tmp_path: Path) -> None:
    async with desk(tmp_path, RollCallPlan(grace_s=120)) as one:
        await one.calls.call(EAST, 1, "Li")
        await one.wait(179)
        assert one.results == [WAITING]
        await one.wait(1)
        assert one.results == [WAITING, NO_ANSWER]
        await one.wait(1)
        assert await one.answer() is None
        await one.settle()
        assert one.results == [WAITING, NO_ANSWER]


async def test_an_answer_that_came_in_time_and_was_heard_late_revises_no_answer(tmp_path: Path) -> None:
    async with desk(tmp_path, RollCallPlan(grace_s=120)) as one:
        call = await one.calls.call(EAST, 1, "Li")
        arrived_ns = call.called_ns + 50 * NS_PER_S
        await one.wait(181)
        assert one.results == [WAITING, NO_ANSWER]
        revised = await one.calls.answered(EAST, 7, arrived_ns)
        assert revised is not None
        assert (revised.result, revised.operator, revised.text) == (PRESENT, 7, "operator 7, 50 s")
        await one.settle()
        assert one.results == [WAITING, NO_ANSWER, PRESENT]


@pytest.mark.parametrize(("arrived_s", "result"), [(61, LATE), (180, LATE), (181, None), (-1, None)])
async def test_only_an_answer_within_the_grace_revises_no_answer(
    tmp_path: Path, arrived_s: int, result: Result | None
) -> None:
    async with desk(tmp_path, RollCallPlan(grace_s=120)) as one:
        call = await one.calls.call(EAST, 1, "Li")
        await one.wait(190)
        assert one.results == [WAITING, NO_ANSWER]
        revised = await one.calls.answered(EAST, 7, call.called_ns + arrived_s * NS_PER_S)
        assert (revised and revised.result) == result


async def test_the_minutes_count_from_the_confirm_of_the_device(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        one.held = asyncio.Event()
        await one.calls.call(EAST, 1, "Li")
        await one.wait(30)
        one.held.set()
        one.held = None
        await one.wait(60)
        ended = await one.answer()
        assert ended is not None
        assert ended.result is PRESENT


async def test_an_answer_may_come_before_the_confirm(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        one.held = asyncio.Event()
        one.outcome = Sent.NO_ANSWER
        await one.calls.call(EAST, 1, "Li")
        await one.wait(5)
        await one.answer()
        one.held.set()
        one.held = None
        await one.settle()
        assert one.results == [WAITING, PRESENT]


@pytest.mark.parametrize(
    ("outcome", "cause"),
    [
        (Sent.LINE_DOWN, Cause.NOT_CONNECTED),
        (Sent.NO_ANSWER, Cause.NOT_CONFIRMED),
        (Sent.DENIED, Cause.DENIED),
        (LinkError("gone"), Cause.NOT_CONNECTED),
    ],
)
async def test_a_command_that_did_not_arrive_is_line_down_not_the_persons_fault(
    tmp_path: Path, outcome: Sent | Exception, cause: Cause
) -> None:
    async with desk(tmp_path) as one:
        one.outcome = outcome
        await one.calls.call(EAST, 1, "Li")
        await one.settle()
        await one.settle()
        assert one.results == [WAITING, LINE_DOWN]
        assert one.told[1].cause is cause
        assert " / " in one.told[1].text


async def test_a_device_that_never_got_the_command_can_not_answer_it(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        one.outcome = Sent.LINE_DOWN
        await one.calls.call(EAST, 1, "Li")
        await one.settle()
        assert await one.answer() is None


async def test_a_device_that_rang_without_confirming_is_believed(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        one.outcome = Sent.NO_ANSWER
        await one.calls.call(EAST, 1, "Li")
        await one.wait(30)
        await one.answer()
        await one.settle()
        assert one.results == [WAITING, LINE_DOWN, PRESENT]


async def test_a_line_that_is_away_at_the_deadline_is_line_down(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        await one.calls.call(EAST, 1, "Li")
        await one.wait(30)
        one.calls.line_changed(EAST, up=False)
        await one.wait(40)
        one.calls.line_changed(EAST, up=True)
        await one.wait(200)
        assert one.results == [WAITING, LINE_DOWN]
        assert one.told[1].cause is Cause.LINE_LOST


async def test_a_line_that_was_back_by_the_deadline_excuses_nobody(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        await one.calls.call(EAST, 1, "Li")
        await one.wait(10)
        one.calls.line_changed(EAST, up=False)
        await one.wait(30)
        one.calls.line_changed(EAST, up=True)
        await one.wait(200)
        assert one.results == [WAITING, NO_ANSWER]


async def test_a_line_lost_after_the_deadline_excuses_nobody(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        await one.calls.call(EAST, 1, "Li")
        await one.wait(61)
        one.calls.line_changed(EAST, up=False)
        await one.wait(200)
        assert one.results == [WAITING, NO_ANSWER]


async def test_an_answer_that_waited_in_the_device_counts_by_the_devices_own_time(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        await one.calls.call(EAST, 1, "Li")
        await one.wait(30)
        one.calls.line_changed(EAST, up=False)
        await one.wait(300)
        one.calls.line_changed(EAST, up=True)
        await one.answer(said_s_ago=280)
        await one.settle()
        assert one.results == [WAITING, LINE_DOWN, PRESENT]
        assert one.told[2].text == "operator 1, 50 s"


async def test_on_a_line_that_held_only_our_own_clock_counts(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        await one.calls.call(EAST, 1, "Li")
        await one.wait(70)
        ended = await one.answer(said_s_ago=30)
        assert ended is not None
        assert ended.result is LATE


async def test_an_old_answer_out_of_the_devices_memory_answers_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        await one.calls.call(EAST, 3, "Li")
        await one.wait(10)
        assert await one.answer(said_s_ago=60) is None
        assert one.calls.waiting == 1


async def test_one_call_at_a_time_and_the_refusal_says_what_runs(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        results = await asyncio.gather(
            one.calls.call(EAST, 3, "Li"), one.calls.call(EAST, 3, "Wang"), return_exceptions=True
        )
        await one.calls.call(WEST, 3, "Wang")
        assert [type(result) for result in results[1:]] == [RefusedError]
        assert str(results[1]).endswith(
            "called 2027-01-15T08:00:00.000Z by Li, to be answered until 2027-01-15T08:03:00.000Z"
        )
        await one.settle()
        assert sorted(key for key, _ in one.sent) == [EAST, WEST]


async def test_only_where_somebody_is_on_duty(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        with pytest.raises(RefusedError, match="nobody is on duty beside hotel/plant"):
            await one.calls.call("hotel/plant", 3, "Li")


@pytest.mark.parametrize("minutes", [0, 11])
async def test_minutes_are_one_to_ten(tmp_path: Path, minutes: int) -> None:
    async with desk(tmp_path) as one:
        with pytest.raises(ValueError, match="write 1 to 10"):
            await one.calls.call(EAST, minutes, "Li")


async def test_an_answer_nobody_asked_for_ends_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        assert await one.answer() is None


async def test_the_next_call_may_follow_when_the_last_has_ended(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        for _ in range(3):
            await one.calls.call(EAST, 3, "Li")
            await one.wait(1)
            await one.answer()
            await one.settle()
        assert one.results == [WAITING, PRESENT] * 3


async def test_a_running_desk_tells_at_once_without_being_asked(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        heard: asyncio.Queue[Result] = asyncio.Queue()

        async def tell(call: RollCall) -> None:
            await heard.put(call.result)

        one.calls._tell = tell
        running = asyncio.create_task(one.calls.run())
        await one.calls.call(EAST, 3, "Li")
        assert await heard.get() is WAITING
        await one.answer()
        assert await heard.get() is PRESENT
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


async def test_a_call_is_written_as_the_services_answer_it(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        call = await one.calls.call(EAST, 3, "Li")
        document = call.document()
        assert document["deadline_ns"] - document["called_ns"] == 180 * 10**9
        del document["id"], document["called_ns"], document["deadline_ns"]
        assert document == {
            "unit": "hotel", "transmitter": "east-utd", "by": "Li", "minutes": 3,
            "result": "waiting", "cause": "", "answered_ns": None, "operator": None,
        }  # fmt: skip


def test_every_result_has_its_words() -> None:
    from gateway.connectors.gb26875.roll_call import VALUES as NUMBERS  # noqa: PLC0415 - two tables of one name

    assert sorted(NUMBERS.values()) == sorted(VALUES[ROLL_CALL])
    assert set(NUMBERS) == set(Result)
