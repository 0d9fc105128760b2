"""Frames as they pass on a line: time, direction, peer, bytes, and what they say. For who may configure or adopt.

Looking begins with a click and ends with the page, with another click, or by itself when nobody looks any more: a
gateway keeps no frames otherwise. The picture may be held still; what is kept goes on behind it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from dashboards.console.components import Cell, Column, DataTable
from dashboards.console.section import Desk
from dashboards.console.view import View, box, change, dress, line
from dashboards.console.wording import refusal_text
from dashboards.live import told
from dashboards.live.gateway_desk import FrameTail
from domain.accounts import Right
from domain.clock import NS_PER_S

CALLED = frozenset({"gb26875", "sparkplug"})
"""Protocols of connections that nodes of any unit may come in by."""

MOST_SHOWN = 150
MOST_FILTER = 60
WIDTHS = {
    "time": "7.2rem",
    "way": "3.2rem",
    "peer": "minmax(0, 0.7fr)",
    "size": "3.5rem",
    "said": "minmax(0, 1.6fr)",
    "hex": "minmax(0, 1.6fr)",
}


def may_look(view: View, gateway: str) -> bool:
    """Tell whether somebody may see raw frames of a gateway's lines: an installer whose scope holds all that pass."""
    return sees_bytes(view) and sees_all(view, gateway)


def sees_bytes(view: View) -> bool:
    """Tell whether somebody has a right that raw bytes of lines belong to."""
    return view.principal.may(Right.CONFIGURE) or view.principal.may(Right.ADOPT)


def sees_all(view: View, gateway: str) -> bool:
    """Tell whether nothing on a gateway's lines is of others.

    Where anybody may call in, those of other units do, and strangers of nobody knows which: somebody with a scope sees
    nothing of it.
    """
    units = view.principal.units
    if units is None:
        return True
    settings = view.console.registry.gateways.get(gateway)
    if settings is None or settings.unit not in units:
        return False
    return not any(one.transmitters or one.protocol in CALLED for one in settings.connections)


COPIED = ("time", "way", "peer", "said", "hex")


class FramePanel:
    """A table of frames of one connection, which is chosen; nothing is asked before a click."""

    def __init__(self, desk: Desk, gateway: str, connections: Sequence[str]) -> None:
        """Build for a gateway's connections."""
        self._view, self._gateway = desk.view, gateway
        self._tail: FrameTail | None = None
        self._connection = connections[0] if connections else ""
        self._paused = False
        self._wanted = ""
        self._drawn: tuple[object, ...] = ()
        self._table: DataTable | None = None
        view = desk.view
        with box("panel frames", "frames"):
            with box("panel-head"):
                line(view.text("frames_title"), "panel-title")
                self._note = line("", "panel-note").props("role=status data-part=frames-note")
                if not may_look(view, gateway):
                    change(self._note, view.text("frames_not_yours"))
                    return
                self._tools(connections)
            columns = [Column(key, view.text(f"frames_column_{key}"), width=width) for key, width in WIDTHS.items()]
            self._table = DataTable(columns, self._act, name="frame-table", words=view.text("frames_title"))
        self._say()

    def _tools(self, connections: Sequence[str]) -> None:
        view = self._view
        with box("frame-tools"):
            if len(connections) > 1:
                picker = ui.select(list(connections), value=self._connection, on_change=self._choose)
                picker.props("dense outlined options-dense data-part=pick-connection").classes("picker")
                picker.props["aria-label"] = view.text("gateway_column_line")
            filtered = ui.input(placeholder=view.text("frames_filter"), on_change=self._filter)
            filtered.props(f"dense outlined clearable maxlength={MOST_FILTER} data-part=filter-frames").classes("find")
            filtered.props["aria-label"] = view.text("frames_filter")
            self._start = self._button("start", self._toggle)
            self._pause = self._button("pause", self._hold)
            self._button("copy", self._copy_all)

    def _button(self, name: str, on_click: Any) -> ui.button:
        button = ui.button(self._view.text(f"frames_{name}"), on_click=on_click, color=None)
        return button.classes("act").props(f"flat no-caps data-action=frames-{name}")

    def _choose(self, event: ValueChangeEventArguments[str | None]) -> None:
        self._connection = event.value or self._connection
        if self._tail is not None:
            self._end()
            self._begin()

    def _filter(self, event: ValueChangeEventArguments[str | None]) -> None:
        self._wanted = (event.value or "")[:MOST_FILTER].casefold()
        self._show()

    def _toggle(self) -> None:
        if self._tail is None:
            self._begin()
        else:
            self._end()
        self._show()

    def _begin(self) -> None:
        """Look, if that is still allowed: rights may have changed since the page was opened."""
        if may_look(self._view, self._gateway):
            self._tail = self._view.console.gateways.watch(self._gateway, self._connection)
            self._paused = False

    def _end(self) -> None:
        if self._tail is not None:
            self._tail.leave()
            self._tail = None

    def _hold(self) -> None:
        self._paused = not self._paused
        self._show()

    def _act(self, row: str, action: str) -> None:
        if action == "copy":
            frame = next((one for one in self._frames() if str(one.get("seq")) == row), None)
            if frame is not None:
                self._copy(str(frame.get("hex") or ""))

    def _copy_all(self) -> None:
        view = self._view
        rows = [frame_row(view, one)["cells"] for one in self._shown()]
        lines = ["\t".join(str(_plain(row[key])) for key in COPIED) for row in rows]
        self._copy("\n".join(lines))

    def _copy(self, words: str) -> None:
        ui.clipboard.write(words)
        ui.notify(self._view.text("frames_copied"), position="bottom", timeout=1200)

    def _frames(self) -> list[Mapping[str, Any]]:
        return [] if self._tail is None else list(self._tail.frames)

    def _shown(self) -> list[Mapping[str, Any]]:
        """Return the newest that fit what is looked for, newest first."""
        view = self._view
        found = [one for one in reversed(self._frames()) if self._wanted in _searched(view, one)]
        return found[:MOST_SHOWN]

    def refresh(self, now_ns: int) -> None:
        """Redraw when something came; held still, only the count goes on."""
        del now_ns
        if self._table is None:
            return
        if self._tail is not None and not may_look(self._view, self._gateway):
            self._end()
        self._say()
        if not self._paused:
            self._show()

    def _show(self) -> None:
        if self._table is None:
            return
        state = (self._tail, 0 if self._tail is None else self._tail.revision, self._wanted)
        if state != self._drawn:
            self._drawn = state
            self._table.show([frame_row(self._view, one) for one in self._shown()])
        self._say()

    def _say(self) -> None:
        if self._table is None:
            return
        view, tail = self._view, self._tail
        change(self._start, view.text("frames_start" if tail is None else "frames_stop"))
        change(self._pause, view.text("frames_go_on" if self._paused else "frames_pause"))
        self._pause.set_enabled(tail is not None)
        dress(self._start, "chosen", "no" if tail is None else "yes")
        if tail is None:
            change(self._note, view.text("frames_off"))
        elif tail.trouble:
            change(self._note, refusal_text(tail.trouble, view.language))
        else:
            words = view.text("frames_on", count=len(tail.frames))
            change(self._note, f"{words} · {view.text('frames_missed', count=tail.missed)}" if tail.missed else words)

    def leave(self) -> None:
        """Look no more."""
        self._end()


def frame_row(view: View, frame: Mapping[str, Any]) -> dict[str, Any]:
    """Return a frame as a row of a table; what a device wrote stays text."""
    out = told.flag(frame, "out") or told.words(frame, "direction") == "out"
    raw = str(frame.get("hex") or "")[:4096]
    size = told.number(frame, "size")
    return {
        "id": str(frame.get("seq", frame.get("time_ns", ""))),
        "look": "",
        "cells": {
            "time": _moment(view, told.number(frame, "time_ns")),
            "way": Cell(view.text("frames_out" if out else "frames_in"), "→" if out else "←", "soft"),
            "peer": told.words(frame, "peer"),
            "size": f"{size:.0f}" if size is not None else str(len(raw) // 2),
            "said": told.words(frame, view.language.value),
            "hex": _spaced(raw),
        },
        "buttons": [{"action": "copy", "words": view.text("frames_copy_one"), "on": True}],
    }


def _plain(cell: Any) -> Any:
    return cell.words if isinstance(cell, Cell) else cell


def _spaced(raw: str) -> str:
    return " ".join(raw[at : at + 2] for at in range(0, len(raw), 2))


def _moment(view: View, time_ns: float | None) -> str:
    """Write a time of day with milliseconds."""
    if time_ns is None:
        return "—"
    return f"{datetime.fromtimestamp(time_ns / NS_PER_S, view.console.zone):%H:%M:%S.%f}"[:-3]


def _searched(view: View, frame: Mapping[str, Any]) -> str:
    parts = (told.words(frame, view.language.value), told.words(frame, "peer"), str(frame.get("hex") or ""))
    return " ".join((*parts, _spaced(parts[2]))).casefold()
