"""All gateways, services and transmitters: is what we see the present, and how long could it go on without us?"""

from __future__ import annotations

from dashboards.console.components import DataTable
from dashboards.console.gateways.list_rows import gateway_columns, gateway_rows, of_unit, service_columns, service_rows
from dashboards.console.gateways.transmitter_panel import TransmitterPanel
from dashboards.console.section import Desk
from dashboards.console.view import View, box, change, dress, line, link
from dashboards.live.health import gateway_health


class GatewayList:
    """Three tables."""

    def __init__(self, desk: Desk, unit: str = "") -> None:
        """Build for the view's site; of one ``unit``, its gateways and transmitters beside all services."""
        view = self._view = desk.view
        self._unit = unit
        self._transmitters: TransmitterPanel | None = None
        with box("gateway-list", "gateway-list"):
            with box("panel"):
                with box("panel-head"):
                    line(view.text("gateway_title"), "panel-title")
                    if unit:
                        named = view.console.registry.units[unit].labels.of(view.language)
                        line(named, "panel-note").props("data-part=gateways-of")
                        link(view.text("gateway_all"), "/gateways", "crumb-right")
                self._gateways = DataTable(
                    gateway_columns(view), name="gateway-table", words=view.text("gateway_title")
                )
            with box("panel"):
                with box("panel-head"):
                    line(view.text("services"), "panel-title")
                self._services = DataTable(service_columns(view), name="service-table", words=view.text("services"))
            if any(unit in ("", one.settings.unit) for one in view.console.registry.transmitters.values()):
                with box("panel transmitters-panel"):
                    with box("panel-head"):
                        line(view.text("tab_transmitters"), "panel-title")
                        self._strangers = link("", "/installer", "crumb-right")
                        self._strangers.props["data-part"] = "strangers-link"
                        with self._strangers:
                            self._count = line("")
                    self._transmitters = TransmitterPanel(view, lambda key: desk.go(f"/gateways/{key}"), unit)

    def refresh(self, now_ns: int) -> None:
        """Redraw what changed."""
        view = self._view
        gateways = view.shared(("gateway-rows", view.language), lambda: gateway_rows(view, now_ns))
        self._gateways.show(of_unit(gateways, self._unit))
        self._services.show(view.shared(("service-rows", view.language), lambda: service_rows(view, now_ns)))
        if self._transmitters is not None:
            self._transmitters.refresh(now_ns)
            count = strangers(view, now_ns)
            self._strangers.set_visibility(count > 0)
            dress(self._strangers, "urgent", "yes" if count else "no")
            change(self._count, view.text("gateway_strangers", count=count))

    def leave(self) -> None:
        """Nothing is held."""


def strangers(view: View, now_ns: int) -> int:
    """Return how many call in that nobody registered; what a silent host said last is not the present."""
    console = view.console
    hosts = (gateway_health(console.board, host, now_ns) for host in console.board.nodes.counts(console.registry))
    return sum(health.hosted.strangers for health in hosts if health.reachable and health.hosted)
