"""Power of e-bike chargers, minute by minute."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Watts = NDArray[np.float64]

LITHIUM = ((107.0, 129.0, 5.4), (133.0, 161.0, 7.1), (196.0, 236.0, 6.0), (405.0, 490.0, 5.8))
"""Begin [W], end [W] and length [h] of the constant current from 15 % charge: a cell model, 86 % efficiency."""
CONSTANT_CURRENT = 0.93
"""Share of the time."""
LEAD_SHARE = 0.3


def charger(rng: np.random.Generator) -> tuple[Watts, int]:
    """Return the power [W] of each minute of a charge, and how many of them are the plateau."""
    return _lead_acid(rng) if rng.random() < LEAD_SHARE else _lithium(rng)


def _lithium(rng: np.random.Generator) -> tuple[Watts, int]:
    begin, end, hours = LITHIUM[rng.integers(len(LITHIUM))]
    minutes = int(hours * 60 * CONSTANT_CURRENT * (1 - rng.uniform(0.1, 0.65)) / 0.85)
    rise = (end - begin) / (hours * CONSTANT_CURRENT * 60)
    plateau = rng.uniform(0.9, 1.1) * (end - rise * np.arange(minutes)[::-1])
    fall = plateau[-1] * np.linspace(1, 0.22, int(rng.uniform(18, 27)))
    return np.concatenate([plateau, fall]), minutes


def _lead_acid(rng: np.random.Generator) -> tuple[Watts, int]:
    begin, hours, rise = rng.uniform(100, 260), rng.uniform(5, 8), rng.uniform(0.02, 0.05)
    minutes = int(hours * 60 * 0.65 * (1 - rng.uniform(0.1, 0.6)) / 0.9)
    plateau = begin * (1 + rise * np.arange(minutes) / 60)
    tail = int(60 * rng.uniform(0.8, 2))
    fall = plateau[-1] * (0.15 + 0.85 * np.exp(-np.arange(tail) / (tail / 3)))
    return np.concatenate([plateau, fall, np.full(int(rng.uniform(0, 180)), begin * 0.03)]), minutes
