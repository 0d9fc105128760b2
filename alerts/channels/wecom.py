"""WeCom group robot (企业微信群机器人), as documented; the platform itself could not be reached to try.

| part | as documented |
|---|---|
| address | ``https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…``; the key is the only secret |
| message | ``text`` with ``mentioned_mobile_list`` for a mobile number; ``markdown`` with ``<@userid>`` for a user id; a ``template_card`` (text_notice) with its jump where nobody is to be mentioned |
| good answer | HTTP 200 with ``errcode`` 0 |
| limits | 20 messages a minute; ``text`` 2,048 bytes, ``markdown`` 4,096 bytes of UTF-8 |

Source: developer.work.weixin.qq.com/document/path/91770 (messages) and /path/90313 (error codes).
"""  # noqa: E501  # a table's cell is one line

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from alerts.channels.chat_text import button, footer, paragraphs, safe, within
from alerts.channels.contract import Push
from alerts.channels.http_lanes import HttpLanes, HttpRequest
from alerts.channels.platform_codes import WECOM
from alerts.channels.verdict import Verdict, judge
from domain.site.channels import WeComSettings

MOST_TEXT = 2048
MOST_MARKDOWN = 4096
MOST_CARD_TITLE = 26
MOST_CARD_TEXT = 112
"""Characters of a card's main title and of its second line (the platform's recommendation)."""

_MOBILE = re.compile(r"\+?[0-9]{6,20}")


class WeComChannel:
    """Sends to one robot."""

    def __init__(self, settings: WeComSettings) -> None:
        """Prepare; nothing is connected yet."""
        self._settings = settings
        self._lanes = HttpLanes(settings.timeout_s)

    async def close(self) -> None:
        """Close all connections."""
        await self._lanes.close()

    async def send(self, push: Push, *, now_s: int) -> Verdict:  # noqa: ARG002  # of the contract
        """Try once; never raises for what the other side does."""
        request = HttpRequest(
            url=self._settings.url,
            content=json.dumps(message(push), ensure_ascii=False).encode(errors="replace"),
            headers={"Content-Type": "application/json", "Idempotency-Key": push.key},
            params={"key": self._settings.key} if self._settings.key else {},
        )
        return await self._lanes.send(request, partial(judge, codes=WECOM), fire=push.fire)


def message(push: Push) -> Mapping[str, Any]:
    """Return the message in the form that can mention the person."""
    if push.address and _MOBILE.fullmatch(push.address):
        return {"msgtype": "text", "text": {"content": _text(push), "mentioned_mobile_list": [push.address]}}
    if push.address or not push.words.link:
        return {"msgtype": "markdown", "markdown": {"content": _markdown(push)}}
    return _card(push)


def _text(push: Push) -> str:
    """Return plain text whose link survives any length."""
    end = "\n" + "\n".join(part for part in (push.words.link, footer(push)) if part)
    return within("\n".join(paragraphs(push)), MOST_TEXT - len(end.encode())) + end


def _markdown(push: Push) -> str:
    title, *rest = paragraphs(push)
    colour = "warning" if push.fire else "info"
    end = [f"[{button(push)}]({push.words.link})"] if push.words.link else []
    end += [footer(push)] + ([f"<@{safe(push.address)}>"] if push.address else [])
    tail = "\n" + "\n".join(end)
    head = "\n".join([f'## <font color="{colour}">{title}</font>', *rest])
    return within(head, MOST_MARKDOWN - len(tail.encode())) + tail


def _card(push: Push) -> Mapping[str, Any]:
    title, *rest = paragraphs(push)
    link = push.words.link
    return {
        "msgtype": "template_card",
        "template_card": {
            "card_type": "text_notice",
            "source": {"desc": footer(push)},
            "main_title": {"title": title[:MOST_CARD_TITLE]},
            "sub_title_text": "\n".join([title, *rest])[: MOST_CARD_TEXT * 4],
            "jump_list": [{"type": 1, "title": button(push), "url": link}],
            "card_action": {"type": 1, "url": link},
        },
    }
