"""What a request costs in line time: estimated from the line's settings, then learned from round trips.

| line | a request | a register | source |
|---|---|---|---|
| serial, or a converter whose ``baud`` is known | 13 characters, two frame gaps, turnaround, the pause | two characters | Modbus over Serial Line V1.02, 2.5.1 |
| TCP | 5 ms until measured, the pause | 20 µs until measured | assumptions: a device in the same building |

Turnaround (a device's time to think): 10 ms, assumption.
"""  # noqa: E501 -- a table row can't be broken

from __future__ import annotations

from gateway.connectors.modbus_tcp.config import ModbusTcpSettings
from gateway.connectors.modbus_tcp.link import FRAME_BYTES, FRAME_GAP_CHARACTERS, character_s
from gateway.connectors.modbus_tcp.planner import Cost

TURNAROUND_S = 0.010
TCP_REQUEST_S, TCP_REGISTER_S = 0.005, 20e-6

_FORGET = 0.99
"""Weight of what is known at each new round trip: about the last hundred count."""

_FEWEST = 20
_FEWEST_SPREAD = 4.0
"""Variance of the block sizes seen, in registers squared, below which the slope can't be told."""


def expected_cost(settings: ModbusTcpSettings) -> Cost:
    """Return the cost to plan with before anything was measured."""
    character = character_s(settings)
    if not character:
        return Cost(TCP_REQUEST_S + settings.pause_s, TCP_REGISTER_S)
    gaps_s = max(2 * FRAME_GAP_CHARACTERS * character, settings.pause_s)
    return Cost(FRAME_BYTES * character + gaps_s + TURNAROUND_S, 2 * character)


class RoundTrips:
    """Learns a `Cost` from round trips: a straight line through (registers, seconds), forgetting the old."""

    def __init__(self, expected: Cost, *, pause_s: float = 0.0) -> None:
        """Begin with an estimate. ``pause_s`` is what follows each round trip and is no part of it."""
        self._expected = expected
        self._pause_s = pause_s
        self._weight = self._x = self._y = self._xx = self._xy = 0.0
        self.count = 0

    def note(self, registers: int, seconds: float) -> None:
        """Take note of one round trip."""
        self.count += 1
        self._weight = self._weight * _FORGET + 1.0
        self._x = self._x * _FORGET + registers
        self._y = self._y * _FORGET + seconds
        self._xx = self._xx * _FORGET + registers * registers
        self._xy = self._xy * _FORGET + registers * seconds

    def cost(self) -> Cost:
        """Return what is known now; the estimate while there were fewer than twenty round trips."""
        if self.count < _FEWEST:
            return self._expected
        x, y = self._x / self._weight, self._y / self._weight
        spread = self._xx / self._weight - x * x
        slope = self._expected.register_s
        if spread >= _FEWEST_SPREAD:
            slope = max((self._xy / self._weight - x * y) / spread, 0.0)
        return Cost(max(y - slope * x, 0.0) + self._pause_s, slope)


def differs(one: Cost, other: Cost) -> bool:
    """Tell whether two costs could lead to different plans: only the ratio of their parts decides."""
    ratio = (one.request_s + 1e-9) * (other.register_s + 1e-9) / ((one.register_s + 1e-9) * (other.request_s + 1e-9))
    return not 0.5 < ratio < 2.0
