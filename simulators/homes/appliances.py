"""What else draws power at home. Each appliance yields (minute of the day or of all days, powers by minute)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Watts = NDArray[np.float64]
Run = tuple[float, Watts]
"""When it begins [min] and what it draws each minute [W]."""
DAY = 1440


def wander(rng: np.random.Generator, minutes: int, spread: float, keep: float) -> Watts:
    """Return a noise that drifts: standard deviation ``spread`` [W], correlation ``keep`` from minute to minute."""
    kicks = rng.normal(0, spread * np.sqrt(1 - keep * keep), minutes)
    noise, now = np.empty(minutes), rng.normal(0, spread)
    for at, kick in enumerate(kicks):
        noise[at] = now = keep * now + kick
    return noise


def fridge(rng: np.random.Generator, minutes: int) -> Iterator[Run]:
    """80–150 W for 15–40 min, then off for 20–60; a compressor draws 15 % more when it starts."""
    power, on, off = rng.uniform(80, 150), rng.uniform(15, 40), rng.uniform(20, 60)
    at = rng.uniform(0, 60)
    while at < minutes:
        lasts = max(3, int(on * rng.uniform(0.85, 1.2)))
        yield at, power * (1 + 0.15 * np.exp(-np.arange(lasts) / 5))
        at += lasts + off * rng.uniform(0.8, 1.3)


def lamps(rng: np.random.Generator) -> Iterator[Run]:
    """LED lamps in the evening."""
    for _ in range(rng.integers(2, 6)):
        yield rng.uniform(17.5, 23.5) * 60, np.full(rng.integers(10, 240), rng.choice([8.0, 12, 15, 24, 36]))


def cooking(rng: np.random.Generator) -> Iterator[Run]:
    """Kettle, microwave, and a rice cooker that keeps warm."""
    for _ in range(rng.integers(2, 6)):
        yield rng.uniform(6, 23) * 60, np.full(rng.integers(3, 7), 1800.0)
    for _ in range(rng.integers(0, 4)):
        yield rng.uniform(7, 21) * 60, np.full(rng.integers(2, 10), 1000.0)
    if rng.random() < 0.8:
        warm = np.full(rng.integers(10, 120), 40.0)
        yield rng.uniform(16.5, 18.5) * 60, np.concatenate([np.full(25, 700.0), warm])


def television(rng: np.random.Generator, power: float) -> Iterator[Run]:
    """Up to two evenings' programmes; the picture moves the power by a few watts."""
    for _ in range(rng.integers(0, 3)):
        minutes = int(rng.integers(40, 300))
        yield rng.uniform(11, 22) * 60, power + wander(rng, minutes, rng.uniform(2, 7), 0.8)


def computer(rng: np.random.Generator, power: float) -> Iterator[Run]:
    """Most days; noisy."""
    if rng.random() < 0.8:
        minutes = int(rng.integers(60, 360))
        yield rng.uniform(9, 22) * 60, power + wander(rng, minutes, rng.uniform(5, 20), 0.8)


def laptop(rng: np.random.Generator) -> Iterator[Run]:
    """A battery too, but a small one: 45–65 W."""
    if rng.random() < 0.8:
        tail = 30 * np.exp(-np.arange(60) / 25)
        yield rng.uniform(8, 22) * 60, np.concatenate([np.full(rng.integers(30, 90), rng.uniform(45, 65)), tail])


def tool_charger(rng: np.random.Generator) -> Iterator[Run]:
    """A battery of the band, full within the hour."""
    if rng.random() < 0.3:
        yield rng.uniform(8, 20) * 60, np.full(rng.integers(25, 60), rng.uniform(60, 120))


def phone(rng: np.random.Generator) -> Iterator[Run]:
    """Once a day."""
    if rng.random() < 0.9:
        yield rng.uniform(7, 23) * 60, np.full(rng.integers(40, 100), rng.uniform(8, 20))


def fan(rng: np.random.Generator) -> Iterator[Run]:
    """Through some nights."""
    if rng.random() < 0.3:
        yield rng.uniform(20, 23) * 60, np.full(480, rng.uniform(35, 60))


def blanket(rng: np.random.Generator) -> Iterator[Run]:
    """Electric blanket: falls by a third as it warms, then flat all night."""
    if rng.random() < 0.8:
        minutes = rng.integers(300, 520)
        yield rng.uniform(21, 23.5) * 60, rng.uniform(60, 120) * (0.7 + 0.3 * np.exp(-np.arange(minutes) / 12))


def air_conditioner(rng: np.random.Generator) -> Iterator[Run]:
    """With inverter: 150–1,800 W, wandering all the time."""
    minutes = int(rng.integers(120, 600))
    start = 300 * np.exp(-np.arange(minutes) / 20)
    power = rng.uniform(300, 900) + wander(rng, minutes, 100, 0.97) + start
    yield rng.uniform(12, 23) * 60, np.clip(power, 150, 1800)


def washing(rng: np.random.Generator) -> Iterator[Run]:
    """Heats, turns and spins."""
    if rng.random() < 0.35:
        turning = np.abs(rng.normal(250, 120, 40))
        yield rng.uniform(8, 21) * 60, np.concatenate([np.full(15, 2000.0), turning, np.full(5, 400.0)])
