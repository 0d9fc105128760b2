"""Out of service (停用): a person takes points, devices, zones or gateways of a unit out of service, for a time.

| while it lasts, an alert that is raised there | and when it ends |
|---|---|
| is recorded, flagged and in the feed; its ladder waits | what still stands is told as if it were raised now |
| **of the class fire**: is flagged, and told and escalated as ever | loses the flag, nothing else changes |

It is no mute of a fire: a detector that somebody forgot to put back must still call people. What was open before is
not flagged, its people know of it. It has a reason and an end (30 days at most: an assumption; longer is a change of
the site's files), ends by itself, and its beginning and end stand in the audit.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alerts import escalation
from alerts.desk import NOT_FOUND, SYSTEM, Desk
from alerts.schema import Alert, OutOfService
from domain.alert import AlertEvent
from domain.errors import RefusedError


def begin(desk: Desk, entry: OutOfService) -> OutOfService:
    """Begin; raises RefusedError where the site has no such place."""
    devices = {*entry.devices, *(point.partition("/")[0] for point in entry.points)}
    desk.directory.check_scope(entry.unit, entry.zones, sorted(devices))
    desk.directory.check_gateways(entry.unit, entry.gateways)
    if desk.session.get(OutOfService, entry.id) is None:  # the same request twice is one
        desk.session.add(entry)
        desk.session.flush()
        desk.write(None, "out_of_service_began", actor=entry.begun_by, **told(desk, entry))
    return entry


def end(desk: Desk, entry_id: str, by: str) -> OutOfService:
    """End by a person; raises RefusedError when there is none, it is over, or the clock's name is given."""
    entry = desk.session.get(OutOfService, entry_id)
    if entry is None:
        raise RefusedError(
            f"没有停用记录 {entry_id} / nothing was taken out of service under {entry_id}", code=NOT_FOUND
        )
    if by == SYSTEM:
        raise RefusedError(f"'{SYSTEM}' 不是人名 / '{SYSTEM}' is no person")
    if entry.ended_ns is not None:
        at = desk.directory.local_time(entry.ended_ns)
        raise RefusedError(f"停用已于 {at} 结束 / it is back in service since {at}")
    _finish(desk, entry, by)
    return entry


def end_overdue(desk: Desk) -> None:
    """End what has had its time."""
    overdue = select(OutOfService).where(OutOfService.ended_ns.is_(None), OutOfService.until_ns <= desk.now_ns)
    for entry in desk.session.scalars(overdue).all():
        _finish(desk, entry, SYSTEM)


def next_end(session: Session) -> int | None:
    """Return when the next one ends by itself."""
    return session.scalar(select(func.min(OutOfService.until_ns)).where(OutOfService.ended_ns.is_(None)))


def flag(desk: Desk, alert: Alert) -> dict[str, Any]:
    """Flag an alert that is raised (again); returns what the audit and the feed say of that."""
    entry = _covering(desk, alert)
    alert.out_of_service = entry.id if entry is not None else None
    return {} if entry is None else {"out_of_service": told(desk, entry)}


def told(desk: Desk, entry: OutOfService) -> dict[str, Any]:
    """Return what is said of it wherever it is the reason."""
    return {
        "id": entry.id,
        "by": entry.begun_by,
        "reason": entry.reason,
        "until": desk.directory.local_time(entry.until_ns),
        "unit": entry.unit,
        "zones": entry.zones,
        "devices": entry.devices,
        "points": entry.points,
        "gateways": entry.gateways,
    }


def _finish(desk: Desk, entry: OutOfService, by: str) -> None:
    entry.ended_ns, entry.ended_by = desk.now_ns, by
    flagged = select(Alert).where(Alert.out_of_service == entry.id, Alert.closed_at_ns.is_(None))
    alerts = desk.session.scalars(flagged.order_by(Alert.priority, Alert.raised_at_ns, Alert.id)).all()
    desk.write(
        None,
        "out_of_service_ended",
        actor=by,
        by_time=by == SYSTEM,
        open_alerts=[alert.id for alert in alerts],
        **told(desk, entry),
    )
    desk.forget_out_of_service()
    for alert in alerts:
        why = flag(desk, alert)  # another one may cover it
        desk.note(alert, AlertEvent.SUPPRESSED, actor=by, outcome="out_of_service_ends", **why)
        escalation.released(desk, alert, "out_of_service")


def _covering(desk: Desk, alert: Alert) -> OutOfService | None:
    """Return what takes the place of an alert out of service, the one that ends last."""
    point = f"{alert.device}/{alert.point}"
    for entry in desk.out_of_service(alert.unit):
        named = (
            alert.zone in entry.zones
            or alert.device in entry.devices
            or (alert.point is not None and point in entry.points)
            or alert.gateway in entry.gateways
        )
        if named:
            return entry
    return None
