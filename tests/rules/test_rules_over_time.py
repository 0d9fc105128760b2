"""Tests that remember readings: what is kept over a change of rules, what comes out of order, bounded memory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.yaml_documents import parse_document
from domain.alarm import TransitionKind
from domain.clock import NS_PER_S
from domain.quality import GOOD
from rules import RuleSet, load
from rules.banks import RateBank, WindowBank
from rules.compiler import compile_plan
from rules.engine import Engine
from rules.identity import Identity
from rules.inputs import Message, MessageKind, Readings
from rules.site_index import SiteIndex
from rules.snapshot import Place, Restored, restore, save
from tests.rules.rules_scene import START_NS, registry
from tests.rules.windows_scene import CONDITIONS, window_rules

SITE = SiteIndex(registry())
POINT = SITE.table.index("u/pressure-1/pressure")
PLACE = Place(seq=0, alarm_seq=0, epoch=1)
WINDOW = "{stat: STAT, over_s: 120, above: LIMIT, quantity: QUANTITY, late_s: 20, min_coverage: 0.05}"
RULE = """
id: over_time
version: "1"
labels: {zh: 试, en: try}
class: hazard
level: notice
watches: {kind: pressure_transmitter, point: pressure}
condition: {CONDITION}
messages: {zh: "{point}", en: "{point}"}
"""


def rule(condition: str, name: str = "over_time") -> RuleSet:
    """Make a set of one rule."""
    text = RULE.replace("CONDITION", condition).replace("over_time", name)
    return load([parse_document(text, "over_time.yaml", {})], registry=registry())


def window(stat: str, limit: float, quantity: str = "kPa", more: str = "") -> RuleSet:
    """Make a rule of one window."""
    text = WINDOW.replace("STAT", stat).replace("LIMIT", str(limit)).replace("QUANTITY", quantity)
    return rule(f"window: {text.removesuffix('}')}{more}}}")


def reading(second: float, value: float, at: float | None = None) -> Message:
    """Return a reading made at ``second`` that the log got at ``at``."""
    made_ns, got_ns = (START_NS + round(one * NS_PER_S) for one in (second, second if at is None else at))
    columns = (np.array([POINT], np.int32), np.array([made_ns]), np.array([value]), np.array([GOOD], np.uint16))
    gateway = int(SITE.gateway_of[SITE.device_of[POINT]])
    seq = round((second if at is None else at) * 1000) + 10
    return Message(kind=MessageKind.DATA, seq=seq, time_ns=got_ns, gateway=gateway, readings=Readings(*columns))


def tick(second: float) -> Message:
    """Return a tick."""
    return Message(kind=MessageKind.TICK, seq=round(second * 1000) + 11, time_ns=START_NS + round(second * NS_PER_S))


def raised(engine: Engine, *messages: Message) -> list[float]:
    """Feed messages; returns when alarms were raised [s]."""
    said = engine.feed(messages)
    return [(one.log_time_ns - START_NS) / NS_PER_S for one in said if one.kind is TransitionKind.RAISED]


def moved(engine: Engine, onto: RuleSet) -> tuple[Engine, Restored]:
    """Carry an engine's state over to other rules."""
    theirs = Identity.decode(Identity.of(engine.plan).encode())
    fresh = Engine(compile_plan(onto, SITE))
    _, restored = restore(fresh, save(engine, PLACE, theirs.fingerprint), Identity.of(fresh.plan), theirs)
    return fresh, restored


def test_readings_out_of_order_are_taken_in_order_and_once_and_the_others_counted() -> None:
    engine = Engine(compile_plan(window("sum", 299), SITE))
    engine.feed([reading(30, 100), reading(25, 100, at=31), reading(25, 100, at=32)])  # the last one is a copy
    assert (engine.counts.late, engine.counts.outside_windows) == (2, 1)
    engine.feed([reading(9, 100, at=33)])  # more than 20 s behind
    assert engine.counts.outside_windows == 2
    assert raised(engine, tick(60)) == []
    assert raised(engine, reading(61, 100), tick(90)) == [90]  # 300 in all


def test_a_window_waits_for_late_readings_and_is_closed_by_the_log_not_by_a_device_clock() -> None:
    engine = Engine(compile_plan(window("max", 300), SITE))
    assert raised(engine, tick(1), reading(2, 350, at=2)) == []
    assert raised(engine, *(tick(second) for second in range(3, 30))) == []
    assert raised(engine, tick(30)) == [30]  # the pane to 10 s, and 20 s for those who are late
    ahead = Engine(compile_plan(window("max", 300), SITE))
    ahead.feed([tick(1), reading(4000, 350, at=2)])  # a clock that is an hour ahead
    assert raised(ahead, tick(30)) == [30]


@pytest.mark.parametrize(
    ("stat", "quantity", "limit", "more"),
    [
        ("min", "kPa", 3.5, ""),
        ("max", "kPa", 9.5, ""),
        ("sum", "kPa", 38.5, ""),
        ("mean", "kPa", 6.3, ""),
        ("std", "kPa", 1.8, ""),
        ("slope", "kPa/s", 0.19, ""),
        ("percentile", "kPa", 6.9, ", percentile: 60"),
    ],
)
def test_statistics_are_what_they_are_called(stat: str, quantity: str, limit: float, more: str) -> None:
    values = [4, 5, 6, 7, 7, 10]  # mean 6.5, standard deviation 1.89
    for offset, alarm in ((0.0, True), (1.0, False)):
        scale = {"sum": 6, "std": 1, "slope": 0.05}.get(stat, 1)
        engine = Engine(compile_plan(window(stat, limit + offset * scale, quantity, more), SITE))
        engine.feed([reading(5 * at + 1, value) for at, value in enumerate(values)])
        assert bool(raised(engine, tick(60))) is alarm, (stat, offset)


def test_too_few_readings_are_unknown_and_unknown_clears_nothing() -> None:
    rules = rule("window: {stat: mean, over_s: 24, above: 300, quantity: kPa, min_coverage: 0.5, late_s: 0}")
    engine = Engine(compile_plan(rules, SITE))
    messages = [one for second in range(26) for one in (reading(second + 0.5, 350), tick(second + 1))]
    assert raised(engine, *messages) == [12]
    said = engine.feed([tick(second) for second in range(27, 60)])
    assert [one.kind for one in said] == [TransitionKind.UNKNOWN]
    said = engine.feed([one for second in range(60, 90) for one in (reading(second + 0.5, 200), tick(second + 1))])
    assert [one.kind for one in said] == [TransitionKind.KNOWN, TransitionKind.CLEARED]


def test_windows_go_on_over_a_change_of_other_rules_and_begin_anew_when_they_change() -> None:
    engine = Engine(compile_plan(window("sum", 299), SITE))
    engine.feed([reading(2, 100), reading(13, 100), tick(14)])
    kept, _ = moved(engine, window("sum", 299))
    assert raised(kept, reading(20, 100), tick(60)) == [60]
    both = load(
        [
            parse_document(
                RULE.replace("CONDITION", f"window: {WINDOW}").replace("over_time", name), f"{name}.yaml", {}
            )
            for name, WINDOW in (  # a sum with other neighbours in its bank
                ("a", "{stat: sum, over_s: 60, above: 99, quantity: kPa, late_s: 1}"),
                ("b", "{stat: sum, over_s: 120, above: 299, quantity: kPa, late_s: 20, min_coverage: 0.05}"),
            )
        ],
        registry=registry(),
    )
    joined, _ = moved(engine, both)
    said = joined.feed([reading(20, 100), tick(60)])
    assert [one.rule for one in said if one.kind is TransitionKind.RAISED] == ["b"]
    fresh, _ = moved(engine, window("sum", 298))
    assert raised(fresh, reading(20, 100), tick(60)) == []


@given(st.lists(st.sampled_from([200.0, 255.0, 300.0, 395.0]), min_size=8, max_size=40), st.integers(1, 30))
@settings(max_examples=15)
def test_every_memory_goes_through_a_snapshot(values: list[float], cut: int) -> None:
    rules = load([parse_document(part, "r.yaml", {}) for part in window_rules().split("---\n")], registry=registry())
    messages = [one for at, value in enumerate(values) for one in (reading(at + 0.4, value), tick(at + 1))]
    whole = Engine(compile_plan(rules, SITE))
    first = Engine(compile_plan(rules, SITE))
    said = first.feed(messages[:cut])
    second, restored = moved(first, rules)
    assert restored.restarted == restored.orphans == ()
    assert [*said, *second.feed(messages[cut:])] == whole.feed(messages)
    assert len(rules) == len(CONDITIONS)


def test_memory_is_bounded_however_many_readings_come() -> None:
    rules = rule("window: {stat: mean, over_s: 24, above: 300, quantity: kPa}")
    engine = Engine(compile_plan(rules, SITE))
    before = [getattr(bank, name).nbytes for bank in engine.plan.banks for name in bank.memory]
    engine.feed([one for at in range(2000) for one in (reading(at / 10, 350), tick(at / 10 + 0.05))])
    assert [getattr(bank, name).nbytes for bank in engine.plan.banks for name in bank.memory] == before
    assert sum(before) / sum(len(bank) for bank in engine.plan.banks) < 400


@given(st.lists(st.floats(0.05, 40), min_size=2, max_size=60), st.floats(2, 30))
@settings(max_examples=50)
def test_a_rate_is_measured_over_its_span_whatever_the_times(gaps: list[float], over_s: float) -> None:
    rules = rule(f"rate: {{above: 1, over_s: {over_s}, quantity: kPa/s}}")
    bank = compile_plan(rules, SITE).banks[0]
    assert isinstance(bank, RateBank)
    assert not isinstance(bank, WindowBank)
    bank.truth = np.full(len(bank), 2, np.uint8)
    times = [START_NS + round(sum(gaps[:at]) * NS_PER_S) for at in range(len(gaps))]
    for at, time_ns in enumerate(times):
        bank.read(np.array([0]), np.array([2.0 * (time_ns - START_NS) / NS_PER_S]), None, np.array([time_ns]))
        over_ns = round(over_s * NS_PER_S)
        old = [time_ns - one for one in times[:at] if time_ns - one >= over_ns]
        near = [age for age in old if age <= 1.2 * over_ns]
        if near and max(gaps) < over_s / 4:
            assert bank.truth[0] == 1  # 2 kPa/s all the time
            assert over_ns <= time_ns - bank.from_ns[0] <= 1.5 * over_ns
        if not [age for age in old if age <= 2 * over_ns]:
            assert bank.truth[0] & 2
