"""What one browser has of a list: the rows that it looks at, and what it has to be told when they change.

The browser says where it looks (`ask`); it is told the numbers of the rows there, in order, and the rows that it has
not got (`news`). It never gets the list.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from dashboards.console.alarms.arranging import Entry
from dashboards.console.alarms.rows import RowBook, joined
from domain.alert import AlertView

MOST_ROWS = 150
"""Rows of one window: three times what a screen of 2160 lines shows."""

FIRST_ROWS = 30


class Window:
    """One browser's."""

    def __init__(self, book: Callable[[], RowBook], written: Callable[[Entry], str]) -> None:
        """``book``: that of the site as it is now; ``written`` gives an entry's row, in the browser's language."""
        self._book = book
        self._written = written
        self._start = 0
        self._count = FIRST_ROWS
        self._has: frozenset[int] = frozenset()
        self._told: tuple[Any, ...] | None = None
        self.is_open = False
        """The browser has asked for something: before that nobody is there to be told."""

    def ask(self, start: int, count: int, *, fresh: bool) -> None:
        """Look from ``start`` on; ``fresh``: the browser has nothing yet."""
        self._start, self._count = max(0, start), min(max(1, count), MOST_ROWS)
        self.is_open = True
        if fresh:
            self._has, self._told = frozenset(), None

    def news(self, entries: Sequence[Entry], pinned: AlertView | None) -> str | None:
        """Return what the browser must be told, as JSON; None when it has it all."""
        start = max(0, min(self._start, len(entries) - self._count))
        shown = list(entries[start : start + self._count])
        order = tuple(self._book().number(entry) for entry in shown)
        pin = self._book().number(pinned) if pinned is not None else 0
        told = (start, len(entries), pin, order)
        if not self.is_open or told == self._told:
            return None
        needed = dict(zip(order, shown, strict=True)) | ({pin: pinned} if pinned is not None else {})
        rows = {number: self._written(entry) for number, entry in needed.items() if number not in self._has}
        says: dict[str, Any] = {"start": start, "total": len(entries), "pin": pin}
        if self._told is None or self._told[3] != order:
            says["order"] = order
        self._has, self._told = frozenset(needed), told
        head = json.dumps(says, separators=(",", ":"))
        return f'{head[:-1]},"rows":{joined(rows)}}}' if rows else head
