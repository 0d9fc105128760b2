"""When points are learned makes no difference: neither to what is said, nor to its ids and texts."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from backbone.messages import LogMessage
from domain.alarm import Transition
from domain.points import Point
from domain.site import Labels
from rules.compiler import compile_plan
from rules.conditions import Selector
from rules.decoding import Decoder
from rules.engine import Engine
from rules.ground import Ground, Learned, points_born
from rules.identity import Identity
from rules.site_index import SiteIndex
from rules.snapshot import Place, restore, save
from tests.rules.reference_engine import Reference
from tests.rules.test_engine_equals_reference import fact
from tests.rules.transmitter_scene import LEARNED, UNIT, Story, registry, ruleset

SEEDS = st.integers(0, 2**32)
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
PLACE = Place(seq=0, alarm_seq=0, epoch=1)


def all_knowing() -> SiteIndex:
    """Index the site with all points from the start."""
    return SiteIndex(registry().grown(LEARNED), declared=len(registry().points))


def known_from_the_start(log: Sequence[LogMessage]) -> list[Transition]:
    """Evaluate a log with an engine that knew all points before it began."""
    return Engine(compile_plan(ruleset(), all_knowing())).feed(Decoder(all_knowing(), 0, 1).decode(log))


def growing(log: Sequence[LogMessage], seed: int) -> list[Transition]:
    """Evaluate a log in batches cut at random, learning births as they come, with restarts between."""
    rng = random.Random(seed)
    ground, said, at = _fresh([]), [], 0
    engine, decoder = Engine(ground.plan), Decoder(ground.plan.site, 0, 1)
    while at < len(log):
        if rng.random() < 0.1:
            ground, engine = _restarted(engine, ground, log[: rng.randrange(at, len(log) + 1)], rng)
            decoder = Decoder(ground.plan.site, 0, 1)
        batch = log[at : at + rng.choice([1, 2, 5, 30, 200])]
        news = ground.first_news(batch, points_born(batch))
        said += engine.feed(decoder.decode(batch[:news]))
        if ground.learn(_born(batch)) is Learned.ANEW:
            engine = ground.grow(engine)
            decoder = decoder.on(engine.plan.site)
        said += engine.feed(decoder.decode(batch[news:]))
        at += len(batch)
    return said


def _fresh(points: list[LogMessage]) -> Ground:
    ground = Ground(registry(), {UNIT}, ruleset())
    ground.learn(_born(points))
    ground.build()
    return ground


def _restarted(
    engine: Engine, ground: Ground, stream: Sequence[LogMessage], rng: random.Random
) -> tuple[Ground, Engine]:
    """Start again from a checkpoint; the stream of births may be ahead of it, or lost."""
    theirs = Identity.decode(Identity.of(ground.plan).encode())
    data = save(engine, PLACE, theirs.fingerprint)
    fresh = Ground(registry(), {UNIT}, ruleset())
    if rng.random() < 0.7:
        fresh.learn(_born(stream))
    fresh.learn(theirs.learned)
    fresh.build()
    begun = Engine(fresh.plan)
    _, restored = restore(begun, data, fresh.identity, theirs)
    assert (restored.restarted, restored.orphans) == ((), ())
    return fresh, begun


def by_alarm(said: Sequence[Transition]) -> list[Transition]:
    """Order by alarm and log; what one alarm says at one message keeps its order."""
    return sorted(said, key=lambda one: (one.rule, one.entity, one.input_seq))


@settings(max_examples=15, phases=PHASES, deadline=None)
@given(SEEDS, SEEDS, st.integers(50, 900))
def test_learning_sooner_later_or_across_restarts_changes_nothing(seed: int, cuts: int, length: int) -> None:
    log = Story(seed).tell(length)
    assert by_alarm(growing(log, cuts)) == by_alarm(known_from_the_start(log))


@settings(max_examples=6, phases=PHASES, deadline=None)
@given(SEEDS, st.integers(50, 300))
def test_transmitters_and_learned_points_equal_the_reference(seed: int, length: int) -> None:
    site, log = all_knowing(), Story(seed).tell(length)
    reference = Reference(registry().grown(LEARNED), ruleset(), len(registry().points))
    messages = Decoder(site, 0, 1).decode(log)
    reference.feed(messages)
    said = [fact(one) for one in Engine(compile_plan(ruleset(), site)).feed(messages)]
    assert sorted(said, key=str) == sorted(reference.transitions, key=str)


def test_stories_say_enough_to_mean_something() -> None:
    said = [one for seed in range(4) for one in known_from_the_start(Story(seed).tell(2500))]
    learned = {point.key for point in LEARNED}
    assert {one.entity for one in said} >= learned - {"u/t1/s1-1-op"}
    assert {
        "component_fire",
        "system_fire",
        "transmitter_offline",
        "gateway_offline",
        "zone_fire",
        "hot",
        "device_trouble",
        "manual_alarm",
        "roll_call_missed",
    } <= {one.rule for one in said}
    assert {one.kind.value for one in said} == {"raised", "cleared", "level", "unknown", "known"}


def test_what_is_like_something_learned_takes_a_row_that_was_kept_for_it() -> None:
    ground = _fresh([])
    done = []
    for point in sorted(LEARNED, key=lambda one: (one.device, one.name)):
        done.append((ground.learn([point]), point.name))
        if done[-1][0] is Learned.ANEW:
            ground.build()
    assert [name for learned, name in done if learned is Learned.IN_PLACE] == [
        "c40-1-3",
        "c40-1-4",
        "s1-1-c40-2-3",
        "s12-1",
        "s12-1-c1-2",
        "s13-1",
        "s13-1-c2-2",
    ]
    assert {point.key for point in Identity.of(ground.plan).learned} == {point.key for point in LEARNED}


def test_a_system_that_comes_after_its_component_is_a_new_plan_because_it_explains_differently() -> None:
    ground = _fresh([])
    by_name = {point.name: point for point in LEARNED}
    for name in ("s1-1", "s12-1-c1-1"):
        assert ground.learn([by_name[name]]) is Learned.ANEW
        ground.build()
    assert ground.learn([by_name["s12-1"]]) is Learned.ANEW


def test_a_learned_point_has_the_label_and_the_place_of_its_birth() -> None:
    log = Story(1).tell(2500)
    (fire, *_) = [one for one in growing(log, 1) if one.rule == "component_fire" and one.entity == "u/fas/c40-1-2"]
    assert (fire.place.zone, fire.place.device) == ("lobby", "fas")
    assert "点c40-1-2" in fire.text_zh
    assert "lobby" in fire.text_zh


def test_a_later_birth_may_name_a_learned_point_better_but_not_one_of_the_site() -> None:
    ground = _fresh([])
    point, declared = LEARNED[0], registry().points[0]
    ground.learn([point])
    ground.build()
    renamed = {"label_zh": "一层走廊", "label_en": "corridor"}
    assert ground.learn([_with(point, **renamed), _with(declared, **renamed)]) is Learned.NOTHING
    labels = ground.plan.site.registry.point_labels
    assert labels[point.key] == Labels(zh="一层走廊", en="corridor")
    assert labels[declared.key] == registry().point_labels[declared.key]


def _with(point: Point, **facts: str) -> Point:
    return replace(point, **facts)  # type: ignore[arg-type]  # labels are words


def test_what_stands_before_the_first_new_birth_needs_no_growth() -> None:
    ground, log = _fresh([]), Story(2).tell(400)
    born = points_born(log)
    known = {point.key for point in registry().points}
    first = next(at for at, one in enumerate(log) if any(point.key not in known for point in born.get(one.seq, ())))
    assert ground.first_news(log, born) == first > 0
    ground.learn(_born(log))
    assert ground.first_news(log, born) == len(log)


def test_a_pattern_is_held_against_each_name_once_however_many_rules_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: Counter[tuple[tuple[str, ...], str]] = Counter()
    names = Selector.names

    def counted(selector: Selector, point: str) -> bool:
        asked[selector.point, point] += 1
        return names(selector, point)

    monkeypatch.setattr(Selector, "names", counted)
    compile_plan(ruleset(), all_knowing())
    assert set(asked.values()) == {1}


def _born(messages: Sequence[LogMessage]) -> list[Point]:
    return [point for points in points_born(messages).values() for point in points]
