"""The record's own timers: ends of shelvings, windows, silences, foreign alerts. Run by `alerts.timers`."""

from __future__ import annotations

from sqlalchemy.orm import Session

from alerts import foreign_alerts, maintenance, shelving, silences
from alerts.desk import Desk


def run_due(desk: Desk) -> None:
    """Do what is due, at most a batch of it."""
    maintenance.turn_over(desk)
    silences.turn_over(desk)
    shelving.end_overdue(desk)
    foreign_alerts.end_silent(desk)


def next_due(session: Session) -> int | None:
    """Return when something is due next."""
    times = (
        maintenance.next_turn(session),
        silences.next_turn(session),
        shelving.next_end(session),
        foreign_alerts.next_end(session),
    )
    return min((time_ns for time_ns in times if time_ns is not None), default=None)
