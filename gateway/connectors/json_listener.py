"""What becomes of decoded messages: whose they are, which time their readings get, the columns that they make.

A reading is named by (point, time), so a device never has two messages of one time: the same message again is a
second copy, another one comes a millisecond later.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.batch import ReadingBatch
from domain.clock import NS_PER_MS, NS_PER_S, Clock, floor_ms
from domain.points import PointTable
from domain.quality import GOOD
from gateway.connectors.contract import DeadLetter
from gateway.connectors.json_decoder import Message, MessageDecoder
from gateway.connectors.reporter import CLOCK_MARK

MOST_REMEMBERED = 256
"""Latest messages of a device that are remembered, to know a second copy."""


@dataclass(slots=True)
class Listener:
    """One device: its decoder, its points, and the times it has used."""

    device: str
    decoder: MessageDecoder
    rows: Sequence[int]
    lost: bool = False
    recent: OrderedDict[int, int | None] = field(default_factory=OrderedDict)

    def own_time(self, time_ms: int, digest: int | None) -> int | None:
        """Return a time that no reading of the device has yet, None when the message is a second copy."""
        while time_ms in self.recent:
            if digest is not None and self.recent[time_ms] == digest:
                return None
            time_ms += 1
        self.recent[time_ms] = digest
        if len(self.recent) > MOST_REMEMBERED:
            self.recent.popitem(last=False)
        return time_ms

    def free_time_ms(self, now_ns: int) -> int:
        """Return a time for what the gateway itself has to say of the device."""
        time_ms = self.own_time(now_ns // NS_PER_MS, None)
        assert time_ms is not None  # noqa: S101  # only a message with a digest can be a second copy
        return time_ms


@dataclass(slots=True)
class Harvest:
    """The columns that a group of messages became, its dead letters, and the names that are stored with them."""

    time_ns: list[int] = field(default_factory=list)
    point: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    quality: list[int] = field(default_factory=list)
    text: dict[int, str] = field(default_factory=dict)
    letters: list[DeadLetter] = field(default_factory=list)
    names: list[bytes] = field(default_factory=list)
    used: list[tuple[Listener, int]] = field(default_factory=list)

    def forget(self) -> None:
        """Take back the times that were used: nothing was stored, so what comes again is no second copy."""
        for listener, time_ms in self.used:
            listener.recent.pop(time_ms, None)

    def add(self, time_ns: int, points: Sequence[int], values: Sequence[float], qualities: Sequence[int]) -> None:
        """Add readings that share a time."""
        self.time_ns += [time_ns] * len(points)
        self.point += points
        self.value += values
        self.quality += qualities

    def batch(self, table: PointTable) -> ReadingBatch:
        """Return the readings as columns."""
        return ReadingBatch.build(table, self.time_ns, self.point, self.value, quality=self.quality, text=self.text)


class Timekeeper:
    """Decides which time a message's readings get: the device's own where it can be believed."""

    def __init__(self, clock: Clock, tolerance_s: float, errors: Counter[str], *, late_s: float | None = None) -> None:
        """A device's time further off than ``tolerance_s`` is not believed; what is wrong is counted in ``errors``.

        ``late_s`` instead, for times that are past: who relays keeps messages, and sends them later.
        """
        self._clock = clock
        self._tolerance_ns = tolerance_s * NS_PER_S
        self._late_ns = self._tolerance_ns if late_s is None else late_s * NS_PER_S
        self._errors = errors

    def time(self, message_ns: int | None, *, expected: bool) -> tuple[int, bool]:
        """Return the time, and whether it is the device's own; ``expected``: it should have sent one."""
        now_ns = self._clock.now_ns()
        if message_ns is None:
            if expected:
                self._errors["no_device_time"] += 1
            return floor_ms(now_ns), False
        if not -self._late_ns <= message_ns - now_ns <= self._tolerance_ns:
            self._errors["device_clock"] += 1
            return floor_ms(now_ns), False
        return message_ns, True


def place(
    listener: Listener, message: Message, harvest: Harvest, *, time_ns: int, believed: bool, doubted: bool, digest: int
) -> bool:
    """Add a message's readings; False for a second copy, of which nothing is added.

    ``doubted``: the device's own time was absent or too far off, which the qualities say.
    """
    time_ms = listener.own_time(time_ns // NS_PER_MS, digest if believed else None)
    if time_ms is None:
        return False
    harvest.used.append((listener, time_ms))
    start = len(harvest.point)
    qualities = [CLOCK_MARK if doubted and q == GOOD else q for q in message.quality]
    harvest.add(time_ms * NS_PER_MS, [listener.rows[row] for row in message.rows], message.value, qualities)
    harvest.text.update({start + at: words for at, words in message.text.items()})
    return True
