"""Web Push: a push service on loopback that decrypts what it gets, and subscriptions that come and go."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from alerts.channels import Outcome, Push, Verdict, open_channel
from alerts.channels.contract import Aids
from alerts.channels.web_push import MOST_PAYLOAD, check_endpoint, payload_of, public_key
from alerts.desk import Desk
from alerts.schema import AuditEntry, PushSubscription
from alerts.subscriptions import MOST_BROWSERS, SubscriptionBook, subscribe, unsubscribe
from domain.errors import RefusedError
from domain.site.channels import WebPushSettings
from tests.alerts.alerts_scene import EBIKE_TEXT, Scene, hotel, scene
from tests.alerts.browser import Browser, check_vapid
from tests.alerts.phone_server import Phone, answer, phone

ACCEPTED, RETRY, REFUSED = Outcome.ACCEPTED, Outcome.RETRY, Outcome.REFUSED
KEY = secrets.token_urlsafe(32)
NOW_S = 1_800_000_000
CREATED = answer(b"", "201 Created", "Location: https://push.example/m/17\r\n")
CHANNEL: dict[str, Any] = {
    "id": "phones", "kind": "web_push", "contact": "mailto:duty@fire.example", "services": ["127.0.0.1"]
}  # fmt: skip
BODY: dict[str, Any] = {
    "class": "hazard",
    "text_zh": EBIKE_TEXT,
    "text_en": "An e-bike is charging at the exit.",
    "place": {"zh": "闽江大酒店 东楼", "en": "Minjiang Hotel", "unit": "hotel"},
    "person": {"id": "p-chen"},
    "answer_url": "https://fengsui.example/answer/abc",
}


class Bench:
    """A scene with the channel, and short ways to subscribe and push."""

    def __init__(self, stage: Scene) -> None:
        self.stage = stage
        self.settings = WebPushSettings.model_validate(CHANNEL)
        self.aids = Aids(SubscriptionBook(stage.office), KEY)

    async def subscribe(self, endpoint: str, browser: Browser, person: str = "p-chen") -> str:
        """Subscribe as the phone page does; returns the subscription's id."""
        return await self.stage.office.change(
            lambda desk: (
                subscribe(desk, person, self.settings, endpoint=endpoint, p256dh=browser.p256dh, auth=browser.auth).id
            )
        )

    async def send(self, push: Push | None = None, **more: Any) -> Verdict:
        """Try once."""
        channel = open_channel(WebPushSettings.model_validate(CHANNEL | more), self.aids)
        try:
            return await channel.send(push or Push("k-1", fire=False, body=BODY), now_s=NOW_S)
        finally:
            await channel.close()

    async def row(self, name: str) -> PushSubscription:
        """Return a subscription as it is now."""
        return await self.stage.office.database.read(lambda session: session.get_one(PushSubscription, name))

    async def audit(self) -> list[str]:
        """Return what is on record."""
        query = select(AuditEntry.action).order_by(AuditEntry.number)
        return list(await self.stage.office.database.read(lambda session: session.scalars(query).all()))


@asynccontextmanager
async def bench(folder: Path) -> AsyncIterator[Bench]:
    """Open a bench below ``folder``."""
    async with scene(folder, hotel([CHANNEL])) as stage:
        yield Bench(stage)


def at(platform: Phone, name: str = "a") -> str:
    """Return an endpoint on the loopback push service."""
    return f"http://127.0.0.1:{platform.port}/push/{name}"


async def test_the_browser_reads_what_was_sent_and_knows_who_sent_it(tmp_path: Path) -> None:
    browser = Browser()
    async with bench(tmp_path) as b, phone(lambda _number: CREATED) as service:
        name = await b.subscribe(at(service), browser)
        verdict = await b.send(Push("k-1", fire=True, body=BODY))
        row = await b.row(name)
    assert (verdict.outcome, verdict.provider_id) == (ACCEPTED, "https://push.example/m/17")
    request = service.received[0]
    message = browser.read(request)
    assert (message["body"], message["url"], message["tag"]) == (EBIKE_TEXT, BODY["answer_url"], "k-1")
    assert message["title"] == "【隐患】闽江大酒店 东楼"
    assert EBIKE_TEXT.encode() not in request.body
    key, claims = check_vapid(request, f"http://127.0.0.1:{service.port}")
    assert key == public_key(KEY)
    assert (claims["sub"], claims["exp"] - NOW_S) == ("mailto:duty@fire.example", 12 * 3600)
    assert (request.headers["urgency"], int(request.headers["ttl"]) > 0) == ("high", True)
    assert row.last_ok_ns is not None


async def test_a_repeat_replaces_what_it_repeats(tmp_path: Path) -> None:
    browser = Browser()
    async with bench(tmp_path) as b, phone(lambda _number: CREATED) as service:
        await b.subscribe(at(service), browser)
        for key in ("k-1", "k-1", "k-2"):
            await b.send(Push(key, fire=False, body=BODY))
    topics = [request.headers["topic"] for request in service.received]
    assert topics[0] == topics[1] != topics[2]
    assert all(len(topic) <= 32 for topic in topics)


@pytest.mark.parametrize("status", ["410 Gone", "404 Not Found"])
async def test_a_browser_that_is_gone_is_removed_and_the_next_channel_is_told(tmp_path: Path, status: str) -> None:
    async with bench(tmp_path) as b, phone(lambda _number: answer(b"", status)) as service:
        name = await b.subscribe(at(service), Browser())
        gone = await b.send()
        row = await b.row(name)
        nobody = await b.send()
        assert await b.audit() == ["push_subscribed", "push_unsubscribed"]
    assert (gone.outcome, "no longer subscribed" in gone.reason) == (REFUSED, True)
    assert (row.removed_ns is not None, status[:3] in (row.removed_why or "")) == (True, True)
    assert (nobody.outcome, "no phone of this person" in nobody.reason) == (REFUSED, True)
    assert len(service.received) == 1


async def test_one_of_two_browsers_is_enough(tmp_path: Path) -> None:
    async with bench(tmp_path) as b, phone(lambda _n: answer(b"", "410 Gone")) as old, phone(lambda _n: CREATED) as new:
        await b.subscribe(at(old), Browser())
        await b.subscribe(at(new), Browser())
        verdict = await b.send()
    assert (verdict.outcome, "410" in verdict.reason) == (ACCEPTED, True)
    assert (len(old.received), len(new.received)) == (1, 1)


ANSWERS = [
    (answer(b"slow down", "429 Too Many Requests", "Retry-After: 9\r\n"), RETRY, 9.0, "429: slow down"),
    (answer(b"", "503 Unavailable"), RETRY, 0.0, "503"),
    (answer(b"bad key", "403 Forbidden"), REFUSED, 0.0, "403: bad key"),
    (answer(b"", "413 Payload Too Large"), REFUSED, 0.0, "413"),
    (answer(b"", "302 Found", "Location: http://127.0.0.1:9/\r\n"), REFUSED, 0.0, "302"),
    (None, RETRY, 0.0, "no answer"),
]


@pytest.mark.parametrize(("reply", "outcome", "wait_s", "reason"), ANSWERS)
async def test_what_push_services_say(
    tmp_path: Path, reply: bytes | None, outcome: Outcome, wait_s: float, reason: str
) -> None:
    async with bench(tmp_path) as b, phone(lambda _number: reply) as service:
        await b.subscribe(at(service), Browser())
        verdict = await b.send(timeout_s=0.5 if reply is None else 20)  # a busy machine may be slow to answer
    assert (verdict.outcome, verdict.wait_s) == (outcome, wait_s)
    assert reason in verdict.reason


async def test_a_service_that_left_the_list_is_not_written_to(tmp_path: Path) -> None:
    async with bench(tmp_path) as b, phone(lambda _number: CREATED) as service:
        await b.subscribe(at(service), Browser())
        verdict = await b.send(services=["push.example"])
    assert (verdict.outcome, "add it to its 'services'" in verdict.reason) == (REFUSED, True)
    assert not service.received


async def test_a_key_that_is_none_is_a_refusal_and_no_crash(tmp_path: Path) -> None:
    async with bench(tmp_path) as b, phone(lambda _number: CREATED) as service:
        await b.subscribe(at(service), Browser())
        b.aids = Aids(b.aids.subscriptions, "A" * 43)
        assert (await b.send()).outcome is REFUSED
        b.aids = Aids(b.aids.subscriptions, None)
        assert (await b.send()).outcome is REFUSED


@pytest.mark.parametrize(
    ("endpoint", "services", "good"),
    [
        ("https://fcm.googleapis.com/fcm/send/x", ("fcm.googleapis.com",), True),
        ("https://web.push.apple.com/x", (".push.apple.com",), True),
        ("https://evil-push.apple.com.example/x", (".push.apple.com",), False),
        ("https://push.apple.com/x", (".push.apple.com",), False),
        ("http://fcm.googleapis.com/x", ("fcm.googleapis.com",), False),
        ("https://user:pw@fcm.googleapis.com/x", ("fcm.googleapis.com",), False),
        ("http://169.254.169.254/latest/meta-data", ("fcm.googleapis.com",), False),
        ("http://localhost:1/x", ("localhost",), True),
        ("file:///etc/passwd", ("",), False),
    ],
)
def test_which_addresses_are_push_services(endpoint: str, services: tuple[str, ...], *, good: bool) -> None:
    if good:
        check_endpoint(endpoint, services)
    else:
        with pytest.raises(RefusedError):
            check_endpoint(endpoint, services)


@given(st.text(max_size=6000), st.text(max_size=3000), st.text(max_size=300))
def test_a_payload_always_fits(text_zh: str, text_en: str, place: str) -> None:
    content = payload_of(
        Push("k" * 32, fire=True, body={**BODY, "text_zh": text_zh, "text_en": text_en, "place": {"zh": place}})
    )
    assert len(content) <= MOST_PAYLOAD
    assert b'"url":"https://fengsui.example/answer/abc"' in content


async def test_too_many_browsers_push_out_the_one_unused_longest(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        names = []
        for number in range(MOST_BROWSERS + 1):
            b.stage.clock.advance(10)
            names.append(await b.subscribe(f"http://127.0.0.1:9/{number}", Browser()))
        rows = [await b.row(name) for name in names]
    assert [row.removed_ns is None for row in rows] == [False] + [True] * MOST_BROWSERS


async def test_a_phone_that_is_handed_over_belongs_to_its_new_owner(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        first = await b.subscribe("http://127.0.0.1:9/x", Browser())
        second = await b.subscribe("http://127.0.0.1:9/x", Browser(), person="p-lin")
        row = await b.row(first)
        assert (first, row.person) == (second, "p-lin")
        assert await b.audit() == ["push_subscribed", "push_unsubscribed", "push_subscribed"]

        def strangers_hand(desk: Desk) -> None:
            unsubscribe(desk, "p-chen", "phones", "http://127.0.0.1:9/x")

        await b.stage.office.change(strangers_hand)
        assert (await b.row(first)).removed_ns is None


@pytest.mark.parametrize("change", [{"p256dh": "B" + "A" * 86}, {"p256dh": "!" * 87}, {"auth": "AAAA"}])
async def test_keys_that_are_none_are_refused(tmp_path: Path, change: dict[str, str]) -> None:
    browser = Browser()
    keys = {"p256dh": browser.p256dh, "auth": browser.auth} | change
    async with bench(tmp_path) as b:
        with pytest.raises(RefusedError):
            await b.stage.office.change(
                lambda desk: subscribe(desk, "p-chen", b.settings, endpoint="http://127.0.0.1:9/x", **keys)
            )
