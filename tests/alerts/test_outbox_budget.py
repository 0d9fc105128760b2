"""The outbox in the database: turns, budgets, retries, dead letters; on a clock moved by hand."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from alerts import outbox
from alerts.budget import WINDOW_NS, budget, reserve
from alerts.channels import Outcome, Verdict
from alerts.outbox import Job, Plan, RetryPolicy, Slots
from alerts.schema import Attempt, FeedEvent, NoticeState, Notification
from domain.alert import AlertEvent
from domain.clock import NS_PER_S
from domain.site import WebhookSettings
from tests.alerts.alerts_scene import EXIT, Scene, fire, hotel, scene, transition

PHONE = {"id": "phone", "kind": "webhook", "url": "http://127.0.0.1:9/push", "per_minute": 10}
SPARE = {"id": "spare", "kind": "webhook", "url": "http://127.0.0.1:9/spare", "per_minute": 10}
CHANNEL = WebhookSettings.model_validate(PHONE)
GOOD = Verdict(Outcome.ACCEPTED, provider_id="m-1")
BUSY = Verdict(Outcome.RETRY, "HTTP 500")
NO = Verdict(Outcome.REFUSED, "code 310000: sign not match")
MANY = Slots(fire=100, other=100)
RETRY = RetryPolicy(first_s=1, longest_s=60, attempts=3)


async def claim(bench: Scene, slots: Slots = MANY) -> list[Job]:
    """Claim, and hold the plan to its word."""
    ready = (await plan(bench, slots)).ready
    jobs = await bench.office.change(lambda desk: outbox.claim(desk, CHANNEL, slots))
    assert ready == bool(jobs)
    return jobs


async def plan(bench: Scene, slots: Slots = MANY) -> Plan:
    return await bench.office.database.read(lambda session: outbox.plan(bench.office.desk(session), CHANNEL, slots))


async def settle(bench: Scene, job: Job, verdict: Verdict) -> None:
    await bench.office.change(lambda desk: outbox.settle(desk, job, verdict, RETRY))


async def notice(bench: Scene, job: Job) -> Notification:
    return await bench.office.database.read(lambda session: session.get_one(Notification, job.push.key))


async def storm(bench: Scene, hazards: int, fires: int = 0) -> None:
    """Raise many alerts, the fires last."""
    await bench.say(
        *(transition(f"hazard-{number}") for number in range(hazards)),
        *(fire(place=EXIT, rule=f"fire-{number}") for number in range(fires)),
    )


async def test_a_flood_keeps_to_its_budget_and_leaves_a_fifth_to_fire(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel([PHONE], operators={"flood_above": 10_000})) as bench:
        await storm(bench, 30)
        first = await claim(bench)
        assert len(first) == 8
        late_ns = round(CHANNEL.timeout_s * NS_PER_S)  # tries still out may reach the platform at their very end
        assert await plan(bench) == Plan(ready=False, wake_ns=bench.clock.now_ns() + late_ns + WINDOW_NS)
        await storm(bench, 0, 3)
        second = await claim(bench)
        assert [job.push.fire for job in second] == [True, True]
        assert len(await claim(bench)) == 0
        bench.clock.advance(60 + CHANNEL.timeout_s)
        third = await claim(bench)
        assert [job.push.fire for job in third] == [True] + [False] * 8


async def test_the_budget_outlives_the_process(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel([PHONE], operators={"flood_above": 10_000})) as bench:
        await storm(bench, 30)
        await claim(bench)
    async with scene(tmp_path, hotel([PHONE])) as again:
        assert await again.office.change(outbox.recover) == 8
        assert len(await claim(again)) == 0
        attempts = await again.office.database.read(lambda session: session.scalars(select(Attempt.outcome)).all())
        assert Counter(attempts) == {outbox.INTERRUPTED: 8}


async def test_what_was_on_its_way_goes_again_with_the_same_key(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel([PHONE])) as bench:
        await storm(bench, 1)
        lost = (await claim(bench))[0]
        await bench.office.change(outbox.recover)
        again = (await claim(bench))[0]
        assert (again.push.key, again.claims) == (lost.push.key, lost.claims)
        await settle(bench, again, GOOD)
        done = await notice(bench, again)
        assert (done.state, done.attempts, done.provider_id) == (NoticeState.ACCEPTED, 2, "m-1")


async def test_fire_goes_first_then_by_class_then_by_age(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel([{**PHONE, "per_minute": 600}])) as bench:
        await storm(bench, 3, 2)
        jobs = await claim(bench)
        assert [job.push.body["class"] for job in jobs] == ["fire", "fire", "hazard", "hazard", "hazard"]


async def test_lanes_take_no_more_than_their_slots(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel([{**PHONE, "per_minute": 600}])) as bench:
        await storm(bench, 5, 5)
        jobs = await claim(bench, Slots(fire=2, other=1))
        assert [job.push.fire for job in jobs] == [True, True, False]
        full = Slots(fire=0, other=0)
        assert await plan(bench, full) == Plan(ready=False, wake_ns=None)  # woken by an answer, not by the clock


async def test_a_failed_try_waits_and_tries_again_until_it_is_a_dead_letter(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel([PHONE])) as bench:
        await storm(bench, 1)
        for attempt in (1, 2):
            job = (await claim(bench))[0]
            await settle(bench, job, BUSY)
            waiting = await notice(bench, job)
            delay_s = (waiting.next_try_ns - bench.clock.now_ns()) / NS_PER_S
            assert 0.5 * 2 ** (attempt - 1) <= delay_s <= 1.5 * 2 ** (attempt - 1)
            assert await plan(bench) == Plan(ready=False, wake_ns=waiting.next_try_ns)
            bench.clock.advance(4)
        job = (await claim(bench))[0]
        await settle(bench, job, BUSY)
        assert (await notice(bench, job)).state is NoticeState.DEAD
        events = await bench.office.database.read(
            lambda session: session.scalars(select(FeedEvent).order_by(FeedEvent.number)).all()
        )
        receipt = next(event for event in events if event.event == AlertEvent.RECEIPT)
        assert receipt.subject == "alert.hotel.system.receipt"
        assert json.loads(receipt.payload)["outcome"] == "dead"


async def test_a_rate_limit_is_waited_out(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel([PHONE])) as bench:
        await storm(bench, 1)
        job = (await claim(bench))[0]
        await settle(bench, job, Verdict(Outcome.RETRY, "rate limit", wait_s=60))
        assert (await notice(bench, job)).next_try_ns == bench.clock.now_ns() + 60 * NS_PER_S


async def test_a_refusal_goes_to_the_persons_next_channel(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel([PHONE, SPARE])) as bench:
        alert = await bench.say(transition())
        job = (await claim(bench))[0]
        await settle(bench, job, NO)
        assert (await notice(bench, job)).state is NoticeState.DEAD
        query = select(Notification.channel, Notification.state).where(Notification.alert_id == alert)
        rows = await bench.office.database.read(lambda session: session.execute(query).all())
        assert {tuple(row) for row in rows} == {("phone", NoticeState.DEAD), ("spare", NoticeState.QUEUED)}


async def test_a_fire_takes_all_channels_at_once(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel([PHONE, SPARE])) as bench:
        await bench.say(fire(place=EXIT))
        channels = await bench.office.database.read(lambda session: session.scalars(select(Notification.channel)).all())
        assert sorted(channels) == ["phone", "spare"]


async def test_messages_of_a_channel_that_is_gone_are_given_up_and_said_so(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel([PHONE])) as bench:
        await storm(bench, 2)
    async with scene(tmp_path, hotel([SPARE])) as later:
        await later.office.change(outbox.give_up_orphans)
        query = select(Notification.channel, Notification.state)
        rows = await later.office.database.read(lambda session: session.execute(query).all())
        assert Counter(tuple(row) for row in rows) == {("phone", NoticeState.DEAD): 2}


@pytest.mark.parametrize(("per_minute", "kept"), [(1, 0), (2, 1), (4, 1), (5, 1), (10, 2), (20, 4), (100, 20)])
def test_a_fifth_is_kept_for_fire(per_minute: int, kept: int) -> None:
    assert reserve(per_minute) == kept


@given(st.integers(1, 6000), st.integers(0, 7000), st.integers(0, 7000))
def test_no_window_ever_holds_more_than_the_budget(per_minute: int, fires: int, others: int) -> None:
    left = budget(per_minute, total=fires + others, fires=fires, oldest_ns=0)
    assert 0 <= left.other <= left.fire
    assert fires + others + left.fire <= max(per_minute, fires + others)
    assert others + left.other <= max(per_minute - reserve(per_minute), others)


@given(st.integers(1, 30))
def test_delays_grow_to_their_limit(attempt: int) -> None:
    policy = RetryPolicy(first_s=1, longest_s=120)
    assert 0.5 * min(120, 2 ** (attempt - 1)) <= policy.delay_s(attempt) <= 180
