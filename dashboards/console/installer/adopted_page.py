"""What became of an adopted transmitter: in the files, in the site that runs, at its gateway; and its first frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboards.console.components import Cell, Column, DataTable
from dashboards.console.section import Body, Desk
from dashboards.console.view import View, box, change, dress, line, link
from dashboards.console.wording import brief_moment_text
from dashboards.live.asked import Asked
from dashboards.live.gateway_desk import Answer
from dashboards.live.health import Condition, node_health
from domain.clock import NS_PER_S

MOST_FRAMES = 30
STEPS = ("site", "gateway", "line", "frames")
COLUMNS = ("time", "direction", "bytes", "hex")


@dataclass(frozen=True, slots=True)
class Told:
    """What the gateway says of a transmitter: whether it has it, from where it speaks, its newest frames."""

    known: bool = False
    peer: str = ""
    profile: str = ""
    frames: tuple[tuple[int, str, str], ...] = ()
    """Time ns, ``in`` or ``out``, hex; oldest first."""


class AdoptedPage(Body):
    """Steps that are ticked off as they happen, and frames as they come."""

    def __init__(self, desk: Desk, key: str) -> None:
        """Build for ``unit/transmitter``, which what runs may not have yet."""
        view = desk.view
        self._desk = desk
        self._key = key
        self._opened_ns = view.now_ns()
        self._drawn: object = None
        with box("panel page"):
            with box("panel-head page-head"):
                link(f"‹ {view.text('installer_strangers')}", "/installer", "act")
                line(view.text("installer_adopted", name=key), "panel-title").props("data-part=adopted")
                link(view.text("installer_device"), f"/devices/{key}", "act")
            with box("steps"):
                self._steps = {name: line("", "step") for name in STEPS}
            columns = [Column(name, view.text(f"installer_column_{name}")) for name in COLUMNS]
            self._table = DataTable(columns, name="frames", words=view.text("installer_step_frames"))
        self.refresh(view.now_ns())

    def refresh(self, now_ns: int) -> None:
        """Tick off what has happened."""
        view = self._desk.view
        told = self._told()
        in_site = self._key in view.console.registry.transmitters
        up = in_site and node_health(view.console.board, view.console.registry, self._key, now_ns).condition
        done = {
            "site": in_site,
            "gateway": told.known,
            "line": up is Condition.FINE or bool(told.peer),
            "frames": bool(told.frames),
        }
        state = (told, tuple(done.items()))
        if state == self._drawn:
            return
        self._drawn = state
        for name, label in self._steps.items():
            mark = "✓" if done[name] else "…"
            detail = f" · {told.peer} · {told.profile}" if name == "line" and told.peer else ""
            change(label, f"{mark} {view.text(f'installer_step_{name}')}{detail}")
            dress(label, "step", name)
            dress(label, "done", "yes" if done[name] else "no")
        self._table.show([_row(view, at, frame, now_ns) for at, frame in enumerate(reversed(told.frames))])

    def _told(self) -> Told:
        """Return what its gateway says, asked for once for all who look; frames once the gateway has it."""
        console = self._desk.view.console
        transmitter = console.registry.transmitters.get(self._key)
        if transmitter is None:
            return Told()
        unit, _, name = self._key.partition("/")
        about = {"connection": transmitter.connection, "unit": unit, "transmitter": name}
        listed = self._said(console.gateways.of(transmitter.host, "transmitters", **about)) or {}
        rows = listed.get("transmitters")
        if not isinstance(rows, list) or not rows:
            return Told()
        frames = self._said(console.gateways.of(transmitter.host, "frames", limit=MOST_FRAMES, **about))
        return told_of(rows[0], frames)

    def _said(self, asked: Asked[Answer]) -> Answer | None:
        """Return what was said since this page is open, or just before: an earlier look's answer ticks off nothing."""
        asked.look()
        return asked.since(self._opened_ns - round(asked.period_s * NS_PER_S))


def told_of(row: Mapping[str, Any], frames: Any) -> Told:
    """Read what a gateway says of a transmitter; every field may be missing."""
    listed = frames.get("frames") if isinstance(frames, Mapping) else None
    kept = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    return Told(
        known=True,
        peer=str(row.get("peer") or "")[:64],
        profile=str(row.get("profile") or "")[:64],
        frames=tuple(
            (int(one.get("time_ns") or 0), str(one.get("direction") or ""), str(one.get("hex") or "")[:1200])
            for one in kept[-MOST_FRAMES:]
        ),
    )


def _row(view: View, at: int, frame: tuple[int, str, str], now_ns: int) -> dict[str, Any]:
    time_ns, direction, written = frame
    return {
        "id": f"{time_ns}-{at}",
        "look": "",
        "cells": {
            "time": brief_moment_text(time_ns, now_ns, view.console.zone),
            "direction": Cell(view.text("installer_out" if direction == "out" else "installer_in")),
            "bytes": len(written) // 2,
            "hex": written,
        },
        "buttons": [],
    }
