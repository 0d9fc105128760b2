"""An alarm comes back after its record was closed: the record is opened again, or a new one names it.

| class | within this long of the closing the same record goes on | else a new record |
|---|---|---|
| fire, linkage, duty | never: each is an event of its own | names the one before it |
| hazard | 15 min | likewise |
| supervisory, fault, system | 10 min | likewise |

Assumptions (`domain.site.record`), settable by class in ``site.yaml`` (``alerts: reoccurrence:``), but for fire. A new
record names the one before it for 90 days; a fire always does. A record is history, and never opened again, when
somebody put a finding or a re-check on it, when a walk test had it or has its place now, when the device says "test"
of one of the two, or when the news is late. A reopened record keeps the time when it was first raised; ``reopened``
counts.
"""

from __future__ import annotations

from sqlalchemy import select

from alerts.desk import Desk
from alerts.schema import Alert
from domain.alarm import AlarmClass
from domain.clock import NS_PER_S


def earlier(desk: Desk, alert: Alert) -> Alert | None:
    """Return the record before ``alert``: the newest closed one of its rule on its entity."""
    query = select(Alert).where(
        Alert.rule == alert.rule, Alert.entity == alert.entity, Alert.closed_at_ns.is_not(None), Alert.id != alert.id
    )
    return desk.session.scalars(query.order_by(Alert.closed_at_ns.desc()).limit(1)).first()


def reopens(desk: Desk, before: Alert, alert: Alert) -> bool:
    """Tell whether the record ``before`` goes on instead of the new ``alert``."""
    history = before.confirmed is not None or before.rechecked_at_ns is not None or before.walk_test is not None
    unlike = alert.held or alert.historical or before.test != alert.test or before.alarm_class is not alert.alarm_class
    within_s = desk.directory.reoccurrence(alert.alarm_class).reopen_within_s
    fire = alert.alarm_class is AlarmClass.FIRE
    return not (history or unlike or fire) and _since_s(desk, before) < within_s


def link(desk: Desk, before: Alert | None, alert: Alert) -> str | None:
    """Return the id that a new record names as the one before it."""
    if before is None:
        return None
    within_s = desk.directory.reoccurrence(alert.alarm_class).link_within_s
    return before.id if alert.alarm_class is AlarmClass.FIRE or _since_s(desk, before) < within_s else None


def _since_s(desk: Desk, before: Alert) -> float:
    """Return how long ago a record was closed, seconds; a clock that was set back makes it none."""
    return max(0, desk.now_ns - (before.closed_at_ns or 0)) / NS_PER_S
