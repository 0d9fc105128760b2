"""Chargers in the power of a circuit: the watch by itself, in the engine, on simulated and on modelled charges."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.charger_trial import try_homes
from cli.rule_files import load_ruleset
from domain.clock import NS_PER_S
from domain.quality import BAD, GOOD
from rules.compiler import compile_plan
from rules.engine import Engine
from rules.fixture_world import UNIT, World, WorldDevice, WorldPoint, WorldZone
from rules.identity import Identity
from rules.inputs import Message, MessageKind, Readings
from rules.signature import WIDTH, LoadWatch, Shape
from rules.site_index import SiteIndex
from rules.snapshot import Place, restore, save
from simulators.homes import Mix, simulate

CHARGES = Path(__file__).parents[2] / "../shared/data/generated/ebike_cccv_liion_pybamm.csv.gz"
RULE = "ebike_charging_by_signature"
START_NS = 1_800_000_000 * NS_PER_S
PLACE = Place(seq=1, alarm_seq=0, epoch=1)


def watched(powers: Sequence[float]) -> list[bool]:
    watch = LoadWatch(Shape())
    return [watch.take(power) for power in powers]


def charge(base: float = 50.0, begin: float = 200.0, rise: float = 6.0, hours: float = 4.0) -> list[float]:
    """An hour of calm, a charge that rises by so many watts an hour and fades in 22 minutes, an hour of calm."""
    minutes = int(hours * 60)
    plateau = [round(base + begin + rise * at / 60 + (at % 2)) for at in range(minutes)]
    fade = [round(base + (plateau[-1] - base) * (1 - 0.78 * at / 22)) for at in range(1, 23)]
    return [*[base] * 60, *plateau, *fade, *[base] * 60]


def test_a_charge_is_seen_while_it_lasts_and_over_when_it_has_faded() -> None:
    said = watched(charge())
    first = said.index(True)
    assert 60 + 60 <= first <= 60 + 150
    assert not any(said[-50:])


@pytest.mark.parametrize(
    ("what", "powers"),
    [
        ("a lamp is flat and ends with a step", [*[50.0] * 60, *[200.0 + at % 2 for at in range(400)], *[50.0] * 60]),
        ("a heater is too large", [*[50.0] * 60, *[1500.0 + at / 10 for at in range(400)], *[50.0] * 60]),
        ("fridges go off within the hour", [50.0, *([170.0, *[160.0] * 29, *[50.0] * 30] * 12)]),
        (
            "a blanket falls while it warms up",
            [*[50.0] * 60, *[50 + 100 * (0.7 + 0.3 * 0.92**at) for at in range(400)]],
        ),
        ("nothing at all", [50.0] * 600),
    ],
)
def test_others_are_no_chargers(what: str, powers: list[float]) -> None:
    assert not any(watched(powers)), what


def test_a_charge_is_seen_through_the_cycles_of_a_fridge() -> None:
    powers = np.array(charge(hours=6))
    cycles = np.roll(np.tile([*[130.0] * 25, *[0.0] * 35], 12), 13)[: len(powers)]
    assert any(watched((powers + cycles).tolist()))


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.integers(1, 700))
def test_a_watch_that_was_written_down_goes_on_as_if_nothing_had_happened(seed: int, at: int) -> None:
    powers = simulate(np.random.default_rng(seed), days=2, mix=Mix.HOME, has_bike=True).power[600:1400].tolist()
    watch = LoadWatch(Shape())
    for power in powers[:at]:
        watch.take(power)
    row = watch.row()
    assert len(row) == WIDTH
    again = LoadWatch(Shape())
    again.set(row)
    assert [again.take(power) for power in powers[at:]] == [watch.take(power) for power in powers[at:]]


@settings(max_examples=50)
@given(st.lists(st.floats(-1e9, 1e9), max_size=300))
def test_any_power_is_answered(powers: list[float]) -> None:
    assert len(watched(powers)) == len(powers)


def engine() -> Engine:
    meter = (WorldPoint.model_validate({"id": "power", "quantity": "W", "max_silence_s": 7200}),)
    device = WorldDevice(id="m", kind="power_meter", zone="home", tags=("dwelling",), points=meter)
    world = World(zones=(WorldZone(id="home"),), devices=(device,))
    return Engine(compile_plan(load_ruleset().only([RULE]), SiteIndex(world.registry("home"))))


def log(powers: Sequence[float], *, step_s: int = 60, quality: Sequence[int] | None = None) -> list[Message]:
    point = np.array([engine().plan.site.table.index(f"{UNIT}/m/power")], np.int32)
    return [
        Message(
            kind=MessageKind.DATA,
            seq=at + 1,
            time_ns=(now := START_NS + at * step_s * NS_PER_S),
            gateway=0,
            readings=Readings(
                point,
                np.array([now]),
                np.array([power]),
                np.array([GOOD if quality is None else quality[at]], np.uint16),
            ),
        )
        for at, power in enumerate(powers)
    ]


def test_snapshots_and_cuts_change_nothing_in_the_engine() -> None:
    messages = log(charge())
    whole = engine().feed(messages)
    assert [one.kind.value for one in whole] == ["raised", "cleared"]
    running, said = engine(), []
    for at in range(0, len(messages), 37):
        said += running.feed(messages[at : at + 37])
        keys, after = Identity.of(running.plan), engine()
        restore(after, save(running, PLACE, keys.fingerprint), keys, keys)
        running = after
    assert said == whole


def test_readings_of_a_minute_are_one_and_bad_ones_none() -> None:
    every_10_s = [power for power in charge() for _ in range(6)]
    bad = [BAD if at % 7 == 0 else GOOD for at in range(len(every_10_s))]
    said = engine().feed(
        log([1e9 if one == BAD else power for one, power in zip(bad, every_10_s, strict=True)], step_s=10, quality=bad)
    )
    assert "raised" in [one.kind.value for one in said]


def test_a_meter_that_was_away_for_long_is_watched_anew() -> None:
    powers = charge()
    before, after = log(powers[:100]), log(powers)[200:]
    assert [one.kind.value for one in engine().feed([*before, *after])] == []


def test_the_aim_is_met_on_a_socket_circuit() -> None:
    result = try_homes(Mix.CIRCUIT, homes=12, days=20, seed=1)
    assert result.sessions > 50
    assert result.recall >= 0.95
    assert result.false_a_month <= 0.2


@pytest.mark.skipif(not CHARGES.exists(), reason="the modelled charges are not beside the project")
def test_every_modelled_lithium_charge_is_seen_before_it_ends() -> None:
    profiles: dict[str, list[float]] = defaultdict(list)
    with gzip.open(CHARGES, "rt") as lines:
        for row in csv.DictReader(lines):
            profiles[row["profile"]].append(50 + float(row["ac_w_eff86"]))
    assert len(profiles) == 4
    for name, powers in profiles.items():
        said = watched([*[50.0] * 60, *np.round(powers).tolist(), *[50.0] * 30])
        assert any(said[: 60 + len(powers)]), name
