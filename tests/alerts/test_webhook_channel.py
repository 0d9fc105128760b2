"""One try on real sockets: what platforms answer, and what we make of it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.channels import Outcome, Push, Verdict, WebhookChannel, judge
from alerts.channels.verdict import LONGEST_WAIT_S, MOST_BODY, RATE_LIMIT_WAIT_S
from domain.site import WebhookSettings
from tests.alerts.alerts_scene import SECRET
from tests.alerts.phone_server import DRIP, GOOD, HANG_UP, answer, phone

ACCEPTED, RETRY, REFUSED = Outcome.ACCEPTED, Outcome.RETRY, Outcome.REFUSED
TIMEOUT_S = 20.0
"""A busy machine may be slow to answer."""
SHORT_S = 0.4
"""Of platforms that never answer in full."""

PLATFORMS = [
    ("our own form", GOOD, ACCEPTED, ""),
    ("plain OK", answer(b"OK"), ACCEPTED, ""),
    ("no body", answer(b"", "204 No Content"), ACCEPTED, ""),
    ("accepted for later", answer({"task_id": 7}, "202 Accepted"), ACCEPTED, ""),
    ("DingTalk, good", answer({"errcode": 0, "errmsg": "ok"}), ACCEPTED, ""),
    ("Feishu, good", answer({"StatusCode": 0, "StatusMessage": "success", "code": 0}), ACCEPTED, ""),
    ("a gateway that repeats the status", answer({"code": 200, "msg": "success"}), ACCEPTED, ""),
    ("DingTalk, wrong signature", answer({"errcode": 310000, "errmsg": "sign not match"}), REFUSED, "sign not match"),
    ("WeCom, bad key", answer({"errcode": 93000, "errmsg": "invalid webhook url"}), REFUSED, "93000"),
    ("Feishu, bad request", answer({"code": 19001, "msg": "param invalid"}), REFUSED, "19001"),
    ("code as text", answer({"code": "E1001"}), REFUSED, "E1001"),
    ("ok is false", answer({"ok": False, "description": "blocked"}), REFUSED, "blocked"),
    ("success is false", answer({"success": False}), REFUSED, "says no"),
    ("DingTalk, too many", answer({"errcode": 130101, "errmsg": "send too fast"}), RETRY, "rate limit"),
    ("WeCom, too many", answer({"errcode": 45009, "errmsg": "api freq out of limit"}), RETRY, "rate limit"),
    ("Feishu, too many", answer({"code": 9499, "msg": "too many request"}), RETRY, "rate limit"),
    ("429", answer({}, "429 Too Many Requests", "Retry-After: 7\r\n"), RETRY, "429"),
    ("500", answer({}, "500 Internal Server Error"), RETRY, "500"),
    ("503 with a good body", answer({"errcode": 0}, "503 Unavailable"), RETRY, "503"),
    ("400", answer({}, "400 Bad Request"), REFUSED, "400"),
    ("a redirect elsewhere", answer({}, "302 Found", "Location: http://127.0.0.1:9/\r\n"), REFUSED, "302"),
    ("an endless body", answer(b"x" * (MOST_BODY + 8192)), REFUSED, "bytes"),
    ("silence", None, RETRY, "no answer"),
    ("slow drip", DRIP, RETRY, "no answer"),
    ("hangs up", HANG_UP, RETRY, "RemoteProtocolError"),
    ("speaks no HTTP", b"SSH-2.0-OpenSSH\r\n\r\n", RETRY, "RemoteProtocolError"),
]


def settings(port: int, **more: object) -> WebhookSettings:
    """Return a channel on loopback."""
    url = f"http://127.0.0.1:{port}/push"
    return WebhookSettings.model_validate(
        {"id": "phone", "kind": "webhook", "url": url, "timeout_s": TIMEOUT_S, **more}
    )


async def send(port: int, push: Push | None = None, **more: object) -> Verdict:
    """Try once."""
    channel = WebhookChannel(settings(port, **more))
    try:
        return await channel.send(push or Push(key="k-1", fire=False, body={"text_zh": "火警"}), now_s=1_800_000_000)
    finally:
        await channel.close()


@pytest.mark.parametrize(("what", "reply", "outcome", "reason"), PLATFORMS, ids=[row[0] for row in PLATFORMS])
async def test_what_platforms_answer(what: str, reply: bytes | None, outcome: Outcome, reason: str) -> None:
    async with phone(lambda _number: reply) as platform:
        verdict = await send(platform.port, timeout_s=SHORT_S if reply in {None, DRIP} else TIMEOUT_S)
    assert verdict.outcome is outcome, what
    assert reason in verdict.reason


async def test_nobody_listens() -> None:
    async with phone() as platform:
        port = platform.port
    verdict = await send(port)
    assert (verdict.outcome, verdict.reason.split(":")[0]) == (RETRY, "ConnectError")


async def test_receipts_are_read_from_the_body() -> None:
    async with phone() as platform:
        verdict = await send(platform.port)
    assert (verdict.provider_id, verdict.delivered) == ("m-1", True)


async def test_the_request_is_signed_and_named() -> None:
    async with phone() as platform:
        await send(platform.port, secret=SECRET)
    request = platform.received[0]
    assert request.key == "k-1"
    assert json.loads(request.body) == {"text_zh": "火警"}
    signed = request.headers["x-fengsui-timestamp"].encode() + b"." + request.body
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert request.headers["x-fengsui-signature"] == f"sha256={expected}"


async def test_without_a_secret_there_is_no_signature() -> None:
    async with phone() as platform:
        await send(platform.port)
    assert "x-fengsui-signature" not in platform.received[0].headers


async def test_connections_come_back_after_silence() -> None:
    """Forty silent answers with twelve connections: a message after them still finds one.

    What the platform says is switched by us, not by the number of a request: under load a try may time out before it
    has even reached the platform. So may the last one, which is then tried again: a lost connection would never come.
    """
    silent = True
    async with phone(lambda _number: None if silent else GOOD) as platform:
        channel = WebhookChannel(settings(platform.port, timeout_s=0.2))
        push = Push(key="k", fire=False, body={})
        for _ in range(5):
            verdicts = await asyncio.gather(*(channel.send(push, now_s=0) for _ in range(8)))
            assert {verdict.outcome for verdict in verdicts} == {RETRY}
        silent = False
        async with asyncio.timeout(30):
            while (await channel.send(push, now_s=0)).outcome is not ACCEPTED:
                pass
        await channel.close()


async def test_fire_has_connections_of_its_own() -> None:
    async with phone(lambda number: None if number < 8 else GOOD) as platform:
        channel = WebhookChannel(settings(platform.port, timeout_s=60))
        slow = Push(key="slow", fire=False, body={})
        stuck = [asyncio.create_task(channel.send(slow, now_s=0)) for _ in range(8)]
        await platform.wait_for(8)
        verdict = await channel.send(replace(slow, key="fire", fire=True), now_s=0)
        assert verdict.outcome is ACCEPTED
        assert not any(task.done() for task in stuck), "fire waited for what is no fire"
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)
        await channel.close()


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [("7", 7.0), ("99999999", LONGEST_WAIT_S), ("soon", RATE_LIMIT_WAIT_S), ("-5", RATE_LIMIT_WAIT_S)],
)
def test_retry_after_is_kept_within_bounds(header: str, wait_s: float) -> None:
    assert judge(429, b"", {"retry-after": header}).wait_s == wait_s


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["code", "errcode", "ok", "data", "id", "msg"]), inner)
    ),
    max_leaves=8,
)


@given(st.integers(100, 599), st.binary(max_size=300) | _JSON.map(lambda value: json.dumps(value).encode()))
def test_any_answer_gets_a_verdict(status: int, body: bytes) -> None:
    verdict = judge(status, body, {})
    assert verdict.outcome is not ACCEPTED or 200 <= status < 300
    assert 0 <= verdict.wait_s <= LONGEST_WAIT_S
    assert len(verdict.reason) < 600


def test_what_a_platform_says_can_be_stored_anywhere() -> None:
    """JSON may hold NUL and half surrogates; databases and hashes take neither."""
    said = rb'"\ud800 \u0000 no"'
    refused = judge(200, b'{"errcode": 1, "errmsg": ' + said + b"}", {})
    accepted = judge(200, b'{"message_id": ' + said + b"}", {})
    assert (refused.reason, accepted.provider_id) == ("code 1: ?  no", "?  no")


def test_a_body_nested_beyond_reason_is_no_crash() -> None:
    assert judge(200, b"[" * 60_000, {}).outcome is ACCEPTED
