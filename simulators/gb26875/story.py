"""The daily life of a transmitter as a list of happenings: the same seed tells the same story.

| what | how often | source |
|---|---|---|
| faults of components | 0-3 a day, mended after 10 min to 8 h | assumption |
| supervisory signals | 0-1 a day, over after 2-30 min | assumption |
| alarms | 0.02 a day, by the hours of real fires; reset after 3-20 min | assumption; hours: 14,623 fires of Toronto |
| tests | one a month, 10-100 alarms in an hour of the working day, bit 0 off | assumption |
| lost lines | every second day, 5-60 min: 1.1 % of the time | assumption (0.5-2 % for wired gateways) |
| messages that come twice, and late | 1 %, and 0.5 % by up to 48 h | assumption |
| clocks | 10 % off by 1-10 min, 2 % by 8 h (UTC shown as local time) | assumption |
| makers that deviate | 30 % | assumption |

Times are seconds of the story, which begins on day 0 at 08:00. Nothing here knows the wall clock.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from simulators.faults import Fault, FaultKind
from simulators.gb26875.buttons import Push
from simulators.gb26875.dialect import DIALECTS, STANDARD, Dialect
from simulators.gb26875.presses import Press
from simulators.gb26875.typed import Strike

DAY_S, HOUR_S = 86_400.0, 3_600.0
MOST_FAULTS, MOST_SUPERVISORY = 3, 1
FIRES_A_DAY, TESTS_A_DAY, CUTS_A_DAY = 0.02, 1 / 30, 0.5
TWICE, LATE, LATEST_S = 0.01, 0.005, 48 * HOUR_S
OFF_MINUTES, OFF_ZONE, DEVIATING = 0.10, 0.02, 0.30
ZONE_S = 8 * HOUR_S
BEGINS_S = 8 * HOUR_S

FIRE_HOURS = (3, 3, 3, 3, 2, 2, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6.5, 6.1, 6, 5, 4.5, 3.5)
"""Weight of each hour of the day for alarms: lowest 04-06 h, highest 18 h (figures of Toronto, interpolated)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happens to a transmitter (its number in the fleet), s of the story."""

    at_s: float
    transmitter: int
    act: Push | Strike


@dataclass(frozen=True, slots=True, kw_only=True)
class Nature:
    """What a transmitter is for all its days: its maker's dialect and its clock's error (s, ahead when positive)."""

    dialect: Dialect
    clock_error_s: float


def nature_of(number: int, seed: int) -> Nature:
    """Return the nature of a transmitter of the fleet."""
    chance = random.Random(f"{seed}/{number}/nature")
    others = [dialect for dialect in DIALECTS.values() if dialect is not STANDARD]
    dialect = chance.choice(others) if chance.random() < DEVIATING else STANDARD
    lot = chance.random()
    if lot < OFF_ZONE:
        return Nature(dialect=dialect, clock_error_s=-ZONE_S)
    if lot < OFF_ZONE + OFF_MINUTES:
        return Nature(dialect=dialect, clock_error_s=chance.choice((-1, 1)) * chance.uniform(60, 600))
    return Nature(dialect=dialect, clock_error_s=chance.uniform(-2, 2))


def day_of(number: int, components: Sequence[str], day: int, seed: int) -> list[Happening]:
    """Return what happens to a transmitter on a day, in order; ends of it may lie in the next day."""
    chance = random.Random(f"{seed}/{number}/{day}")
    told = [*_faults(chance, components), *_alarms(chance, components), *_tests(chance, components), *_cuts(chance)]
    begin_s = day * DAY_S - BEGINS_S
    happenings = [Happening(at_s=begin_s + at_s, transmitter=number, act=_spoilt(act, chance)) for at_s, act in told]
    return sorted((one for one in happenings if one.at_s >= 0), key=lambda one: one.at_s)


def story(fleet: Sequence[Sequence[str]], seed: int) -> Iterator[Happening]:
    """Tell the story of a fleet, for ever, in order; ``fleet`` has each transmitter's components.

    Ends of one day's happenings that lie in the next are told there.
    """
    left: list[Happening] = []
    day = 0
    while True:
        left += [one for number, components in enumerate(fleet) for one in day_of(number, components, day, seed)]
        left.sort(key=lambda one: (one.at_s, one.transmitter))
        end_s = (day + 1) * DAY_S - BEGINS_S
        told = [one for one in left if one.at_s < end_s]
        left = left[len(told) :]
        yield from told
        day += 1


Told = Iterator[tuple[float, Push | Strike]]


def _faults(chance: random.Random, components: Sequence[str]) -> Told:
    """Tell of component faults and supervisory signals, each with its end."""
    for press, most, least_s, longest_s in (
        (Press.FAULT, MOST_FAULTS, 600.0, 8 * HOUR_S),
        (Press.SUPERVISE, MOST_SUPERVISORY, 120.0, 1_800.0),
    ):
        for _ in range(chance.randint(0, most) if components else 0):
            at_s, component = chance.uniform(0, DAY_S), chance.choice(components)
            yield at_s, Push(press=press, component=component)
            yield at_s + chance.uniform(least_s, longest_s), Push(press=Press.RESTORE, component=component)


def _alarms(chance: random.Random, components: Sequence[str]) -> Told:
    """Tell of an alarm, the operator's mute and the reset."""
    if not components or chance.random() >= FIRES_A_DAY:
        return
    [hour] = chance.choices(range(24), FIRE_HOURS)
    at_s = hour * HOUR_S + chance.uniform(0, HOUR_S)
    operator = chance.randint(1, 4)
    yield at_s, Push(press=Press.FIRE, component=chance.choice(components))
    yield at_s + chance.uniform(10, 90), Push(press=Press.MUTE, operator=operator)
    yield at_s + chance.uniform(180, 1_200), Push(press=Press.RESET, operator=operator)


def _tests(chance: random.Random, components: Sequence[str]) -> Told:
    """Tell of a maintenance hour: bit 0 off, tens of alarms, reset, bit 0 on again."""
    if not components or chance.random() >= TESTS_A_DAY:
        return
    at_s = chance.uniform(9, 16) * HOUR_S
    yield at_s, Push(press=Press.TEST)
    moments = sorted(chance.uniform(60, HOUR_S - 120) for _ in range(chance.randint(10, 100)))
    for after_s in moments:
        yield at_s + after_s, Push(press=Press.FIRE, component=chance.choice(components))
    yield at_s + HOUR_S - 60, Push(press=Press.RESET)
    yield at_s + HOUR_S, Push(press=Press.TEST_OVER)


def _cuts(chance: random.Random) -> Told:
    """Tell of a line that is lost for a while."""
    if chance.random() < CUTS_A_DAY:
        at_s, for_s = chance.uniform(0, DAY_S), chance.uniform(300, HOUR_S)
        yield at_s, Strike(Fault(kind=FaultKind.CUT), for_s)


def _spoilt(act: Push | Strike, chance: random.Random) -> Push | Strike:
    """Let some messages come twice or late; a message of a fire is never held back, so that a test can wait for it."""
    if isinstance(act, Strike):
        return act
    if chance.random() < TWICE:
        act = replace(act, copies=2)
    if chance.random() < LATE and act.press is not Press.FIRE:
        act = replace(act, hold_s=chance.uniform(60, LATEST_S))
    return act
