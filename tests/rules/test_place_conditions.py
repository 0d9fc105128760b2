"""What conditions about places and time remember, over changes of rules and restarts."""

from __future__ import annotations

import numpy as np

from domain.clock import NS_PER_S
from domain.quality import GOOD
from rules import load
from rules.compiler import compile_plan
from rules.engine import Engine
from rules.identity import Identity
from rules.inputs import Message, MessageKind, Readings
from rules.model import RuleSet
from rules.snapshot import Place, restore, save
from tests.rules.rules_scene import START_NS, registry, rule_documents, site_index

PLACE = Place(seq=0, alarm_seq=0, epoch=1)
COURSE = """
id: course
version: "1"
labels: {zh: 先后, en: Course}
class: fire
level: critical
entity: zone
condition:
  sequence:
    within_s: 60
    steps: [{kind: smoke_detector, point: smoke, at_least: 1}, {kind: camera, point: behaviour, at_least: 2}]
messages: {zh: "{zone}", en: "{zone}"}
---
id: both
version: "1"
labels: {zh: 两个, en: Both}
class: fire
level: critical
entity: building
condition: {several: {at_least: 2, within_s: 30, condition: {kind: smoke_detector, point: smoke, at_least: 1}}}
messages: {zh: "{building}", en: "{building}"}
"""
ANOTHER = """
id: another
version: "1"
labels: {zh: 另一, en: Another}
class: hazard
level: notice
entity: zone
condition:
  sequence:
    within_s: 60
    steps:
      - {kind: camera, point: behaviour, at_least: 2}
      - {kind: camera, point: ebike_count, at_least: 1}
      - {kind: smoke_detector, point: smoke, at_least: 1}
messages: {zh: "{zone}", en: "{zone}"}
"""


def rules(text: str) -> RuleSet:
    return load(rule_documents(text), registry=registry())


def engine_of(text: str) -> Engine:
    return Engine(compile_plan(rules(text), site_index()))


def say(engine: Engine, second: int, **values: float) -> list[tuple[str, str, str]]:
    """Tell readings (``smoke_1__smoke`` is smoke-1/smoke) and tick; returns (rule, kind, entity)."""
    time_ns = START_NS + second * NS_PER_S
    messages = []
    for name, value in values.items():
        at = site_index().table.index("u/" + name.replace("__", "/", 1).replace("_", "-", 1))
        data = Readings(
            point=np.array([at], np.int32),
            time_ns=np.array([time_ns], np.int64),
            value=np.array([value]),
            quality=np.array([GOOD], np.uint16),
        )
        gateway = int(site_index().gateway_of[site_index().device_of[at]])
        messages.append(
            Message(kind=MessageKind.DATA, seq=second * 10, time_ns=time_ns, gateway=gateway, readings=data)
        )
    messages.append(Message(kind=MessageKind.TICK, seq=second * 10 + 9, time_ns=time_ns))
    return [(one.rule, one.kind.value, one.entity) for one in engine.feed(messages)]


def moved(engine: Engine, text: str) -> Engine:
    """Return an engine with other rules, in the state of this one."""
    mine = Identity.of(engine.plan)
    data = save(engine, PLACE, mine.fingerprint)
    fresh = engine_of(text)
    restore(fresh, data, Identity.of(fresh.plan), Identity.decode(mine.encode()))
    return fresh


def test_a_step_that_was_taken_is_remembered_when_rules_are_added_and_removed() -> None:
    engine = engine_of(COURSE)
    assert say(engine, 1, smoke_2__smoke=1, camera_1__behaviour=0) == []
    engine = moved(engine, COURSE + "---\n" + ANOTHER)
    engine = moved(engine, COURSE)
    assert say(engine, 3, camera_1__behaviour=3) == [("course", "raised", "u/exit")]


def test_what_stood_before_a_rule_was_added_has_not_begun_with_it() -> None:
    engine = engine_of(ANOTHER)
    say(engine, 1, smoke_2__smoke=1, camera_1__behaviour=0)
    engine = moved(engine, COURSE)
    assert say(engine, 3, camera_1__behaviour=3) == []
    assert say(engine, 4, smoke_2__smoke=0) == []
    assert say(engine, 5, smoke_2__smoke=1, camera_1__behaviour=0) == []
    assert say(engine, 6, camera_1__behaviour=3) == [("course", "raised", "u/exit")]


def test_what_lasts_is_remembered_over_a_restart_and_ends_with_the_first_tick_after_it() -> None:
    engine = engine_of(COURSE)
    say(engine, 1, smoke_1__smoke=1, smoke_2__smoke=0)
    say(engine, 2, smoke_1__smoke=0)
    for second in range(3, 32):
        engine = moved(engine, COURSE) if second % 7 == 0 else engine
        say(engine, second, smoke_1__smoke=0, smoke_2__smoke=0)
    fork = moved(engine, COURSE)
    assert say(fork, 32, smoke_2__smoke=1) == [("both", "raised", "u/b"), ("both", "cleared", "u/b")]
    say(engine, 32, smoke_2__smoke=0)
    assert say(engine, 33, smoke_2__smoke=1) == []
