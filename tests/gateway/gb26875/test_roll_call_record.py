"""The record of roll-calls: sudden death, our own absence, damage, a full disk, a year of keeping."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from domain.clock import NS_PER_S, FakeClock
from domain.errors import StoreError
from gateway.connectors.gb26875.roll_call import Asker, Cause, Result, RollCall
from gateway.connectors.gb26875.roll_call_store import KEPT_S, Choice, RollCallStore
from tests.gateway.gb26875.roll_call_desk import EAST, WEST, desk

NOW_NS = FakeClock().now_ns()
PRESENT, LATE, NO_ANSWER, LINE_DOWN, WAITING = (
    Result.PRESENT, Result.LATE, Result.NO_ANSWER, Result.LINE_DOWN, Result.WAITING,
)  # fmt: skip

CALLER = """
import asyncio, pathlib, sys
from tests.gateway.gb26875.roll_call_desk import EAST, desk

async def main():
    async with desk(pathlib.Path(sys.argv[1])) as one:
        await one.calls.call(EAST, 1, "Li")
        await one.settle()
        await one.calls.step()
        print("called", flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


def a_call(number: int, called_ns: int = NOW_NS, result: Result = PRESENT) -> RollCall:
    return RollCall(
        id=f"call-{number}", unit="hotel", transmitter="east-utd", by="Li", asker=Asker.PERSON, called_ns=called_ns,
        minutes=3, deadline_ns=called_ns + 1, closes_ns=called_ns + 2, changed_ns=called_ns, result=result,
        told=result.value,
    )  # fmt: skip


def killed_in_a_call(folder: Path) -> None:
    """Let a process make a call that is confirmed, and kill it."""
    caller = subprocess.Popen([sys.executable, "-c", CALLER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert caller.stdout is not None
    assert caller.stdout.readline() == "called\n"
    caller.send_signal(signal.SIGKILL)
    caller.wait()
    caller.stdout.close()


async def test_a_kill_in_the_middle_of_a_call_keeps_the_call(tmp_path: Path) -> None:
    await asyncio.to_thread(killed_in_a_call, tmp_path)
    clock = FakeClock()
    clock.advance(30)
    async with desk(tmp_path, clock=clock) as one:
        await one.settle()
        await one.answer()
        await one.settle()
        assert one.results == [PRESENT]  # that it waits was told before the kill
        assert one.told[0].text == "operator 1, 30 s"


async def test_an_answer_after_a_restart_in_the_grace_counts(tmp_path: Path) -> None:
    await asyncio.to_thread(killed_in_a_call, tmp_path)
    clock = FakeClock()
    clock.advance(600)
    async with desk(tmp_path, clock=clock) as one:
        await one.wait(100)
        await one.answer(said_s_ago=680)
        await one.settle()
        assert one.results == [PRESENT]
        assert one.told[0].text == "operator 1, 20 s"


async def test_when_we_were_away_at_the_deadline_no_answer_is_nobodys_fault(tmp_path: Path) -> None:
    await asyncio.to_thread(killed_in_a_call, tmp_path)
    clock = FakeClock()
    clock.advance(600)
    async with desk(tmp_path, clock=clock) as one:
        await one.wait(119)
        assert one.results == []
        await one.wait(1)
        assert one.results == [LINE_DOWN]
        assert one.told[0].cause is Cause.WE_WERE_AWAY


async def test_when_we_were_back_by_the_deadline_no_answer_is_no_answer(tmp_path: Path) -> None:
    await asyncio.to_thread(killed_in_a_call, tmp_path)
    clock = FakeClock()
    clock.advance(20)
    async with desk(tmp_path, clock=clock) as one:
        await one.wait(200)
        assert one.results == [NO_ANSWER]


async def test_a_line_that_did_not_come_back_after_our_restart_is_line_down(tmp_path: Path) -> None:
    await asyncio.to_thread(killed_in_a_call, tmp_path)
    clock = FakeClock()
    clock.advance(20)
    async with desk(tmp_path, clock=clock, up=False) as one:
        await one.wait(200)
        assert one.results == [LINE_DOWN]
        assert one.told[0].cause is Cause.LINE_LOST


async def test_a_restart_keeps_the_refusal_of_a_second_call(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        await one.calls.call(EAST, 3, "Li")
    async with desk(tmp_path, clock=one.clock) as again:
        assert again.calls.waiting == 1
        last = again.calls.last(EAST)
        assert last is not None
        assert last.by == "Li"


async def test_a_pause_in_which_nobody_listened_is_our_absence(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        await one.calls.call(EAST, 1, "Li")
        await one.wait(10)
        one.clock.advance(3600)  # a machine that slept, or a clock that jumped
        await one.wait(110)
        assert one.results == [WAITING]
        await one.wait(10)
        assert one.results == [WAITING, LINE_DOWN]


async def test_an_answer_that_is_the_first_thing_heard_after_a_pause_counts_by_its_own_time(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        await one.calls.call(EAST, 1, "Li")
        await one.wait(10)
        one.clock.advance(3600)
        ended = await one.answer(said_s_ago=3590)
        assert ended is not None
        assert ended.result is PRESENT


async def test_what_was_not_taken_is_told_again_in_order(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        one.refusing = True
        await one.calls.call(EAST, 3, "Li")
        await one.settle()
        await one.answer()
        await one.settle()
        assert one.told == []
        one.refusing = False
        await one.settle()
        assert one.results == [WAITING, PRESENT]


async def test_a_result_that_was_not_told_is_told_after_a_restart(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        await one.calls.call(EAST, 3, "Li")
        await one.settle()
        one.refusing = True
        await one.answer()
    async with desk(tmp_path, clock=one.clock) as again:
        await again.settle()
        await again.settle()
        assert again.results == [PRESENT]
    async with desk(tmp_path, clock=one.clock) as third:
        await third.settle()
        assert third.results == []


async def test_a_call_that_can_not_be_recorded_is_not_made(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        take_no_writes(one.calls._book._store, refuse=True)
        with pytest.raises(StoreError, match="readonly"):
            await one.calls.call(EAST, 3, "Li")
        await one.settle()
        assert one.sent == []
        assert one.calls.waiting == 0


async def test_an_answer_on_a_full_disk_is_stored_when_there_is_room(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        await one.calls.call(EAST, 3, "Li")
        await one.settle()
        take_no_writes(one.calls._book._store, refuse=True)
        await one.answer()
        await one.settle()
        assert one.results == [WAITING]
        take_no_writes(one.calls._book._store, refuse=False)
        await one.settle()
        assert one.results == [WAITING, PRESENT]
    async with desk(tmp_path, clock=one.clock) as again:
        assert [call.result for call in await again.calls.list()] == [PRESENT]


def take_no_writes(store: RollCallStore, refuse: bool) -> None:  # noqa: FBT001 - a switch
    """Let SQLite refuse what it would refuse on a full disk: every write."""
    store._database.execute(f"PRAGMA query_only = {int(refuse)}")


async def test_a_damaged_record_is_set_aside_and_a_new_one_begun(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "roll_calls.sqlite").write_bytes(b"no database" * 100)
    async with desk(tmp_path) as one:
        await one.calls.call(EAST, 3, "Li")
        assert len(await one.calls.list()) == 1
    assert "set aside as" in caplog.text
    assert (tmp_path / f"roll_calls.sqlite.damaged-{NOW_NS}").stat().st_size == 1100


async def test_lists_are_newest_first_of_one_unit_or_of_all(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        for key in (EAST, WEST, EAST):
            await one.calls.call(key, 3, "Li")
            await one.wait(5)
            await one.answer(key=key)
        names = [call.transmitter for call in await one.calls.list()]
        assert names == ["east-utd", "west-utd", "east-utd"]
        assert [call.called_ns for call in await one.calls.list(Choice("hotel"), 1)] == [NOW_NS + 10 * NS_PER_S]
        assert await one.calls.list(Choice("mall")) == ()
        before = Choice("hotel", until_ns=NOW_NS + 9 * NS_PER_S)
        assert NOW_NS + 10 * NS_PER_S not in [call.called_ns for call in await one.calls.list(before)]
        assert {call.transmitter for call in await one.calls.list(Choice("hotel", names[0]))} == {names[0]}


def test_records_are_kept_for_more_than_a_year(tmp_path: Path) -> None:
    """GB 50440-2007: at least one year."""
    store = RollCallStore(tmp_path / "roll_calls.sqlite", NOW_NS)
    year_old, too_old = NOW_NS - 366 * 86_400 * NS_PER_S, NOW_NS - (KEPT_S + 1) * NS_PER_S
    store.save([a_call(1, year_old), a_call(2, too_old), a_call(3, too_old, WAITING)])
    store.prune(NOW_NS)
    assert sorted(call.id for call in store.newest(Choice(), 10)) == ["call-1", "call-3"]
    store.close()


def test_beyond_the_most_calls_the_oldest_go_but_none_that_waits(tmp_path: Path) -> None:
    store = RollCallStore(tmp_path / "roll_calls.sqlite", NOW_NS)
    store.save([a_call(number, NOW_NS + number, WAITING if number == 0 else PRESENT) for number in range(10)])
    store.prune(NOW_NS, most=4)
    assert [call.id for call in store.newest(Choice(), 10)] == ["call-9", "call-8", "call-7", "call-0"]
    store.close()


def test_a_row_comes_back_as_it_was(tmp_path: Path) -> None:
    store = RollCallStore(tmp_path / "roll_calls.sqlite", NOW_NS)
    call = replace(a_call(1), operator=255, answered_ns=NOW_NS + 5, confirmed=True, cause=Cause.NONE)
    store.save([call])
    assert store.newest(Choice("hotel"), 1) == [call]
    store.close()
