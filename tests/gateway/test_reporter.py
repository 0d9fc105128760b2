"""What is worth sending: the peers' bugs as cases, and the rule written a second time, one reading after the other.

TB is thingsboard-gateway; numbers are those of its issues.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.batch import ReadingBatch, concat
from domain.clock import NS_PER_S
from domain.points import Point, PointKind, PointTable
from domain.quality import BAD, GOOD, STALE, Reason, pack
from domain.site import ReportSettings
from gateway.connectors.reporter import STALE_MARK, Reporter

T0_S = 1_800_000_000
TIMEOUT = pack(BAD, Reason.TIMEOUT)


def table_of(*reports: ReportSettings, kind: PointKind = PointKind.MEASURE, high: float | None = None) -> PointTable:
    return PointTable(
        Point(unit="u", gateway="g", device="d", name=f"p{at}", kind=kind, high=high) for at in range(len(reports))
    )


def reporter_of(*reports: ReportSettings, heartbeat_s: float = 1000.0, **facts: object) -> Reporter:
    table = table_of(*reports, **facts)  # type: ignore[arg-type]  # keyword facts of a test
    return Reporter(table, np.arange(len(reports), dtype=np.int32), reports=reports, heartbeat_s=heartbeat_s)


def poll(reporter: Reporter, second: float, value: float, quality: int = GOOD) -> ReadingBatch:
    time_ns = np.array([round((T0_S + second) * NS_PER_S)], np.int64)
    return reporter.report(time_ns, np.array([value], np.float64), np.array([quality], np.uint16), second)


def sent(reporter: Reporter, values: list[float], period_s: float = 1.0) -> list[tuple[float, float]]:
    """Return (second, value) of what is sent of one value a poll; each must carry the time of its own poll."""
    found = []
    for at, value in enumerate(values):
        batch = poll(reporter, at * period_s, value, GOOD if math.isfinite(value) else TIMEOUT)
        for row in range(len(batch)):
            assert batch.time_ns[row] == round((T0_S + at * period_s) * NS_PER_S)
            found.append((at * period_s, float(batch.value[row])))
    return found


def test_tb_1896_at_most_one_report_in_ten_seconds_and_only_if_changed() -> None:
    reporter = reporter_of(ReportSettings(on_change=True, period_s=10))
    assert sent(reporter, [1, *range(2, 13), *[12] * 20, 13, 12, 12]) == [(0, 1), (10, 11), (20, 12), (32, 13)]


def test_tb_1990_after_a_period_comes_the_new_value_alone_never_the_old_one_before_it() -> None:
    reporter = reporter_of(ReportSettings(period_s=5))
    assert sent(reporter, [7, 7, 7, 7, 7, 9, 9, 9, 9, 9, 9]) == [(0, 7), (5, 9), (10, 9)]


def test_tb_2024_polls_that_come_late_do_not_stretch_the_report_period() -> None:
    reporter = reporter_of(ReportSettings(period_s=10))
    times = []
    for second in range(101):
        late_s = second + (0.4 if second % 2 else 0.001 * (second % 7))
        now = np.array([round((T0_S + late_s) * NS_PER_S)], np.int64)
        batch = reporter.report(now, np.array([1.0]), np.array([GOOD], np.uint16), late_s, float(second))
        times += [second] * len(batch)
    assert times == list(range(0, 101, 10))


def test_deadband_counts_from_what_was_sent_so_that_a_slow_drift_is_seen() -> None:
    reporter = reporter_of(ReportSettings(deadband=1.0))
    assert sent(reporter, [10, 10.5, 11, 11.1, 11.9, 12.2, 11.2, 10.2]) == [(0, 10), (3, 11.1), (5, 12.2), (7, 10.2)]


def test_percent_is_of_what_was_sent_and_of_two_bands_the_wider_counts() -> None:
    reporter = reporter_of(ReportSettings(deadband_percent=10))
    assert sent(reporter, [100, 109, 111, 100, 99]) == [(0, 100), (2, 111), (4, 99)]
    assert sent(reporter_of(ReportSettings(deadband_percent=10)), [0, 0, 0.001]) == [(0, 0), (2, 0.001)]
    both = reporter_of(ReportSettings(deadband=5, deadband_percent=10))
    assert sent(both, [10, 14, 15, 16, 100, 109]) == [(0, 10), (3, 16), (4, 100)]


def test_heartbeat_is_the_reading_of_that_poll() -> None:
    reporter = reporter_of(ReportSettings(deadband=1.0, heartbeat_s=3))
    assert sent(reporter, [10, 10.1, 10.2, 10.3, 10.4, 10.5, 10.6]) == [(0, 10), (3, 10.3), (6, 10.6)]


def test_quality_is_told_at_once_whatever_the_period() -> None:
    reporter = reporter_of(ReportSettings(deadband=5, period_s=100))
    found = sent(reporter, [10, math.nan, math.nan, 10, 11, 10])
    assert [second for second, _ in found] == [0, 1, 3]
    assert math.isnan(found[1][1])


def test_a_value_that_crosses_a_limit_is_told_at_once_whatever_the_deadband_and_the_period() -> None:
    reporter = reporter_of(ReportSettings(deadband=5, period_s=100), high=50.0)
    assert sent(reporter, [48, 49, 51, 52, 49.9, 47]) == [(0, 48), (2, 51), (4, 49.9)]


def test_states_are_never_held_back_even_where_somebody_says_so() -> None:
    reporter = reporter_of(ReportSettings(deadband=5, period_s=100, on_change=True), kind=PointKind.STATE)
    assert sent(reporter, [1, 1, 3, 1, 1]) == [(0, 1), (2, 3), (3, 1)]


def test_what_nobody_reads_is_stale_once_without_a_value_and_good_again_when_read() -> None:
    reporter = reporter_of(ReportSettings(on_change=True))
    poll(reporter, 0, 5)
    assert not len(reporter.stale((T0_S + 59) * NS_PER_S, 59))
    told = reporter.stale((T0_S + 60) * NS_PER_S, 60)
    assert told.quality.tolist() == [STALE_MARK] == [pack(STALE, Reason.SILENT)]
    assert math.isnan(told.value[0])
    assert told.time_ns.tolist() == [(T0_S + 60) * NS_PER_S]
    assert not len(reporter.stale((T0_S + 200) * NS_PER_S, 200))
    assert poll(reporter, 201, 5).value.tolist() == [5]


def test_what_was_read_as_bad_is_not_called_stale_as_well() -> None:
    reporter = reporter_of(ReportSettings())
    poll(reporter, 0, math.nan, TIMEOUT)
    assert not len(reporter.stale((T0_S + 500) * NS_PER_S, 500))


settings = st.builds(
    ReportSettings,
    on_change=st.sampled_from([None, True]),
    deadband=st.sampled_from([None, 0.0, 1.0, 2.5]),
    deadband_percent=st.sampled_from([None, 0.0, 20.0]),
    period_s=st.sampled_from([None, 1.0, 3.0]),
    heartbeat_s=st.sampled_from([None, 2.0, 7.0]),
).map(lambda said: said.over(ReportSettings()))
value = st.one_of(st.just(math.nan), st.integers(-6, 6).map(float), st.floats(-6, 6))
quality = st.sampled_from([GOOD, GOOD, GOOD, TIMEOUT, pack(BAD, Reason.BUSY)])


class Plain:
    """One point, the rule in words: what the columns must agree with."""

    def __init__(self, said: ReportSettings, *, high: float) -> None:
        self.said, self.high = said, high
        self.last: tuple[float, float, int] | None = None

    def sends(self, second: float, number: float, mark: int) -> bool:
        if not self._is_due(second, number, mark):
            return False
        self.last = second, number, mark
        return True

    def _is_due(self, second: float, number: float, mark: int) -> bool:
        if self.last is None:
            return True
        at_s, old, old_mark = self.last
        if mark != old_mark or (number > self.high) != (old > self.high):
            return True
        if self.said.period_s is not None and second - at_s < self.said.period_s:
            return False
        if not self.said.by_change or second - at_s >= (self.said.heartbeat_s or 5.0):
            return True
        if math.isnan(number) or math.isnan(old):
            return math.isnan(number) != math.isnan(old)
        band = max(self.said.deadband or 0.0, (self.said.deadband_percent or 0.0) / 100 * abs(old))
        return abs(number - old) > band if band else number != old


@given(st.lists(settings, min_size=1, max_size=4), st.data())
def test_columns_say_what_the_rule_says_point_by_point(said: list[ReportSettings], data: st.DataObject) -> None:
    reporter = reporter_of(*said, heartbeat_s=5.0, high=4.0)
    plain = [Plain(one, high=4.0) for one in said]
    for second in range(data.draw(st.integers(1, 12))):
        values = data.draw(st.lists(value, min_size=len(said), max_size=len(said)))
        marks = data.draw(st.lists(quality, min_size=len(said), max_size=len(said)))
        time_ns = np.full(len(said), (T0_S + second) * NS_PER_S, np.int64)
        batch = reporter.report(time_ns, np.array(values) + 0.0, np.array(marks, np.uint16), float(second))
        due = [at for at, one in enumerate(plain) if one.sends(second, values[at], marks[at])]
        assert batch.point.tolist() == due


@given(st.lists(settings, min_size=2, max_size=3), st.data())
def test_a_device_that_speaks_by_itself_is_picked_alike_one_by_one_or_in_one_batch(
    said: list[ReportSettings], data: st.DataObject
) -> None:
    """Several readings of one point in a batch count one after the other."""
    table = table_of(*said)
    rows = np.arange(len(said), dtype=np.int32)
    steps = data.draw(
        st.lists(st.tuples(st.integers(0, len(said) - 1), value, quality, st.integers(0, 3)), min_size=1, max_size=15)
    )
    second, singles = 0, []
    for point, number, mark, gap_s in steps:
        second += gap_s
        singles.append(ReadingBatch.build(table, [(T0_S + second) * NS_PER_S], [point], [number + 0.0], quality=[mark]))
    alone = Reporter(table, rows, reports=said, push=True)
    together = Reporter(table, rows, reports=said, push=True)
    one_by_one = concat([alone.pick(batch, 0.0) for batch in singles])
    at_once = together.pick(concat(singles), 0.0)
    for column in ("time_ns", "point", "value", "quality"):
        np.testing.assert_array_equal(getattr(one_by_one, column), getattr(at_once, column))


def test_what_never_reached_the_disk_is_news_when_it_comes_again() -> None:
    table = table_of(ReportSettings())
    reporter = Reporter(table, np.array([0], np.int32), reports=[ReportSettings(on_change=True)], push=True)
    batch = ReadingBatch.build(table, [T0_S * NS_PER_S], [0], [5.0])
    assert len(reporter.pick(batch, 0.0)) == 1
    assert len(reporter.pick(batch, 0.0)) == 0
    reporter.forget(batch.point)
    assert len(reporter.pick(batch, 0.0)) == 1


def test_what_is_said_nearest_to_the_point_wins_field_by_field() -> None:
    profile = ReportSettings(deadband=1, heartbeat_s=30)
    found = ReportSettings(period_s=5).over(profile)
    assert (found.by_change, found.deadband, found.heartbeat_s, found.period_s) == (True, 1, 30, 5)
    assert ReportSettings(on_change=False).over(ReportSettings(deadband=1).over(profile)).by_change is False
    assert ReportSettings(deadband=2).over(ReportSettings(on_change=False)).by_change is True
    with pytest.raises(ValueError, match="a deadband sends changes only"):
        ReportSettings(on_change=False, deadband=1)
