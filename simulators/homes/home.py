"""`simulate`: a home behind one meter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from simulators.homes import appliances
from simulators.homes.appliances import DAY, Run, Watts
from simulators.homes.chargers import charger

METER_NOISE_W = 1.0


class Mix(StrEnum):
    """What is behind the meter.

    ``circuit``: the sockets of a living room, with television, computer, laptop, tools, phone and fan; lighting,
    kitchen and air conditioner have circuits of their own. ``room``: a rented room with one meter: the same, and
    fridge, lamps and cooking. ``home``: a flat with one meter: the same, and electric blanket, washing machine and air
    conditioner.
    """

    CIRCUIT = "circuit"
    ROOM = "room"
    HOME = "home"


@dataclass(frozen=True, slots=True)
class Session:
    """A charge, in minutes from the begin: switched on, end of the plateau, off."""

    begin: int
    plateau_end: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class Home:
    """``power``: (minutes,) float64, mean of each minute [W], whole watts; ``sessions`` in order."""

    power: Watts
    sessions: tuple[Session, ...]


def simulate(rng: np.random.Generator, *, days: int, mix: Mix, has_bike: bool) -> Home:
    """Return a home of ``days`` days; the same generator state gives the same home."""
    power = np.full(days * DAY, rng.uniform(25, 70))
    for begin, watts in _runs(rng, days, mix):
        _add(rng, power, begin, watts)
    sessions = tuple(_charge(rng, power, days)) if has_bike else ()
    power += rng.normal(0, METER_NOISE_W, len(power))
    return Home(np.round(np.maximum(power, 0.0)), sessions)


def _runs(rng: np.random.Generator, days: int, mix: Mix) -> Iterator[Run]:
    if mix is not Mix.CIRCUIT:
        yield from appliances.fridge(rng, days * DAY)
    daily = _daily(rng, mix)
    for day in range(days):
        for appliance in daily:
            for begin, watts in appliance(rng):
                yield day * DAY + begin, watts


def _daily(rng: np.random.Generator, mix: Mix) -> list[Callable[[np.random.Generator], Iterator[Run]]]:
    """Choose what this home has."""
    television, computer = rng.uniform(60, 180), rng.uniform(60, 250)
    some: list[tuple[float, Callable[[np.random.Generator], Iterator[Run]]]] = [
        (0.8, lambda chance: appliances.television(chance, television)),
        (0.4, lambda chance: appliances.computer(chance, computer)),
        (0.5, appliances.laptop),
        (0.1, appliances.tool_charger),
        (1.0, appliances.phone),
        (1.0, appliances.fan),
    ]
    if mix is not Mix.CIRCUIT:
        some += [(1.0, appliances.lamps), (1.0, appliances.cooking)]
    if mix is Mix.HOME:
        some += [(0.2, appliances.blanket), (0.8, appliances.washing), (0.5, _on_half_the_days)]
    return [appliance for share, appliance in some if rng.random() < share]


def _on_half_the_days(rng: np.random.Generator) -> Iterator[Run]:
    if rng.random() < 0.5:
        yield from appliances.air_conditioner(rng)


def _charge(rng: np.random.Generator, power: Watts, days: int) -> Iterator[Session]:
    """Charge every one to three days, mostly in the evening; charges that would not end are left out."""
    day = int(rng.integers(0, 2))
    while day < days:
        evening = rng.random() < 0.8
        begin = day * DAY + (rng.normal(20 * 60, 90) if evening else rng.uniform(7, 14) * 60)
        watts, plateau = charger(rng)
        if begin + len(watts) < len(power):
            _add(rng, power, begin, watts)
            yield Session(int(begin), int(begin) + plateau, int(begin) + len(watts))
        day += int(rng.integers(1, 4))


def _add(rng: np.random.Generator, power: Watts, begin: float, watts: Watts) -> None:
    """Add a load that comes within a minute: its first minute's mean is a part of it."""
    part = rng.random()
    spread = part * np.append(watts, 0.0) + (1 - part) * np.insert(watts, 0, 0.0)
    at = int(begin)
    power[at : at + len(spread)] += spread[: max(len(power) - at, 0)]
