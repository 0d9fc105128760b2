"""What happened in a shift, and what stands at its end: counts over the record, each by an index."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from alerts.schema import Alert, Base, MaintenanceWindow, OutOfService, Silence
from alerts.shifts_face import ShiftFigures
from domain.alarm import AlarmClass
from domain.alert import Confirmation


def figures_of(session: Session, since_ns: int, now_ns: int) -> ShiftFigures:
    """Return the figures of a shift from ``since_ns`` until now. What a walk test held counts as raised, too."""
    is_open = Alert.closed_at_ns.is_(None)
    closed = Alert.closed_at_ns >= since_ns
    return ShiftFigures(
        since_ns=since_ns,
        until_ns=max(since_ns, now_ns),
        raised=_by_class(session, Alert.raised_at_ns >= since_ns),
        # what was acknowledged in the shift is open, or was closed in it: so much is found by an index
        acknowledged=_count(session, Alert, Alert.acknowledged_at_ns >= since_ns, or_(is_open, closed)),
        closed=_count(session, Alert, closed),
        confirmed=_found(session, since_ns),
        open=_by_class(session, is_open),
        fresh=_count(session, Alert, is_open, Alert.acknowledged_at_ns.is_(None)),
        shelved=_count(session, Alert, is_open, Alert.shelved_until_ns.is_not(None)),
        out_of_service=_count(session, OutOfService, OutOfService.ended_ns.is_(None)),
        silences=_count(session, Silence, Silence.ended_ns.is_(None), Silence.begun_ns.is_not(None)),
        maintenance=_count(
            session, MaintenanceWindow, MaintenanceWindow.ended_ns.is_(None), MaintenanceWindow.started_ns.is_not(None)
        ),
    )


def _by_class(session: Session, wanted: ColumnElement[bool]) -> dict[AlarmClass, int]:
    rows: Any = session.execute(select(Alert.alarm_class, func.count()).where(wanted).group_by(Alert.alarm_class))
    counts: dict[AlarmClass, int] = {row[0]: row[1] for row in rows}
    return {one: counts[one] for one in AlarmClass if counts.get(one)}


def _found(session: Session, since_ns: int) -> dict[Confirmation, int]:
    query = select(Alert.confirmed, func.count()).where(Alert.confirmed_at_ns >= since_ns)
    rows: Any = session.execute(query.group_by(Alert.confirmed))
    counts: dict[Confirmation, int] = {row[0]: row[1] for row in rows}
    return {one: counts[one] for one in Confirmation if counts.get(one)}


def _count(session: Session, table: type[Base], *wanted: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(table).where(*wanted)) or 0
