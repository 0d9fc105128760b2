"""Activations: one row each time an alarm becomes active, and what became of it.

`heed` hears of every change that `Desk.note` writes down, in the transaction of the change:

| event | then |
|---|---|
| raised | a new activation; told, if the alert is directed to people |
| suppressed, shelved | told now, if it was not and the alert is directed to people now |
| acknowledged, cleared | its time stands on the newest activation, the first counts |

**Operator-directed** is an alert that people are told of: no consequence of another, not in a maintenance window or on
a shelf, not held by a walk test, not from what is out of service (but for fire). Messages that a flood put into
a digest are told all the same. Alarms about the alarm system itself (`OWN_RULES`) count for nothing, or a flood
would feed itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from alerts.floods import standing
from alerts.floods.book import scopes
from alerts.schema import Activation, Alert
from domain.alarm import AlarmClass
from domain.alert import AlertEvent

if TYPE_CHECKING:
    from alerts.desk import Desk

OWN_RULES = frozenset({"alarm_flood", "notification_dead", "alert_unanswered"})


def directed(alert: Alert) -> bool:
    """Tell whether people are told of an alert."""
    quiet = alert.out_of_service is not None and alert.alarm_class is not AlarmClass.FIRE
    shelved = alert.shelved_until_ns is not None
    return alert.rule not in OWN_RULES and alert.suppressed_by is None and not (alert.held or quiet or shelved)


def heed(desk: Desk, alert: Alert, event: AlertEvent) -> None:
    """Bring the activations in line with what has just happened to an alert."""
    if event is AlertEvent.RAISED:
        _begin(desk, alert)
    elif event.value in ("suppressed", "shelved"):
        activation = _current(desk, alert)
        if activation is not None and activation.told_ns is None and directed(alert):
            _tell(desk, alert, activation)
    elif event in (AlertEvent.ACKNOWLEDGED, AlertEvent.CLEARED):
        _mark(desk, alert, event)


def _begin(desk: Desk, alert: Alert) -> None:
    position = desk.directory.operators.position(alert.unit)
    activation = Activation(
        alert_id=alert.id,
        position=position,
        unit=alert.unit,
        building=alert.building,
        rule=alert.rule,
        entity=alert.entity,
        alarm_class=alert.alarm_class,
        level=alert.level,
        at_ns=desk.now_ns,
    )
    desk.book.current[alert.id] = activation
    if directed(alert):
        _tell(desk, alert, activation)
    desk.session.add(activation)


def _tell(desk: Desk, alert: Alert, activation: Activation) -> None:
    for scope in scopes(alert, activation.position):
        standing.count(desk, scope, alert)
    activation.told_ns = desk.now_ns


def _mark(desk: Desk, alert: Alert, event: AlertEvent) -> None:
    activation = _current(desk, alert)
    if activation is None:
        return
    if event is AlertEvent.CLEARED:
        activation.ended_ns = activation.ended_ns or desk.now_ns
    else:
        activation.acknowledged_ns = activation.acknowledged_ns or desk.now_ns


def _current(desk: Desk, alert: Alert) -> Activation | None:
    """Return the newest activation of an alert; those of the alerts that the desk holds open come with one query."""
    known = desk.book.current
    if alert.id not in known:
        wanted = {alert.id, *(one.id for one in desk.held_open() if one.id not in known)}
        known |= dict.fromkeys(wanted)
        query = select(Activation).where(Activation.alert_id.in_(wanted)).order_by(Activation.number)
        for activation in desk.session.scalars(query):
            known[activation.alert_id] = activation
    return known[alert.id]
