"""Causes hide their consequences: an e-bike that charges hides the same e-bike that parks.

An alert hides those of the rules it names on the same entity or in the same zone; an alert about a
gateway hides those of everything behind it. What is hidden keeps all its facts and stays in the record:
only its ladder rests, and `suppressed_by` says why. Besides its cause (which goes first), a maintenance window can be
the reason (`alerts.maintenance`), or a digest that tells of it; ``suppressed_kind`` says which it is.
A consequence never outranks its cause, so a fire can only be hidden by a fire. What a walk test holds hides nothing
that the test does not hold: nobody was told of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, or_, select

from alerts import escalation, maintenance_scope
from alerts.desk import Desk
from alerts.schema import Alert, HiddenRule
from domain.alarm import EntityKind
from domain.alert import AlertEvent, SuppressionKind

Reason = tuple[SuppressionKind, str] | None
"""Why an alert is told to nobody: the kind, and the id of the alert, window or digest; None when it is told."""


def remember(desk: Desk, alert: Alert, rules: Sequence[str]) -> None:
    """Store which rules ``alert`` hides."""
    if not rules:
        return
    known = set(desk.session.scalars(select(HiddenRule.rule).where(HiddenRule.alert_id == alert.id)))
    new = set(rules) - known - {alert.rule}
    desk.session.add_all(HiddenRule(alert_id=alert.id, rule=rule) for rule in sorted(new))
    desk.hidden_rules().update(new)


def cause_of(desk: Desk, alert: Alert) -> str | None:
    """Return the id of an active alert that hides ``alert``, the earliest."""
    if alert.rule not in desk.hidden_rules():
        return None
    query = (
        select(Alert)
        .join(HiddenRule, HiddenRule.alert_id == Alert.id)
        .where(HiddenRule.rule == alert.rule, Alert.active, Alert.closed_at_ns.is_(None), Alert.id != alert.id)
        .where(Alert.unit == alert.unit, Alert.priority <= alert.priority)
        .order_by(Alert.raised_at_ns)
    )
    found = (cause for cause in desk.session.scalars(query) if alert.held or not cause.held)
    return next((cause.id for cause in found if _covers(cause, alert)), None)


def reason_for(desk: Desk, alert: Alert) -> Reason:
    """Return why ``alert`` is told to nobody now: its cause, else a maintenance window."""
    cause = cause_of(desk, alert)
    if cause is not None:
        return SuppressionKind.CAUSE, cause
    window = maintenance_scope.covering(desk, alert)
    return (SuppressionKind.MAINTENANCE, window.id) if window is not None else None


def decide(desk: Desk, alert: Alert) -> dict[str, str]:
    """Set the reason of an alert that is raised (again), before it is told; returns what audit and feed say of it."""
    reason = reason_for(desk, alert)
    alert.suppressed_kind, alert.suppressed_by = reason or (None, None)
    return {} if reason is None else {"suppressed_kind": reason[0].value, "suppressed_by": reason[1]}


def hide_consequences(desk: Desk, cause: Alert) -> None:
    """Suppress the open alerts that are consequences of ``cause``."""
    for alert in _open(desk, and_(Alert.unit == cause.unit, _hidden_by(cause), Alert.suppressed_by.is_(None))):
        told_of = alert.held or not cause.held
        if alert.id != cause.id and alert.priority >= cause.priority and told_of and _covers(cause, alert):
            suppress(desk, alert, (SuppressionKind.CAUSE, cause.id))


def release_consequences(desk: Desk, cause: Alert) -> None:
    """The cause is gone: what still stands gets its ladder back, unless another cause hides it."""
    for alert in _open(desk, and_(Alert.suppressed_by == cause.id, Alert.active)):
        suppress(desk, alert, reason_for(desk, alert))


def suppress(desk: Desk, alert: Alert, reason: Reason) -> None:
    """Suppress ``alert`` for a reason, or free it (None); writes nothing when that changes nothing."""
    before, ended = alert.suppressed_by, alert.suppressed_kind
    kind, by = reason or (None, None)
    if before == by:
        return
    alert.suppressed_kind, alert.suppressed_by = kind, by
    if kind is not None:
        escalation.settle(desk, alert)
        desk.note(alert, AlertEvent.SUPPRESSED, outcome="begins", kind=kind.value, by=by, before=before)
    else:
        desk.note(alert, AlertEvent.SUPPRESSED, outcome="ends", by=None, before=before)
        escalation.released(desk, alert, ended.value if ended is not None else "cause")


def hidden(desk: Desk, cause: Alert) -> Sequence[Alert]:
    """Return the open alerts that ``cause`` suppresses."""
    return _open(desk, Alert.suppressed_by == cause.id)


def _open(desk: Desk, condition: ColumnElement[bool]) -> Sequence[Alert]:
    return desk.session.scalars(select(Alert).where(condition, Alert.closed_at_ns.is_(None))).all()


def _hidden_by(cause: Alert) -> ColumnElement[bool]:
    rules = select(HiddenRule.rule).where(HiddenRule.alert_id == cause.id)
    scope = [Alert.entity == cause.entity]
    if cause.zone is not None:
        scope.append(Alert.zone == cause.zone)
    if cause.entity_kind is EntityKind.GATEWAY:
        scope.append(Alert.gateway == cause.gateway)
    return and_(Alert.rule.in_(rules), or_(*scope))


def _covers(cause: Alert, alert: Alert) -> bool:
    """Tell whether ``alert`` is in the place of ``cause``."""
    same_zone = cause.zone is not None and cause.zone == alert.zone
    behind = cause.entity_kind is EntityKind.GATEWAY and cause.gateway is not None and cause.gateway == alert.gateway
    return cause.unit == alert.unit and (cause.entity == alert.entity or same_zone or behind)
