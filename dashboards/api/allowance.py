"""How often somebody may do something: so many at once, so many more each second."""

from __future__ import annotations

from collections import OrderedDict

MOST_KEPT = 2000


class Allowance:
    """A bucket that fills again."""

    def __init__(self, at_once: float, a_second: float, now_s: float) -> None:
        """Start full."""
        self._most, self._a_second = at_once, a_second
        self._left, self._at_s = at_once, now_s

    def take(self, now_s: float) -> bool:
        """Take one, if there is one left."""
        self._left = min(self._most, self._left + max(0.0, now_s - self._at_s) * self._a_second)
        self._at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Allowances:
    """One for each who asks; those who asked longest ago are forgotten, and start full again."""

    def __init__(self, at_once: float, a_second: float) -> None:
        """Start with nobody."""
        self._at_once, self._a_second = at_once, a_second
        self._known: OrderedDict[str, Allowance] = OrderedDict()

    def take(self, who: str, now_s: float) -> bool:
        """Take one of somebody's."""
        known = self._known.pop(who, None) or Allowance(self._at_once, self._a_second, now_s)
        self._known[who] = known
        while len(self._known) > MOST_KEPT:
            self._known.popitem(last=False)
        return known.take(now_s)

    def forget(self, who: str) -> None:
        """Forget somebody who is gone."""
        self._known.pop(who, None)
