r"""Feishu group robot (飞书自定义机器人), as documented; the platform itself could not be reached to try.

| part | as documented |
|---|---|
| address | ``https://open.feishu.cn/open-apis/bot/v2/hook/<id>``: the whole of it is a secret |
| signature (签名校验) | in the body: ``timestamp`` (s, ±1 h) and ``sign`` = base64(HMAC-SHA256(key=timestamp + "\n" + secret, empty message)) |
| message | ``interactive`` card, schema 1: header, ``lark_md`` text, a button with the answer link |
| good answer | HTTP 200 with ``code`` 0 (older: ``StatusCode`` 0) |
| limits | 100 messages a minute and 5 a second; 20 kB a request; over it 11232, or HTTP 400 with 9499 |

Source: open.feishu.cn/document/client-docs/bot-v3/add-custom-bot.
"""  # noqa: E501  # a table's cell is one line

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
from alerts.channels.platform_codes import FEISHU
from alerts.channels.verdict import Verdict, judge
from domain.site.channels import FeishuSettings

MOST_TEXT = 12_000
"""Bytes of text: a request has at most 20 kB, and JSON around it."""


class FeishuChannel:
    """Sends to one robot."""

    def __init__(self, settings: FeishuSettings) -> None:
        """Prepare; nothing is connected yet."""
        self._settings = settings
        self._lanes = HttpLanes(settings.timeout_s)

    async def close(self) -> None:
        """Close all connections."""
        await self._lanes.close()

    async def send(self, push: Push, *, now_s: int) -> Verdict:
        """Try once; never raises for what the other side does."""
        body = dict(message(push))
        if self._settings.secret:
            body |= sign(now_s, self._settings.secret)
        request = HttpRequest(
            url=self._settings.url,
            content=json.dumps(body, ensure_ascii=False).encode(errors="replace"),
            headers={"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": push.key},
        )
        return await self._lanes.send(request, partial(judge, codes=FEISHU), fire=push.fire)


def sign(timestamp_s: int, secret: str) -> dict[str, str]:
    """Return the fields that sign a body: time stamp and secret are the key, the message is empty."""
    digest = hmac.digest(signed_text(timestamp_s, secret), b"", hashlib.sha256)
    return {"timestamp": str(timestamp_s), "sign": base64.b64encode(digest).decode()}


def message(push: Push) -> Mapping[str, Any]:
    """Return the card."""
    title, *rest = paragraphs(push)
    mention = [f"<at id={safe(push.address)}></at>"] if push.address else []
    text = within("\n".join([*rest, footer(push)]), MOST_TEXT)
    elements: list[dict[str, Any]] = [
        {"tag": "div", "text": {"tag": "lark_md", "content": "\n".join([text, *mention])}}
    ]
    if push.words.link:
        words = {"tag": "plain_text", "content": button(push)}
        press = {"tag": "button", "text": words, "url": push.words.link, "type": "danger" if push.fire else "primary"}
        elements.append({"tag": "action", "actions": [press]})
    return {
        "msg_type": "interactive",
        "card": {
            "config": {"wide_screen_mode": True},
            "header": {"title": {"tag": "plain_text", "content": title}, "template": "red" if push.fire else "orange"},
            "elements": elements,
        },
    }
