"""What an outage held back comes all at once: alarms with an on-delay go by the device's own times then."""

from __future__ import annotations

import pytest

from backbone import subjects
from backbone.messages import LogMessage
from backbone.sparkplug import encode_batch, with_seq
from domain.batch import ReadingBatch
from domain.clock import NS_PER_S
from domain.quality import GOOD, HISTORICAL
from rules.compiler import compile_plan
from rules.decoding import Decoder
from rules.engine import Engine
from rules.site_index import SiteIndex
from tests.rules import transmitter_scene
from tests.rules.rules_scene import START_NS

NORMAL, FIRE = 1.0, 3.0
LATE = GOOD | HISTORICAL


def told(*rows: tuple[str, float, float], quality: int = LATE) -> list[tuple[str, str, str, float, bool]]:
    """Return what rules say of one message that carries (point, seconds from now, value), and of ten seconds after."""
    registry = transmitter_scene.registry()
    site = SiteIndex(registry)
    _, device, _ = rows[0][0].split("/")
    batch = ReadingBatch.build(
        registry.points,
        [START_NS + round(second * NS_PER_S) for _, second, _ in rows],
        [registry.points.index(name) for name, _, _ in rows],
        [value for _, _, value in rows],
        [quality] * len(rows),
    )
    subject = subjects.telemetry("u", "DDATA", "t1", device)
    log = [LogMessage(subject, with_seq(encode_batch(batch, START_NS), 0), 1, START_NS)]
    log += [LogMessage(subjects.tick(0), b"", 1 + at, START_NS + at * NS_PER_S) for at in range(1, 11)]
    engine = Engine(compile_plan(transmitter_scene.ruleset(), site))
    return [
        (one.kind.value, one.rule, one.entity, (one.event_time_ns - START_NS) / NS_PER_S, one.historical)
        for one in engine.feed(Decoder(site, 0, 1).decode(log))
        if one.alarm_class.value == "fire"
    ]


@pytest.mark.parametrize(("point", "rule"), [("u/fas/state", "system_fire"), ("u/t1/state", "transmitter_fire")])
def test_a_fire_that_was_over_before_the_line_came_back_is_told_with_its_own_times(point: str, rule: str) -> None:
    assert told((point, -900.0, FIRE), (point, -600.0, NORMAL)) == [
        ("raised", rule, point, -900.0, True),
        ("cleared", rule, point, -600.0, True),
    ]


def test_each_of_several_fires_of_an_outage_is_an_occurrence() -> None:
    fires = [
        ("u/fas/state", second, value) for at in (-900.0, -300.0) for second, value in ((at, FIRE), (at + 60, 1.0))
    ]
    assert [(kind, at) for kind, _, _, at, _ in told(*fires)] == [
        ("raised", -900.0),
        ("cleared", -840.0),
        ("raised", -300.0),
        ("cleared", -240.0),
    ]


def test_a_late_fire_shorter_than_the_on_delay_is_told_no_more_than_a_live_one() -> None:
    assert told(("u/fas/state", -900.0, FIRE), ("u/fas/state", -897.5, NORMAL)) == []


def test_readings_that_come_in_time_go_by_log_time_whatever_the_device_clock_says() -> None:
    assert told(("u/fas/state", -9.0, FIRE), ("u/fas/state", -1.0, NORMAL), quality=GOOD) == []


def test_a_component_that_burned_as_long_explains_its_system() -> None:
    said = told(
        ("u/fas/smoke-1", -900.0, FIRE),
        ("u/fas/state", -899.0, FIRE),
        ("u/fas/state", -600.0, NORMAL),
        ("u/fas/smoke-1", -599.0, NORMAL),
    )
    assert [(kind, rule) for kind, rule, *_ in said] == [("raised", "component_fire"), ("cleared", "component_fire")]
