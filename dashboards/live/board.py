"""The board: what the console knows now, and how old that knowledge is.

Plain data, filled by `dashboards.live.feed`, read by pages and by the API. The revision of the alerts
rises with each change, so that a page sees at the cost of one comparison that it has nothing to
redraw. What is known carries its time (of the document, of the reading, of the last answer of the alerts
service): what is old is *unknown*, whatever it says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from alerts.face import Stats
from dashboards.live.nodes import Nodes
from dashboards.live.strangers import Stranger
from domain.alarm import AlarmClass
from domain.alert import AlertView


@dataclass(frozen=True, slots=True)
class Reading:
    """The latest reading of a point. ``value`` is None where it has none; ``quality`` as `domain.quality`."""

    time_ns: int
    value: float | None
    quality: int
    text: str | None = None


def list_order(alert: AlertView) -> tuple[int, int, str]:
    """Return what sorts alerts as the record and the screen do: class, then newest first."""
    return alert.alarm_class.priority, -alert.raised_at_ns, alert.id


@dataclass(slots=True)
class Board:
    """Everything that is shown. Times are ns UTC; 0 = never.

    ``alerts_cut``: the list of open alerts was longer than one reply holds; of this class and those
    below there may be more than the board has. ``roll_calls``: newest result by point key. ``strangers``: by host.
    ``revision`` rises with every change of anything, `touch` says so.
    """

    connected: bool = False
    revision: int = 0
    statuses: dict[str, dict[str, Any]] = field(default_factory=dict)
    alerts: dict[str, AlertView] = field(default_factory=dict)
    alerts_at_ns: int = 0
    alerts_cut: AlarmClass | None = None
    alerts_revision: int = 0
    stats: Stats | None = None
    readings: dict[str, Reading] = field(default_factory=dict)
    roll_calls: dict[str, Reading] = field(default_factory=dict)
    nodes: Nodes = field(default_factory=Nodes)
    strangers: dict[str, list[Stranger]] = field(default_factory=dict)

    def touch(self) -> None:
        """Say that something changed: what was made of the board has to be made anew."""
        self.revision += 1

    def replace_alerts(self, alerts: Iterable[AlertView], now_ns: int, *, cut: bool) -> None:
        """Take over the list of open alerts; ``cut`` when it ends where one reply ends.

        A cut list says nothing about what would stand behind its end: that is kept as it was.
        """
        fresh = {alert.id: alert for alert in alerts}
        last = max(map(list_order, fresh.values()), default=None) if cut else None
        if last is not None:
            fresh |= {name: alert for name, alert in self.alerts.items() if list_order(alert) > last}
        cut_at = list(AlarmClass)[last[0]] if last is not None else None
        if fresh != self.alerts or cut_at is not self.alerts_cut:
            self.alerts = fresh
            self.alerts_cut = cut_at
            self.alerts_revision += 1
        self.alerts_at_ns = now_ns
        self.touch()

    def take_alerts(self, alerts: Mapping[str, AlertView]) -> None:
        """Take over some open alerts, by id; what is not among them stays as it is."""
        if any(self.alerts.get(name) != alert for name, alert in alerts.items()):
            self.alerts |= alerts
            self.alerts_revision += 1

    def apply_alert(self, alert: AlertView) -> None:
        """Take over one changed alert; a closed one leaves the board."""
        if alert.is_open:
            self.alerts[alert.id] = alert
        else:
            self.alerts.pop(alert.id, None)
        self.alerts_revision += 1
        self.touch()
