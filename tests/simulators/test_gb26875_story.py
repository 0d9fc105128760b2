"""The daily life of a fleet: the same seed tells the same story, at the rates that are written down."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from datetime import UTC

import pytest

from simulators.gb26875.buttons import Push
from simulators.gb26875.crowd import Crowd, bench_members
from simulators.gb26875.dialect import STANDARD
from simulators.gb26875.link import CentreAddress
from simulators.gb26875.presses import Press
from simulators.gb26875.story import BEGINS_S, DAY_S, Happening, day_of, nature_of, story
from simulators.gb26875.typed import Strike
from tests.simulators.centre import running_centre

COMPONENTS = [f"c42-1-{number}" for number in range(1, 13)]


def days(fleet: int, seed: int, length: int) -> list[Happening]:
    """Return the story of a fleet up to the end of a day."""
    end_s = length * DAY_S - BEGINS_S
    return list(itertools.takewhile(lambda one: one.at_s < end_s, story([COMPONENTS] * fleet, seed)))


def test_the_same_seed_tells_the_same_story_and_another_seed_another() -> None:
    assert days(20, 7, 2) == days(20, 7, 2)
    assert days(20, 7, 2) != days(20, 8, 2)
    assert [nature_of(number, 7) for number in range(50)] == [nature_of(number, 7) for number in range(50)]


def test_a_transmitters_days_do_not_depend_on_the_size_of_the_fleet() -> None:
    small = [one for one in days(3, 7, 2) if one.transmitter == 2]
    large = [one for one in days(30, 7, 2) if one.transmitter == 2]
    assert small == large


def test_the_story_is_told_in_order_and_every_fault_is_mended() -> None:
    told = days(50, 1, 4)
    moments = [one.at_s for one in told]
    assert moments == sorted(moments)
    open_faults: Counter[tuple[int, str]] = Counter()
    for one in days(50, 1, 3) + [one for one in told if one.at_s >= 3 * DAY_S - BEGINS_S]:
        if isinstance(one.act, Push) and one.act.component:
            open_faults[one.transmitter, one.act.component] += {Press.FAULT: 1, Press.RESTORE: -1}.get(one.act.press, 0)
    assert sum(count for count in open_faults.values() if count > 0) < 50  # only those of the last hours


def test_rates_are_those_of_the_table() -> None:
    told = [one for number in range(400) for day in range(1, 6) for one in day_of(number, COMPONENTS, day, 3)]
    pushes = [one.act for one in told if isinstance(one.act, Push)]
    presses, unit_days = Counter(push.press for push in pushes), 2_000
    tests = presses[Press.TEST]
    assert presses[Press.FAULT] / unit_days == pytest.approx(1.5, rel=0.1)
    assert presses[Press.SUPERVISE] / unit_days == pytest.approx(0.5, rel=0.15)
    assert tests / unit_days == pytest.approx(1 / 30, rel=0.4)
    alarms = presses[Press.MUTE]  # each alarm is muted once, those of tests are not
    assert alarms / unit_days == pytest.approx(0.02, rel=0.5)
    assert 10 <= (presses[Press.FIRE] - alarms) / tests <= 100
    assert sum(push.copies > 1 for push in pushes) / len(pushes) == pytest.approx(0.01, rel=0.4)
    assert sum(push.hold_s > 0 for push in pushes) / len(pushes) == pytest.approx(0.005, rel=0.6)
    assert not any(push.hold_s for push in pushes if push.press is Press.FIRE)
    lost_s = sum(one.act.for_s or 0.0 for one in told if isinstance(one.act, Strike))
    assert 0.005 <= lost_s / (unit_days * DAY_S) <= 0.02


def test_natures_are_mixed_as_the_table_says() -> None:
    natures = [nature_of(number, 5) for number in range(2_000)]
    assert sum(one.dialect is not STANDARD for one in natures) / 2_000 == pytest.approx(0.30, rel=0.15)
    assert sum(one.clock_error_s == -8 * 3600 for one in natures) / 2_000 == pytest.approx(0.02, rel=0.5)
    assert sum(60 <= abs(one.clock_error_s) <= 600 for one in natures) / 2_000 == pytest.approx(0.10, rel=0.3)


def test_a_fleet_without_components_only_loses_its_lines() -> None:
    assert all(isinstance(one.act, Strike) for day in range(20) for one in day_of(1, [], day, 3))


async def test_a_crowd_lives_its_story_and_everything_is_confirmed() -> None:
    heard: list[Happening] = []
    async with running_centre() as centre:
        members = bench_members(30, CentreAddress(port=centre.port), seed=7)
        crowd = Crowd(members, seed=7, speed=20_000, zone=UTC, heard=lambda _, happening: heard.append(happening))
        living = asyncio.create_task(crowd.run())
        async with asyncio.timeout(30):
            while len(heard) < 100:
                await asyncio.sleep(0.02)
        crowd.end_story()
        assert await crowd.settled(20)
        summary = crowd.summary()
        living.cancel()
        await asyncio.gather(living, return_exceptions=True)
    expected = story([[component.name for component in one.equipment.components()] for one in members], 7)
    assert heard == list(itertools.islice(expected, len(heard)))
    assert (summary.transmitters, summary.connected, summary.waiting, summary.dropped) == (30, 30, 0, 0)
    assert summary.happenings == len(heard)
    assert len({one.source for one in centre.seen}) == 30
    assert summary.confirmed >= summary.sent - 30
