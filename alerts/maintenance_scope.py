"""Which maintenance window covers an alert: pure but for the look at what runs."""

from __future__ import annotations

from alerts.desk import Desk
from alerts.schema import Alert, MaintenanceWindow
from domain.alarm import AlarmClass


def covering(desk: Desk, alert: Alert) -> MaintenanceWindow | None:
    """Return the running window that covers an alert, the one that ends last."""
    windows = desk.maintenance(alert.unit)
    return next((window for window in windows if covers(window, alert)), None)


def covers(window: MaintenanceWindow, alert: Alert) -> bool:
    """Tell whether a window's scope has an alert.

    Places: the zones and devices that are named, the whole unit when none is. Rules: those that are named, all when
    none is. Never a fire without the second person's word; a duty only where its rule is named: people are not
    in maintenance.
    """
    if alert.alarm_class is AlarmClass.FIRE and window.second_by is None:
        return False
    if alert.alarm_class is AlarmClass.DUTY and alert.rule not in window.rules:
        return False
    here = not (window.zones or window.devices) or alert.zone in window.zones or alert.device in window.devices
    return window.unit == alert.unit and here and (not window.rules or alert.rule in window.rules)
