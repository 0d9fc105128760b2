"""Transmitters that call in and that nobody registered: what is known of each, and adopting it."""

from __future__ import annotations

from typing import Any

from dashboards.console.components import Cell, Column, DataTable
from dashboards.console.installer.adopting import adopt
from dashboards.console.section import Address, Body, Desk
from dashboards.console.view import View, box, change, dress, line
from dashboards.console.wording import brief_moment_text
from dashboards.live.stranger_desk import Heard, listening
from domain.accounts import Right

COLUMNS = ("address", "peer", "host", "frames", "profile", "first", "last")
COMMAND = "fengsui gb26875 strangers --yaml"


class StrangersTab(Body):
    """A table, those that reported a fire first and loudly."""

    def __init__(self, desk: Desk, address: Address) -> None:
        """Build; nothing of the address is asked."""
        del address
        view = desk.view
        self._desk = desk
        self._drawn: object = None
        with box("panel-head page-head"):
            line(view.text("installer_strangers"), "panel-title")
            self._note = line("", "panel-note").props("role=status data-part=strangers-note")
        if view.console.adopter is None:
            line(view.text("installer_by_command", command=COMMAND), "page-hint").props("data-part=by-command")
        columns = [
            Column(name, view.text(f"installer_column_{name}"), kind="number" if name == "frames" else "text")
            for name in COLUMNS
        ]
        self._table = DataTable(columns, self._act, name="strangers-table", words=view.text("installer_strangers"))
        self._none = line("", "page-none")
        view.console.feed.strangers.soon()
        self.refresh(view.now_ns())

    def refresh(self, now_ns: int) -> None:
        """Redraw when the hosts told something else."""
        view = self._desk.view
        asked = view.console.feed.strangers
        answer = asked.look()
        heard = [one for one in answer.heard if self._sees(one)] if answer is not None else []
        state = (asked.revision, asked.trouble, view.principal.rights, heard)
        if state == self._drawn:
            return
        self._drawn = state
        may = view.principal.may(Right.ADOPT) and view.console.adopter is not None
        self._table.show([row(one, view, now_ns, may=may) for one in heard])
        silent = ", ".join(answer.silent) if answer is not None else ""
        words = view.text("installer_silent", names=silent) if silent else ""
        if asked.trouble:
            words = view.text("installer_away")
        change(self._note, words)
        dress(self._note, "old", "yes" if words else "no")
        change(self._none, self._nothing())
        self._none.set_visibility(not heard)

    def _nothing(self) -> str:
        view = self._desk.view
        if not listening(view.console.registry):
            return view.text("installer_no_listener")
        return view.text("strangers_none" if view.console.feed.strangers.revision else "installer_unknown")

    def _sees(self, one: Heard) -> bool:
        return self._desk.view.principal.sees(one.host.partition("/")[0])

    async def _act(self, key: str, action: str) -> None:
        view = self._desk.view
        answer = view.console.feed.strangers.answer
        heard = next((one for one in answer.heard if one.key == key), None) if answer is not None else None
        if heard is not None and action == "adopt" and self._sees(heard):
            await adopt(self._desk, heard)


def row(one: Heard, view: View, now_ns: int, *, may: bool) -> dict[str, Any]:
    """Return the row of a stranger."""
    stranger = one.stranger
    gateway = view.console.registry.gateways.get(one.host)
    host = gateway.labels.of(view.language) if gateway is not None else one.host
    fire = f" ▲ {view.text('installer_fire')}" if stranger.fire else ""
    zone = view.console.zone
    return {
        "id": one.key,
        "look": "alarm" if stranger.fire else "",
        "cells": {
            "address": Cell(f"{stranger.address}{fire}", look="alarm" if stranger.fire else ""),
            "peer": stranger.peer,
            "host": f"{host} · {one.connection}",
            "frames": stranger.frames,
            "profile": stranger.profile,
            "first": brief_moment_text(stranger.first_ns, now_ns, zone),
            "last": brief_moment_text(stranger.last_ns, now_ns, zone),
        },
        "buttons": [{"action": "adopt", "words": view.text("installer_adopt"), "on": may, "main": True}],
    }
