"""Short messages and calls: templates that hold, lengths that keep place and link, answers, what is spoken."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alerts.channels import Outcome, Push, Verdict, open_channel
from alerts.channels.sms import judge_sms
from alerts.channels.sms_text import PART, SINGLE, fit, length, segments
from alerts.channels.voice import speech
from alerts.messages import MessageEvent, Words, render
from domain.site.channels import SmsSettings, VoiceSettings
from domain.site.sms_template import FIELDS, fill
from tests.alerts.alerts_scene import SECRET
from tests.alerts.phone_server import Received, answer, phone
from tests.alerts.test_chat_robots import BODY, LINK, NOW_S

JSON_BODY = '{"to": ["{phone}"], "msg": {"text": "{text}", "id": "{key}"}}'
FORM = "application/x-www-form-urlencoded"
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


def sms(**more: Any) -> SmsSettings:
    """Return settings of a provider."""
    values = {"id": "sms", "kind": "sms", "url": "https://sms.example/send", "body": JSON_BODY, **more}
    return SmsSettings.model_validate(values)


def push(text: str = "", address: str | None = "13900000000") -> Push:
    """Return a message to a telephone."""
    body = {**BODY, **({"text_zh": text} if text else {})}
    words = render(body, MessageEvent.RAISED, link=LINK)
    return Push(key="k-1", fire=True, body=body, address=address, words=words, callback="http://c/receipts/call")


async def sent(settings: Any, reply: bytes, one: Push, path: str = "") -> tuple[list[Received], Verdict]:
    async with phone(lambda _number: reply) as platform:
        channel = open_channel(settings.model_copy(update={"url": platform.url + path}))
        try:
            return platform.received, await channel.send(one, now_s=NOW_S)
        finally:
            await channel.close()


@given(ANY, ANY)
def test_no_value_leaves_its_place_in_json(phone_number: str, text: str) -> None:
    filled = fill(JSON_BODY, {**dict.fromkeys(FIELDS, "x"), "phone": phone_number, "text": text}, "json")
    assert json.loads(filled) == {"to": [phone_number], "msg": {"text": text, "id": "x"}}


@given(ANY, ANY)
def test_no_value_leaves_its_place_in_a_form(phone_number: str, text: str) -> None:
    filled = fill("to={phone}&msg={text}&v=1", {"phone": phone_number, "text": text}, "url")
    assert parse_qsl(filled, keep_blank_values=True) == [("to", phone_number), ("msg", text), ("v", "1")]


@pytest.mark.parametrize(
    "more",
    [
        {"body": '{"to": {phone}, "text": "{text}"}'},
        {"body": '{"to": "{phone}", "{text}": 1}'},
        {"body": "to={phone}&text={text}"},
        {"body": '{"to": "{phone}"}'},
        {"body": '{"to": "{phone}", "text": "{Text}"}'},
        {"method": "GET"},
        {"url": "https://{phone}.example/?t={text}", "body": "", "method": "GET"},
    ],
)
def test_templates_that_can_not_hold_are_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        sms(**more)


async def test_a_message_goes_as_the_template_says() -> None:
    settings = sms(good={"Code": "OK"}, message_id="data.0.id", headers={"X-Key": SECRET})
    received, verdict = await sent(settings, answer({"Code": "OK", "data": [{"id": 7}]}), push())
    assert (verdict.outcome, verdict.provider_id) == (Outcome.ACCEPTED, "7")
    message = received[0].message
    assert message["to"] == ["13900000000"]
    assert message["msg"]["id"] == "k-1"
    assert message["msg"]["text"].endswith(f" {LINK}")
    assert received[0].headers["x-key"] == SECRET
    assert SECRET not in repr(settings)


async def test_forms_and_addresses_are_encoded() -> None:
    form = sms(body="to={phone}&msg={text}", content_type=FORM)
    received, _ = await sent(form, answer({"ok": True}), push())
    assert parse_qs(received[0].body.decode())["to"] == ["13900000000"]
    get = sms(url="https://x/?to={phone}&msg={text}", body="", method="GET")
    received, verdict = await sent(get, answer(b"OK"), push("a&b=c#d"), "?to={phone}&msg={text}")
    query = parse_qs(urlsplit(received[0].path).query)
    assert verdict.outcome is Outcome.ACCEPTED
    assert set(query) == {"to", "msg"}
    assert "a&b=c#d" in query["msg"][0]


async def test_nobody_is_called_without_a_number() -> None:
    received, verdict = await sent(sms(), answer({}), push(address=None))
    assert (received, verdict.outcome) == ([], Outcome.REFUSED)
    voice = VoiceSettings.model_validate({"id": "call", "kind": "voice", "url": "http://x"})
    received, verdict = await sent(voice, answer({}), push(address=None))
    assert (received, verdict.outcome) == ([], Outcome.REFUSED)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, {"Code": "OK"}, Outcome.ACCEPTED),
        (200, {"Code": "no"}, Outcome.REFUSED),
        (200, {"other": 1}, Outcome.RETRY),
        (200, {"Code": "LIMIT"}, Outcome.RETRY),
        (400, {"Code": "LIMIT"}, Outcome.RETRY),
        (503, {"Code": "OK"}, Outcome.RETRY),
        (401, {"Code": "OK"}, Outcome.REFUSED),
    ],
)
def test_a_provider_is_understood_by_the_fields_that_the_site_names(
    status: int, body: dict[str, Any], outcome: Outcome
) -> None:
    settings = sms(good={"Code": "OK"}, busy={"Code": "LIMIT"})
    assert judge_sms(status, json.dumps(body).encode(), {}, settings=settings).outcome is outcome


_TREE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "0"]), inner),
    max_leaves=8,
)


@given(st.integers(100, 599), st.binary(max_size=100) | _TREE.map(lambda tree: json.dumps(tree).encode()))
def test_any_answer_of_a_provider_gets_a_verdict(status: int, body: bytes) -> None:
    settings = sms(good={"a.b": "0"}, busy={"a.0": "1"}, message_id="b.0.a")
    verdict = judge_sms(status, body, {}, settings=settings)
    assert verdict.outcome is not Outcome.ACCEPTED or 200 <= status < 300
    assert len(verdict.reason) <= 300


@given(ANY, st.text("东楼1安全出口", min_size=1, max_size=20), st.integers(1, 6))
def test_a_short_message_keeps_place_and_link_within_its_segments(text: str, place: str, most: int) -> None:
    link = "https://c/a/1234567890"
    made = fit(place + text, place, link, most)
    assert made.endswith(link)
    assert place in made
    assert segments(made) <= most


def test_segments_are_counted_as_providers_bill_them() -> None:
    assert [segments("字" * n) for n in (1, SINGLE, SINGLE + 1, 2 * PART, 2 * PART + 1)] == [1, 1, 2, 2, 3]
    assert length("😀") == 2


def test_a_text_that_fits_is_left_alone() -> None:
    assert fit("东楼1楼火警", "东楼1楼", "https://c/a", 1) == "东楼1楼火警 https://c/a"
    cut = fit("火警。" + "很长的文字" * 30, "东楼1楼", "https://c/a", 1)
    assert cut.startswith("东楼1楼：火警。")
    assert cut.endswith("… https://c/a")


async def test_a_call_is_asked_for_signed_and_says_what_to_press() -> None:
    settings = VoiceSettings.model_validate({"id": "call", "kind": "voice", "url": "http://x", "secret": SECRET})
    received, verdict = await sent(settings, answer({"ok": True, "message_id": "c-1"}), push())
    request = received[0]
    assert (verdict.outcome, verdict.provider_id, request.key) == (Outcome.ACCEPTED, "c-1", "k-1")
    assert request.message["phone"] == "13900000000"
    assert request.message["keys"] == {"1": "received"}
    assert request.message["callback"] == "http://c/receipts/call"
    assert request.message["speech"].endswith("收到请按1。")
    signed = request.headers["x-fengsui-timestamp"].encode() + b"." + request.body
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert request.headers["x-fengsui-signature"] == f"sha256={expected}"


def test_speech_is_in_the_persons_language_and_not_endless() -> None:
    words = Words(language="en", short_en="Fire. " * 200, short_zh="火")
    assert speech(Push(key="k", fire=True, body={}, words=words)).endswith("Press 1 to say that you have received it.")
    assert len(speech(Push(key="k", fire=True, body={}, words=words))) < 420
