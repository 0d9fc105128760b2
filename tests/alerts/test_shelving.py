"""Shelving: who may, how long, what ends it, and that its end is told; every row of its table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from alerts import actions, shelving
from alerts.desk import Desk
from alerts.schema import Alert, FeedEvent
from alerts.timers import escalate
from domain.alarm import Level, TransitionKind
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from tests.alerts.alerts_scene import Scene, fire, scene, transition
from tests.alerts.test_silences import service, silence
from tests.alerts.told_story import story

HOUR_NS = 3600 * NS_PER_S


def shelve(hours: float = 1.0, second: str | None = None) -> Callable[[Desk, Alert], None]:
    """Let the operator shelve."""
    return lambda desk, alert: shelving.shelve(
        desk, alert, "op", "dust", until_ns=desk.now_ns + round(hours * 3600 * NS_PER_S), second_by=second
    )


def extend(hours: float, second: str | None = None) -> Callable[[Desk, Alert], None]:
    """Let the operator put off the end."""
    return lambda desk, alert: shelving.extend(
        desk, alert, "op", "still dust", until_ns=desk.now_ns + round(hours * HOUR_NS), second_by=second
    )


def acknowledge(desk: Desk, alert: Alert) -> None:
    """Let the operator acknowledge."""
    actions.acknowledge(desk, alert, "op")


async def later(bench: Scene, seconds: float) -> None:
    """Let time pass, and run what is due."""
    bench.clock.advance(seconds)
    await bench.office.change(escalate)


async def test_a_shelved_alert_keeps_its_facts_and_tells_nobody_until_its_time_is_over(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        await bench.do(alert, shelve())
        record = await bench.alert(alert)
        assert (record.active, record.shelved_by, record.shelve_reason) == (True, "op", "dust")
        await later(bench, 3599)
        assert await bench.told(alert) == ["p-chen"]
        await later(bench, 1)
        record = await bench.alert(alert)
        assert (record.shelved_until_ns, record.shelved_by, record.shelve_reason) == (None, None, None)
        await later(bench, 30)
        assert "p-lin" in await bench.told(alert)  # the ladder goes on where it stood
        assert ("shelved", "begins") in await story(bench, alert)
        assert ("shelved", "ends") in await story(bench, alert)


async def test_a_person_ends_it_early(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        await bench.do(alert, shelve())
        with pytest.raises(RefusedError, match="shelved already"):
            await bench.do(alert, shelve())
        await bench.do(alert, lambda desk, record: shelving.unshelve(desk, record, "op"))
        assert (await bench.alert(alert)).shelved_until_ns is None
        with pytest.raises(RefusedError, match="not shelved"):
            await bench.do(alert, lambda desk, record: shelving.unshelve(desk, record, "op"))


async def test_a_fire_takes_two_persons_and_eight_hours_at_most(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(fire())
        for act, reason in (
            (shelve(), "takes two"),
            (shelve(second="OP "), "somebody else"),
            (shelve(8.01, second="s-wang"), "8 h at most"),
        ):
            with pytest.raises(RefusedError, match=reason):
                await bench.do(alert, act)
        await bench.do(alert, shelve(8, second="s-wang"))
        assert (await bench.alert(alert)).shelved_with == "s-wang"


async def test_extending_is_one_deed_and_nobody_is_told_between(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        await bench.do(alert, shelve())
        began = await story(bench, alert)
        await later(bench, 3000)
        await bench.do(alert, extend(2))
        record = await bench.alert(alert)
        assert (record.shelved_until_ns, record.shelve_reason) == (bench.clock.now_ns() + 2 * HOUR_NS, "still dust")
        assert (await story(bench, alert))[len(began) :] == [("shelved", "extended")]
        feed = select(FeedEvent.payload).where(FeedEvent.alert_id == alert).order_by(FeedEvent.created_ns.desc())
        told = await bench.office.database.read(lambda session: str(session.scalar(feed.limit(1))))
        assert "extended" in told
        await later(bench, 7199)
        assert await bench.told(alert) == ["p-chen"]
        await later(bench, 1)
        assert (await bench.alert(alert)).shelved_until_ns is None


async def test_what_may_not_be_extended_stays_as_it_is(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert, burning = await bench.say(transition()), await bench.say(fire())
        with pytest.raises(RefusedError, match="not shelved"):
            await bench.do(alert, extend(2))
        await bench.do(alert, shelve(2))
        await bench.do(burning, shelve(2, second="s-wang"))
        for one, act, reason in (
            (alert, extend(1), "no later"),
            (alert, extend(169), "168 h at most"),
            (burning, extend(3), "takes two"),
            (burning, extend(3, second="op"), "somebody else"),
            (burning, extend(9, second="s-wang"), "8 h at most"),
        ):
            before = await story(bench, one)
            with pytest.raises(RefusedError, match=reason):
                await bench.do(one, act)
            record = await bench.alert(one)
            assert (record.shelved_until_ns, record.shelve_reason) == (bench.clock.now_ns() + 2 * HOUR_NS, "dust")
            assert await story(bench, one) == before
        await bench.do(burning, extend(3, second="s-lin"))
        assert (await bench.alert(burning)).shelved_with == "s-lin"


async def test_what_a_silence_shelved_is_extended_with_the_silence(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        await silence(bench, 'alertname="ebike-charging"')
        with pytest.raises(RefusedError, match="extend the silence"):
            await bench.do(alert, extend(2))


async def test_a_shelf_is_listed_from_when_it_began_however_often_it_was_extended(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        began_ns = bench.clock.now_ns()
        await bench.do(alert, shelve())
        await later(bench, 60)
        await bench.do(alert, extend(2))
        (listed,) = (await service(bench).list({}))["silences"]
        assert (listed["starts_ns"], listed["updated_ns"]) == (began_ns, bench.clock.now_ns())


async def test_what_becomes_critical_is_told_and_what_rises_less_is_not(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition(level=Level.NOTICE))
        await bench.do(alert, shelve())
        await bench.say(transition(kind=TransitionKind.LEVEL, level=Level.WARNING))
        assert (await bench.alert(alert)).shelved_until_ns is not None
        assert await bench.told(alert) == ["p-chen"]
        await bench.say(transition(kind=TransitionKind.LEVEL, level=Level.CRITICAL))
        assert (await bench.alert(alert)).shelved_until_ns is None
        assert await bench.told(alert) == ["p-chen", "p-chen"]


@pytest.mark.parametrize("acknowledged", [False, True])
async def test_coming_back_stays_shelved_but_a_fire_is_told(tmp_path: Path, acknowledged: bool) -> None:  # noqa: FBT001
    async with scene(tmp_path) as bench:
        alert, burning = await bench.say(transition(latched=True)), await bench.say(fire())
        for one in (alert, burning):
            if acknowledged:
                await bench.do(one, acknowledge)
            await bench.do(one, shelve(second="s-wang"))
        for kind in (TransitionKind.CLEARED, TransitionKind.RAISED):
            await bench.say(transition(kind=kind, latched=True), fire(kind))
        assert (await bench.alert(alert)).shelved_until_ns is not None
        assert (await bench.alert(burning)).shelved_until_ns is None
        assert await bench.told(alert) == ["p-chen"]
        await later(bench, 90)
        assert "s-wang" in await bench.told(burning)


async def test_closing_ends_it_and_reset_does_not(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(fire())
        await bench.do(alert, acknowledge)
        await bench.do(alert, shelve(second="s-wang"))
        await bench.say(fire(TransitionKind.CLEARED))
        assert (await bench.alert(alert)).shelved_until_ns is not None
        await bench.do(alert, lambda desk, record: actions.reset(desk, record, "op"))
        record = await bench.alert(alert)
        assert (record.closed_at_ns, record.shelved_until_ns) == (bench.clock.now_ns(), None)
        assert (await story(bench, alert))[-2:] == [("shelved", "ends"), ("closed", None)]


async def test_the_end_is_exact_after_the_service_was_away(tmp_path: Path) -> None:
    """What a new process finds in the database is enough; nothing of the old one is needed."""
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        await bench.do(alert, shelve())
        due = (await bench.alert(alert)).shelved_until_ns
    async with scene(tmp_path) as bench:
        assert due is not None
        bench.clock.advance((due - bench.clock.now_ns()) / NS_PER_S - 1)
        await bench.office.change(escalate)
        assert (await bench.alert(alert)).shelved_until_ns == due
        await later(bench, 1)
        assert (await bench.alert(alert)).shelved_until_ns is None
