"""`Segment`: consecutive messages as columns, and what was known at any instant within them.

The k-th readings of all points of one message are one *instant*: a camera's count and behaviour, or a
panel's component and its test flag, are judged together although they stand in different rows.
Instants are numbered in log order; how the log was cut into segments does not change that order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rules.inputs import Message, Readings
from rules.kernels import Bools, Indexes, is_repeat_free, is_rising_apart, occurrences, rounds

_NO_READINGS = Readings(np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0), np.empty(0, np.uint16))


class Segment:
    """Messages without a tick between them.

    | attribute | shape | meaning |
    |---|---|---|
    | ``seq``, ``log_ns``, ``now_ns`` | (messages,) int64 | sequence, receive time, counted time |
    | ``gateway`` | (messages,) int32 | who sent it, -1 for nobody here |
    | ``point`` | (n,) int64 | point of a reading; wide, because numpy casts any other index at every use |
    | ``time_ns``, ``value``, ``quality`` | (n,) | the reading |
    | ``now`` | (n,) int64 | counted time of its message |
    | ``instant`` | (n,) int64 | ``message * width + k`` for the k-th reading of its point in its message |
    | ``taken`` | (n,) bool | set while reading: in time, whatever its quality |
    | ``used`` | (n,) bool | set while reading: in time, good and finite |
    """

    def __init__(self, messages: Sequence[Message], now_ns: Sequence[int], scratch: NDArray[np.int32]) -> None:
        """Join messages; ``scratch`` is any (points,) int32 array to write over."""
        self.seq = np.array([message.seq for message in messages], np.int64)
        self.log_ns = np.array([message.time_ns for message in messages], np.int64)
        self.now_ns = np.array(now_ns, np.int64)
        self.gateway = np.array([message.gateway for message in messages], np.int32)
        parts = [message.readings or _NO_READINGS for message in messages]
        self._sizes = np.array([len(part.point) for part in parts])
        self.point = np.concatenate([part.point for part in parts], dtype=np.int64)
        self.time_ns = np.concatenate([part.time_ns for part in parts])
        self.value = np.concatenate([part.value for part in parts])
        self.quality = np.concatenate([part.quality for part in parts])
        self.text = _texts(parts)
        self.now = np.repeat(self.now_ns, self._sizes)
        self.taken: Bools = np.zeros(len(self.point), np.bool_)
        self.used: Bools = np.zeros(len(self.point), np.bool_)
        self.width, self._within, self.rounds = self._order(scratch)

    def __len__(self) -> int:
        """Return the number of readings."""
        return len(self.point)

    @cached_property
    def message(self) -> Indexes:
        """Message of each reading, shape ``(n,)``."""
        return np.repeat(np.arange(len(self.seq)), self._sizes)

    @cached_property
    def instant(self) -> Indexes:
        """Instant of each reading, shape ``(n,)``."""
        return self.message * self.width + self._within

    def _order(self, scratch: NDArray[np.int32]) -> tuple[int, Indexes | int, list[Indexes | slice]]:
        """Return the width of a message in instants, each row's place within it, and rows by rounds.

        A round has each point once at most: vectorised writes to a repeated index keep only the last,
        which would lose a transition.
        """
        if not len(self):
            return 1, 0, []
        if is_rising_apart(self.point, self._sizes) or is_repeat_free(self.point, scratch):
            return 1, 0, [slice(None)]
        in_all, in_message = occurrences(self.point, self.message)
        return int(in_message.max()) + 1, in_message, list(rounds(in_all))

    def latest(self, point: int, instant: int) -> int:
        """Return the row of a point's last used reading up to an instant, -1 for none in this segment."""
        start, end = np.searchsorted(self._sorted_points, [point, point + 1])
        rows = self._by_point[start:end]
        upto = int(np.searchsorted(self.instant[rows], instant, side="right"))
        return int(rows[upto - 1]) if upto else -1

    @cached_property
    def _by_point(self) -> Indexes:
        """Rows of used readings, by point and then in order; made when the first transition asks."""
        used = np.flatnonzero(self.used)
        return used[np.argsort(self.point[used], kind="stable")]

    @cached_property
    def _sorted_points(self) -> Indexes:
        return self.point[self._by_point]


def _texts(parts: Sequence[Readings]) -> Mapping[int, str]:
    found: dict[int, str] = {}
    start = 0
    for part in parts:
        if part.text:
            found.update({start + row: words for row, words in part.text.items()})
        start += len(part.point)
    return found
