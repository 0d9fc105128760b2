"""Walk tests (走动测试): an installer sets off each detector, and nobody is paged for it.

While a test runs, what is raised in its scope is recorded as ever, marked as test, and *held*: its ladder waits,
with the reason in the audit and in the feed. That is all: rules, life cycle, screens and feed go on. Not held are

* anything outside the zones and devices that were named (a fire there pages at once; nothing that is held hides it),
* what was open before the test began,
* the classes ``duty`` and ``system``, and whatever is about a gateway: a walk test sets off detectors, it does not
  cut lines or send people away.

A test is limited in time and ends by itself (`alerts.walk_test_end`). Assumptions: 2 h unless said otherwise, 8 h
(a working day) at most.
"""

from __future__ import annotations

from typing import Any

from alerts.desk import Desk
from alerts.schema import Alert, WalkTest
from domain.alarm import AlarmClass, EntityKind
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from domain.ids import stable_id
from domain.walk_test import in_scope

NEVER_HELD = frozenset({AlarmClass.DUTY, AlarmClass.SYSTEM})


def begin(desk: Desk, test: WalkTest) -> WalkTest:
    """Begin a test; raises RefusedError where one runs in the unit, or the site has no such place.

    What a newer request of the same person would change needs an end first: a scope never changes under a test.
    """
    desk.directory.check_scope(test.unit, test.zones, test.devices)
    running = desk.walk_test(test.unit)
    if running is not None:
        until = desk.directory.local_time(running.until_ns)
        raise RefusedError(
            f"{running.begun_by} 的走动测试进行中，至 {until} / a walk test by {running.begun_by} runs until {until}"
        )
    desk.session.add(test)
    desk.forget_walk_tests()
    desk.write(None, "walk_test_began", actor=test.begun_by, **told(desk, test), note=test.note)
    return test


def new_test(
    desk: Desk, *, unit: str, zones: list[str], devices: list[str], by: str, note: str, duration_s: float, from_seq: int
) -> WalkTest:
    """Return a test that would begin now; its id is a function of unit, time and person."""
    return WalkTest(
        id=stable_id("walk-test", unit, desk.now_ns, by),
        unit=unit,
        zones=sorted(set(zones)),
        devices=sorted(set(devices)),
        begun_by=by,
        note=note,
        begun_ns=desk.now_ns,
        until_ns=desk.now_ns + round(duration_s * NS_PER_S),
        from_seq=from_seq,
    )


def hold(desk: Desk, alert: Alert) -> dict[str, Any]:
    """Hold a new alert where a test covers it; returns what the audit and the feed say of that."""
    test = _covering(desk, alert)
    alert.held, alert.walk_test = test is not None, test.id if test else None
    if test is None:
        return {}
    alert.test = True
    return {"walk_test": told(desk, test)}


def hold_again(desk: Desk, alert: Alert, *, told_test: bool) -> dict[str, Any]:
    """Decide anew for an open alert that is active again; ``told_test``: its device says that it is in test.

    What was raised outside of any test stays outside: its people know of it.
    """
    if alert.walk_test is None:
        return {}
    test = _covering(desk, alert)
    alert.held = test is not None
    alert.test = alert.held or told_test
    if test is None:
        return {}
    alert.walk_test = test.id
    return {"walk_test": told(desk, test)}


def told(desk: Desk, test: WalkTest) -> dict[str, Any]:
    """Return what is said of a test wherever it is the reason."""
    until = desk.directory.local_time(test.until_ns)
    return {
        "id": test.id,
        "by": test.begun_by,
        "until": until,
        "zones": test.zones,
        "devices": test.devices,
        "reason": f"{test.begun_by} 走动测试，至 {until} / walk test by {test.begun_by} until {until}",
    }


def _covering(desk: Desk, alert: Alert) -> WalkTest | None:
    """Return the running test whose scope an alert is in."""
    test = desk.walk_test(alert.unit)
    if test is None or alert.alarm_class in NEVER_HELD or alert.entity_kind is EntityKind.GATEWAY:
        return None
    return test if in_scope(alert.zone, alert.device, test.zones, test.devices) else None
