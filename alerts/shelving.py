"""Shelving (搁置): a person silences one alert for a time, with a reason; a fire only together with a second person.

It keeps all its facts and stays in every list; only its ladder rests. How long at most: `life_cycle.MOST_SHELVED_S`.

| while an alert is shelved | then |
|---|---|
| its time is over, or somebody ends it | the shelving ends; what still stands is told again |
| its level rises to critical | the shelving ends: what was silenced was a lesser thing |
| its level changes otherwise | stays shelved; nobody is told |
| it clears and is raised again | stays shelved; **a fire** is let go: it is a new alarm of the detector |
| it is acknowledged, confirmed, reset, commented, suppressed | stays shelved: the facts are independent |
| it closes | the shelving ends with it |

The end is a time in the database: a kill -9 neither prolongs nor shortens it.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alerts import escalation, life_cycle
from alerts.desk import SYSTEM, Desk
from alerts.life_cycle import Action, Ask
from alerts.schema import Alert
from domain.alarm import AlarmClass, Level
from domain.alert import AlertEvent

BATCH = 100
BY_TIME = "time"
BY_PERSON = "person"
BY_LEVEL = "critical"
BY_FIRE = "raised again"
BY_CLOSING = "closed"


def shelve(desk: Desk, alert: Alert, by: str, reason: str, *, until_ns: int, second_by: str | None = None) -> None:
    """Shelve until a time; raises RefusedError with the reason."""
    second = (second_by or "").strip() or None
    ask = Ask(by=by, now_ns=desk.now_ns, cause=reason, until_ns=until_ns, second_by=second)
    life_cycle.allow(Action.SHELVE, alert, ask)
    alert.shelved_until_ns, alert.shelve_reason = until_ns, reason
    alert.shelved_by, alert.shelved_with = by, second
    escalation.settle(desk, alert)
    desk.note(
        alert,
        AlertEvent.SHELVED,
        actor=by,
        outcome="begins",
        reason=reason,
        second_by=second,
        until=desk.directory.local_time(until_ns),
        until_ns=until_ns,
    )


def unshelve(desk: Desk, alert: Alert, by: str) -> None:
    """End it by a person; raises RefusedError when it is not shelved."""
    life_cycle.allow(Action.UNSHELVE, alert, Ask(by=by))
    end(desk, alert, BY_PERSON, actor=by)


def end(desk: Desk, alert: Alert, why: str, *, actor: str = SYSTEM, anew: bool = True) -> None:
    """End it, if it is shelved; what still stands goes on being told, and ``anew`` to those who know of it."""
    if alert.shelved_until_ns is None:
        return
    by, second, until_ns = alert.shelved_by, alert.shelved_with, alert.shelved_until_ns
    alert.shelved_until_ns = alert.shelved_by = alert.shelved_with = alert.shelve_reason = None
    desk.note(
        alert, AlertEvent.SHELVED, actor=actor, outcome="ends", why=why, by=by, second_by=second, until_ns=until_ns
    )
    if anew:
        escalation.released(desk, alert, "shelved")
    else:
        escalation.settle(desk, alert)


def on_raised(desk: Desk, alert: Alert, *, rises: bool, again: bool) -> None:
    """A fire that comes back is told, whatever was shelved before; and so is what has become critical."""
    if again and alert.alarm_class is AlarmClass.FIRE:
        end(desk, alert, BY_FIRE)
    elif rises and ends_at(alert.level):
        end(desk, alert, BY_LEVEL)


def ends_at(level: Level) -> bool:
    """Tell whether a rise to ``level`` ends a shelving: what has become critical is told."""
    return level is Level.CRITICAL


def end_overdue(desk: Desk) -> None:
    """End those whose time is over, fire first; at most a batch."""
    overdue = select(Alert).where(Alert.shelved_until_ns <= desk.now_ns)
    for alert in desk.session.scalars(overdue.order_by(Alert.priority, Alert.shelved_until_ns).limit(BATCH)).all():
        end(desk, alert, BY_TIME)


def next_end(session: Session) -> int | None:
    """Return when the next one is over."""
    return session.scalar(select(func.min(Alert.shelved_until_ns)))
