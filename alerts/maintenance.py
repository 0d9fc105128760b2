"""Maintenance windows (维保窗口): planned times in which the alerts of a scope are recorded and told to nobody.

| an alert in the scope | is |
|---|---|
| raised, or raised again, while the window runs | suppressed (kind ``maintenance``): recorded, its ladder rests |
| over before the window ends | closed without an answer: who planned the window answers for it (not what is latched) |
| still there at the end | told as if it were raised now, unless a cause or another window hides it |
| open before the window began | left alone: its people know of it |
| **of the class fire** | told as ever, unless a second person was named when the window was planned |

Limits, as for shelving (`life_cycle.MOST_SHELVED_S`): 8 h with a second person, 7 days without; planned a year ahead
at most (assumptions). Begin and end stand in the audit; the end is a time in the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alerts import life_cycle, suppression
from alerts.desk import NOT_FOUND, SYSTEM, Desk
from alerts.life_cycle import MOST_SHELVED_S, same_person
from alerts.schema import Alert, MaintenanceWindow
from alerts.transitions import close_if_done
from domain.alarm import AlarmClass
from domain.clock import NS_PER_S
from domain.errors import RefusedError

MOST_AHEAD_S = 366 * 86_400.0


def plan(desk: Desk, window: MaintenanceWindow) -> MaintenanceWindow:
    """Plan a window, which begins at once when its time has come; raises RefusedError with the reason.

    The same request twice (the same id) is one window.
    """
    _check(desk, window)
    known = desk.session.get(MaintenanceWindow, window.id)
    if known is None:
        desk.session.add(window)
        desk.session.flush()
        desk.write(None, "maintenance_planned", actor=window.planned_by, **told(desk, window))
        turn_over(desk)
    return known or window


def end(desk: Desk, window_id: str, by: str) -> MaintenanceWindow:
    """End a window by a person, before it began or while it runs; raises RefusedError with the reason."""
    window = desk.session.get(MaintenanceWindow, window_id)
    if window is None:
        raise RefusedError(f"没有维保窗口 {window_id} / no maintenance window {window_id}", code=NOT_FOUND)
    if same_person(by, SYSTEM):
        raise RefusedError(f"'{SYSTEM}' 不是人名 / '{SYSTEM}' is no person")
    if window.ended_ns is not None:
        at = desk.directory.local_time(window.ended_ns)
        raise RefusedError(f"维保窗口已于 {at} 结束 / the maintenance window ended at {at}")
    _finish(desk, window, by)
    return window


def turn_over(desk: Desk) -> None:
    """Begin what is due to begin, and end what has had its time."""
    for window in desk.session.scalars(_waiting(desk.now_ns)).all():
        window.started_ns = desk.now_ns
        desk.forget_maintenance()
        desk.write(None, "maintenance_began", actor=window.planned_by, **told(desk, window))
    over = select(MaintenanceWindow).where(
        MaintenanceWindow.ended_ns.is_(None), MaintenanceWindow.until_ns <= desk.now_ns
    )
    for window in desk.session.scalars(over).all():
        _finish(desk, window, SYSTEM)


def next_turn(session: Session) -> int | None:
    """Return when the next window begins or ends by itself."""
    running = MaintenanceWindow.ended_ns.is_(None)
    begins = session.scalar(
        select(func.min(MaintenanceWindow.from_ns)).where(running, MaintenanceWindow.started_ns.is_(None))
    )
    ends = session.scalar(select(func.min(MaintenanceWindow.until_ns)).where(running))
    return min((time_ns for time_ns in (begins, ends) if time_ns is not None), default=None)


def told(desk: Desk, window: MaintenanceWindow) -> dict[str, Any]:
    """Return what is said of it in the audit."""
    return {
        "id": window.id,
        "by": window.planned_by,
        "second_by": window.second_by,
        "reason": window.reason,
        "from": desk.directory.local_time(window.from_ns),
        "until": desk.directory.local_time(window.until_ns),
        "unit": window.unit,
        "zones": window.zones,
        "devices": window.devices,
        "rules": window.rules,
    }


def _check(desk: Desk, window: MaintenanceWindow) -> None:
    desk.directory.check_scope(window.unit, window.zones, window.devices)
    if same_person(window.planned_by, SYSTEM) or same_person(window.second_by, SYSTEM):
        raise RefusedError(f"'{SYSTEM}' 不是人名 / '{SYSTEM}' is no person")
    if same_person(window.planned_by, window.second_by):
        raise RefusedError(f"{life_cycle.ONE_PERSON_TWICE.zh} / {life_cycle.ONE_PERSON_TWICE.en}")
    if window.until_ns <= max(window.from_ns, desk.now_ns):
        raise RefusedError("维保窗口的结束须晚于开始和现在 / a maintenance window ends after its begin, and after now")
    most_s = MOST_SHELVED_S[AlarmClass.FIRE if window.second_by else AlarmClass.FAULT]
    if window.until_ns - window.from_ns > most_s * NS_PER_S:
        hours = f"{most_s / 3600:g}"
        raise RefusedError(
            f"此类维保窗口最长 {hours} 小时（含火警 8 小时）/ such a maintenance window lasts {hours} h at most"
            " (8 h where fires are in it)"
        )
    if window.from_ns - desk.now_ns > MOST_AHEAD_S * NS_PER_S:
        raise RefusedError("最多提前一年计划 / planned a year ahead at most")


def _waiting(now_ns: int) -> Any:
    return select(MaintenanceWindow).where(
        MaintenanceWindow.started_ns.is_(None),
        MaintenanceWindow.ended_ns.is_(None),
        MaintenanceWindow.from_ns <= now_ns,
        MaintenanceWindow.until_ns > now_ns,
    )


def _finish(desk: Desk, window: MaintenanceWindow, by: str) -> None:
    window.ended_ns, window.ended_by = desk.now_ns, by
    desk.forget_maintenance()
    alerts = _suppressed(desk, window)
    desk.write(
        None,
        "maintenance_ended",
        actor=by,
        by_time=by == SYSTEM,
        begun=window.started_ns is not None,
        open_alerts=[alert.id for alert in alerts],
        **told(desk, window),
    )
    for alert in alerts:
        suppression.suppress(desk, alert, suppression.reason_for(desk, alert))
        close_if_done(desk, alert)


def _suppressed(desk: Desk, window: MaintenanceWindow) -> Sequence[Alert]:
    query = select(Alert).where(Alert.suppressed_by == window.id, Alert.closed_at_ns.is_(None))
    return desk.session.scalars(query.order_by(Alert.priority, Alert.raised_at_ns, Alert.id)).all()
