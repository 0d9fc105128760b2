r"""DingTalk group robot (钉钉自定义机器人), as documented; the platform itself could not be reached to try.

| part | as documented |
|---|---|
| address | ``https://oapi.dingtalk.com/robot/send?access_token=…`` |
| signature | 加签: query ``timestamp`` (ms, ±1 h), ``sign`` = base64(HMAC-SHA256(secret, timestamp + "\n" + secret)) |
| message | ``markdown`` that mentions the person by mobile number or user id; else ``actionCard`` with a button |
| good answer | HTTP 200 with ``errcode`` 0; everything else is no, with HTTP 200, too |
| limits | 20 messages a minute, then muted for 10 min; 20,000 bytes |

Source: open.dingtalk.com/document/robots/custom-robot-access and …/robots/customize-robot-security-settings.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from alerts.channels.chat_text import button, footer, paragraphs, safe, signed_text, within
from alerts.channels.contract import Push
from alerts.channels.http_lanes import HttpLanes, HttpRequest
from alerts.channels.platform_codes import DINGTALK
from alerts.channels.verdict import Verdict, judge
from domain.site.channels import DingTalkSettings

MOST_TEXT = 16_000
"""Bytes of text: below the 20,000 of the whole message (the platform's document)."""


class DingTalkChannel:
    """Sends to one robot."""

    def __init__(self, settings: DingTalkSettings) -> None:
        """Prepare; nothing is connected yet."""
        self._settings = settings
        self._lanes = HttpLanes(settings.timeout_s)

    async def close(self) -> None:
        """Close all connections."""
        await self._lanes.close()

    async def send(self, push: Push, *, now_s: int) -> Verdict:
        """Try once; never raises for what the other side does."""
        settings = self._settings
        params = {"access_token": settings.access_token} if settings.access_token else {}
        if settings.secret:
            params |= sign(now_s * 1000, settings.secret)
        request = HttpRequest(
            url=settings.url,
            content=json.dumps(message(push), ensure_ascii=False).encode(errors="replace"),
            headers={"Content-Type": "application/json;charset=utf-8", "Idempotency-Key": push.key},
            params=params,
        )
        return await self._lanes.send(request, partial(judge, codes=DINGTALK), fire=push.fire)


def sign(timestamp_ms: int, secret: str) -> dict[str, str]:
    """Return the query that signs a try; the client writes it URL-encoded."""
    digest = hmac.digest(secret.encode(), signed_text(timestamp_ms, secret), hashlib.sha256)
    return {"timestamp": str(timestamp_ms), "sign": base64.b64encode(digest).decode()}


def message(push: Push) -> Mapping[str, Any]:
    """Return the message."""
    title, *rest = paragraphs(push)
    link = push.words.link
    lines = [f"### {title}", *rest]
    if push.address and link:
        lines.append(f"[{button(push)}]({link})")
    lines.append(footer(push))
    if push.address:
        text = within("\n\n".join([*lines, f"@{safe(push.address)}"]), MOST_TEXT)
        people = "atMobiles" if push.address.lstrip("+").isdecimal() else "atUserIds"
        at = {people: [push.address], "isAtAll": False}
        return {"msgtype": "markdown", "markdown": {"title": title, "text": text}, "at": at}
    text = within("\n\n".join(lines), MOST_TEXT)
    if not link:
        return {"msgtype": "markdown", "markdown": {"title": title, "text": text}}
    card = {"title": title, "text": text, "singleTitle": button(push), "singleURL": link}
    return {"msgtype": "actionCard", "actionCard": card}
