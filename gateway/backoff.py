"""How long to wait before trying again: doubling, with a ceiling and jitter, forgetting on success."""

from __future__ import annotations

import random


class Backoff:
    """Waits of ``first_s``, twice that, … up to ``longest_s``, each shortened at random by up to a third.

    The jitter keeps a thousand gateways from coming back in the same second.
    """

    def __init__(self, *, first_s: float, longest_s: float) -> None:
        """Begin with ``first_s``."""
        self._first_s = first_s
        self._longest_s = longest_s
        self.failures = 0

    def next_s(self) -> float:
        """Count a failure and return the wait before the next try."""
        exponent = min(self.failures, 30)
        self.failures += 1
        return float(min(self._first_s * 2.0**exponent, self._longest_s) * random.uniform(2 / 3, 1))

    def reset(self) -> None:
        """Forget earlier failures: it worked."""
        self.failures = 0


class Breaker:
    """Keeps a dead unit from taking the line's time: after ``misses`` failures in a row it waits.

    While it is open the unit gets one cheap probe at the end of each wait. Times are monotonic s.
    """

    def __init__(self, *, misses: int, backoff: Backoff) -> None:
        """Begin closed: the unit is asked as planned."""
        self._misses = misses
        self._backoff = backoff
        self._failures = 0
        self._probe_at: float | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether the unit is backed off."""
        return self._probe_at is not None

    @property
    def probe_at_s(self) -> float:
        """When the next probe may go; infinity while closed."""
        return float("inf") if self._probe_at is None else self._probe_at

    def failed(self, now_s: float) -> None:
        """Note a miss; the last one that is allowed opens the breaker, each later one waits longer."""
        self._failures += 1
        if self._failures >= self._misses:
            self._probe_at = now_s + self._backoff.next_s()

    def answered(self) -> None:
        """Note an answer of any kind: the unit is alive."""
        self._failures = 0
        self._probe_at = None
        self._backoff.reset()
