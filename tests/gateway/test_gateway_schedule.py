"""The grid, the back-off, the breaker, and what of a poll is reported."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import NS_PER_MS
from domain.points import Point, PointKind, PointTable
from domain.quality import BAD, GOOD, Reason, pack, reason_of
from gateway.backoff import Backoff, Breaker
from gateway.connectors.reporter import Reporter
from gateway.schedule import Grid


def test_slots_are_start_plus_k_periods_plus_phase() -> None:
    grid = Grid(start_s=100.0, period_s=1.0, phase_s=0.25)
    dues = []
    for _ in range(4):
        dues.append(grid.due_s)
        grid.take(grid.due_s + 0.1)
    assert dues == [100.25, 101.25, 102.25, 103.25]
    assert grid.missed == 0


def test_late_reader_misses_slots_counts_them_and_does_not_catch_up() -> None:
    grid = Grid(start_s=0.0, period_s=1.0)
    grid.take(0.0)
    assert grid.take(4.3) == 3
    assert (grid.missed, grid.due_s) == (3, 5.0)


def test_slots_left_out_on_purpose_are_not_missed() -> None:
    grid = Grid(start_s=0.0, period_s=1.0)
    assert grid.skip(10.5) == 10
    assert (grid.missed, grid.due_s) == (0, 11.0)


def test_taking_early_changes_nothing() -> None:
    grid = Grid(start_s=5.0, period_s=1.0)
    assert grid.take(4.0) == 0
    assert grid.due_s == 5.0


def test_period_must_be_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        Grid(start_s=0, period_s=0)


@given(st.floats(0.001, 60), st.floats(0, 60), st.lists(st.floats(0, 100), min_size=1, max_size=50))
def test_served_and_missed_slots_are_all_that_have_come(period_s: float, phase_s: float, waits: list[float]) -> None:
    grid = Grid(start_s=0.0, period_s=period_s, phase_s=phase_s)
    now_s, served = 0.0, 0
    for wait_s in waits:
        now_s += wait_s
        if grid.due_s <= now_s:
            grid.take(now_s)
            served += 1
            assert grid.due_s > now_s - period_s * 1e-6
    assert served + grid.missed == round((grid.due_s - phase_s) / period_s)


def test_backoff_doubles_to_its_ceiling_with_jitter_and_forgets() -> None:
    backoff = Backoff(first_s=1.0, longest_s=8.0)
    waits = [backoff.next_s() for _ in range(40)]
    for wait_s, full_s in zip(waits, [1, 2, 4, *[8] * 37], strict=True):
        assert full_s * 2 / 3 <= wait_s <= full_s
    backoff.reset()
    assert backoff.next_s() <= 1.0


def test_breaker_doubts_then_opens_waits_longer_each_time_and_trusts_again_after_an_answer() -> None:
    breaker = Breaker(misses=2, backoff=Backoff(first_s=1.0, longest_s=100.0))
    assert breaker.is_trusted
    breaker.failed(5.0)
    assert (breaker.is_trusted, breaker.is_open, breaker.retry_at_s) == (False, False, 5.0)
    breaker.failed(10.0)
    assert breaker.is_open
    assert 10 < breaker.retry_at_s <= 11
    breaker.failed(11.0)
    assert 12 < breaker.retry_at_s <= 13
    breaker.answered()
    assert (breaker.is_trusted, breaker.is_open) == (True, False)
    breaker.failed(20.0)
    assert (breaker.is_open, breaker.retry_at_s) == (False, 20.0)


TABLE = PointTable(
    [
        Point(unit="u", gateway="g", device="d", name="state", kind=PointKind.STATE),
        Point(unit="u", gateway="g", device="d", name="level"),
    ]
)
T0 = 1_800_000_000_000 * NS_PER_MS


def report(
    reporter: Reporter, time_ns: int, values: list[float], now_s: float, quality: int = GOOD
) -> list[tuple[int, float, int, int]]:
    batch = reporter.report(
        np.full(2, time_ns, np.int64), np.array(values, np.float64), np.full(2, quality, np.uint16), now_s
    )  # fmt: skip
    return list(
        zip(*(column.tolist() for column in (batch.point, batch.value, batch.time_ns, batch.quality)), strict=True)
    )


def test_state_is_reported_on_change_of_value_or_quality_and_at_each_heartbeat() -> None:
    reporter = Reporter(TABLE, np.array([0, 1], np.int32), heartbeat_s=10)
    reported = [
        [point for point, *_ in report(reporter, T0 + second * 10**9, [value, 5], second, quality)]
        for second, (value, quality) in enumerate(
            [(1, GOOD), (1, GOOD), (3, GOOD), (3, GOOD), (math.nan, BAD), (math.nan, BAD), *[(3, GOOD)] * 12]
        )
    ]
    assert [second for second, points in enumerate(reported) if 0 in points] == [0, 2, 4, 6, 16]
    assert all(1 in points for points in reported)


def test_times_are_cut_to_milliseconds_and_never_repeat() -> None:
    reporter = Reporter(TABLE, np.array([0, 1], np.int32), heartbeat_s=0.001)
    first = report(reporter, T0 + 999_999, [1, 1], 0)
    second = report(reporter, T0 + 1_000_001, [2, 2], 1)
    assert first[0][2] == T0
    assert second[0][2] == T0 + NS_PER_MS
    assert [quality for *_, quality in second] == [GOOD, GOOD]


def test_clock_that_goes_back_is_marked_and_time_goes_on() -> None:
    reporter = Reporter(TABLE, np.array([0, 1], np.int32), heartbeat_s=0.001)
    report(reporter, T0, [1, 1], 0)
    after_jump = report(reporter, T0 - 3600 * 10**9, [2, 2], 1)
    assert after_jump[0][2] == T0 + NS_PER_MS
    assert reason_of(after_jump[0][3]) is Reason.CLOCK
    bad = report(reporter, T0 - 3600 * 10**9, [math.nan] * 2, 2, pack(BAD, Reason.TIMEOUT))
    assert reason_of(bad[0][3]) is Reason.TIMEOUT
