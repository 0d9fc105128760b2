"""The page of alarms: the list of what is open."""

from __future__ import annotations

from dashboards.console.alarms.actions import AlarmActions
from dashboards.console.alarms.alarm_list import AlarmList
from dashboards.console.section import Address, Body, Desk
from dashboards.console.view import box


class AlarmsPage(Body):
    """The list."""

    def __init__(self, desk: Desk, address: Address) -> None:
        """Build; the address has nothing to say yet."""
        del address
        with box("columns"):
            self._alarms = AlarmList(desk.view, AlarmActions(desk))

    def refresh(self, now_ns: int) -> None:
        """Redraw what changed."""
        self._alarms.refresh(now_ns)
