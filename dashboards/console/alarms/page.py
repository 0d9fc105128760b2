"""The page of alarms: the list, and beside it the device that somebody looks at, its trend, and the links."""

from __future__ import annotations

from dashboards.console.alarms.actions import AlarmActions
from dashboards.console.alarms.alarm_list import AlarmList
from dashboards.console.devices.peek import DevicePeek
from dashboards.console.devices.trend import PeekTrend
from dashboards.console.gateways.link_panel import LinkPanel
from dashboards.console.section import Address, Body, Desk
from dashboards.console.view import box


class AlarmsPage(Body):
    """The list with its side."""

    def __init__(self, desk: Desk, address: Address) -> None:
        """Build; the address has nothing to say yet."""
        view = desk.view
        del address
        with box("columns"):
            self._alarms = AlarmList(view, AlarmActions(desk))
            with box("side"):
                self._trend: PeekTrend | None = None
                self._device = DevicePeek(view, self._follow)
                self._trend = PeekTrend(view)
                self._links = LinkPanel(view, self._device.open)

    def _follow(self) -> None:
        if self._trend is not None:
            self._trend.follow()

    def refresh(self, now_ns: int) -> None:
        """Redraw what changed."""
        for part in (self._alarms, self._device, self._links, self._trend):
            if part is not None:
                part.refresh(now_ns)

    def leave(self) -> None:
        """Look at no device any more."""
        self._device.leave()
        if self._trend is not None:
            self._trend.leave()
