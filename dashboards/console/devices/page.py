"""The pages of devices: the list to find one in, and each device's own."""

from __future__ import annotations

from dashboards.console.devices.device_list import DeviceList
from dashboards.console.devices.device_page import DevicePage
from dashboards.console.section import Address, Body, Desk
from dashboards.console.view import line, link


class DevicesPage(Body):
    """``/devices`` and ``/devices/<unit>/<device>``."""

    def __init__(self, desk: Desk, address: Address) -> None:
        """Build what the address names; a device that is not there, or not theirs, is said to be none."""
        self._part: DeviceList | DevicePage | None = None
        view = desk.view
        if not address.rest:
            self._part = DeviceList(desk, address)
            return
        device = view.console.registry.devices.get("/".join(address.rest))
        if device is None:
            line(view.text("devices_none_such"), "body-note").props("role=alert")
            link(view.text("devices_all"), "/devices", "body-note")
            return
        self._part = DevicePage(desk, address, device)

    def refresh(self, now_ns: int) -> None:
        """Redraw what changed."""
        if self._part is not None:
            self._part.refresh(now_ns)

    def leave(self) -> None:
        """Look at no device any more."""
        if self._part is not None:
            self._part.leave()
