"""The engine says what the slow evaluator says, however its input is cut, and across restarts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from domain.alarm import Transition
from rules import RuleSet, load
from rules.compiler import compile_plan
from rules.engine import Engine
from rules.identity import Identity
from rules.inputs import Message
from rules.site_index import SiteIndex
from rules.snapshot import Place, restore, save
from tests.rules.reference_engine import Reference
from tests.rules.reference_truths import Fact
from tests.rules.rules_scene import cut, further_rules, library, random_log, registry, ruleset

REGISTRY = registry()
RULES = ruleset()
SITE = SiteIndex(REGISTRY)
PLACE = Place(seq=0, alarm_seq=0, epoch=1)
SEEDS = st.integers(0, 2**32)
SLOW = {"pressure_unusual", "pressure_leaking", "test_mode_long"}
"""Rules that ask for hours; the random logs last five minutes."""
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""A seed does not shrink to anything simpler."""


def fact(said: Transition) -> Fact:
    """Return what the reference tells of a transition."""
    return (
        said.id,
        said.kind.value,
        said.rule,
        said.entity,
        said.level.value,
        said.input_seq,
        said.event_time_ns,
        said.log_time_ns,
        said.test,
        said.historical,
    )


def fresh() -> Engine:
    """Return an engine that has seen nothing."""
    return Engine(compile_plan(RULES, SITE))


def in_parts(parts: Sequence[Sequence[Message]]) -> list[Transition]:
    """Feed one engine part by part."""
    engine = fresh()
    return [said for part in parts for said in engine.feed(part)]


@settings(max_examples=6, phases=PHASES)
@given(SEEDS, st.integers(20, 250))
def test_engine_equals_the_reference_one_reading_at_a_time(seed: int, length: int) -> None:
    log = random_log(seed, length)
    reference = Reference(REGISTRY, RULES)
    reference.feed(log)
    engine = fresh()
    said = [fact(one) for one in engine.feed(log)]
    assert sorted(said, key=_by_alarm) == sorted(reference.transitions, key=_by_alarm)
    assert engine.counts.late == reference.late
    assert engine.counts.outside_windows == reference.outside_windows


@settings(max_examples=10, phases=PHASES)
@given(SEEDS, SEEDS, st.integers(20, 500))
def test_cuts_make_no_difference(seed: int, cuts: int, length: int) -> None:
    log = random_log(seed, length)
    assert in_parts(cut(log, cuts)) == in_parts([log])


@settings(max_examples=10, phases=PHASES)
@given(SEEDS, SEEDS, st.integers(20, 500))
def test_restarts_from_snapshots_make_no_difference(seed: int, cuts: int, length: int) -> None:
    log = random_log(seed, length)
    engine, said = fresh(), []
    for part in cut(log, cuts, 0.02):
        said += engine.feed(part)
        mine = Identity.of(engine.plan)
        snapshot = save(engine, PLACE, mine.fingerprint)
        engine = fresh()
        place, restored = restore(engine, snapshot, mine, mine)
        assert (place, restored.same_plan, restored.orphans) == (PLACE, True, ())
    assert said == in_parts([log])


@settings(max_examples=8, phases=PHASES)
@given(SEEDS, SEEDS, st.integers(20, 250))
def test_cuts_and_restarts_together_equal_the_reference(seed: int, cuts: int, length: int) -> None:
    log = random_log(seed, length)
    reference = Reference(REGISTRY, RULES)
    reference.feed(log)
    engine, said = fresh(), []
    for number, part in enumerate(cut(log, cuts, 0.1)):
        said += [fact(one) for one in engine.feed(part)]
        if number % 3 == cuts % 3:
            engine = reloaded(engine, RULES, RULES)
    assert sorted(said, key=_by_alarm) == sorted(reference.transitions, key=_by_alarm)
    assert engine.counts.late == reference.late


@settings(max_examples=8, phases=PHASES)
@given(SEEDS, SEEDS, st.integers(20, 250), st.sampled_from(["pressure_band", "panel_quiet"]))
def test_a_rule_that_comes_and_goes_while_it_runs_is_nothing_to_the_others(
    seed: int, cuts: int, length: int, guest: str
) -> None:
    log = random_log(seed, length)
    reference = Reference(REGISTRY, RULES)
    reference.feed(log)
    rulesets = [RULES, without(guest)]
    engine, said = fresh(), []
    for number, part in enumerate(cut(log, cuts, 0.05)):
        said += [fact(one) for one in engine.feed(part)]
        engine = reloaded(engine, rulesets[number % 2], rulesets[(number + 1) % 2])
    mine = [one for one in said if one[2] != guest]
    wanted = [one for one in reference.transitions if one[2] != guest]
    assert sorted(mine, key=_by_alarm) == sorted(wanted, key=_by_alarm)


@cache
def without(guest: str) -> RuleSet:
    """Load all rules but one, which has no absence: the silence of gateways is what absences ask for."""
    extra = [one for one in further_rules() if one.data["id"] != guest]
    return load(library(), extra, registry=REGISTRY)


def reloaded(engine: Engine, was: RuleSet, now: RuleSet) -> Engine:
    """Return a new engine on other rules, in the state that a snapshot carries over."""
    mine, plan = Identity.of(engine.plan), compile_plan(now, SITE)
    assert engine.plan.version == was.version
    after = Engine(plan)
    restore(after, save(engine, PLACE, mine.fingerprint), mine if now is was else Identity.of(plan), mine)
    return after


def test_random_logs_say_enough_to_mean_something_and_no_id_twice() -> None:
    spoken = set()
    for seed in range(3):
        said = in_parts([random_log(seed, 1500)])
        assert len({one.id for one in said}) == len(said)
        spoken |= {(one.rule, one.kind.value) for one in said}
    watching = {name for name, alarms in compile_plan(RULES, SITE).coverage().items() if alarms}
    assert {rule for rule, _ in spoken} == watching - SLOW
    assert len(spoken) > 40


def test_a_long_log_equals_the_reference() -> None:
    log = random_log(1, 1000)
    reference = Reference(REGISTRY, RULES)
    reference.feed(log)
    said = [fact(one) for one in in_parts(cut(log, 1))]
    assert sorted(said, key=_by_alarm) == sorted(reference.transitions, key=_by_alarm)


def _by_alarm(said: Fact) -> tuple[object, ...]:
    """Order by alarm and then by log; what one alarm says at one message keeps its order (sorting is stable)."""
    return (said[2], said[3], said[5])
