"""How long to wait before trying again: doubling, with a ceiling and jitter, forgetting on success."""

from __future__ import annotations

import random
from enum import StrEnum


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


class BreakerState(StrEnum):
    """How much a unit is trusted, see `Breaker`."""

    CLOSED = "closed"
    DOUBT = "doubt"
    OPEN = "open"


class Breaker:
    """Keeps a dead unit from taking the line's time.

    | failures in a row | the unit is | it is asked again |
    |---|---|---|
    | none | trusted | in its slots |
    | fewer than ``misses`` | in doubt | at once, but only when nobody else is waiting |
    | more | open: lost | by one cheap probe after each wait, in the same way |

    Times are monotonic seconds.
    """

    def __init__(self, *, misses: int, backoff: Backoff) -> None:
        """Begin trusted."""
        self.is_trusted = True
        """The last request was answered."""
        self.retry_at_s = 0.0
        """When a unit that is not trusted may be asked again."""
        self._misses = misses
        self._backoff = backoff
        self._failures = 0
        self.opened = 0
        """How often it has opened."""

    @property
    def is_open(self) -> bool:
        """Tell whether the unit counts as lost."""
        return self._failures >= self._misses

    @property
    def state(self) -> BreakerState:
        """Return the state by name."""
        if self.is_trusted:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self.is_open else BreakerState.DOUBT

    def failed(self, now_s: float) -> None:
        """Note a miss; from the last one that is allowed on, each wait is longer."""
        self._failures += 1
        self.opened += self._failures == self._misses
        self.is_trusted = False
        self.retry_at_s = now_s + (self._backoff.next_s() if self.is_open else 0.0)

    def answered(self) -> None:
        """Note an answer of any kind: the unit is alive."""
        self._failures = 0
        self.is_trusted = True
        self._backoff.reset()
