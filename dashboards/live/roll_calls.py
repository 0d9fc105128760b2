"""Roll-calls (查岗): which points tell their results, and the newest of them in the order in which people want them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from dashboards.live.board import Reading
from domain.site import Registry
from domain.words import ROLL_CALL


class Result(IntEnum):
    """Values of a roll-call point (`domain.words.VALUES`)."""

    WAITING = 0
    PRESENT = 1
    LATE = 2
    NO_ANSWER = 3
    LINE_DOWN = 4


_URGENCY = {
    result: rank
    for rank, result in enumerate((Result.WAITING, Result.NO_ANSWER, Result.LATE, Result.LINE_DOWN, Result.PRESENT))
}
_VALUES = frozenset(float(result) for result in Result)


@dataclass(frozen=True, slots=True)
class Called:
    """One result: whose (``unit/transmitter``), what, when it was told, and in which words (operator, seconds)."""

    transmitter: str
    result: Result
    time_ns: int
    text: str


def points(registry: Registry) -> list[str]:
    """Return the keys of the roll-call points of transmitters on duty, in the order of the site."""
    found = []
    for key, transmitter in registry.transmitters.items():
        if not transmitter.settings.duty:
            continue
        device = registry.devices[key]
        found += [f"{key}/{point.id}" for point in device.profile.points if point.word == ROLL_CALL]
    return found


def results(registry: Registry, readings: Mapping[str, Reading]) -> list[Called]:
    """Return the newest results, what needs somebody first, then newest first; who was never called is absent."""
    found = []
    for key, reading in readings.items():
        name = key.rpartition("/")[0]
        transmitter = registry.transmitters.get(name)
        if transmitter is None or not transmitter.settings.duty or reading.value not in _VALUES:
            continue
        found.append(Called(name, Result(int(reading.value)), reading.time_ns, reading.text or ""))
    return sorted(found, key=lambda one: (_URGENCY[one.result], -one.time_ns, one.transmitter))
