"""Maintenance windows: what they cover, whom they spare, and that their end is told; every row of their table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alerts import actions, maintenance
from alerts.maintenance_face import BeginRequest, EndRequest, ListRequest
from alerts.maintenance_service import new_window
from alerts.schema import MaintenanceWindow
from alerts.timers import escalate
from domain.alarm import AlarmClass, TransitionKind
from domain.alert import SuppressionKind
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from tests.alerts.alerts_scene import EXIT, PUMPS, Scene, fire, scene, transition
from tests.alerts.second_person import vouched
from tests.alerts.told_story import story

HOUR = 3600.0


async def begin(
    bench: Scene, hours: float = 1.0, in_s: float | None = None, second: str | None = None, **asked: Any
) -> MaintenanceWindow:
    """Plan a window of the hotel; ``second`` has vouched for it."""
    now_ns = bench.clock.now_ns()
    from_ns = None if in_s is None else now_ns + round(in_s * NS_PER_S)
    until_ns = (from_ns or now_ns) + round(hours * HOUR * NS_PER_S)
    known: dict[str, Any] = {"unit": "hotel", "by": "op", "reason": "pump service", "zones": ("east-1-exit",)}
    if second is not None:
        known["second"] = vouched(bench.office, second)
    request = BeginRequest(**{**known, "from_ns": from_ns, "until_ns": until_ns, **asked})
    return await bench.office.change(lambda desk: maintenance.plan(desk, new_window(desk, request)))


async def later(bench: Scene, seconds: float) -> None:
    """Let time pass, and run what is due."""
    bench.clock.advance(seconds)
    await bench.office.change(escalate)


async def test_what_is_raised_in_a_window_is_told_at_its_end(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        window = await begin(bench)
        alert, elsewhere = await bench.say(transition()), await bench.say(transition("pump-stopped", place=PUMPS))
        record = await bench.alert(alert)
        assert (record.suppressed_kind, record.suppressed_by) == (SuppressionKind.MAINTENANCE, window.id)
        assert await bench.told(alert) == []
        assert await bench.told(elsewhere) == ["p-lin"]
        await later(bench, HOUR - 1)
        assert await bench.told(alert) == []
        await later(bench, 1)
        record = await bench.alert(alert)
        assert (record.suppressed_kind, record.suppressed_by) == (None, None)
        assert await bench.told(alert) == ["p-chen"]
        assert (await story(bench, alert))[:2] == [("raised", None), ("suppressed", "ends")]


async def test_what_came_and_went_in_a_window_needs_no_answer_but_a_latch_its_reset(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await begin(bench)
        alert, latched = await bench.say(transition()), await bench.say(transition("latched", latched=True))
        await bench.say(
            transition(kind=TransitionKind.CLEARED), transition("latched", TransitionKind.CLEARED, latched=True)
        )
        assert (await bench.alert(alert)).closed_at_ns is not None
        assert (await bench.alert(latched)).closed_at_ns is None


async def test_what_was_open_before_is_left_alone_and_needs_its_answer(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        bench.clock.advance(1)
        await begin(bench)
        assert (await bench.alert(alert)).suppressed_kind is None
        await bench.say(transition(kind=TransitionKind.CLEARED))
        await bench.say(transition())
        assert (await bench.alert(alert)).suppressed_kind is SuppressionKind.MAINTENANCE
        await bench.say(transition(kind=TransitionKind.CLEARED))
        assert (await bench.alert(alert)).closed_at_ns is None  # its people were told before: somebody must answer


async def test_a_fire_is_told_unless_a_second_person_vouched(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await begin(bench)
        first = await bench.say(fire(place=EXIT))
        assert (await bench.alert(first)).suppressed_kind is None
        assert await bench.told(first) == ["p-chen"]
        await begin(bench, second="s-wang", rules=("smoke",))
        second = await bench.say(fire(rule="smoke", place=EXIT))
        assert (await bench.alert(second)).suppressed_kind is SuppressionKind.MAINTENANCE
        await bench.say(fire(TransitionKind.CLEARED, rule="smoke", place=EXIT))
        assert (await bench.alert(second)).closed_at_ns is None  # a fire stays until it is reset


@pytest.mark.parametrize(
    ("asked", "rule", "covered"),
    [
        ({"zones": ()}, "any", True),
        ({"zones": ("east-b1-pump",)}, "any", False),
        ({"rules": ("any",)}, "any", True),
        ({"rules": ("other",)}, "any", False),
    ],
)
async def test_scope(tmp_path: Path, asked: dict[str, Any], rule: str, covered: bool) -> None:  # noqa: FBT001
    async with scene(tmp_path) as bench:
        await begin(bench, **asked)
        alert = await bench.say(transition(rule))
        assert (await bench.alert(alert)).suppressed_kind is (SuppressionKind.MAINTENANCE if covered else None)


async def test_a_duty_is_in_it_only_by_its_rule(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await begin(bench)
        missed = await bench.say(transition("roll-call", alarm_class=AlarmClass.DUTY))
        assert (await bench.alert(missed)).suppressed_kind is None
        await begin(bench, rules=("shift",))
        named = await bench.say(transition("shift", alarm_class=AlarmClass.DUTY))
        assert (await bench.alert(named)).suppressed_kind is SuppressionKind.MAINTENANCE


async def test_a_planned_window_begins_by_itself_and_can_be_taken_back(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        window = await begin(bench, in_s=600)
        early = await bench.say(transition("early"))
        assert (await bench.alert(early)).suppressed_kind is None
        await later(bench, 600)
        inside = await bench.say(transition("inside"))
        assert (await bench.alert(inside)).suppressed_by == window.id
        other = await begin(bench, in_s=600, zones=())
        await bench.office.change(lambda desk: maintenance.end(desk, other.id, "op"))
        await later(bench, 601)
        assert (await bench.alert(await bench.say(transition("pumps", place=PUMPS)))).suppressed_kind is None
        with pytest.raises(RefusedError, match="ended at"):
            await bench.office.change(lambda desk: maintenance.end(desk, other.id, "op"))


async def test_a_window_that_passed_while_the_service_was_away_ends_at_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        window = await begin(bench, in_s=600)
        await later(bench, 3 * HOUR)
        after = await bench.office.database.read(lambda session: session.get_one(MaintenanceWindow, window.id))
        assert (after.started_ns, after.ended_by) == (None, "system")
        assert await bench.office.database.read(maintenance.next_turn) is None


async def test_the_cause_goes_first_and_the_window_takes_over(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await bench.say(transition("charging", hides=("parked",)))
        await begin(bench, rules=("parked",))
        parked = await bench.say(transition("parked"))
        assert (await bench.alert(parked)).suppressed_kind is SuppressionKind.CAUSE
        await bench.say(transition("charging", TransitionKind.CLEARED))
        assert (await bench.alert(parked)).suppressed_kind is SuppressionKind.MAINTENANCE
        await bench.say(transition("charging", hides=("parked",)))
        await later(bench, HOUR)
        assert (await bench.alert(parked)).suppressed_kind is SuppressionKind.CAUSE
        assert await bench.told(parked) == []


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"unit": "nowhere"}, "no unit"),
        ({"zones": ("nowhere",)}, "no zone"),
        ({"by": "System"}, "no person"),
        ({"second": "OP"}, "somebody else"),
        ({"hours": 0}, "ends after"),
        ({"hours": 168.1}, "168 h"),
        ({"hours": 8.1, "second": "s-wang"}, "8 h"),
        ({"in_s": 367 * 86_400.0}, "a year"),
    ],
)
async def test_what_can_not_be_planned_is_refused(tmp_path: Path, asked: dict[str, Any], reason: str) -> None:
    async with scene(tmp_path) as bench:
        with pytest.raises(RefusedError, match=reason):
            await begin(bench, **asked)
        assert await bench.office.database.read(lambda session: session.query(MaintenanceWindow).count()) == 0


@pytest.mark.parametrize("model", [BeginRequest, EndRequest, ListRequest])
def test_requests_are_strict(model: type[BeginRequest]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        model.model_validate({"unit": "no spaces", "id": "a b", "limit": 0})


async def test_an_acknowledged_alert_in_a_window_stays_its_owners(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await begin(bench)
        alert = await bench.say(transition())
        await bench.do(alert, lambda desk, record: actions.acknowledge(desk, record, "op"))
        await later(bench, HOUR)
        assert await bench.told(alert) == []
