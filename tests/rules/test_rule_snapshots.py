"""State that is carried over a change of rules or site: by meaning, and with word of what was not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.yaml_documents import parse_document
from domain.alarm import Transition, TransitionKind
from domain.clock import NS_PER_S
from domain.errors import WireError
from domain.quality import GOOD
from rules import RuleSet, load
from rules.compiler import compile_plan
from rules.engine import Engine
from rules.identity import Identity
from rules.inputs import Message, MessageKind, Readings
from rules.site_index import SiteIndex
from rules.snapshot import Place, Restored, fingerprint_of, restore, save
from tests.rules.rules_scene import START_NS, library, registry, ruleset

PLACE = Place(seq=42, alarm_seq=7, epoch=3)
SITE = SiteIndex(registry())

RULE = """
id: high
version: "VERSION"
labels: {zh: 高, en: high}
class: hazard
level: warning
watches: {kind: bare_transmitter, point: pressure}
condition: {above: {limit: LIMIT, hysteresis: 20, quantity: kPa}}
on_delay_s: 2
off_delay_s: 2
messages: {zh: "{value}", en: "{value} over {limit}"}
"""


def rules(version: str = "1", limit: float = 300, name: str = "high") -> RuleSet:
    """Make a set of one rule."""
    text = RULE.replace("VERSION", version).replace("LIMIT", str(limit)).replace("id: high", f"id: {name}")
    return load([parse_document(text, "high.yaml", {})], registry=registry())


def at(second: float, **values: float) -> list[Message]:
    """Return a reading of pressure-2 (if any) at a second, and the tick."""
    time_ns = START_NS + round(second * NS_PER_S)
    point = SITE.table.index("u/pressure-2/pressure")
    gateway = int(SITE.gateway_of[SITE.device_of[point]])
    messages = [
        Message(
            kind=MessageKind.DATA,
            seq=round(second * 10) + 1,
            time_ns=time_ns,
            gateway=gateway,
            readings=Readings(
                np.array([point], np.int32), np.array([time_ns]), np.array([value]), np.array([GOOD], np.uint16)
            ),
        )
        for value in values.values()
    ]
    return [*messages, Message(kind=MessageKind.TICK, seq=round(second * 10) + 2, time_ns=time_ns)]


def run(engine: Engine, *parts: list[Message]) -> list[Transition]:
    """Feed some seconds."""
    return [said for part in parts for said in engine.feed(part)]


def moved(engine: Engine, onto: RuleSet) -> tuple[Engine, Restored]:
    """Carry an engine's state over to other rules."""
    theirs = Identity.decode(Identity.of(engine.plan).encode())
    data = save(engine, PLACE, theirs.fingerprint)
    assert fingerprint_of(data) == theirs.fingerprint
    fresh = Engine(compile_plan(onto, SITE))
    place, restored = restore(fresh, data, Identity.of(fresh.plan), theirs)
    assert place == PLACE
    return fresh, restored


def raised() -> Engine:
    """Return an engine with one open alarm."""
    engine = Engine(compile_plan(rules(), SITE))
    said = run(engine, at(0, v=350), at(1, v=350), at(2, v=350))
    assert [one.kind for one in said] == [TransitionKind.RAISED]
    return engine


def test_a_rule_that_was_added_leaves_the_others_in_peace() -> None:
    both = load([*rules().documents.values(), *library()], registry=registry())
    engine, restored = moved(raised(), both)
    assert (restored.same_plan, restored.kept, restored.restarted, restored.orphans) == (False, 1, (), ())
    said = run(engine, at(3, v=350), at(4, v=290), at(5, v=270), at(6, v=270), at(7, v=270))
    assert [(one.kind, one.input_seq) for one in said if one.rule == "high"] == [(TransitionKind.CLEARED, 72)]


def test_hysteresis_is_remembered_and_a_wait_goes_on() -> None:
    engine = Engine(compile_plan(rules(), SITE))
    run(engine, at(0, v=350), at(1, v=290))
    engine, restored = moved(engine, load([*rules().documents.values(), *library()], registry=registry()))
    assert restored.kept == 1
    said = run(engine, at(2, v=290))
    assert [(one.rule, one.kind) for one in said] == [("high", TransitionKind.RAISED)]


def test_an_open_alarm_of_an_edited_rule_stays_open_and_is_judged_anew() -> None:
    engine, restored = moved(raised(), rules(version="2", limit=400))
    assert restored.restarted == ("high u/pressure-2/pressure",)
    said = run(engine, at(3), at(4, v=350), at(5, v=350), at(6, v=350))
    assert [(one.kind, one.rule_version) for one in said] == [
        (TransitionKind.UNKNOWN, "2"),
        (TransitionKind.KNOWN, "2"),
        (TransitionKind.CLEARED, "2"),
    ]


def test_an_edited_rule_whose_condition_still_holds_says_nothing_twice() -> None:
    engine, _ = moved(raised(), rules(version="2"))
    assert run(engine, at(3, v=350), at(4, v=350), at(5, v=350)) == []


def test_an_open_alarm_whose_rule_is_gone_is_told_not_cleared() -> None:
    engine, restored = moved(raised(), rules(name="other"))
    assert restored.orphans == ("high u/pressure-2/pressure",)
    assert [one.rule for one in run(engine, at(3, v=350), at(4, v=350), at(5, v=350), at(6))] == ["other"]


def test_points_that_are_new_have_their_time_to_report() -> None:
    engine = Engine(compile_plan(ruleset(), SiteIndex(registry(), ())))
    run(engine, at(0), at(4), at(8), at(12))
    theirs = Identity.of(engine.plan)
    fresh = Engine(compile_plan(ruleset(), SITE))
    restore(fresh, save(engine, PLACE, theirs.fingerprint), Identity.of(fresh.plan), theirs)
    assert (fresh.liveness.heard_ns == fresh.clock.counted_ns).all()
    assert fresh.clock.counted_ns > 0


@given(st.integers(0, 400), st.binary(min_size=1, max_size=8))
def test_a_damaged_snapshot_is_refused_or_read_but_never_crashes(at_byte: int, over: bytes) -> None:
    engine = Engine(compile_plan(rules(), SITE))
    mine = Identity.of(engine.plan)
    good = save(engine, PLACE, mine.fingerprint)
    damaged = good[:at_byte] + over + good[at_byte + len(over) :]
    try:
        restore(engine, damaged, mine, mine)
    except WireError:
        return
    assert len(engine.feed(at(0, v=1))) == 0


@pytest.mark.parametrize("data", [b"", b"x\x9c junk", b"\x00" * 50])
def test_keys_that_are_none_are_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        Identity.decode(data)
