"""A flood on a channel, a channel that is down, dead letters, and fires that no channel takes; on a clock by hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from alerts import actions, channel_health, dead_letters, digests, outbox, upkeep
from alerts.audit import verify
from alerts.channels import Outcome, Verdict
from alerts.face import Answer
from alerts.outbox import Job, RetryPolicy, Slots
from alerts.schema import Alert, AuditEntry, NoticeState, Notification
from domain.alarm import AlarmClass
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from domain.site.channels import WebhookSettings
from tests.alerts.alerts_scene import EXIT, Scene, fire, hotel, scene, transition

PHONE = {"id": "phone", "kind": "webhook", "url": "http://127.0.0.1:9/push", "per_minute": 10}
SPARE = {"id": "spare", "kind": "webhook", "url": "http://127.0.0.1:9/spare", "per_minute": 10, "path": "gsm"}
CHANNEL = WebhookSettings.model_validate(PHONE)
OTHER = WebhookSettings.model_validate(SPARE)
CALM = {"flood_above": 10_000}
"""No flood of alarms: this is about the budget of a channel (`test_digests.py` has floods)."""
GOOD = Verdict(Outcome.ACCEPTED)
LOST = Verdict(Outcome.RETRY, "no answer within 5 s")
NO = Verdict(Outcome.REFUSED, "code 310000: sign not match")
MANY = Slots(fire=100, other=100)
RETRY = RetryPolicy(first_s=1, longest_s=2, attempts=12, hold_s=600)


async def claim(bench: Scene, channel: WebhookSettings = CHANNEL) -> list[Job]:
    return await bench.office.change(lambda desk: outbox.claim(desk, channel, MANY))


async def settle(bench: Scene, job: Job, verdict: Verdict) -> None:
    await bench.office.change(lambda desk: outbox.settle(desk, job, verdict, RETRY))


async def keep_up(bench: Scene, channel: WebhookSettings = CHANNEL) -> bool:
    """Do what is due on a channel; returns whether anything was."""
    office = bench.office
    due = await office.database.read(lambda session: upkeep.wanted(office.desk(session), channel, RETRY))
    await office.change(lambda desk: upkeep.work(desk, channel, RETRY))
    return due


async def notices(bench: Scene) -> list[Notification]:
    query = select(Notification).order_by(Notification.created_ns, Notification.id)
    return list(await bench.office.database.read(lambda session: session.scalars(query).all()))


async def actions_of(bench: Scene) -> Counter[str]:
    """Count the audit's entries by what they say; the chain holds."""
    entries = await bench.office.database.read(lambda session: session.scalars(select(AuditEntry)).all())
    assert (await bench.office.database.read(verify)).intact
    return Counter(entry.action for entry in entries)


async def storm(bench: Scene, hazards: int) -> None:
    await bench.say(*(transition(f"hazard-{number}") for number in range(hazards)))


async def test_what_would_wait_over_a_minute_becomes_one_message_and_no_fire_does(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel([PHONE], operators=CALM)) as bench:
        await storm(bench, 30)
        await bench.say(*(fire(place=EXIT, rule=f"fire-{number}") for number in range(20)))
        assert await keep_up(bench)
        found = await notices(bench)
        states = Counter((one.alarm_class, one.state) for one in found)
        assert states[AlarmClass.FIRE, NoticeState.QUEUED] == 20
        assert states[AlarmClass.HAZARD, NoticeState.DIGESTED] == 22
        assert states[AlarmClass.HAZARD, NoticeState.QUEUED] == 8 + 1
        made = next(one for one in found if digests.is_digest(one))
        assert {one.digest_id for one in found if one.state is NoticeState.DIGESTED} == {made.id}
        assert made.body["digest"]["count"] == 22
        assert made.body["text_zh"] == "共 22 条告警：闽江大酒店东楼隐患 22 条。"
        assert (await actions_of(bench))["digested"] == 1
        assert not await keep_up(bench)


async def test_a_digest_that_waits_is_taken_into_the_next(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel([PHONE], operators=CALM)) as bench:
        await storm(bench, 30)
        bench.clock.advance(1)  # what came first waits first; in one moment the ids would decide
        await keep_up(bench)
        bench.clock.advance(1)
        await bench.say(*(transition(f"more-{number}") for number in range(30)))
        await keep_up(bench)
        found = await notices(bench)
        waiting = [one for one in found if digests.is_digest(one) and one.state is NoticeState.QUEUED]
        assert len(waiting) == 1
        inside = [one for one in found if one.digest_id == waiting[0].id and not digests.is_digest(one)]
        assert waiting[0].body["digest"]["count"] == len(inside) == 52


async def test_a_channel_may_refuse_digests(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel([{**PHONE, "digest": False}])) as bench:
        await storm(bench, 30)
        plain = CHANNEL.model_copy(update={"digest": False})
        assert not await keep_up(bench, plain)


async def test_chosen_messages_are_digested_and_a_fire_among_them_is_not(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel([PHONE])) as bench:
        await storm(bench, 3)
        await bench.say(fire(place=EXIT))
        chosen = await notices(bench)

        def work(desk: object) -> Notification:
            person = desk.directory.person("p-chen")  # type: ignore[attr-defined]
            return outbox.digest(desk, person, "phone", chosen)  # type: ignore[arg-type]

        made = await bench.office.change(work)
        assert made.body["digest"]["count"] == 3
        states = Counter(one.state for one in await notices(bench) if one.alarm_class is AlarmClass.FIRE)
        assert states == {NoticeState.QUEUED: 1}
        with pytest.raises(RefusedError, match="fewer than 2"):
            await bench.office.change(work)


async def test_an_answer_to_a_digest_takes_on_what_it_lists_and_finds_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel([{**PHONE, "per_minute": 3}])) as bench:
        small = CHANNEL.model_copy(update={"per_minute": 3})
        await storm(bench, 8)
        await keep_up(bench, small)
        jobs = await claim(bench, small)
        bench.clock.advance(70)
        jobs += await claim(bench, small)
        job = next(one for one in jobs if one.push.body.get("event") == "digest")
        assert job.push.words.title_zh.startswith("【汇总】")
        await bench.office.change(lambda desk: actions.answer(desk, job.claims, Answer.FALSE_ALARM, ""))
        members = [one for one in await notices(bench) if one.digest_id == job.push.key]
        assert len(members) == 6
        assert {one.answer for one in members} == {"false_alarm"}
        for member in members:
            alert = await bench.alert(member.alert_id)
            assert (alert.acknowledged_by, alert.confirmed) == ("p-chen", None)


async def test_a_digest_that_dies_goes_whole_to_the_next_channel(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel([{**PHONE, "per_minute": 2}, SPARE])) as bench:
        small = CHANNEL.model_copy(update={"per_minute": 2})
        await storm(bench, 5)
        await keep_up(bench, small)
        bench.clock.advance(1)
        for _ in range(3):
            for job in await claim(bench, small):
                await settle(bench, job, NO)
            bench.clock.advance(70)
        moved = [one for one in await notices(bench) if one.channel == "spare" and digests.is_digest(one)]
        assert [one.body["digest"]["count"] for one in moved] == [4]
        assert moved[0].body["id"] == moved[0].id


async def fail(bench: Scene, times: int, verdict: Verdict = LOST) -> None:
    """Let the next tries fail, however long they are put off."""
    for _ in range(times):
        while not (jobs := await claim(bench)):
            bench.clock.advance(1)
        for job in jobs:
            await settle(bench, job, verdict)


async def test_a_channel_that_is_down_holds_messages_and_probes_with_one(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel([{**PHONE, "per_minute": 600}])) as bench:
        plenty = CHANNEL.model_copy(update={"per_minute": 600})
        await storm(bench, 1)
        await fail(bench, channel_health.LIMIT)
        await bench.say(*(transition(f"held-{number}") for number in range(5)))
        assert await claim(bench, plenty) == []
        await bench.say(fire(place=EXIT))
        fires = await claim(bench, plenty)
        assert [job.push.fire for job in fires] == [True]
        await settle(bench, fires[0], LOST)
        bench.clock.advance(channel_health.LONGEST_S)
        probe = await claim(bench, plenty)
        assert [job.push.fire for job in probe if not job.push.fire] == [False]
        assert await claim(bench, plenty) == []
        for job in probe:
            await settle(bench, job, GOOD)
        bench.clock.advance(5)
        assert len([job for job in await claim(bench, plenty) if not job.push.fire]) == 5
        assert {"channel_down", "channel_up"} <= set(await actions_of(bench))
        held = [one for one in await notices(bench) if one.alarm_class is AlarmClass.HAZARD]
        assert sorted(one.attempts for one in held)[:4] == [1, 1, 1, 1], "no tries were used up while it was down"


async def test_a_rate_limit_holds_the_whole_channel_as_long_as_the_platform_says(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel([PHONE])) as bench:
        await storm(bench, 2)
        first, second = await claim(bench)
        await settle(bench, first, Verdict(Outcome.RETRY, "rate limit", wait_s=90))
        await settle(bench, second, Verdict(Outcome.RETRY, "rate limit", wait_s=90))
        bench.clock.advance(89)
        assert await claim(bench) == []
        bench.clock.advance(2)
        assert len(await claim(bench)) == 1


async def test_what_is_held_too_long_goes_to_the_next_channel(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel([PHONE, SPARE])) as bench:
        await storm(bench, 2)
        await fail(bench, 2)
        assert not await keep_up(bench)
        bench.clock.advance(RETRY.hold_s)
        assert await keep_up(bench)
        states = Counter((one.channel, one.state) for one in await notices(bench) if one.person == "p-chen")
        assert states == {("phone", NoticeState.DEAD): 2, ("spare", NoticeState.QUEUED): 2}


async def dead_alarms(bench: Scene) -> list[tuple[bool, str]]:
    """Return the alarms about channels: whether active, and what they say."""
    query = select(Alert).where(Alert.rule == dead_letters.RULE)
    return [(one.active, one.text_zh) for one in await bench.office.database.read(lambda s: s.scalars(query).all())]


async def test_dead_letters_raise_one_alarm_that_clears_when_the_channel_takes_again(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel([PHONE])) as bench:
        await storm(bench, 3)
        for job in await claim(bench):
            await settle(bench, job, NO)
        alarms = await dead_alarms(bench)
        assert [active for active, _ in alarms] == [True]
        assert "phone" in alarms[0][1]
        assert "sign not match" in alarms[0][1]
        about_it = [job for job in await claim(bench) if job.push.body["rule"] == dead_letters.RULE]
        for job in about_it:
            await settle(bench, job, NO)
        assert len(await dead_alarms(bench)) == 1, "a message about the alarm that dies raises no other"
        await bench.say(transition("later"))
        bench.clock.advance(70)
        await settle(bench, (await claim(bench))[0], GOOD)
        assert [active for active, _ in await dead_alarms(bench)] == [False]
        await actions_of(bench)


async def test_an_alarm_about_a_channel_that_the_site_gave_up_clears(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel([PHONE])) as bench:
        await storm(bench, 1)
        await settle(bench, (await claim(bench))[0], NO)
    async with scene(tmp_path, hotel([SPARE])) as later:
        later.clock.advance(1)
        await later.office.change(outbox.give_up_orphans)
        assert [active for active, _ in await dead_alarms(later)] == [False]


def _supervised() -> list[dict[str, object]]:
    words = {"zh": "甲", "en": "A"}
    return [
        {"id": "p-chen", "role": "unit_staff", "labels": words, "channels": ["phone", "spare"]},
        {"id": "p-lin", "role": "safety_manager", "labels": words},
        {"id": "s-wang", "role": "supervisor", "labels": words, "channels": ["spare"]},
    ]


async def told(bench: Scene, person: str) -> list[tuple[str, str]]:
    return [(one.channel, one.reason) for one in await notices(bench) if one.person == person]


async def test_a_fire_that_no_channel_takes_in_time_goes_to_the_supervisors_once(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel([PHONE, SPARE], people=_supervised())) as bench:
        await bench.say(fire(place=EXIT))
        assert sorted(await told(bench, "p-chen")) == [("phone", "step"), ("spare", "step")]
        bench.clock.advance(19)
        assert not await keep_up(bench)
        bench.clock.advance(1)
        assert await keep_up(bench)
        assert not await keep_up(bench, OTHER)
        assert await told(bench, "s-wang") == [("spare", "unreached-0")]
        assert (await actions_of(bench))["fire_unreached"] == 1


async def test_a_fire_that_one_path_took_is_told_to_nobody_else(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel([PHONE, SPARE], people=_supervised())) as bench:
        await bench.say(fire(place=EXIT))
        await settle(bench, (await claim(bench, OTHER))[0], GOOD)
        bench.clock.advance(30)
        assert not await keep_up(bench)
        assert await told(bench, "s-wang") == []


async def test_a_fire_for_somebody_without_a_channel_goes_to_the_supervisors(tmp_path: Path) -> None:
    people = [{**one, "channels": []} if one["id"] == "p-chen" else one for one in _supervised()]
    async with scene(tmp_path, hotel([PHONE, SPARE], people=people)) as bench:
        await bench.say(fire(place=EXIT))
        assert {channel for channel, _ in await told(bench, "s-wang")} == {"spare"}


async def test_no_minute_of_the_platform_holds_more_than_the_budget_fire_included(tmp_path: Path) -> None:
    """Slow tries: each may reach the platform when it is claimed or when it is settled, whatever is worst."""
    async with scene(tmp_path, hotel([PHONE])) as bench:
        await bench.say(*(fire(place=EXIT, rule=f"fire-{number}") for number in range(40)))
        arrivals: list[tuple[float, float]] = []
        for second in range(0, 200, 4):
            jobs = await claim(bench)
            bench.clock.advance(4)
            for job in jobs:
                await settle(bench, job, GOOD)
                arrivals.append((second, second + 4.0))
        assert len(arrivals) >= 20
        for begin, _ in arrivals:
            within = [1 for first, last in arrivals if last > begin and first < begin + 60 - 4]
            assert len(within) <= PHONE["per_minute"]  # type: ignore[operator]


async def test_a_second_limit_holds_too(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel([{**PHONE, "per_minute": 600, "per_second": 5}])) as bench:
        limited = CHANNEL.model_copy(update={"per_minute": 600, "per_second": 5})
        await bench.say(*(fire(place=EXIT, rule=f"fire-{number}") for number in range(12)))
        assert len(await claim(bench, limited)) == 5
        plan = await bench.office.database.read(lambda session: outbox.plan(bench.office.desk(session), limited, MANY))
        assert (plan.ready, plan.wake_ns) == (False, bench.clock.now_ns() + NS_PER_S)
        bench.clock.advance(1)
        assert len(await claim(bench, limited)) == 5
