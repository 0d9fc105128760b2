"""`DeviceModel`: what every simulated device is, whatever it speaks.

A model has a signal for each numeric point and a text for each text point; scenarios change them by
`set`, `ramp` and `replay`, and the device's half of a protocol asks for `values`. Names are the points
of the device's profile, so a scenario and a site speak of the same things.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from domain.documents import nearest
from simulators.devices.signals import Level, Ramp, Replay, Signal
from simulators.devices.words import number
from simulators.errors import UnknownNameError

Starts = Mapping[str, tuple[float, float]]
"""Point → (start value, swing of the background life), canonical quantities."""


class DeviceModel:
    """A device's values over time; subclasses give the start values and the wire form."""

    kind: ClassVar[str] = ""
    """Device kind, as profiles name it."""

    start: ClassVar[Starts] = {}

    texts: ClassVar[Mapping[str, str]] = {}
    """Points that are words rather than numbers, with their start."""

    def __init__(self, device: str, address: int | str, *, seed: int = 0) -> None:
        """``address`` is the protocol's own: a unit id, or the part of a topic."""
        self.device = device
        self.address = address
        self._signals = {
            name: Signal.make(value, swing, f"{seed}/{device}/{name}")
            for name, (value, swing) in self.starting().items()
        }
        self._texts = dict(self.texts)
        self.touched: set[str] = set()
        self.changes = 0

    def starting(self) -> Starts:
        """Return start value and swing of each point; devices with many alike points override it."""
        return self.start

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that a scenario may change."""
        return (*self._signals, *self._texts)

    def parse(self, point: str, value: Any) -> float:
        """Return the number for what a scenario wrote; models with words override it."""
        self._signal(point)
        return number(value)

    def set(self, point: str, value: Any) -> None:
        """Put a point at a level (or a text point at a text), at once."""
        if point in self._texts:
            self._texts[point] = str(value)
        else:
            self._signal(point).course = Level(self.parse(point, value))
        self._note(point)

    def ramp(self, point: str, *, to: float, over_s: float, now_s: float) -> None:
        """Move a point to a level on a straight line, from where its course is now."""
        signal = self._signal(point)
        signal.course = Ramp(signal.course.at(now_s), to, now_s, over_s)
        self._note(point)

    def replay(
        self, point: str, times_s: Sequence[float], values: Sequence[float], *, now_s: float, speed: float
    ) -> None:
        """Let a point follow a recorded series from now on."""
        self._signal(point).course = Replay(times_s, values, now_s, speed)
        self._note(point)
        self.changes += 1

    def values(self, t_s: float) -> dict[str, float]:
        """Return all numeric points at scenario time ``t_s``, canonical quantities."""
        return {name: signal.at(t_s) for name, signal in self._signals.items()}

    def text(self, point: str) -> str:
        """Return a text point."""
        return self._texts[point]

    def _note(self, point: str) -> None:
        self.touched.add(point)
        self.changes += 1

    def _signal(self, point: str) -> Signal:
        if point not in self._signals:
            raise UnknownNameError(f"{self.device} has no such point", nearest(point, self.names))
        return self._signals[point]
