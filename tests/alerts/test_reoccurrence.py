"""An alarm that comes back after its record was closed: the record goes on, or a new one names it; by class."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from alerts import actions
from alerts.desk import Desk
from alerts.schema import Alert
from domain.alarm import AlarmClass, TransitionKind
from domain.alert import Confirmation
from domain.site.record import Reoccurrence
from tests.alerts.alerts_scene import Scene, fire, hotel, scene, transition
from tests.alerts.told_story import story


async def closed(bench: Scene, **changes: Any) -> str:
    """Return the id of an alert that came, was answered, and went."""
    alert = await bench.say(transition(**changes))
    await bench.do(alert, lambda desk, record: actions.acknowledge(desk, record, "p-chen"))
    await bench.say(transition(kind=TransitionKind.CLEARED, **changes))
    assert (await bench.alert(alert)).closed_at_ns is not None
    return alert


async def records(bench: Scene) -> list[Alert]:
    """Return all records, oldest first."""
    return await bench.office.database.read(lambda session: session.query(Alert).order_by(Alert.raised_at_ns).all())


async def test_a_hazard_that_comes_back_soon_is_the_same_record_and_needs_a_new_answer(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await closed(bench)
        first = await bench.alert(alert)
        bench.clock.advance(899)
        await bench.say(transition())
        (again,) = await records(bench)
        assert (again.id, again.reopened, again.occurrence, again.closed_at_ns) == (alert, 1, 2, None)
        assert (again.acknowledged_at_ns, again.owner, again.raised_at_ns) == (None, None, first.raised_at_ns)
        assert await bench.told(alert) == ["p-chen", "p-chen"]
        assert ("raised", "reopened") in await story(bench, alert)
        await bench.say(transition(kind=TransitionKind.CLEARED))
        assert (await bench.alert(alert)).closed_at_ns is None


@pytest.mark.parametrize(
    ("alarm_class", "away_s", "same"),
    [
        (AlarmClass.HAZARD, 899, True),
        (AlarmClass.HAZARD, 900, False),
        (AlarmClass.FAULT, 599, True),
        (AlarmClass.FAULT, 600, False),
        (AlarmClass.LINKAGE, 0, False),
        (AlarmClass.DUTY, 0, False),
    ],
)
async def test_by_class(tmp_path: Path, alarm_class: AlarmClass, away_s: float, same: bool) -> None:  # noqa: FBT001
    async with scene(tmp_path) as bench:
        before = await closed(bench, alarm_class=alarm_class)
        bench.clock.advance(away_s)
        await bench.say(transition(alarm_class=alarm_class))
        found = await records(bench)
        assert len(found) == (1 if same else 2)
        assert [record.previous_id for record in found if record.id != before] == ([] if same else [before])


async def test_each_fire_is_a_record_of_its_own_and_names_the_one_before(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        first = await bench.say(fire())
        await bench.do(first, lambda desk, record: actions.acknowledge(desk, record, "op"))
        await bench.say(fire(TransitionKind.CLEARED))
        await bench.do(first, lambda desk, record: actions.reset(desk, record, "op"))
        bench.clock.advance(200 * 86_400)
        second = await bench.say(fire())
        assert (await bench.alert(second)).previous_id == first
        assert (await bench.alert(first)).closed_at_ns is not None


async def test_after_the_time_of_links_nothing_is_named(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await closed(bench)
        bench.clock.advance(90 * 86_400)
        second = await bench.say(transition())
        assert (await bench.alert(second)).previous_id is None


def confirmed(desk: Desk, alert: Alert) -> None:
    """Let somebody find out what it was, before it goes."""
    actions.acknowledge(desk, alert, "op")
    actions.confirm(desk, alert, "op", Confirmation.FALSE, cause="steam")


def rechecked(desk: Desk, alert: Alert) -> None:
    """Let somebody see that it is gone."""
    actions.recheck(desk, alert, "p-lin")


@pytest.mark.parametrize("history", [confirmed, None])
@pytest.mark.parametrize("news", [{}, {"historical": True}, {"test": True}])
async def test_a_record_that_is_history_is_not_opened_again(
    tmp_path: Path, history: Callable[[Desk, Alert], None] | None, news: dict[str, Any]
) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        await bench.do(alert, history or (lambda desk, record: actions.acknowledge(desk, record, "op")))
        await bench.say(transition(kind=TransitionKind.CLEARED))
        if history is None and not news:
            await bench.do(alert, rechecked)
        second = await bench.say(transition(**news))
        assert (await bench.alert(second)).previous_id == alert
        assert (await bench.alert(alert)).reopened == 0


async def test_a_site_says_otherwise(tmp_path: Path) -> None:
    settings = {"reoccurrence": {"hazard": {"reopen_within_s": 0}, "duty": {"reopen_within_s": 60, "link_within_s": 9}}}
    async with scene(tmp_path, hotel(alerts=settings)) as bench:
        await closed(bench)
        await bench.say(transition())
        assert len(await records(bench)) == 2
        await closed(bench, rule="duty", alarm_class=AlarmClass.DUTY)
        await bench.say(transition("duty", alarm_class=AlarmClass.DUTY))
        assert len(await records(bench)) == 3


def test_settings_are_checked() -> None:
    for wrong in ({"reopen_within_s": -1}, {"reopen_within_s": 8 * 86_400}, {"reopen_within_s": float("inf")}, {}):
        with pytest.raises(ValueError, match="reopen_within_s"):
            Reoccurrence.model_validate(wrong)


async def test_what_hides_others_hides_them_again(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        parked = await bench.say(transition("parked"))
        cause = await closed(bench, rule="charging", hides=("parked",))
        assert (await bench.alert(parked)).suppressed_by is None
        await bench.say(transition("charging"), transition("parked", TransitionKind.CLEARED), transition("parked"))
        assert (await bench.alert(parked)).suppressed_by == cause
