"""What a person finds at a point in a walk test: a hydrant, a sounder that must be heard, a call point without a key.

Such a point can't alarm by itself. A mark says who found when that it works, or does not, and is refused

* when the test does not run (any more): what was found without a test is no part of its result,
* outside the zones and devices of the test, and for a point that the site does not have.

Marks are appended only: a later one counts, and does not erase an earlier one. Each is an entry of the audit.
Whether somebody has the right to it (``walk_test``, as for beginning a test) is asked where they come in.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.desk import SYSTEM, Desk
from alerts.schema import WalkTest, WalkTestMark
from alerts.walk_test_face import MarkRequest
from domain.errors import RefusedError
from domain.walk_test import in_scope


def mark(desk: Desk, test: WalkTest, request: MarkRequest) -> WalkTestMark:
    """Write a mark down; raises RefusedError for the reasons of the module."""
    if request.by == SYSTEM:
        raise RefusedError(f"'{SYSTEM}' 不是人名 / '{SYSTEM}' is no person: a mark is what a person found")
    if test.ended_ns is not None or test.until_ns <= desk.now_ns:
        at = desk.directory.local_time(min(test.ended_ns or test.until_ns, test.until_ns))
        raise RefusedError(f"走动测试已于 {at} 结束，不能再标记 / the walk test ended at {at}: nothing is marked in it")
    _check_point(desk, test, request.point)
    made = WalkTestMark(
        walk_test=test.id,
        point=request.point,
        works=request.works,
        by=request.by,
        at_ns=desk.now_ns,
        remark=request.remark,
        reason=request.reason,
    )
    desk.session.add(made)
    desk.write(
        None,
        "walk_test_marked",
        actor=request.by,
        id=test.id,
        point=f"{test.unit}/{request.point}",
        works=request.works,
        remark=request.remark,
        reason=request.reason,
    )
    return made


def after(session: Session, test: WalkTest, number: int, most: int) -> Sequence[WalkTestMark]:
    """Return the marks of a test after a number, oldest first."""
    query = select(WalkTestMark).where(WalkTestMark.walk_test == test.id, WalkTestMark.number > number)
    return session.scalars(query.order_by(WalkTestMark.number).limit(most)).all()


def _check_point(desk: Desk, test: WalkTest, name: str) -> None:
    """Raise RefusedError unless the site has the point, and it is within the test."""
    registry = desk.directory.registry
    at = registry.points.get(f"{test.unit}/{name}")
    if at is None:
        raise RefusedError(f"单位 {test.unit} 没有测点 {name} / unit {test.unit} has no point {name}")
    point = registry.points[at]
    if not in_scope(registry.zone_of(point).settings.id, point.device, test.zones, test.devices):
        raise RefusedError(f"测点 {name} 不在测试范围内 / point {name} is not within the walk test")
