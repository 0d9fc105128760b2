"""DingTalk, WeCom and Feishu: the signatures of their documents, the messages, and what a device's text can't do."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.channels import Channel, Outcome, Push, Verdict, judge, open_channel
from alerts.channels.chat_text import within
from alerts.channels.dingtalk import message as dingtalk
from alerts.channels.feishu import message as feishu
from alerts.channels.platform_codes import DINGTALK, FEISHU, WECOM, Codes
from alerts.channels.wecom import MOST_MARKDOWN, MOST_TEXT
from alerts.channels.wecom import message as wecom
from alerts.messages import MessageEvent, render
from domain.site.channels import DingTalkSettings, FeishuSettings, WeComSettings
from tests.alerts.alerts_scene import EBIKE_TEXT, SECRET
from tests.alerts.phone_server import Received, answer, phone

LINK = "https://console.test/answer/s.0123.abc"
NOW_S = 1_800_000_000
BODY: dict[str, Any] = {
    "class": "hazard",
    "level": "warning",
    "text_zh": EBIKE_TEXT,
    "text_en": "An e-bike is parked and charging at the exit.",
    "place": {"zh": "闽江大酒店 东楼 1楼 安全出口", "en": "Minjiang Hotel, East building, floor 1, exit"},
    "person": {"language": "zh"},
    "raised_at": "2027-01-15T16:00:00+08:00",
}
HOSTILE = "[点我](http://evil.example) <at id=all></at> <@all> @所有人 `x` |\n\n# 火警"


def push(address: str | None = None, **changes: Any) -> Push:
    """Return a message as the outbox hands it out."""
    body = {**BODY, **changes}
    words = render(body, MessageEvent.RAISED, link=LINK)
    return Push(key="0123456789abcdef0123456789abcdef", fire=False, body=body, address=address, words=words)


async def sent(settings: Any, reply: bytes, one: Push) -> tuple[Received, Verdict]:
    """Send to a robot on loopback; returns what came and what was made of the answer."""
    async with phone(lambda _number: reply) as platform:
        channel: Channel = open_channel(settings.model_copy(update={"url": platform.url}))
        try:
            verdict = await channel.send(one, now_s=NOW_S)
        finally:
            await channel.close()
    return platform.received[0], verdict


DING = DingTalkSettings.model_validate({"id": "d", "kind": "dingtalk", "access_token": "token-1", "secret": SECRET})
WE = WeComSettings.model_validate({"id": "w", "kind": "wecom", "key": "key-1"})
FEI = FeishuSettings.model_validate({"id": "f", "kind": "feishu", "url": "http://127.0.0.1/x", "secret": SECRET})


async def test_dingtalk_is_signed_in_the_query_as_documented() -> None:
    request, verdict = await sent(DING, answer({"errcode": 0, "errmsg": "ok"}), push())
    query = parse_qs(urlsplit(request.path).query)
    text = f"{NOW_S * 1000}\n{SECRET}".encode()
    expected = base64.b64encode(hmac.new(SECRET.encode(), text, hashlib.sha256).digest()).decode()
    assert (query["access_token"], query["timestamp"]) == (["token-1"], [str(NOW_S * 1000)])
    assert query["sign"] == [expected]
    assert verdict.outcome is Outcome.ACCEPTED


async def test_feishu_is_signed_in_the_body_with_the_text_as_key() -> None:
    request, verdict = await sent(FEI, answer({"code": 0, "msg": "success"}), push())
    key = f"{NOW_S}\n{SECRET}".encode()
    expected = base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
    assert (request.message["timestamp"], request.message["sign"]) == (str(NOW_S), expected)
    assert verdict.outcome is Outcome.ACCEPTED


async def test_wecom_has_its_key_in_the_query() -> None:
    request, verdict = await sent(WE, answer({"errcode": 0}), push())
    assert parse_qs(urlsplit(request.path).query) == {"key": ["key-1"]}
    assert verdict.outcome is Outcome.ACCEPTED


async def test_no_secret_is_in_what_is_said_about_a_failure() -> None:
    for settings in (DING, WE, FEI):
        _, verdict = await sent(settings, answer(b"", "302 Found", "Location: http://127.0.0.1:9/\r\n"), push())
        assert "token-1" not in verdict.reason
        assert "key-1" not in verdict.reason
        assert SECRET not in verdict.reason + repr(settings)


def test_the_matter_goes_word_for_word_with_a_button_and_a_mark_for_repeats() -> None:
    card = dingtalk(push())["actionCard"]
    assert EBIKE_TEXT in card["text"]
    assert (card["singleURL"], "烽燧 #01234567" in card["text"]) == (LINK, True)
    assert EBIKE_TEXT in json.dumps(wecom(push()), ensure_ascii=False)
    assert wecom(push())["template_card"]["card_action"] == {"type": 1, "url": LINK}
    shown = json.dumps(feishu(push()), ensure_ascii=False)
    assert EBIKE_TEXT in shown
    assert feishu(push())["card"]["elements"][1]["actions"][0]["url"] == LINK


def test_a_person_is_mentioned_where_the_platform_can() -> None:
    called = dingtalk(push("13900000000"))
    assert called["at"] == {"atMobiles": ["13900000000"], "isAtAll": False}
    assert "@13900000000" in called["markdown"]["text"]
    assert LINK in called["markdown"]["text"]
    assert dingtalk(push("user-7"))["at"]["atUserIds"] == ["user-7"]
    assert wecom(push("13900000000"))["text"]["mentioned_mobile_list"] == ["13900000000"]
    assert "<@chen>" in wecom(push("chen"))["markdown"]["content"]
    assert "<at id=ou_1></at>" in feishu(push("ou_1"))["card"]["elements"][0]["text"]["content"]


def test_the_persons_language_comes_first() -> None:
    text = dingtalk(push(person={"language": "en"}))["actionCard"]["text"]
    assert text.index("An e-bike") < text.index(EBIKE_TEXT)


@pytest.mark.parametrize("address", [None, "13900000000", "chen"])
@pytest.mark.parametrize("make", [dingtalk, wecom, feishu])
def test_a_devices_text_makes_no_link_no_mention_and_no_line(make: Any, address: str | None) -> None:
    one = push(address, text_zh=HOSTILE, text_en=HOSTILE)
    texts = json.dumps(make(one), ensure_ascii=False)
    assert "](http://evil.example)" not in texts
    assert "<@all>" not in texts
    assert "<at id=all>" not in texts
    assert "\\n\\n# " not in texts


@given(st.text(max_size=6000), st.sampled_from([None, "13900000000", "chen"]))
def test_any_text_fits_into_the_platforms_limits(text: str, address: str | None) -> None:
    one = push(address, text_zh=text, text_en=text)
    for make in (dingtalk, wecom, feishu):
        data = json.dumps(make(one), ensure_ascii=False).encode(errors="replace")
        assert len(data) < 40_000
        assert LINK.encode() in data
    content = wecom(one)
    if content["msgtype"] == "text":
        assert len(content["text"]["content"].encode(errors="replace")) <= MOST_TEXT
    elif content["msgtype"] == "markdown":
        assert len(content["markdown"]["content"].encode(errors="replace")) <= MOST_MARKDOWN


@given(st.text(max_size=300), st.integers(3, 200))
def test_a_cut_is_between_characters(text: str, most: int) -> None:
    assert len(within(text, most).encode(errors="replace")) <= max(most, 3)


ANSWERS = [
    (DINGTALK, {"errcode": 310000, "errmsg": "sign not match"}, Outcome.REFUSED, "clock"),
    (DINGTALK, {"errcode": 310000, "errmsg": "keywords not in content"}, Outcome.REFUSED, "keyword"),
    (DINGTALK, {"errcode": 310000, "errmsg": "ip X not in whitelist"}, Outcome.REFUSED, "public address"),
    (DINGTALK, {"errcode": 130101, "errmsg": "send too fast"}, Outcome.RETRY, "muted"),
    (WECOM, {"errcode": 93000, "errmsg": "invalid webhook url"}, Outcome.REFUSED, "key"),
    (WECOM, {"errcode": 45009, "errmsg": "freq"}, Outcome.RETRY, "20 messages"),
    (FEISHU, {"code": 19024, "msg": "Key Words Not Found"}, Outcome.REFUSED, "keyword"),
    (FEISHU, {"code": 11232, "msg": "frequency limited"}, Outcome.RETRY, "100 messages"),
    (FEISHU, {"code": 9499, "msg": "too many request"}, Outcome.RETRY, "rate limit"),
    (FEISHU, {"code": 9499, "msg": "Bad Request"}, Outcome.REFUSED, "Bad Request"),
    (FEISHU, {"StatusCode": 0, "StatusMessage": "success"}, Outcome.ACCEPTED, ""),
    (FEISHU, {"hello": 1}, Outcome.RETRY, "something else"),
]


@pytest.mark.parametrize(("codes", "body", "outcome", "words"), ANSWERS)
def test_documented_answers(codes: Codes, body: dict[str, Any], outcome: Outcome, words: str) -> None:
    verdict = judge(200, json.dumps(body).encode(), {}, codes)
    assert (verdict.outcome, words in verdict.reason) == (outcome, True)


_VALUE = st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.lists(st.integers(), max_size=2)


@given(
    st.integers(100, 599),
    st.binary(max_size=200)
    | st.dictionaries(st.sampled_from(["code", "errcode", "msg", "errmsg", "StatusCode"]), _VALUE).map(
        lambda value: json.dumps(value).encode()
    ),
    st.sampled_from([DINGTALK, WECOM, FEISHU]),
)
def test_any_answer_of_a_robot_gets_a_verdict(status: int, body: bytes, codes: Codes) -> None:
    verdict = judge(status, body, {}, codes)
    assert verdict.outcome is not Outcome.ACCEPTED or 200 <= status < 300
    assert len(verdict.reason) < 900


def test_a_message_without_a_link_has_no_button() -> None:
    one = push()
    bare = replace(one, words=replace(one.words, link=""))
    assert dingtalk(bare)["msgtype"] == "markdown"
    assert wecom(bare)["msgtype"] == "markdown"
    assert len(feishu(bare)["card"]["elements"]) == 1
