"""One transmitter: its line, its host, what the host counts of it, its newest frames and its devices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dashboards.console.components import Cell, Column, DataTable
from dashboards.console.devices.finding import place_of
from dashboards.console.gateways.frames import WIDTHS, frame_row, sees_bytes
from dashboards.console.section import Desk
from dashboards.console.view import View, box, change, dress, line, link
from dashboards.console.wording import moment_text, span_text
from dashboards.live import told
from dashboards.live.asked import Asked
from dashboards.live.device_health import Standing
from dashboards.live.health import gateway_health, hosted_health
from domain.clock import NS_PER_S

FACTS = (
    *("peer", "profile", "since", "last", "inspected", "clock_error", "frames"),
    *("refused", "duplicates", "conflicts", "unexpected", "overrun", "waiting"),
)
"""Names of what the host says of a transmitter."""

MOST_DEVICES = 100
FRAMES = ("time", "way", "said", "hex")


class TransmitterPage:
    """Everything of a transmitter on one screen."""

    def __init__(self, desk: Desk, key: str) -> None:
        """Build; its host is asked while this stands, once for all who look."""
        view = self._view = desk.view
        self._key = key
        self._transmitter = view.console.registry.transmitters[key]
        self._host = self._transmitter.host
        unit, _, name = key.partition("/")
        asked = view.console.gateways.of
        self._asked = asked(self._host, "transmitters", unit=unit, transmitter=name)
        self._frames: Asked[Mapping[str, Any]] | None = None
        if sees_bytes(view):  # of this transmitter alone, which is within the scope
            self._frames = asked(self._host, "frames", unit=unit, transmitter=name)
        self._words: dict[str, Any] = {}
        with box("gateway-page", "transmitter-page"):
            self._head()
            with box("two-columns"):
                with box("panel"):
                    with box("panel-head"):
                        line(view.text("gateway_transmitter"), "panel-title")
                        self._away = line("", "panel-note").props("role=status")
                    self._facts = box("facts", "transmitter-facts")
                with box("panel", "transmitter-devices"):
                    with box("panel-head"):
                        line(view.text("gateway_devices"), "panel-title")
                    self._devices = DataTable(
                        _device_columns(view), name="hosted-table", words=view.text("gateway_devices")
                    )
            with box("panel frames", "transmitter-frames"):
                with box("panel-head"):
                    line(view.text("frames_newest"), "panel-title")
                    self._note = line("", "panel-note").props("role=status")
                columns = [Column(one, view.text(f"frames_column_{one}"), width=WIDTHS[one]) for one in FRAMES]
                self._table = DataTable(columns, name="frame-table", words=view.text("frames_newest"))

    def _head(self) -> None:
        view, settings = self._view, self._transmitter.settings
        registry = view.console.registry
        host = registry.gateways.get(self._host)
        with box("page-head", "gateway-head"):
            link(view.text("gateway_title"), "/gateways", "crumb")
            if host is not None:
                link(host.labels.of(view.language), f"/gateways/{self._host}", "crumb")
            line(registry.units[settings.unit].labels.of(view.language), "crumb")
            line(settings.labels.of(view.language), "page-title")
            self._state = line("", "page-state").props("role=status data-part=gateway-state")
            if self._key in registry.devices:
                link(view.text("gateway_own_values"), f"/devices/{self._key}", "crumb-right")

    def refresh(self, now_ns: int) -> None:
        """Redraw what changed."""
        view, console = self._view, self._view.console
        host = gateway_health(console.board, self._host, now_ns)
        health = hosted_health(console.board, self._key, host, now_ns)
        heard_ns = console.board.nodes.of(self._key).last_ns
        words = view.text(f"condition_{health.condition}")
        if heard_ns:
            words = f"{words} · {view.text('line_heard', age=span_text((now_ns - heard_ns) / NS_PER_S, view.language))}"
        change(self._state, f"{'●' if health.fine else '?'} {words}")
        dress(self._state, "state", "fine" if health.fine else "unknown")
        self._show_facts(told.parts(self._asked.look() or {}, "transmitters") if host.reachable else [])
        self._devices.show(self._device_rows(now_ns))
        self._show_frames()

    def _show_facts(self, rows: Any) -> None:
        view = self._view
        found = dict(_facts(view, rows[0])) if rows else {}
        change(self._away, "" if rows else view.text("gateway_no_answer"))
        if list(found) != list(self._words):
            self._facts.clear()
            with self._facts:
                self._words = {name: _fact(view, name) for name in found}
        for name, words in found.items():
            change(self._words[name], words)

    def _show_frames(self) -> None:
        view = self._view
        if self._frames is None:
            change(self._note, view.text("frames_not_yours"))
            return
        frames = list(told.parts(self._frames.look() or {}, "frames"))
        self._table.show([frame_row(view, {"seq": at, **one}) for at, one in reversed(list(enumerate(frames)))])

    def _device_rows(self, now_ns: int) -> list[dict[str, Any]]:
        view, registry = self._view, self._view.console.registry
        unit = self._key.partition("/")[0]
        standing = Standing(view.console.board, registry, now_ns)
        settings = registry.gateways[self._key]
        ids = [one.id for connection in settings.connections for one in connection.devices]
        found = [registry.devices[key] for one in ids if (key := f"{unit}/{one}") in registry.devices]
        return [
            {
                "id": one.key,
                "look": "caution" if (opened := standing.open_alerts(one)) else "",
                "cells": {
                    "device": Cell(one.settings.labels.of(view.language), go=f"/devices/{one.key}"),
                    "place": place_of(one, view.language),
                    "open": Cell(len(opened), "■", "caution") if opened else "",
                },
            }
            for one in found[:MOST_DEVICES]
        ]

    def leave(self) -> None:
        """Nothing is held."""


def _device_columns(view: View) -> list[Column]:
    widths = {"device": "minmax(0, 1.2fr)", "place": "minmax(0, 1.4fr)", "open": "4rem"}
    return [Column(key, view.text(f"devices_column_{key}"), width=width) for key, width in widths.items()]


def _fact(view: View, name: str) -> Any:
    line(view.text(f"gateway_fact_{name}"), "fact-name")
    words = line("", "fact-words")
    words.props["data-fact"] = name
    return words


def _facts(view: View, row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what the host says of a transmitter, as far as it says it."""
    zone, language = view.console.zone, view.language
    reasons = told.parts(row, "profile_reasons")
    clock_s = told.number(row, "clock_error_s")
    yield "peer", told.words(row, "peer") or "—"
    yield "profile", " · ".join([told.words(row, "profile"), *(told.words(one, language.value) for one in reasons)])
    for name in ("since_ns", "last_ns", "inspected_ns"):
        at_ns = told.number(row, name)
        yield name.removesuffix("_ns"), "—" if at_ns is None else moment_text(int(at_ns), zone)
    yield "clock_error", "—" if clock_s is None else f"{clock_s:+.1f} s"
    for name in ("frames", "refused", "duplicates", "conflicts", "unexpected", "overrun", "waiting"):
        count = told.number(row, name)
        yield name, "—" if count is None else f"{count:,.0f}"
