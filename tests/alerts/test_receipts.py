"""Receipts of platforms: signed, applied once, in any order; the key a called person pressed; anything as a body."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from alerts import outbox, receipts
from alerts.channels import Outcome, Verdict
from alerts.channels.webhook import signature
from alerts.outbox import RetryPolicy, Slots
from alerts.receipts_face import MOST_REPORTS, UNAUTHORIZED, DeliveryReply, DeliveryRequest
from alerts.schema import FeedEvent, NoticeState, Notification
from domain.alert import AlertEvent
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from domain.site import ChannelSettings
from tests.alerts.alerts_scene import SECRET, Scene, hotel, labels, scene, transition

CALL = {"id": "call", "kind": "voice", "url": "http://127.0.0.1:9/call", "secret": SECRET}
SMS = {
    "id": "sms",
    "kind": "sms",
    "url": "http://127.0.0.1:9/sms",
    "body": '{"to": "{phone}", "text": "{text}"}',
    "secret": SECRET,
}
OPEN = {"id": "open", "kind": "webhook", "url": "http://127.0.0.1:9/push"}
PERSON = {"role": "unit_staff", "labels": labels("陈", "Chen"), "phone": "139 0000-0000"}


@dataclass
class Bench:
    """A scene in which one message was taken by the platform of the person's first channel."""

    scene: Scene
    alert: str
    key: str

    async def report(
        self, channel: str = "call", *, secret: str = SECRET, late_s: int = 0, **body: Any
    ) -> DeliveryReply:
        """Hand in one report."""
        return await self.hand_in(channel, json.dumps(body), secret=secret, late_s=late_s)

    async def hand_in(self, channel: str, content: str, *, secret: str = SECRET, late_s: int = 0) -> DeliveryReply:
        """Hand in any content, signed."""
        stamp = self.scene.clock.now_ns() // NS_PER_S - late_s
        request = DeliveryRequest(
            channel=channel, content=content, timestamp=str(stamp), signature=signature(secret, stamp, content.encode())
        )
        return await self.scene.office.change(lambda desk: receipts.take(desk, request))

    async def notice(self) -> Notification:
        """Return the message as it is now."""
        return await self.scene.office.database.read(lambda session: session.get_one(Notification, self.key))

    async def receipts(self) -> list[str]:
        """Return the outcomes of the receipts in the feed."""
        query = select(FeedEvent.payload).where(FeedEvent.event == AlertEvent.RECEIPT).order_by(FeedEvent.number)
        found = await self.scene.office.database.read(lambda session: session.scalars(query).all())
        return [json.loads(payload)["outcome"] for payload in found]


@asynccontextmanager
async def taken(folder: Path, *channels: dict[str, Any], settle: bool = True) -> AsyncIterator[Bench]:
    """Open a bench whose person is told on the first of ``channels``."""
    names = [channel["id"] for channel in channels]
    people = [
        {"id": "p-chen", "channels": names, **PERSON},
        {"id": "p-lin", "role": "safety_manager", "labels": labels("林", "Lin")},
        {"id": "s-wang", "role": "supervisor", "labels": labels("王", "Wang")},
    ]
    registry = hotel(list(channels), people=people)
    async with scene(folder, registry) as opened:
        alert = await opened.say(transition())
        first: ChannelSettings = registry.site.channels[0]
        jobs = await opened.office.change(lambda desk: outbox.claim(desk, first, Slots(fire=9, other=9)))
        if settle:
            good = Verdict(Outcome.ACCEPTED, provider_id="m-7")
            await opened.office.change(lambda desk: outbox.settle(desk, jobs[0], good, RetryPolicy()))
        yield Bench(opened, alert, jobs[0].push.key)


async def test_a_status_report_says_that_it_was_delivered_once(tmp_path: Path) -> None:
    async with taken(tmp_path, SMS) as bench:
        for _ in range(2):
            assert (await bench.report("sms", message_id="m-7", outcome="delivered", extra=1)).taken == 1
        assert (await bench.notice()).delivered_at_ns == bench.scene.clock.now_ns()
        assert (await bench.receipts()).count("delivered") == 1
        assert (await bench.scene.alert(bench.alert)).acknowledged_at_ns is None


async def test_one_pressed_is_the_persons_receipt(tmp_path: Path) -> None:
    async with taken(tmp_path, CALL) as bench:
        for _ in range(2):
            await bench.report(key=bench.key, outcome="answered", pressed="1")
        alert, notice = await bench.scene.alert(bench.alert), await bench.notice()
        assert (alert.acknowledged_by, alert.confirmed) == ("p-chen", None)
        assert (notice.answer, notice.delivered_at_ns is not None) == ("received", True)
        assert (await bench.receipts()).count("answered") == 1


@pytest.mark.parametrize("pressed", [None, "2", "", "11"])
async def test_a_call_that_was_only_picked_up_is_no_receipt(tmp_path: Path, pressed: str | None) -> None:
    async with taken(tmp_path, CALL) as bench:
        await bench.report(key=bench.key, outcome="answered", pressed=pressed)
        assert (await bench.scene.alert(bench.alert)).acknowledged_at_ns is None
        assert (await bench.notice()).delivered_at_ns is not None


async def test_a_key_means_nothing_where_nobody_was_called(tmp_path: Path) -> None:
    async with taken(tmp_path, SMS) as bench:
        await bench.report("sms", message_id="m-7", outcome="delivered", pressed="1")
        assert (await bench.scene.alert(bench.alert)).acknowledged_at_ns is None


async def test_a_key_pressed_after_a_day_is_as_late_as_a_link(tmp_path: Path) -> None:
    async with taken(tmp_path, CALL) as bench:
        bench.scene.clock.advance(25 * 3600)
        await bench.report(key=bench.key, outcome="answered", pressed="1")
        assert (await bench.notice()).answer is None


@pytest.mark.parametrize(("outcome", "alarms"), [("failed", 1), ("no_answer", 0), ("busy", 0)])
async def test_what_was_not_delivered_goes_to_the_next_channel(tmp_path: Path, outcome: str, alarms: int) -> None:
    async with taken(tmp_path, CALL, SMS) as bench:
        await bench.report(key=bench.key, outcome=outcome, reason="UNDELIV")
        notice = await bench.notice()
        assert (notice.state, notice.last_error) == (NoticeState.DEAD, f"{outcome}: UNDELIV")
        query = select(Notification.channel).where(Notification.alert_id == bench.alert)
        found = await bench.scene.office.database.read(lambda session: session.scalars(query).all())
        assert sorted(found) == ["call", "sms"]
        events = await bench.scene.office.database.read(
            lambda session: session.scalars(select(FeedEvent.payload)).all()
        )
        assert sum('"rule":"notification_dead"' in one.replace(": ", ":") for one in events) >= alarms
        assert alarms or not any("notification_dead" in one for one in events)


async def test_a_failure_after_a_delivery_takes_nothing_back(tmp_path: Path) -> None:
    async with taken(tmp_path, CALL) as bench:
        await bench.report(key=bench.key, outcome="delivered")
        await bench.report(key=bench.key, outcome="failed")
        assert (await bench.notice()).state is NoticeState.ACCEPTED


async def test_a_report_that_is_faster_than_the_answer_is_kept(tmp_path: Path) -> None:
    async with taken(tmp_path, CALL, settle=False) as bench:
        await bench.report(key=bench.key, outcome="delivered")
        with pytest.raises(RefusedError, match="report again later"):
            await bench.report(key=bench.key, outcome="failed")
        assert (await bench.notice()).delivered_at_ns is not None


@pytest.mark.parametrize(
    ("channel", "more"),
    [("call", {"secret": "wrong"}), ("call", {"late_s": 301}), ("call", {"late_s": -301}), ("open", {}), ("no", {})],
)
async def test_what_is_not_signed_right_is_not_let_in(tmp_path: Path, channel: str, more: dict[str, Any]) -> None:
    async with taken(tmp_path, CALL, OPEN) as bench:
        with pytest.raises(RefusedError) as refused:
            await bench.report(channel, key=bench.key, outcome="answered", pressed="1", **more)
        assert refused.value.code == UNAUTHORIZED
        assert (await bench.scene.alert(bench.alert)).acknowledged_at_ns is None


async def test_a_channel_reports_about_its_own_messages_only(tmp_path: Path) -> None:
    async with taken(tmp_path, CALL, SMS) as bench:
        assert (await bench.report("sms", key=bench.key, outcome="delivered")).unknown == 1
        assert (await bench.report("sms", message_id="m-7", outcome="delivered")).unknown == 1
        for odd in ("\0" * 32, "'; --", "k" * 200):
            assert (await bench.report("call", key=odd, outcome="delivered")).unknown == 1
            assert (await bench.report("call", message_id=odd, outcome="delivered")).unknown == 1


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no",
        "[" * 6000,
        "{}",
        '{"key": "k"}',
        '{"outcome": "delivered"}',
        '{"key": "k", "outcome": "eaten"}',
        "[[]]",
    ],
)
async def test_a_body_that_is_no_report_is_refused_with_the_reason(tmp_path: Path, content: str) -> None:
    async with taken(tmp_path, CALL) as bench:
        with pytest.raises(RefusedError, match="report"):
            await bench.hand_in("call", content)


def test_too_many_reports_at_once_are_refused() -> None:
    with pytest.raises(RefusedError, match="at most"):
        receipts.parse(json.dumps([{"key": "k", "outcome": "busy"}] * (MOST_REPORTS + 1)))


_VALUE = st.none() | st.booleans() | st.integers() | st.text(max_size=12)
_REPORT = st.dictionaries(st.sampled_from(["key", "message_id", "outcome", "pressed", "reason"]), _VALUE)


@given(st.text(max_size=200) | (_REPORT | st.lists(_REPORT, max_size=3)).map(json.dumps))
def test_any_body_is_read_or_refused(content: str) -> None:
    try:
        found = receipts.parse(content)
    except RefusedError:
        return
    assert all(report.key is not None or report.message_id is not None for report in found)
