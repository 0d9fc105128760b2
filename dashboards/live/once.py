"""What is the same for many browsers is made once: values remembered by name, made anew when their state changed.

A hundred pages that show the same lamps ask a hundred times and cost one count. What is remembered is bounded: the
name that was asked for longest ago goes first.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")

MOST_NAMES = 512


class Once:
    """Remembers one value a name."""

    def __init__(self, most: int = MOST_NAMES) -> None:
        """Remember at most ``most`` names."""
        self._known: dict[Hashable, tuple[Hashable, Any]] = {}
        self._most = most

    def of(self, name: Hashable, state: Hashable, make: Callable[[], T]) -> T:
        """Return the value of ``name``, made by ``make`` unless it is known for this ``state``."""
        known = self._known.pop(name, None)
        if known is None or known[0] != state:
            known = (state, make())
        self._known[name] = known
        if len(self._known) > self._most:
            del self._known[next(iter(self._known))]
        value: T = known[1]
        return value
