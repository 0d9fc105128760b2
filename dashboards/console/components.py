"""The few parts that run in the browser, as NiceGUI elements.

They are JavaScript on purpose: a clock that the server ticks would load it with every browser, a lost
connection can only be noticed on the other side of it, and a table of alarms made of thousands of server
elements would drown in the storm it is made for.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

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
    """Rows of `dashboards.console.alarms.alarm_row`; calls back with an alert's id and what was clicked."""

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


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a `DataTable`. ``words`` empty: no head. ``width``: of a CSS grid. Elapsed and countdown take ns."""

    key: str
    words: str
    kind: Literal["text", "time", "elapsed", "countdown", "number"] = "text"
    width: str = "minmax(0, 1fr)"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with more than words: a mark before them, a look (alarm, caution, unknown, soft), an address of ours."""

    words: str | int | float
    mark: str = ""
    look: str = ""
    go: str = ""


class DataTable(Element, component="static/data_table.js"):
    """A table that sorts by a click on a head; calls back with a row's id and the action of the button."""

    def __init__(
        self, columns: Sequence[Column], on_act: Callable[[str, str], Any] | None = None, *, name: str, words: str = ""
    ) -> None:
        """Start empty. ``name`` is what tests call it, ``words`` what a screen reader does."""
        super().__init__()
        self._runs = {column.key for column in columns if column.kind in ("elapsed", "countdown")}
        self.props["columns"] = json.dumps([asdict(column) for column in columns], ensure_ascii=False)
        self.props["rows"] = "[]"
        self.props["words"] = words
        self.props["data-part"] = name
        if on_act is not None:
            self.on("act", lambda event: on_act(str(event.args["id"]), str(event.args["action"])))

    def show(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Draw rows; the same ones cost nothing.

        A row has ``id``, ``cells`` (key → words, number, ns or `Cell`), ``look`` and ``buttons`` (each with ``action``,
        ``words``, ``on``, ``main``).
        """
        drawn = json.dumps([self._row(row) for row in rows], ensure_ascii=False, separators=(",", ":"))
        if drawn != self.props["rows"]:
            self.props["rows"] = drawn

    def _row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {**row, "cells": {key: self._cell(key, cell) for key, cell in row["cells"].items()}}

    def _cell(self, key: str, cell: Any) -> Any:
        if isinstance(cell, Cell):
            cell = {name: value for name, value in asdict(cell).items() if value != "" or name == "words"}
        elif cell is None:
            cell = ""
        return cell // NS_PER_MS if key in self._runs and isinstance(cell, int) else cell


class Router(Element, component="static/router.js"):
    """Turns clicks on links of ours, and the browser's way back, into ``on_go(address, push)``."""

    def __init__(self, on_go: Callable[[str, bool], None]) -> None:
        """``push``: the address is new to the browser's history."""
        super().__init__()
        self.on("go", lambda event: on_go(str(event.args["to"]), event.args["push"] is True))

    def show(self, address: str, title: str, *, push: bool) -> None:
        """Let the browser show where it is."""
        if push:
            self.run_method("push", address, title)
        else:
            self.run_method("name", title)
