"""Webhook: JSON by HTTP POST, signed.

| header | value |
|---|---|
| ``Idempotency-Key`` | the notification's id: the same on every repeat, so a receiver can drop copies |
| ``X-Fengsui-Timestamp`` | when this try was made, seconds since 1970 |
| ``X-Fengsui-Signature`` | ``sha256=`` + HMAC-SHA256 of ``<timestamp>.<body>`` in hex, when the channel has a secret |

One try is bounded as a whole, however slowly the answer drips. Redirects are not followed and the
environment's proxies are not used: a push goes where the site says, or not at all. Fire has
connections of its own, so that slow answers to other messages never hold it up.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json

import httpx

from alerts.channels.contract import FIRE_SLOTS, OTHER_SLOTS, Push
from alerts.channels.verdict import MOST_BODY, Outcome, Verdict, judge, plain
from domain.site import WebhookSettings


class WebhookChannel:
    """Sends to one URL; close it when done."""

    def __init__(self, settings: WebhookSettings) -> None:
        """Prepare both lanes; nothing is connected yet."""
        self._settings = settings
        self._lanes = {True: _client(settings, FIRE_SLOTS), False: _client(settings, OTHER_SLOTS)}

    async def close(self) -> None:
        """Close all connections."""
        for lane in self._lanes.values():
            await lane.aclose()

    async def send(self, push: Push, *, now_s: int) -> Verdict:
        """Try once; never raises for what the other side does."""
        content = json.dumps(push.body, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": push.key, "X-Fengsui-Timestamp": str(now_s)}
        if self._settings.secret:
            headers["X-Fengsui-Signature"] = signature(self._settings.secret, now_s, content)
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                return await self._post(self._lanes[push.fire], content, headers)
        except TimeoutError:
            return Verdict(Outcome.RETRY, f"no answer within {self._settings.timeout_s:g} s")
        except httpx.InvalidURL as error:
            return Verdict(Outcome.REFUSED, plain(str(error)))
        except httpx.HTTPError as error:
            return Verdict(Outcome.RETRY, plain(f"{type(error).__name__}: {error}"))

    async def _post(self, lane: httpx.AsyncClient, content: bytes, headers: dict[str, str]) -> Verdict:
        async with lane.stream("POST", self._settings.url, content=content, headers=headers) as response:
            body = b""
            async for part in response.aiter_bytes(8192):
                body += part
                if len(body) > MOST_BODY:
                    return Verdict(Outcome.REFUSED, f"HTTP {response.status_code} with more than {MOST_BODY} bytes")
            return judge(response.status_code, body, response.headers)


def signature(secret: str, timestamp_s: int, content: bytes) -> str:
    """Return the signature header for a body sent at ``timestamp_s``."""
    signed = f"{timestamp_s}.".encode() + content
    return f"sha256={hmac.digest(secret.encode(), signed, hashlib.sha256).hex()}"


def _client(settings: WebhookSettings, slots: int) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        timeout=settings.timeout_s,
        limits=httpx.Limits(max_connections=slots, max_keepalive_connections=slots),
        follow_redirects=False,
        trust_env=False,
        headers={"User-Agent": "fengsui-alerts"},
    )
