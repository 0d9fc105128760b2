"""What is asked once for all: shared answers, windows of readings, figures of the load."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.live.shared import Shared
from dashboards.live.windows import STEP_S, Stretch, Window
from domain.clock import NS_PER_S, FakeClock
from domain.errors import LinkError
from domain.quality import BAD, GOOD, Reason, pack

TIMED_OUT = pack(BAD, Reason.TIMEOUT)


async def test_a_hundred_who_ask_are_one_question_until_its_answer_is_old() -> None:
    clock, asked, going = FakeClock(), 0, asyncio.Event()
    shared: Shared[str, int] = Shared(clock)

    async def ask() -> int:
        nonlocal asked
        asked += 1
        await going.wait()
        return asked

    waiting = [asyncio.create_task(shared.get("q", ask, kept_s=5)) for _ in range(100)]
    await asyncio.sleep(0)
    going.set()
    assert set(await asyncio.gather(*waiting)) == {1}
    clock.advance(4.9)
    assert await shared.get("q", ask, kept_s=5) == 1
    clock.advance(0.1)
    assert await shared.get("q", ask, kept_s=5) == 2
    assert await shared.get("other", ask, kept_s=5) == 3


async def test_one_failure_is_everybodys_and_is_not_kept() -> None:
    shared: Shared[str, int] = Shared(FakeClock())
    asked = 0

    async def ask() -> int:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        if asked == 1:
            raise LinkError("away")
        return asked

    found = await asyncio.gather(*(shared.get("q", ask, kept_s=5) for _ in range(9)), return_exceptions=True)
    assert {type(one) for one in found} == {LinkError}
    assert asked == 1
    assert await shared.get("q", ask, kept_s=5) == 2


async def test_who_goes_away_takes_the_answer_from_nobody() -> None:
    shared: Shared[str, int] = Shared(FakeClock())
    going = asyncio.Event()

    async def ask() -> int:
        await going.wait()
        return 7

    first = asyncio.create_task(shared.get("q", ask, kept_s=5))
    second = asyncio.create_task(shared.get("q", ask, kept_s=5))
    await asyncio.sleep(0)
    first.cancel()
    going.set()
    assert await second == 7


async def test_the_oldest_answers_go_first() -> None:
    shared: Shared[int, int] = Shared(FakeClock(), most=3)
    asked: list[int] = []

    async def get(number: int) -> int:
        async def ask() -> int:
            asked.append(number)
            return number

        return await shared.get(number, ask, kept_s=60)

    for number in (1, 2, 3, 1, 4, 1, 2):
        assert await get(number) == number
    assert asked == [1, 2, 3, 4, 2]


def window(rows: Sequence[tuple[int, float | None, int]], until_s: int = 1200) -> Window:
    """Return a window of 1,200 s from rows of (s, value, quality)."""
    times, values, qualities = zip(*rows, strict=True) if rows else ((), (), ())
    at = [second * NS_PER_S for second in times]
    return Window(0, 1200 * NS_PER_S, until_s * NS_PER_S, tuple(at), tuple(values), tuple(qualities))


def spans(found: list[Stretch]) -> list[tuple[float, float]]:
    return [(one.start_ns / NS_PER_S, one.end_ns / NS_PER_S) for one in found]


def test_silence_is_a_gap_at_the_beginning_in_between_and_at_the_end() -> None:
    rows = [(second, 1.0, GOOD) for second in (*range(100, 200, 2), *range(300, 400, 2))]
    assert spans(window(rows, 600).gaps(10)) == [(0, 100), (198, 300), (398, 600)]
    assert spans(window([], 600).gaps(10)) == [(0, 600)]
    assert spans(window(rows, 600).gaps(150)) == [(398, 600)]


def test_a_bad_reading_is_no_value_and_lasts_until_the_next_one() -> None:
    rows = [(0, 1.0, GOOD), (2, None, TIMED_OUT), (4, 9.0, TIMED_OUT), (6, 2.0, GOOD), (8, None, TIMED_OUT)]
    found = window(rows, 10)
    assert [value for _, value in found.good()] == [1.0, None, None, 2.0, None]
    assert spans(found.bad(10)) == [(2, 6), (8, 8 + STEP_S)]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 1199),
            st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
            st.sampled_from([GOOD, BAD, TIMED_OUT, 500]),
        ),
        unique_by=lambda row: row[0],
    ).map(sorted),
    st.integers(1, 1200),
    st.floats(0.5, 600),
)
def test_gaps_and_bad_stretches_lie_within_and_in_order(
    rows: list[tuple[int, float | None, int]], until_s: int, silence_s: float
) -> None:
    known = [row for row in rows if row[0] < until_s]
    found = window(known, until_s)
    for stretches in (found.gaps(silence_s), found.bad(silence_s)):
        for one in stretches:
            assert 0 <= one.start_ns < one.end_ns <= (until_s + STEP_S) * NS_PER_S
        assert all(a.end_ns <= b.start_ns for a, b in itertools.pairwise(stretches))
    silent = sum(one.end_ns - one.start_ns for one in found.gaps(silence_s))
    assert silent <= until_s * NS_PER_S
    if not known:
        assert silent == until_s * NS_PER_S or until_s <= max(silence_s, 2 * STEP_S)


@pytest.mark.parametrize("silence_s", [0.1, 3.9])
def test_neighbouring_buckets_are_never_a_gap(silence_s: float) -> None:
    assert window([(at, 1.0, GOOD) for at in range(0, 1200, 2)]).gaps(silence_s) == []
