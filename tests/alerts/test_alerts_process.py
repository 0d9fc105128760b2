"""The whole process on a real nats-server, a real database file and a real push platform."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from alerts.face import AlertsFace, Answer
from alerts.outbox import RetryPolicy
from alerts.process import run
from backbone import subjects
from backbone.client import Backbone
from backbone.layout import ALARMS, ALERTS
from backbone.server import EmbeddedServer
from domain.alarm import Level, Transition, TransitionKind
from domain.alert import AlertView, Confirmation
from domain.clock import NS_PER_S
from domain.errors import LinkError, RefusedError
from domain.site import Registry
from tests.alerts.alerts_scene import EBIKE_TEXT, EXIT, SECRET, SIGNING_KEY, fire, hotel, transition
from tests.alerts.phone_server import GOOD, Phone, answer, phone
from tests.servers import connected, embedded_server

T = TypeVar("T")
BASE = "http://console.test"


@dataclass
class Running:
    """A running process with its neighbours."""

    server: EmbeddedServer
    backbone: Backbone
    phone: Phone
    registry: Registry
    database_url: str

    @property
    def face(self) -> AlertsFace:
        """The service as a console sees it."""
        return AlertsFace(self.backbone)

    async def say(self, *changes: Transition) -> str:
        """Publish transitions as the rules engine does; returns the id of the first."""
        for change in changes:
            subject = subjects.alarm(0, change.place.unit, change.alarm_class.value, change.rule)
            await self.backbone.publish(subject, change.model_dump_json().encode(), message_id=change.id)
        return changes[0].id

    async def alert(self, alert_id: str, wanted: Callable[[AlertView], bool] = lambda _alert: True) -> AlertView:
        """Return an alert when it is as wanted."""

        async def look() -> AlertView | None:
            try:
                alert = (await self.face.get(alert_id)).alert
            except RefusedError:
                return None
            return alert if wanted(alert) else None

        return await until(look)

    async def feed(self, last: str) -> list[dict[str, Any]]:
        """Return the feed when its last event is of this type; receipts come when they come."""

        async def look() -> list[dict[str, Any]] | None:
            messages = await self.backbone.messages(ALERTS, subjects=["alert.>"])
            events = [json.loads(message.data) for message in messages]
            kinds = [event["type"] for event in events if event["type"] != "fengsui.alert.receipt"]
            return events if kinds[-1:] == [f"fengsui.alert.{last}"] else None

        return await until(look)


async def until(look: Callable[[], Awaitable[T | None]], timeout_s: float = 60) -> T:
    """Look until something is there."""
    async with asyncio.timeout(timeout_s):
        while (found := await look()) is None:
            await asyncio.sleep(0.02)
        return found


@asynccontextmanager
async def running(
    folder: Path,
    answers: Callable[[int], bytes | None] = lambda _number: GOOD,
    *,
    url: str | None = None,
    **site: Any,
) -> AsyncIterator[Running]:
    """Run the process until the block ends; its failure is the test's."""
    async with phone(answers) as platform, embedded_server(folder) as server, connected(server) as backbone:
        channel = {"id": "phone", "kind": "webhook", "url": platform.url, "secret": SECRET, "timeout_s": 20}
        registry = hotel([channel], **site)
        bench = Running(server, backbone, platform, registry, url or f"sqlite:///{folder / 'alerts.db'}")
        async with process(bench):
            yield bench


@asynccontextmanager
async def process(bench: Running) -> AsyncIterator[None]:
    """Run the process with a connection of its own, and wait until it answers."""
    stop = asyncio.Event()
    async with connected(bench.server, "alerts") as backbone:
        task = asyncio.create_task(
            run(
                bench.registry,
                backbone,
                database_url=bench.database_url,
                answer_base_url=f"{BASE}/",
                signing_key=SIGNING_KEY,
                stop=stop,
                retry=RetryPolicy(first_s=0.05, longest_s=0.2, attempts=4),
            )
        )

        async def answers() -> bool | None:
            if task.done():
                task.result()
            try:
                return bool(await bench.face.stats())
            except LinkError:
                return None

        try:
            await until(answers)
            yield
        finally:
            stop.set()
            await task


def token(message: dict[str, Any]) -> str:
    """Return the token of a push's answer link."""
    base, _, last = message["answer_url"].rpartition("/")
    assert base == f"{BASE}/answer"
    return str(last)


async def test_the_ebike_at_the_exit_from_push_to_answer_to_end(tmp_path: Path, database_url: str) -> None:
    now = time.time_ns()
    async with running(tmp_path, url=database_url) as bench:
        parked = await bench.say(transition("ebike-parked", level=Level.NOTICE, event_time_ns=now))
        charging = await bench.say(
            transition("ebike-charging", hides=("ebike-parked",), picture_url="http://c/1.jpg", event_time_ns=now)
        )
        first, second = await bench.phone.wait_for(2)
        assert [first.message["alert_id"], second.message["alert_id"]] == [parked, charging]
        message = second.message
        assert message["text_zh"] == EBIKE_TEXT
        assert message["place"]["zh"] == "闽江大酒店 东楼 1楼 安全出口"
        assert message["person"]["id"] == "p-chen"
        assert (message["class"], message["level"], message["step"]) == ("hazard", "warning", 0)
        assert (message["picture"], message["idempotency_key"]) == ("http://c/1.jpg", second.key)
        assert message["raised_at"].endswith("+08:00")

        shown = await bench.face.list(open=True)
        assert [alert.id for alert in shown if alert.suppressed_by is None] == [charging]

        opened = await bench.face.link(token(message))
        assert (opened.alert.id, opened.person, opened.answered_at_ns) == (charging, "p-chen", None)
        answered = await bench.face.answer(token(message), Answer.ON_SITE, "正在处理")
        assert answered.acknowledged_by == "p-chen"
        with pytest.raises(RefusedError, match="answered already"):
            await bench.face.answer(token(message), Answer.RECEIVED)
        assert (await bench.alert(charging)).closed_at_ns is None

        await bench.say(transition("ebike-charging", TransitionKind.CLEARED))
        closed = await bench.alert(charging, lambda alert: alert.closed_at_ns is not None)
        assert not closed.active
        freed = await bench.alert(parked, lambda alert: alert.suppressed_by is None)
        assert freed.active
        assert freed.closed_at_ns is None  # not charging any more, but still parked there
        again = (await bench.phone.wait_for(3))[2].message
        assert (again["alert_id"], again["person"]["id"]) == (parked, "p-chen")  # and told so
        await bench.say(transition("ebike-parked", TransitionKind.CLEARED))
        await bench.face.acknowledge(parked, by="operator")
        assert (await bench.alert(parked, lambda alert: not alert.is_open)).closed_at_ns is not None

        stats = await bench.face.stats()
        while stats.notifications.delivered < 3:
            await asyncio.sleep(0.05)
            stats = await bench.face.stats()
        assert (stats.raised, stats.open, stats.by_rule["ebike-charging"]) == (2, 0, 1)
        assert (stats.notifications.delivered, stats.notifications.answered, stats.notifications.dead) == (3, 1, 0)
        assert stats.latency_ms.event_to_alert.count == stats.latency_ms.event_to_push.count == 2
        assert stats.latency_ms.event_to_push.p50 is not None
        assert stats.latency_ms.event_to_push.p50 > 0


async def test_nobody_answers_and_it_goes_up(tmp_path: Path, database_url: str) -> None:
    steps = [{"after_s": 0, "to": ["responsible"]}, {"after_s": 0.3, "to": ["safety_manager", "supervisors"]}]
    policy = {"classes": ["hazard"], "steps": steps, "answer_within_s": 3600}
    async with running(tmp_path, url=database_url, escalation=[policy]) as bench:
        alert = await bench.say(transition())
        people = [request.message["person"]["id"] for request in await bench.phone.wait_for(3)]
        assert people[0] == "p-chen"
        assert sorted(people[1:]) == ["p-lin", "s-wang"]
        detail = await bench.face.get(alert)
        assert detail.alert.escalation_step == 1
        assert [entry.action for entry in detail.audit if entry.action in ("told", "escalated")] == [
            "told",
            "escalated",
        ]


async def test_the_feed_is_ordered_complete_and_in_cloud_events_form(tmp_path: Path, database_url: str) -> None:
    async with running(tmp_path, url=database_url) as bench:
        alert = await bench.say(fire(place=EXIT))
        await bench.phone.wait_for(1)
        await bench.face.acknowledge(alert, by="operator")
        await bench.face.confirm(alert, by="operator", finding=Confirmation.REAL, text="有明火")
        await bench.say(fire(TransitionKind.CLEARED, place=EXIT))
        await bench.alert(alert, lambda view: not view.active)
        await bench.face.reset(alert, by="operator")
        events = await bench.feed("closed")
        kinds = [event["type"].rpartition(".")[2] for event in events if event["type"] != "fengsui.alert.receipt"]
        assert kinds == ["raised", "acknowledged", "commented", "confirmed", "cleared", "reset", "closed"]
        for event in events:
            assert event["specversion"] == "1.0"
            assert event["source"] == "/sites/demo/alerts"
            assert (event["datacontenttype"], event["subject"]) == ("application/json", alert)
            assert AlertView.model_validate(event["data"]).id == alert
            assert event["time"].endswith("Z")
        assert len({event["id"] for event in events}) == len(events)
        messages = await bench.backbone.messages(ALERTS, subjects=["alert.hotel.fire.*"])
        assert [message.message_id for message in messages[: len(events)]] == [event["id"] for event in events]


async def test_refusals_reach_the_caller_with_their_reason(tmp_path: Path, database_url: str) -> None:
    async with running(tmp_path, url=database_url) as bench:
        alert = await bench.say(fire(place=EXIT))
        await bench.alert(alert)
        await bench.face.acknowledge(alert, by="operator")
        with pytest.raises(RefusedError, match="设备数据仍在报警"):
            await bench.face.reset(alert, by="operator")
        with pytest.raises(RefusedError, match="already"):
            await bench.face.acknowledge(alert, by="operator")
        with pytest.raises(RefusedError) as missing:
            await bench.face.get("no-such-alert")
        assert missing.value.code == 404
        with pytest.raises(RefusedError, match="by"):
            await bench.backbone.request("svc.alerts.acknowledge", {"id": alert})
        with pytest.raises(RefusedError, match="no valid link"):
            await bench.face.answer("made.up", Answer.RECEIVED)


async def test_lists_are_filtered_and_sorted(tmp_path: Path, database_url: str) -> None:
    async with running(tmp_path, url=database_url) as bench:
        hazard = await bench.say(transition())
        burning = await bench.say(fire(place=EXIT))
        await bench.alert(burning)
        assert [alert.id for alert in await bench.face.list(open=True)] == [burning, hazard]
        assert [alert.id for alert in await bench.face.list(rule="ebike-charging")] == [hazard]
        assert [alert.id for alert in await bench.face.list(unit="elsewhere")] == []
        assert [alert.id for alert in await bench.face.list(open=False)] == []
        assert len(await bench.face.list(limit=1)) == 1


async def test_junk_on_the_log_is_set_aside_and_the_rest_goes_on(tmp_path: Path, database_url: str) -> None:
    async with running(tmp_path, url=database_url) as bench:
        await bench.backbone.publish("alarm.0.hotel.hazard.junk", b"\xff not json")
        await bench.backbone.publish("alarm.0.hotel.hazard.junk", b'{"id": "too short"}')
        alert = await bench.say(transition())
        await bench.alert(alert)

        async def counted() -> dict[str, Any] | None:
            status = (await bench.backbone.statuses()).get("alerts.main")
            return status if status and status["set_aside"] == 2 else None

        status = await until(counted)
        assert (status["transitions"], status["open"], status["position"][ALARMS]) == (1, 1, 3)
        assert status["audit"]["entries"] > 2


async def test_a_failing_platform_gets_the_same_key_again(tmp_path: Path, database_url: str) -> None:
    bad = answer({}, "500 Internal Server Error")
    async with running(tmp_path, lambda number: bad if number < 2 else GOOD, url=database_url) as bench:
        alert = await bench.say(transition())
        tries = await bench.phone.wait_for(3)
        assert len({request.key for request in tries}) == 1
        assert len({request.body for request in tries}) == 1

        async def settled() -> bool | None:
            notices = (await bench.face.get(alert)).notifications
            return notices[0].accepted_at_ns is not None or None

        await until(settled)
        stats = (await bench.face.stats()).notifications
        assert (stats.failed, stats.accepted, stats.dead) == (2, 1, 0)


async def test_a_restart_goes_on_where_it_stood(tmp_path: Path, database_url: str) -> None:
    async with phone() as platform, embedded_server(tmp_path) as server, connected(server) as backbone:
        channel = {"id": "phone", "kind": "webhook", "url": platform.url}
        bench = Running(server, backbone, platform, hotel([channel]), database_url)
        async with process(bench):
            first = await bench.say(transition())
            await platform.wait_for(1)

            async def accepted() -> bool | None:
                """A push whose acceptance a stop cut off would be sent again, under its key."""
                return (await bench.face.stats()).notifications.accepted == 1 or None

            await until(accepted)
        second = await bench.say(fire(place=EXIT))
        async with process(bench):
            await platform.wait_for(2)
            await bench.alert(first)
            assert (await bench.face.stats()).raised == 2
            assert [request.message["alert_id"] for request in platform.received] == [first, second]


async def test_a_new_alarm_stream_is_read_from_its_beginning(tmp_path: Path, database_url: str) -> None:
    """The database outlives the log: old alerts stay, new transitions are not skipped."""
    for number in (1, 2):
        folder = tmp_path / f"log-{number}"
        async with phone() as platform, embedded_server(folder) as server, connected(server) as backbone:
            registry = hotel([{"id": "phone", "kind": "webhook", "url": platform.url}])
            bench = Running(server, backbone, platform, registry, database_url)
            async with process(bench):
                for extra in range(3 - number):
                    await bench.say(transition(f"rule-{number}-{extra}", event_time_ns=NS_PER_S))
                await platform.wait_for(3 - number)
            assert await backbone.last_seq(ALARMS) == 3 - number
