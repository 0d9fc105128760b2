"""Shifts of the control room (交接班): who hands over gives, another person takes, both are written down for ever.

GB 25506-2010 has people in the room day and night; what one shift knows the next must know too (secondary texts ask for
a record of hand-overs, with both names). A hand-over changes nothing of any alert and ends nobody's session.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.accounts.actors import Actor, same_actor
from alerts.desk import NOT_FOUND, Desk
from alerts.schema import Alert, ShiftHandover, ShiftTaking
from alerts.shift_figures import figures_of
from alerts.shifts_face import FIRST_S, MOST_OPEN, HandoverView, ShiftFigures, ShiftNow
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from domain.ids import stable_id


def now(session: Session, now_ns: int) -> ShiftNow:
    """Return the shift that runs."""
    since_ns = begun_ns(session, now_ns)
    taking = _last_taking(session)
    newest = _newest(session)
    waits = newest is not None and session.get(ShiftTaking, newest.id) is None
    return ShiftNow(
        holder=taking.taken_by if taking else None,
        since_ns=since_ns,
        figures=figures_of(session, since_ns, now_ns),
        waiting=view(session, newest) if waits and newest is not None else None,
    )


def begun_ns(session: Session, now_ns: int) -> int:
    """Return when the shift that runs began: when the last one was taken."""
    taking = _last_taking(session)
    return taking.taken_ns if taking else max(0, now_ns - FIRST_S * NS_PER_S)


def give(desk: Desk, *, by: str, notes: str, account: str | None = None) -> ShiftHandover:
    """Hand the shift over; a hand-over that still waits is replaced by this one, and stays in the record.

    ``account`` is that of ``by``, where they are signed in.
    """
    since_ns = begun_ns(desk.session, desk.now_ns)
    before = _newest(desk.session)
    replaces = before.id if before is not None and desk.session.get(ShiftTaking, before.id) is None else None
    figures, given_ns = figures_of(desk.session, since_ns, desk.now_ns), _after(before, desk.now_ns)
    row = ShiftHandover(
        id=stable_id("handover", given_ns, by),
        given_by=by,
        given_account=account,
        given_ns=given_ns,
        since_ns=since_ns,
        notes=notes,
        figures=figures.model_dump(mode="json"),
        open_alerts=_open_alerts(desk.session),
    )
    desk.session.add(row)
    told = {"handover": row.id, "notes": notes, "open": sum(figures.open.values()), "replaces": replaces}
    desk.write(None, "shift_given", actor=by, **told)
    return row


def take(desk: Desk, handover_id: str, *, by: str, remark: str, account: str | None = None) -> ShiftHandover:
    """Take the shift that waits; raises RefusedError for any other, and for who gave it."""
    row = desk.session.get(ShiftHandover, handover_id)
    if row is None:
        raise RefusedError(f"没有交接班 {handover_id} / no such hand-over", code=NOT_FOUND)
    taken = desk.session.get(ShiftTaking, row.id)
    if taken is not None:
        at = desk.directory.local_time(taken.taken_ns)
        raise RefusedError(f"{taken.taken_by} 已于 {at} 接班 / {taken.taken_by} took this shift over at {at}")
    newest = _newest(desk.session)
    if newest is None or newest.id != row.id:
        raise RefusedError("此交接班已被更新的一次取代 / a newer hand-over has replaced this one")
    if same_actor(desk.session, Actor(row.given_by, row.given_account), Actor(by, account)):
        raise RefusedError("交班人不能自己接班 / who hands over can't take it over: another person must")
    desk.session.add(ShiftTaking(handover_id=row.id, taken_by=by, taken_ns=desk.now_ns, remark=remark))
    desk.session.flush()
    desk.write(None, "shift_taken", actor=by, handover=row.id, given_by=row.given_by, remark=remark)
    return row


def listed(session: Session, before_ns: int | None, limit: int) -> list[HandoverView]:
    """Return hand-overs, newest first."""
    query = select(ShiftHandover).order_by(ShiftHandover.given_ns.desc(), ShiftHandover.id).limit(limit)
    if before_ns is not None:
        query = query.where(ShiftHandover.given_ns < before_ns)
    return [view(session, row) for row in session.scalars(query).all()]


def view(session: Session, row: ShiftHandover) -> HandoverView:
    """Return a hand-over as other packages see it."""
    taking = session.get(ShiftTaking, row.id)
    newest = _newest(session)
    return HandoverView(
        id=row.id,
        given_by=row.given_by,
        given_account=row.given_account,
        given_ns=row.given_ns,
        since_ns=row.since_ns,
        notes=row.notes,
        figures=ShiftFigures.model_validate(row.figures),
        open_alerts=tuple(row.open_alerts),
        taken_by=taking.taken_by if taking else None,
        taken_ns=taking.taken_ns if taking else None,
        remark=taking.remark if taking else "",
        waits=taking is None and newest is not None and newest.id == row.id,
    )


def told(session: Session) -> dict[str, Any]:
    """Return who has the shift, and whose hand-over waits, for the status document: every screen can say so."""
    taking, newest = _last_taking(session), _newest(session)
    waits = newest is not None and session.get(ShiftTaking, newest.id) is None
    return {
        "holder": taking.taken_by if taking else None,
        "since_ns": taking.taken_ns if taking else None,
        "waiting_by": newest.given_by if newest is not None and waits else None,
        "waiting_since_ns": newest.given_ns if newest is not None and waits else None,
    }


def _newest(session: Session) -> ShiftHandover | None:
    return session.scalars(select(ShiftHandover).order_by(ShiftHandover.given_ns.desc()).limit(1)).first()


def _last_taking(session: Session) -> ShiftTaking | None:
    return session.scalars(select(ShiftTaking).order_by(ShiftTaking.taken_ns.desc()).limit(1)).first()


def _after(before: ShiftHandover | None, now_ns: int) -> int:
    """Return a time after the one before: order must not depend on a clock that was set back."""
    return now_ns if before is None else max(now_ns, before.given_ns + 1)


def _open_alerts(session: Session) -> list[str]:
    query = select(Alert.id).where(Alert.closed_at_ns.is_(None)).order_by(Alert.priority, Alert.raised_at_ns.desc())
    return list(session.scalars(query.limit(MOST_OPEN)))
