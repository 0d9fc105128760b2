"""Shelving (搁置): a person silences one alert for a time, with a reason; a fire only together with a second person.

``second_by`` here is the name of somebody for whom the account service has vouched (`alerts.desk.Desk.second`).

It keeps all its facts and stays in every list; only its ladder rests. How long at most: `life_cycle.MOST_SHELVED_S`.

| while an alert is shelved | then |
|---|---|
| somebody extends it | its end is a later one, within the same limits from then on; it never ends between |
| its time is over, or somebody ends it | the shelving ends; what still stands is told again |
| its level rises to critical | the shelving ends: what was silenced was a lesser thing |
| its level changes otherwise | stays shelved; nobody is told |
| it clears and is raised again | stays shelved; **a fire** is let go: it is a new alarm of the detector |
| it is acknowledged, confirmed, reset, commented, suppressed | stays shelved: the facts are independent |
| it closes | the shelving ends with it |

The end is a time in the database: a kill -9 neither prolongs nor shortens it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alerts import escalation, life_cycle
from alerts.desk import SYSTEM, Desk
from alerts.life_cycle import Action, Ask
from alerts.schema import Alert, Silence
from alerts.silences_face import silence_of_reason
from domain.alarm import AlarmClass, Level
from domain.alert import AlertEvent
from domain.errors import RefusedError

BATCH = 100
BEGINS, EXTENDED, SHORTENED, ENDS = "begins", "extended", "shortened", "ends"
BY_TIME = "time"
BY_PERSON = "person"
BY_LEVEL = "critical"
BY_FIRE = "raised again"
BY_CLOSING = "closed"

OF_SILENCE = "由静默搁置，请延长该静默 / a silence shelved it: extend the silence"


def shelve(desk: Desk, alert: Alert, by: str, reason: str, *, until_ns: int, second_by: str | None = None) -> None:
    """Shelve until a time; raises RefusedError with the reason."""
    ask = Ask(by=by, now_ns=desk.now_ns, cause=reason, until_ns=until_ns, second_by=second_by)
    life_cycle.allow(Action.SHELVE, alert, ask)
    _put(alert, ask)
    escalation.settle(desk, alert)
    _note(desk, alert, BEGINS)


def extend(desk: Desk, alert: Alert, by: str, reason: str, *, until_ns: int, second_by: str | None = None) -> None:
    """Put off the end, in one deed; raises RefusedError with the reason, and changes nothing then.

    What a silence shelved is extended by extending the silence, whose end would let it go all the same.
    """
    ask = Ask(by=by, now_ns=desk.now_ns, cause=reason, until_ns=until_ns, second_by=second_by)
    life_cycle.allow(Action.EXTEND, alert, ask)
    silence = silence_of_reason(alert.shelve_reason or "")
    if silence is not None and desk.session.get(Silence, silence) is not None:
        raise RefusedError(OF_SILENCE)
    before_ns = alert.shelved_until_ns
    _put(alert, ask)
    _note(desk, alert, EXTENDED, before_ns=before_ns)


def carry(desk: Desk, alert: Alert, actor: str, reason: str, *, until_ns: int) -> None:
    """Give a shelf the other end of the silence that made it, without an end between; never that of a fire."""
    before_ns = alert.shelved_until_ns or 0
    _put(alert, Ask(by=alert.shelved_by or actor, cause=reason, until_ns=until_ns))
    _note(desk, alert, EXTENDED if until_ns > before_ns else SHORTENED, actor=actor, before_ns=before_ns)


def _put(alert: Alert, ask: Ask) -> None:
    alert.shelved_until_ns, alert.shelve_reason = ask.until_ns, ask.cause
    alert.shelved_by, alert.shelved_with = ask.by, ask.second_by


def _note(desk: Desk, alert: Alert, outcome: str, *, actor: str | None = None, **more: Any) -> None:
    until_ns = alert.shelved_until_ns or 0
    desk.note(
        alert,
        AlertEvent.SHELVED,
        actor=actor or alert.shelved_by or SYSTEM,
        outcome=outcome,
        reason=alert.shelve_reason,
        second_by=alert.shelved_with,
        until=desk.directory.local_time(until_ns),
        until_ns=until_ns,
        **more,
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
    desk.note(alert, AlertEvent.SHELVED, actor=actor, outcome=ENDS, why=why, by=by, second_by=second, until_ns=until_ns)
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
