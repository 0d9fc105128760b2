"""What pages of devices ask: curves, and the newest alarms of a device, once for all who look."""

from __future__ import annotations

from collections import OrderedDict

from alerts.face import AlertsFace
from alerts.listing_face import ListRequest
from dashboards.live.asked import Asked
from dashboards.live.link import Link
from dashboards.live.traces import Traces
from domain.alert import AlertView
from domain.clock import Clock

MOST_ALERTS = 60
"""Alarms of a device that a page shows; the history has the rest."""

ALERTS_S = 10.0
MOST_DEVICES = 200


class DeviceDesk:
    """``traces`` gives curves; `alerts_of` the newest alarms of one device."""

    def __init__(self, link: Link, clock: Clock) -> None:
        """Ask over ``link``."""
        self.traces = Traces(link, clock)
        self._link = link
        self._clock = clock
        self._alerts: OrderedDict[str, Asked[tuple[AlertView, ...]]] = OrderedDict()

    def alerts_of(self, device: str) -> Asked[tuple[AlertView, ...]]:
        """Return the newest alarms of ``unit/device``, open and closed; a page calls `look` with each refresh."""
        known = self._alerts.get(device)
        if known is None:
            known = self._alerts[device] = Asked(lambda: self._ask(device), self._clock, ALERTS_S)
        self._alerts.move_to_end(device)
        while len(self._alerts) > MOST_DEVICES:
            self._alerts.popitem(last=False)
        return known

    async def _ask(self, device: str) -> tuple[AlertView, ...]:
        unit, _, name = device.partition("/")
        face: AlertsFace = self._link.alerts
        page = await face.page(ListRequest(unit=unit, device=name, limit=MOST_ALERTS))
        return tuple(sorted(page.alerts, key=lambda one: -one.raised_at_ns))
