"""Webhook: JSON by HTTP POST, signed.

| header | value |
|---|---|
| ``Idempotency-Key`` | the notification's id: the same on every repeat, so a receiver can drop copies |
| ``X-Fengsui-Timestamp`` | when this try was made, seconds since 1970 |
| ``X-Fengsui-Signature`` | ``sha256=`` + HMAC-SHA256 of ``<timestamp>.<body>`` in hex, when the channel has a secret |
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from alerts.channels.contract import Push
from alerts.channels.http_lanes import HttpLanes, HttpRequest
from alerts.channels.verdict import Verdict, judge
from domain.site import WebhookSettings


class WebhookChannel:
    """Sends to one URL; close it when done."""

    def __init__(self, settings: WebhookSettings) -> None:
        """Prepare; nothing is connected yet."""
        self._settings = settings
        self._lanes = HttpLanes(settings.timeout_s)

    async def close(self) -> None:
        """Close all connections."""
        await self._lanes.close()

    async def send(self, push: Push, *, now_s: int) -> Verdict:
        """Try once; never raises for what the other side does."""
        request = signed_request(self._settings.url, push.body, push.key, self._settings.secret, now_s)
        return await self._lanes.send(request, judge, fire=push.fire)


def signed_request(url: str, body: Mapping[str, Any], key: str, secret: str | None, now_s: int) -> HttpRequest:
    """Return a JSON request with idempotency key and, where there is a secret, signature."""
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json", "Idempotency-Key": key, "X-Fengsui-Timestamp": str(now_s)}
    if secret:
        headers["X-Fengsui-Signature"] = signature(secret, now_s, content)
    return HttpRequest(url=url, content=content, headers=headers)


def signature(secret: str, timestamp_s: int, content: bytes) -> str:
    """Return the signature header for a body sent at ``timestamp_s``."""
    signed = f"{timestamp_s}.".encode() + content
    return f"sha256={hmac.digest(secret.encode(), signed, hashlib.sha256).hex()}"
