"""The life of an alert as spans and moments, out of the audit: what was true at a time that is over.

Columns of a record say how it stands now; its audit entries say when each fact came and went. A change that the
telemetry tells counts from the time of its event where that was delivered late, at most `LATE_NS` back and never
in the future; what people do counts from the server's time.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from alerts.feeding.intervals import Span
from alerts.floods.activations import OWN_RULES
from alerts.schema import Alert, AuditEntry
from domain.alarm import AlarmClass
from domain.alert import AlertEvent, Confirmation

FOREVER = 1 << 62
LATE_NS = 7 * 86_400 * 1_000_000_000
"""How late a change may be delivered and still count in its own time (assumption: a gateway's spool holds days)."""

TELEMETRY = (AlertEvent.RAISED, AlertEvent.CLEARED, AlertEvent.UNKNOWN, AlertEvent.KNOWN)
"""Events that come from telemetry."""

TOLD = (*TELEMETRY, AlertEvent.ACKNOWLEDGED, AlertEvent.CONFIRMED, AlertEvent.CLOSED, AlertEvent.ESCALATED)
"""Audit entries that facts are made of."""

CHUNK = 500
"""Ids in one query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One entry of the audit: when it counts (ns UTC), what, and which of the entries of one name."""

    at_ns: int
    action: str
    outcome: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """An alert with its moments in the order in which they were recorded.

    ``begun_ns`` says which day it belongs to; people can answer from ``raised_ns`` on, when it was recorded.
    """

    id: str
    rule: str
    alarm_class: AlarmClass
    unit: str
    entity: str
    begun_ns: int
    raised_ns: int
    test: bool
    confirmed: Confirmation | None
    moments: tuple[Moment, ...] = ()

    def active(self) -> list[Span]:
        """Return when the telemetry said it."""
        return self._between((AlertEvent.RAISED,), (AlertEvent.CLEARED,))

    def unknown(self) -> list[Span]:
        """Return when there was no telemetry about it."""
        return self._between((AlertEvent.UNKNOWN,), (AlertEvent.KNOWN, AlertEvent.CLEARED, AlertEvent.RAISED))

    def open(self) -> list[Span]:
        """Return when the record was not closed."""
        return self._between((AlertEvent.RAISED,), (AlertEvent.CLOSED,))

    def first(self, action: AlertEvent) -> int | None:
        """Return when an action was first done, None when it never was."""
        return next((moment.at_ns for moment in self.moments if moment.action == action), None)

    def closed_ns(self) -> int | None:
        """Return when it was closed for good, None while it is open."""
        spans = self.open()
        return spans[-1][1] if spans and spans[-1][1] != FOREVER else None

    def _between(self, begins: Sequence[AlertEvent], ends: Sequence[AlertEvent]) -> list[Span]:
        spans: list[Span] = []
        since: int | None = None
        for moment in self.moments:
            if since is None and moment.action in begins:
                since = moment.at_ns
            elif since is not None and moment.action in ends:
                spans.append((since, max(since, moment.at_ns)))
                since = None
        return spans if since is None else [*spans, (since, FOREVER)]


def load(session: Session, start_ns: int, *, units: Iterable[str] = (), rules: Iterable[str] = ()) -> list[History]:
    """Return alerts that are open, or were closed at ``start_ns`` or later, of the units and rules that are named.

    Those about the alarm system itself are left out: they are no facts of the premises.
    """
    query = select(Alert).where(
        or_(Alert.closed_at_ns.is_(None), Alert.closed_at_ns >= start_ns), Alert.rule.not_in(OWN_RULES)
    )
    if units:
        query = query.where(Alert.unit.in_(list(units)))
    if rules:
        query = query.where(Alert.rule.in_(list(rules)))
    alerts = session.scalars(query).all()
    told = moments(session, [alert.id for alert in alerts])
    return [_history(alert, told.get(alert.id, ())) for alert in alerts]


def moments(session: Session, ids: Sequence[str]) -> dict[str, tuple[Moment, ...]]:
    """Return the moments of alerts by id."""
    found: dict[str, list[Moment]] = defaultdict(list)
    for start in range(0, len(ids), CHUNK):
        query = select(AuditEntry.alert_id, AuditEntry.at_ns, AuditEntry.action, AuditEntry.details).where(
            AuditEntry.alert_id.in_(ids[start : start + CHUNK]), AuditEntry.action.in_([event.value for event in TOLD])
        )
        for alert_id, at_ns, action, details in session.execute(query.order_by(AuditEntry.number)):
            if alert_id is not None:
                found[alert_id].append(moment(at_ns, action, details))
    return {alert_id: tuple(entries) for alert_id, entries in found.items()}


def moment(at_ns: int, action: str, details: str) -> Moment:
    """Return the moment of an audit entry; ``details`` is its JSON text."""
    known: dict[str, Any] = json.loads(details)
    event_ns, outcome = known.get("event_time_ns"), known.get("outcome")
    if action in TELEMETRY and isinstance(event_ns, int):
        at_ns = counted_ns(at_ns, event_ns)
    return Moment(at_ns=at_ns, action=action, outcome=outcome if isinstance(outcome, str) else None)


def counted_ns(recorded_ns: int, event_ns: int) -> int:
    """Return the time that a change counts from: that of its event, unless no clock can be believed."""
    return event_ns if recorded_ns - LATE_NS <= event_ns <= recorded_ns else recorded_ns


def begun_ns(alert: Alert) -> int:
    """Return when an alert began: as it was recorded, or its event's time where that was delivered late."""
    return counted_ns(alert.raised_at_ns, alert.event_time_ns) if alert.historical else alert.raised_at_ns


def _history(alert: Alert, told: tuple[Moment, ...]) -> History:
    return History(
        id=alert.id,
        rule=alert.rule,
        alarm_class=alert.alarm_class,
        unit=alert.unit,
        entity=alert.entity,
        begun_ns=begun_ns(alert),
        raised_ns=alert.raised_at_ns,
        test=alert.test or alert.held or alert.confirmed is Confirmation.TEST,
        confirmed=alert.confirmed,
        moments=told,
    )
