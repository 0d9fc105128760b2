"""The pages of gateways: the list with services and transmitters, and each gateway's or transmitter's own."""

from __future__ import annotations

from dashboards.console.gateways.gateway_list import GatewayList
from dashboards.console.gateways.gateway_page import GatewayPage
from dashboards.console.gateways.transmitter_page import TransmitterPage
from dashboards.console.section import Address, Body, Desk
from dashboards.console.view import line, link


class GatewaysPage(Body):
    """``/gateways``, of one unit where the query names it, and ``/gateways/<unit>/<gateway or transmitter>``."""

    def __init__(self, desk: Desk, address: Address) -> None:
        """Build what the address names; a gateway that is not there, or not theirs, is said to be none."""
        self._part: GatewayList | GatewayPage | TransmitterPage | None = None
        registry, key = desk.view.console.registry, "/".join(address.rest)
        if not address.rest:
            unit = address.query.get("unit", "")
            self._part = GatewayList(desk, unit if unit in registry.units else "")
        elif key in registry.transmitters:
            self._part = TransmitterPage(desk, key)
        elif key in registry.gateways:
            self._part = GatewayPage(desk, address, key)
        else:
            line(desk.view.text("gateway_none_such"), "body-note").props("role=alert")
            link(desk.view.text("gateway_all"), "/gateways", "body-note")

    def refresh(self, now_ns: int) -> None:
        """Redraw what changed."""
        if self._part is not None:
            self._part.refresh(now_ns)

    def leave(self) -> None:
        """Look at no line any more."""
        if self._part is not None:
            self._part.leave()
