"""``baseline`` against plain medians, week by week."""

from __future__ import annotations

import random
import statistics

import numpy as np
import pytest

from cli.rule_files import load_ruleset
from domain.clock import NS_PER_S
from domain.quality import GOOD
from rules.compiler import compile_plan
from rules.engine import Engine
from rules.fixture_world import UNIT, World, WorldDevice, WorldPoint, WorldZone
from rules.identity import Identity
from rules.inputs import Message, MessageKind, Readings
from rules.kernels import middle_and_spread, seen
from rules.site_index import SiteIndex
from rules.snapshot import Place, restore, save

HOUR_NS = 3600 * NS_PER_S
START_H = 500_000
WEEKS = 9
TRUTHS = ("normal", "alarm", "unknown")


def engine() -> Engine:
    point = (WorldPoint.model_validate({"id": "pressure", "quantity": "kPa", "max_silence_s": 86_400}),)
    device = WorldDevice(id="p", kind="pressure_transmitter", zone="pump", points=point)
    world = World(zones=(WorldZone(id="pump"),), devices=(device,))
    return Engine(compile_plan(load_ruleset().only(["pressure_unusual"]), SiteIndex(world.registry("pump"))))


def course(seed: int) -> list[tuple[int, float]]:
    """Readings (hour, kPa) of some weeks: a day's course, weeks' noise, hours without readings, strange hours."""
    rng = random.Random(seed)
    return [
        (hour, 400 + 30 * (hour % 24 > 7) + rng.gauss(0, 5) + rng.choice([0, 0, 0, 0, 90, -90]) * (rng.random() < 0.3))
        for hour in range(START_H, START_H + WEEKS * 168)
        if rng.random() < 0.9
        for _ in range(rng.randrange(1, 3))
    ]


def slow(readings: list[tuple[int, float]], at: int) -> str:
    """What the rule asks, from the definition: six times the robust deviation, 40 kPa at least, three weeks."""
    hour, value = readings[at]
    means = []
    for week in range(1, 6):
        then = [one for when, one in readings[:at] if when == hour - 168 * week]
        means += [statistics.fmean(then)] if then else []
    if len(means) < 3:
        return "unknown"
    middle = statistics.median(means)
    spread = 1.4826 * statistics.median(abs(one - middle) for one in means)
    return "alarm" if abs(value - middle) > max(6 * spread, 40) else "normal"


@pytest.mark.parametrize("seed", range(3))
def test_it_is_what_medians_of_past_weeks_say_also_after_restarts(seed: int) -> None:
    readings = course(seed)
    running, said = engine(), []
    for at, (hour, value) in enumerate(readings):
        now = hour * HOUR_NS + (at > 0 and readings[at - 1][0] == hour) * 600 * NS_PER_S
        (point,) = np.flatnonzero([one.key == f"{UNIT}/p/pressure" for one in running.plan.site.table]).astype(np.int32)
        data = Readings(np.array([point]), np.array([now]), np.array([value]), np.array([GOOD], np.uint16))
        running.feed([Message(kind=MessageKind.DATA, seq=at + 1, time_ns=now, gateway=0, readings=data)])
        bank = next(one for one in running.plan.banks if type(one).__name__ == "BaselineBank")
        said.append(TRUTHS[int(seen(bank.truth)[0])])
        if at % 400 == 399:
            keys, after = Identity.of(running.plan), engine()
            place = Place(seq=at, alarm_seq=0, epoch=1)
            restore(after, save(running, place, keys.fingerprint), keys, keys)
            running = after
    assert said == [slow(readings, at) for at in range(len(readings))]
    assert {"normal", "alarm", "unknown"} == set(said)


def test_middle_and_spread_are_medians() -> None:
    rows = np.array([[1.0, 5.0, np.nan, 2.0], [np.nan, np.nan, np.nan, np.nan], [4.0, 2.0, 8.0, 6.0]])
    count, middle, spread = middle_and_spread(rows)
    assert count.tolist() == [3, 0, 4]
    assert middle[[0, 2]].tolist() == [2.0, 5.0]
    assert np.isnan(middle[1])
    assert spread[0] == pytest.approx(1.4826 * 1.0)
    assert spread[2] == pytest.approx(1.4826 * 2.0)
