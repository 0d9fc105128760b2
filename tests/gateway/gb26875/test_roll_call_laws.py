"""Laws of the roll-call: whatever lines, people, disks and our own process do, each call ends, told in order."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.clock import FakeClock
from domain.errors import RefusedError
from gateway.connectors.gb26875.roll_call import Result, RollCall
from gateway.connectors.gb26875.roll_calls import Sent
from tests.gateway.gb26875.roll_call_desk import EAST, WEST, Desk, desk

keys = st.sampled_from([EAST, WEST])
acts = st.one_of(
    st.tuples(st.just("call"), keys),
    st.tuples(st.just("answer"), keys, st.none() | st.integers(0, 400)),
    st.tuples(st.just("line"), keys, st.booleans()),
    st.tuples(st.just("wait"), st.integers(1, 200)),
    st.tuples(st.just("sleep"), st.integers(31, 900)),
    st.tuples(st.just("outcome"), st.sampled_from(Sent)),
    st.tuples(st.just("refuse"), st.booleans()),
    st.tuples(st.just("restart")),
)
ENDS = {Result.PRESENT, Result.LATE, Result.NO_ANSWER, Result.LINE_DOWN}
ANSWERED = {Result.PRESENT, Result.LATE}
REVISED = {Result.LINE_DOWN, Result.NO_ANSWER}


async def act(one: Desk, what: tuple[Any, ...], answers: set[str]) -> None:
    match what:
        case ("call", key):
            with suppress(RefusedError):
                await one.calls.call(key, 1, "Li")
        case ("answer", key, ago):
            ended = await one.answer(said_s_ago=ago, key=key)
            if ended is not None:
                answers.add(ended.id)
        case ("line", key, up):
            one.calls.line_changed(key, up=up)
        case ("wait", seconds):
            await one.wait(seconds)
        case ("sleep", seconds):
            one.clock.advance(seconds)
            await one.settle()
        case ("outcome", outcome):
            one.outcome = outcome
        case ("refuse", refusing):
            one.refusing = refusing


async def lived(script: list[tuple[Any, ...]], folder: Path) -> tuple[list[RollCall], tuple[RollCall, ...], set[str]]:
    """Return what was told, what the record holds in the end, and the ids of calls that were answered."""
    clock, told, answers = FakeClock(), [], set[str]()
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(desk(folder, clock=clock))
        for what in script:
            if what == ("restart",):
                await stack.aclose()
                told += one.told
                one = await stack.enter_async_context(desk(folder, clock=clock, up=False))
            else:
                await act(one, what, answers)
        one.refusing = False
        await one.wait(400)
        assert one.calls.waiting == 0
        return told + one.told, await one.calls.list(), answers


@given(st.lists(acts, max_size=25))
@settings(max_examples=60)
def test_every_call_ends_once_and_each_change_is_told_in_order(script: list[tuple[Any, ...]]) -> None:
    with TemporaryDirectory() as folder:
        told, record, answers = asyncio.run(lived(script, Path(folder)))
    results: dict[str, list[Result]] = defaultdict(list)
    for call in told:
        results[call.id].append(call.result)
    assert {call.id: call.result for call in record} == {key: said[-1] for key, said in results.items()}
    for key, said in results.items():
        assert said[-1] in ENDS
        assert (said[-1] in ANSWERED) == (key in answers)
        ends = [result for result in said if result is not Result.WAITING]
        assert len(ends) == 1 or (len(ends) == 2 and ends[0] in REVISED and ends[1] in ANSWERED)
        assert said[: len(said) - len(ends)] in ([], [Result.WAITING])


@given(st.lists(acts, max_size=25))
@settings(max_examples=30)
def test_nobody_is_called_absent_who_was_not_rung(script: list[tuple[Any, ...]]) -> None:
    with TemporaryDirectory() as folder:
        _, record, _ = asyncio.run(lived(script, Path(folder)))
    assert all(call.confirmed for call in record if call.result is Result.NO_ANSWER)
