"""A reset at the panel (GB/T 26875.3-2011 operation "reset") lets latched alerts of that panel go.

Somebody pressed it there, so it counts as a reset by a person, under the name ``panel``. It resets what
a person could reset in the record as well, and no more:

| a latched open alert of the panel is then | what happens |
|---|---|
| over, its data known | it is reset; it closes once somebody has acknowledged it |
| active, or unknown | it waits: it is reset if it clears within a minute (panels restore their components one by one) |
| active after that minute, or raised again | nothing: a fire that still burns is not reset |

The panel's are the alerts of its own points: those of its device, and where a transmitter has several systems, those
under the system's own name (``s1-1`` and ``s1-1-…``). Alerts about a zone are a person's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import func, select

from alerts.desk import Desk
from alerts.schema import Alert, SeenTransition
from domain.alarm import Place, Transition, TransitionKind
from domain.alert import AlertEvent
from domain.clock import NS_PER_S

PANEL = "panel"
WAITS_NS = 60 * NS_PER_S
"""How long a reset waits for an alarm to clear (assumption: polling of a loop, off-delays of rules)."""
_OPERATION = re.compile(r"^(?P<system>.+)-op(_\d+)?$")
_WHOLE = ("state", "operation")


def reset_panel(desk: Desk, transition: Transition, seq: int) -> list[Alert]:
    """Apply a reset that was read at ``seq`` of ALARMS; returns the alerts that were reset now."""
    done, waiting = [], []
    for alert in _latched(desk, transition.place):
        if _raised_after(desk, alert, seq):
            continue  # the fire lane may be ahead of this one
        if alert.active or alert.data_unknown:
            alert.panel_reset_ns = desk.now_ns
            waiting.append(alert.id)
        else:
            _reset(desk, alert, transition.entity)
            done.append(alert)
    desk.write(
        None, "panel_reset", actor=PANEL, point=transition.entity, reset=[alert.id for alert in done], waiting=waiting
    )
    return done


def reset_on_clearing(desk: Desk, alert: Alert) -> None:
    """Reset an alert that has just cleared, if a panel's reset waited for that."""
    asked_ns, alert.panel_reset_ns = alert.panel_reset_ns, None
    if asked_ns is not None and desk.now_ns - asked_ns <= WAITS_NS and alert.latched and alert.reset_at_ns is None:
        _reset(desk, alert, alert.entity)


def _reset(desk: Desk, alert: Alert, by: str) -> None:
    alert.reset_at_ns, alert.reset_by, alert.panel_reset_ns = desk.now_ns, PANEL, None
    desk.note(alert, AlertEvent.RESET, actor=PANEL, point=by)


def _latched(desk: Desk, place: Place) -> Sequence[Alert]:
    query = select(Alert).where(
        Alert.closed_at_ns.is_(None),
        Alert.latched,
        Alert.reset_at_ns.is_(None),
        Alert.unit == place.unit,
        Alert.device == place.device,
    )
    found = desk.session.scalars(query.order_by(Alert.raised_at_ns, Alert.id)).all()
    system = _system(place.point)
    return [alert for alert in found if system is None or f"{alert.point}-".startswith(f"{system}-")]


def _system(point: str | None) -> str | None:
    """Return the system that a reset is about, None for all of its device."""
    if point is None or point in _WHOLE:
        return None
    found = _OPERATION.match(point)
    return found["system"] if found else point


def _raised_after(desk: Desk, alert: Alert, seq: int) -> bool:
    raised = select(func.max(SeenTransition.seq)).where(
        SeenTransition.alert_id == alert.id, SeenTransition.kind == TransitionKind.RAISED
    )
    return (desk.session.scalar(raised) or 0) > seq
