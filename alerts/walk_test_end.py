"""The end of a walk test: by a person, or by its time.

| an alert that the test holds is then | ended by a person | ended by time |
|---|---|---|
| active, or its data are unknown | told to everybody whom it concerns, as if it were raised now | the same |
| over | acknowledged, confirmed as test, reset by that person: it closes | stays open, told to nobody, for a person |

A fire that is latched is let go by a person only; the clock is none.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alerts import actions, escalation, suppression, walk_tests
from alerts.desk import SYSTEM, Desk
from alerts.schema import Alert, WalkTest
from alerts.transitions import number_fire
from domain.alert import AlertEvent, Confirmation
from domain.errors import RefusedError


def end(desk: Desk, test: WalkTest, by: str) -> WalkTest:
    """End a test by a person; raises RefusedError when it is over already, or the clock's name is given."""
    if by == SYSTEM:
        raise RefusedError(f"'{SYSTEM}' 不是人名 / '{SYSTEM}' is no person: the clock ends tests under that name")
    if test.ended_ns is not None:
        at = desk.directory.local_time(test.ended_ns)
        raise RefusedError(f"走动测试已于 {at} 结束 / the walk test ended at {at}")
    _finish(desk, test, by)
    for alert in _held(desk, test):
        _close_as_test(desk, alert, by)
    return test


def end_overdue(desk: Desk) -> None:
    """End the tests whose time is up."""
    overdue = select(WalkTest).where(WalkTest.ended_ns.is_(None), WalkTest.until_ns <= desk.now_ns)
    for test in desk.session.scalars(overdue).all():
        _finish(desk, test, SYSTEM)


def next_end(session: Session) -> int | None:
    """Return when the next test ends by itself."""
    return session.scalar(select(func.min(WalkTest.until_ns)).where(WalkTest.ended_ns.is_(None)))


def _finish(desk: Desk, test: WalkTest, by: str) -> None:
    """Write the end down, and let go what still stands, causes before their consequences."""
    test.ended_ns, test.ended_by = desk.now_ns, by
    standing = [alert for alert in _held(desk, test) if alert.active or alert.data_unknown]
    entry = desk.write(
        None, "walk_test_ended", actor=by, id=test.id, by_time=by == SYSTEM, let_go=[alert.id for alert in standing]
    )
    test.audit_hash = entry.hash
    desk.forget_walk_tests()
    for alert in standing:
        alert.held = alert.test = False  # what stands after the test is none
        number_fire(desk, alert)
    for alert in standing:
        desk.note(
            alert, AlertEvent.SUPPRESSED, actor=by, outcome="walk_test_ends", walk_test=walk_tests.told(desk, test)
        )
        suppression.hide_consequences(desk, alert)
        escalation.released(desk, alert, "walk_test")


def _close_as_test(desk: Desk, alert: Alert, by: str) -> None:
    """Do what a person would do with each alarm of a test that is over."""
    if alert.acknowledged_at_ns is None:
        actions.acknowledge(desk, alert, by, via="walk_test")
    if alert.closed_at_ns is None and alert.confirmed is None:
        actions.confirm(desk, alert, by, Confirmation.TEST)
    if alert.closed_at_ns is None and alert.latched and alert.reset_at_ns is None:
        actions.reset(desk, alert, by)


def _held(desk: Desk, test: WalkTest) -> Sequence[Alert]:
    query = select(Alert).where(Alert.walk_test == test.id, Alert.held, Alert.closed_at_ns.is_(None))
    return desk.session.scalars(query.order_by(Alert.priority, Alert.raised_at_ns, Alert.id)).all()
