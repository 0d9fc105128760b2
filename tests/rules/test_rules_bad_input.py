"""Wrong readings: what becomes of them, and where they are counted (the table in docs/alarm-states.md)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from domain.clock import NS_PER_S
from domain.quality import BAD, GOOD, HISTORICAL
from rules.compiler import compile_plan
from rules.engine import Counts, Engine
from rules.inputs import Message, MessageKind, Readings
from tests.rules.rules_scene import START_NS, registry, ruleset, site_index

POINT = "u/pressure-1/pressure"
LOW, FINE = 200.0, 300.0
Reading = tuple[float, float, int]


class Log:
    """One point's readings, one message a second, with the tick behind it."""

    def __init__(self) -> None:
        self.engine = Engine(compile_plan(ruleset(), site_index()))
        self.said: list[tuple[str, float]] = []
        self._second = 0

    def second(self, *readings: Reading) -> None:
        """Tell (value, time in seconds after the message's own, quality), then the tick."""
        time_ns = START_NS + self._second * NS_PER_S
        at = site_index().table.index(POINT)
        data = Readings(
            point=np.full(len(readings), at, np.int32),
            time_ns=np.array([time_ns + round(offset * NS_PER_S) for _, offset, _ in readings], np.int64),
            value=np.array([value for value, _, _ in readings], np.float64),
            quality=np.array([quality for _, _, quality in readings], np.uint16),
        )
        gateway = int(site_index().gateway_of[site_index().device_of[at]])
        base = {"seq": 2 * self._second + 1, "time_ns": time_ns}
        messages = [Message(kind=MessageKind.DATA, gateway=gateway, readings=data, **base)]
        messages.append(Message(kind=MessageKind.TICK, seq=2 * self._second + 2, time_ns=time_ns))
        said = self.engine.feed(messages)
        self.said += [(one.kind.value, self._second) for one in said if one.rule == "pressure_low"]
        self._second += 1

    @property
    def counts(self) -> Counts:
        return self.engine.counts

    @property
    def value(self) -> float:
        return float(self.engine.known.value[site_index().table.index(POINT)])


def told(*values: Sequence[Reading]) -> Log:
    log = Log()
    for readings in values:
        log.second(*readings)
    return log


def low(seconds: int) -> list[list[Reading]]:
    return [[(LOW, 0, GOOD)] for _ in range(seconds)]


@pytest.mark.parametrize("wrong", [(math.nan, 0, GOOD), (math.inf, 0, GOOD), (-math.inf, 0, GOOD), (LOW, 0, BAD)])
def test_what_measures_nothing_makes_it_unknown_and_the_last_value_stays(wrong: Reading) -> None:
    log = told(*low(8), [wrong], *low(1))
    assert log.said == [("raised", 5), ("unknown", 8), ("known", 9)]
    assert (log.counts.unusable, log.value) == (1, LOW)


def test_infinity_is_no_high_pressure_and_nan_no_low_one() -> None:
    log = told(*([[(FINE, 0, GOOD)]] * 2), *([[(-math.inf, 0, GOOD)]] * 8), *([[(math.nan, 0, GOOD)]] * 8))
    assert log.said == []
    assert log.counts.unusable == 16


def test_a_duplicate_and_what_comes_out_of_order_change_nothing() -> None:
    log = told(*low(8), [(LOW, 0, GOOD), (LOW, 0, GOOD), (FINE, -3, GOOD)], *low(4))
    assert log.said == [("raised", 5)]
    assert (log.counts.late, log.value) == (2, LOW)


def test_a_clock_that_ran_ahead_is_counted_and_silences_nobody() -> None:
    log = told([(FINE, 400, GOOD)], *low(8))
    assert log.counts.ahead == 1
    assert log.counts.late == 0
    assert log.said == [("raised", 6)]


def test_a_reading_of_long_ago_is_the_newest_where_there_is_none() -> None:
    log = told([(LOW, -86_400 * 400, GOOD | HISTORICAL)], [(LOW, 0, GOOD)])
    assert (log.counts.late, log.value) == (0, LOW)


@pytest.mark.parametrize("time_s", [-9_000_000_000.0, 7_000_000_000.0])
def test_times_at_the_ends_of_the_calendar_break_nothing(time_s: float) -> None:
    log = told([(LOW, time_s, GOOD)], *low(8))
    assert log.said[:1] == [("raised", log.said[0][1])]
    assert log.value == LOW


@pytest.mark.parametrize("word", [-5.0, 1e300, 2.0**60, -0.0])
def test_a_word_that_is_none_breaks_nothing(word: float) -> None:
    engine = Engine(compile_plan(ruleset(), site_index()))
    at = site_index().table.index("u/panel-1/state")
    readings = Readings(
        point=np.array([at], np.int32),
        time_ns=np.array([START_NS], np.int64),
        value=np.array([word]),
        quality=np.array([GOOD], np.uint16),
    )
    engine.feed([Message(kind=MessageKind.DATA, seq=1, time_ns=START_NS, gateway=0, readings=readings)])
    assert engine.counts.readings == 1
    assert registry().points.get("u/panel-1/state") is not None
