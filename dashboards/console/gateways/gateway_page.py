"""One gateway: its uplink and spool, its lines and who answers on them, what it could not use, frames as they pass."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from dashboards.console.components import Column, DataTable
from dashboards.console.devices.facts import UID_PREFIX, outside_link
from dashboards.console.gateways.diagnostics import figure_facts, line_columns, line_rows, unit_columns, unit_rows
from dashboards.console.gateways.frames import FramePanel
from dashboards.console.gateways.gateway_words import condition_words, reserve_text, spool_words
from dashboards.console.gateways.letters import letter_columns, letter_rows
from dashboards.console.section import Address, Desk
from dashboards.console.view import View, box, change, dress, line, link
from dashboards.console.wording import span_text
from dashboards.live.health import Health, gateway_health
from domain.site import itself

CARDS = ("uplink", "spool", "oldest", "reserve", "lost", "hosted")
SOON_S = timedelta(hours=6).total_seconds()
"""A reserve below this needs somebody (assumption: a night shift until the day's)."""


class GatewayPage:
    """Everything of a gateway on one screen, in the order in which somebody looks for a fault."""

    def __init__(self, desk: Desk, address: Address, key: str) -> None:
        """Build; questions go out while this stands, once for all who look."""
        del address
        view = self._view = desk.view
        self._key = key
        self._gateway = view.console.registry.gateways[key]
        self._diagnostics = view.console.gateways.of(key, "diagnostics")
        self._letters = view.console.gateways.of(key, "dead_letters")
        self._facts: dict[str, Any] = {}
        self._notes: dict[str, Any] = {}
        with box("gateway-page", "gateway-page"):
            self._head()
            with box("cards", "gateway-cards"):
                self._cards = {name: _Card(view, name) for name in CARDS}
            self._lines = self._panel("lines", line_columns(view))
            self._units = self._panel("units", unit_columns(view))
            self._frames = FramePanel(desk, key, [one.id for one in self._gateway.connections])
            with box("two-columns"):
                self._aside = self._panel("letters", letter_columns(view))
                with box("panel"):
                    with box("panel-head"):
                        line(view.text("gateway_figures"), "panel-title")
                        self._away = line("", "panel-note").props("role=status")
                    self._figures = box("facts figures", "gateway-figures")

    def _head(self) -> None:
        view, settings = self._view, self._gateway
        with box("page-head", "gateway-head"):
            link(view.text("gateway_title"), "/gateways", "crumb")
            line(view.console.registry.units[settings.unit].labels.of(view.language), "crumb")
            line(settings.labels.of(view.language), "page-title")
            self._state = line("", "page-state").props("role=status data-part=gateway-state")
            own = f"{settings.unit}/{itself.device_id(settings.gateway)}"
            if own in view.console.registry.devices:
                link(view.text("gateway_own_trends"), f"/devices/{own}", "crumb-right")
            query = urlencode({"q": settings.gateway, "unit": settings.unit})
            link(view.text("gateway_devices"), f"/devices?{query}", "crumb-right")
            base = view.console.registry.site.console.grafana
            if base is not None:
                board = f"{base.rstrip('/')}/d/{UID_PREFIX}pipeline-{view.language.value}"
                outside_link(f"{board}?{urlencode({'var-unit': settings.unit})}", "Grafana").classes("crumb-right")

    def _panel(self, name: str, columns: list[Column]) -> DataTable:
        words = self._view.text(f"gateway_{name}")
        with box("panel", f"gateway-{name}"):
            with box("panel-head"):
                line(words, "panel-title")
                self._notes[name] = line("", "panel-note")
            return DataTable(columns, name=f"{name}-table", words=words)

    def refresh(self, now_ns: int) -> None:
        """Redraw what changed."""
        view = self._view
        answer, letters = self._diagnostics.look(), self._letters.look()
        health = gateway_health(view.console.board, self._key, now_ns)
        status = view.console.board.statuses.get(health.key) or {}
        known = health.reachable
        answer = answer if known else None
        self._show_state(health, status)
        self._lines.show(line_rows(view, self._gateway, status, answer, known=known))
        units = unit_rows(view, self._gateway, answer)
        self._units.show(units)
        rows = letter_rows(view, self._key, letters, now_ns)
        self._aside.show(rows)
        change(self._notes["letters"], "" if rows or letters is None else view.text("gateway_no_letters"))
        change(self._notes["units"], "" if answer is None or units else view.text("gateway_no_units"))
        self._show_figures(status, answer)
        change(self._away, "" if answer is not None else view.text("gateway_no_answer"))
        self._frames.refresh(now_ns)

    def _show_state(self, health: Health, status: Mapping[str, Any]) -> None:
        view, language = self._view, self._view.language
        change(self._state, f"{'●' if health.fine else '?'} {condition_words(view, health)}")
        dress(self._state, "state", "fine" if health.fine else "unknown")
        uplink = str(status.get("uplink"))
        up = health.reachable and uplink == "up"
        hosted = health.hosted
        words = {
            "uplink": (view.text("gateway_up" if up else "gateway_not_up"), up),
            "spool": (spool_words(view, health), not health.dropped),
            "oldest": (span_text(health.oldest_s, language), True),
            "reserve": (
                reserve_text(health.forecast_s, language),
                health.forecast_s is None or health.forecast_s > SOON_S,
            ),
            "lost": ("—" if not health.reachable else view.text("devices_lost", count=health.lost), not health.lost),
            "hosted": ("" if hosted is None else view.text("hosting", up=hosted.up, known=hosted.known), True),
        }
        for name, (said, fine) in words.items():
            self._cards[name].show(said, known=health.reachable, fine=fine)

    def _show_figures(self, status: Mapping[str, Any], answer: Mapping[str, Any] | None) -> None:
        found = dict(figure_facts(self._view, status, answer))
        if list(found) != list(self._facts):
            self._figures.clear()
            with self._figures:
                self._facts = {name: _fact(self._view, name) for name in found}
        for name, words in found.items():
            change(self._facts[name], words)

    def leave(self) -> None:
        """Look at no frames any more."""
        self._frames.leave()


def _fact(view: View, name: str) -> Any:
    line(view.text(f"gateway_fact_{name}"), "fact-name")
    words = line("", "fact-words")
    words.props["data-fact"] = name
    return words


class _Card:
    """One thing that matters, in large letters."""

    def __init__(self, view: View, name: str) -> None:
        with box("card") as self._box:
            self._box.props["data-card"] = name
            line(view.text(f"gateway_card_{name}"), "card-name")
            self._words = line("—", "card-words")

    def show(self, words: str, *, known: bool, fine: bool) -> None:
        """Show it; what is not known now is dashed, what needs somebody has a mark."""
        self._box.set_visibility(bool(words))
        dress(self._box, "look", "unknown" if not known else "calm" if fine else "caution")
        mark = "? " if not known else "" if fine else "■ "
        change(self._words, f"{mark}{words}")
