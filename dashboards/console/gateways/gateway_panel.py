"""Gateways and services: is what we see the present, and how long could it go on without us?"""

from __future__ import annotations

from dashboards.console.gateways.gateway_words import STORE_AWAY, condition_words, is_behind, spool_words
from dashboards.console.view import View, box, change, dress, line
from dashboards.console.wording import span_text
from dashboards.live.health import (
    SERVICES,
    Health,
    all_health,
    gateway_health,
    own_gateways,
    service_health,
)

COLUMNS = ("gateway", "uplink", "spool", "oldest", "forecast")


class GatewayPanel:
    """One row a gateway, one word a service."""

    def __init__(self, view: View, *, with_title: bool = True) -> None:
        """Build for all gateways that are processes, hosts of transmitters first."""
        self._view = view
        with box("tab-body") as self.root:
            if with_title:
                with box("panel-head"):
                    line(view.text("gateways"), "panel-title")
            with box("gateway-grid gateway-head"):
                for column in COLUMNS:
                    line(view.text(f"column_{column}"))
            with box("gateway-rows"):
                self._gateways = {key: _GatewayRow(view, key) for key in own_gateways(view.console.registry)}
            with box("services"):
                line(view.text("services"), "field-label")
                self._services = {
                    key: line(view.text(f"service_{key.partition('.')[0]}"), "service") for key in SERVICES
                }
                for key, label in self._services.items():
                    label.props["data-service"] = key

    def urgent(self, now_ns: int) -> int:
        """Return how many gateways and services are not well."""
        services, gateways = all_health(self._view.console.board, self._view.console.registry, now_ns)
        return sum(not health.fine for health in (*services, *gateways))

    def refresh(self, now_ns: int) -> None:
        """Redraw what changed."""
        board = self._view.console.board
        for key, row in self._gateways.items():
            row.show(gateway_health(board, key, now_ns))
        for key, label in self._services.items():
            health = service_health(board, key, now_ns)
            dress(label, "condition", health.condition)
            name = self._view.text(f"service_{key.partition('.')[0]}")
            behind = health.fine and is_behind(health)
            dress(label, "behind", "yes" if behind else "no")
            mark = "✗" if behind else "●" if health.fine else "?"
            change(label, f"{mark} {name} {self._more(health)}".rstrip())

    def _more(self, health: Health) -> str:
        """Return how long a service is silent, or what waits to be stored while its store is away or slow."""
        language = self._view.language
        if not health.fine:
            return span_text(health.age_s, language)
        if not is_behind(health):
            return ""
        words = self._view.text(f"store_{health.store}") if health.store in STORE_AWAY else ""
        oldest = self._view.text("oldest_waits", span=span_text(health.oldest_s, language)) if health.oldest_s else ""
        return " · ".join(part for part in (words, oldest) if part)


class _GatewayRow:
    """One gateway."""

    def __init__(self, view: View, key: str) -> None:
        self._view = view
        with box("gateway-grid gateway-row") as self._row:
            self._row.props["data-gateway"] = key
            line(view.console.registry.gateways[key].labels.of(view.language), "gateway-name")
            self._cells = [line("—") for _ in COLUMNS[1:]]

    def show(self, health: Health) -> None:
        language = self._view.language
        dress(self._row, "condition", health.condition)
        words = condition_words(self._view, health)
        spool = spool_words(self._view, health)
        oldest = span_text(health.oldest_s, language)
        forecast = span_text(health.forecast_s, language)
        mark = "●" if health.fine else "?"
        for cell, content in zip(self._cells, (f"{mark} {words}", spool, oldest, forecast), strict=True):
            change(cell, content)
