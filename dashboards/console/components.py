"""The few parts that run in the browser, as NiceGUI elements.

They are JavaScript on purpose: a clock that the server ticks would load it with every browser, a lost
connection can only be noticed on the other side of it, and a table of alarms made of thousands of server
elements would drown in the storm it is made for.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Self

from nicegui.element import Element

from domain.clock import NS_PER_MS


class Tick(Element, component="static/tick.js"):
    """A running text: ``clock`` and ``date`` of a time zone, ``elapsed`` since or ``countdown`` to a time."""

    def __init__(self, mode: str, at_ns: int = 0, *, zone: str | None = None) -> None:
        """``at_ns`` is a server time."""
        super().__init__()
        self.props.update({"mode": mode, "at": at_ns // NS_PER_MS})
        if zone is not None:
            self.props["zone"] = zone

    def set_time(self, at_ns: int) -> Self:
        """Run from or to another time."""
        if self.props["at"] != at_ns // NS_PER_MS:
            self.props["at"] = at_ns // NS_PER_MS
        return self


class Pulse(Element, component="static/pulse.js"):
    """Shows ``words`` in big letters when no `beat` has come for 5 s."""

    def __init__(self, words: str, now_ns: int) -> None:
        """Start with a beat at ``now_ns``."""
        super().__init__()
        self.props.update({"words": words, "beat": now_ns // NS_PER_MS})

    def beat(self, now_ns: int) -> None:
        """Say that the console lives; also sets the browser's clock difference."""
        self.props["beat"] = now_ns // NS_PER_MS


class AlarmTable(Element, component="static/alarm_table.js"):
    """Rows of `dashboards.console.alarm_row`; calls back with an alert's id and what was clicked."""

    def __init__(self, on_act: Callable[[str, str], Awaitable[None]]) -> None:
        """Start empty."""
        super().__init__()
        self.props["rows"] = "[]"
        self.on("act", lambda event: on_act(str(event.args["id"]), str(event.args["action"])))

    def show(self, rows: list[dict[str, Any]]) -> None:
        """Draw these rows; nothing is sent when they are the same. JSON, so that the server keeps no copy of it."""
        drawn = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
        if drawn != self.props["rows"]:
            self.props["rows"] = drawn


class Siren(Element, component="static/siren.js"):
    """Sounds while `ring` said so last."""

    def __init__(self) -> None:
        """Start silent."""
        super().__init__()
        self.props["ringing"] = False

    def ring(self, *, on: bool) -> None:
        """Sound or be silent."""
        if self.props["ringing"] != on:
            self.props["ringing"] = on
