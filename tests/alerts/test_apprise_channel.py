"""Apprise in a thread: its yes, its no, its silence, and what it may not be used for."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from alerts.channels import FIRE_SLOTS, OTHER_SLOTS, Outcome, Push, Verdict, open_channel
from alerts.channels.apprise_channel import BY_ITS_WORD, AppriseChannel
from backbone.server import free_ports
from domain.site.channels import AppriseSettings
from tests.alerts.phone_server import answer, phone

pytestmark = pytest.mark.filterwarnings("ignore:.*imghdr.*:DeprecationWarning")  # a plug-in of its own imports it

ACCEPTED, RETRY, REFUSED = Outcome.ACCEPTED, Outcome.RETRY, Outcome.REFUSED
BODY: dict[str, Any] = {
    "class": "fault",
    "text_zh": "探测器故障",
    "text_en": "Detector fault",
    "place": {"zh": "东楼", "en": "East"},
    "answer_url": "https://fengsui.example/answer/abc",
}


def settings(url: str, **more: Any) -> AppriseSettings:
    """Return a channel."""
    return AppriseSettings.model_validate({"id": "other", "kind": "apprise", "url": url, "timeout_s": 20, **more})


async def send(url: str, **more: Any) -> Verdict:
    """Try once."""
    channel = open_channel(settings(url, **more))
    try:
        return await channel.send(Push("k-1", fire=False, body=BODY), now_s=0)
    finally:
        await channel.close()


async def test_its_yes_is_its_own_word() -> None:
    async with phone(lambda _number: answer({"errcode": 310000})) as platform:
        verdict = await send(f"json://127.0.0.1:{platform.port}/x")
    assert verdict == Verdict(ACCEPTED, BY_ITS_WORD), "a 200 with an error code is a success to Apprise: its weakness"
    message = json.loads(platform.received[0].body)
    assert message["title"] == "【故障】东楼 | [Fault] East"
    assert message["message"] == "探测器故障\nDetector fault\nhttps://fengsui.example/answer/abc"


async def test_its_no_is_tried_again_without_the_secret_in_the_reason() -> None:
    async with phone(lambda _number: answer({}, "403 Forbidden")) as platform:
        verdict = await send(f"json://user:hunter2secret@127.0.0.1:{platform.port}/token-of-mine")
    assert (verdict.outcome, "Apprise says no" in verdict.reason) == (RETRY, True)
    assert "hunter2secret" not in verdict.reason
    assert "token-of-mine" not in verdict.reason


async def test_nobody_listens() -> None:
    verdict = await send(f"json://127.0.0.1:{free_ports(1)[0]}/x")
    assert verdict.outcome is RETRY


async def test_an_address_that_it_does_not_know_is_refused() -> None:
    verdict = await send("nosuchservice://hunter2secret")
    assert (verdict.outcome, "can't read this address" in verdict.reason) == (REFUSED, True)
    assert "hunter2secret" not in verdict.reason


async def test_a_plugin_that_hangs_holds_up_neither_the_loop_nor_fire() -> None:
    async with phone(lambda number: None if number < OTHER_SLOTS else answer({})) as platform:
        channel = AppriseChannel(settings(f"json://127.0.0.1:{platform.port}/x?rto=60&cto=60", timeout_s=0.3))
        push = Push("k", fire=False, body=BODY)
        stuck = await asyncio.gather(*(channel.send(push, now_s=0) for _ in range(OTHER_SLOTS)))
        assert {verdict.reason for verdict in stuck} == {"Apprise did not return within 0.3 s"}
        await platform.wait_for(OTHER_SLOTS)
        full = await channel.send(push, now_s=0)
        assert (full.outcome, "still hang" in full.reason) == (RETRY, True)
        channel._settings = settings(f"json://127.0.0.1:{platform.port}/x")
        assert (await channel.send(Push("f", fire=True, body=BODY), now_s=0)).outcome is ACCEPTED
    async with asyncio.timeout(30):  # the platform hung up
        while channel._free != {True: FIRE_SLOTS, False: OTHER_SLOTS}:
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("scheme", "kind"),
    [("dingtalk", "dingtalk"), ("WeComBot", "wecom"), ("wecom", "wecom"), ("feishu", "feishu"), ("lark", "feishu")],
)
def test_platforms_that_say_no_with_a_200_are_refused_with_the_kind_to_use(scheme: str, kind: str) -> None:
    with pytest.raises(ValueError, match=f"use 'kind: {kind}' instead"):
        settings(f"{scheme}://token")


@pytest.mark.parametrize("url", ["https", "://x", "mailto"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="no Apprise address"):
        settings(url)


def test_the_address_is_not_shown() -> None:
    assert "hunter2" not in repr(settings("json://hunter2"))
