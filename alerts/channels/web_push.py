"""Web Push: a notification in a person's browser, through the push service of the browser's maker.

| the push service | verdict |
|---|---|
| 201, 200, 202, 204 from any browser of the person | accepted |
| 404, 410 | that browser's subscription is removed; refused when it was the last: the next channel is told |
| 429 | retry, not before ``Retry-After`` |
| 400, 401, 403, 413 | refused (the key is not the one subscribed with, or the message is not to its liking) |
| 5xx, silence | retry |

The payload is encrypted for the browser (RFC 8291, aes128gcm): the push service sees neither text nor link. VAPID
(RFC 8292) says who we are. ``Topic`` and the notification's tag carry the idempotency key, so a repeat replaces what
it repeats. Only hosts that the channel lists are written to: an endpoint is an address that a phone named.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02, VapidException
from pywebpush import WebPusher, WebPushException

from alerts.channels.contract import FIRE_SLOTS, OTHER_SLOTS, Aids, Push, Subscription
from alerts.channels.told import told
from alerts.channels.verdict import MOST_BODY, Outcome, Verdict, judge, plain
from domain.errors import RefusedError, StoreError
from domain.site.channels import LOOPBACK, WebPushSettings

LIFE_S = 4 * 3600
"""How long a push service keeps a message for a phone that is off, seconds. Assumption: half a shift; after it the
ladder has told others."""

TOKEN_LIFE_S = 12 * 3600
"""Life of a VAPID token, seconds; RFC 8292 allows 24 h."""

MOST_PAYLOAD = 3993
"""Bytes before encryption: RFC 8291 asks a push service for 4096 after it, 103 of which are header, tag and padding."""

GONE = frozenset({404, 410})


class WebPushChannel:
    """Sends to the browsers of a person; close it when done."""

    def __init__(self, settings: WebPushSettings, aids: Aids) -> None:
        """Prepare both lanes; a VAPID key that is none makes every try a refusal, and no crash."""
        self._settings = settings
        self._subscriptions = aids.subscriptions
        self._vapid = _vapid_or_none(settings.key or aids.vapid_key)
        self._lanes = {True: _client(settings, FIRE_SLOTS), False: _client(settings, OTHER_SLOTS)}

    async def close(self) -> None:
        """Close all connections."""
        for lane in self._lanes.values():
            await lane.aclose()

    async def send(self, push: Push, *, now_s: int) -> Verdict:
        """Try all browsers of the person once; never raises for what push services do."""
        if self._subscriptions is None or self._vapid is None:
            return Verdict(Outcome.REFUSED, "there is no good VAPID key, or no list of subscriptions, here")
        person = push.body.get("person")
        name = str(person.get("id", "")) if isinstance(person, dict) else ""
        try:
            browsers = await self._subscriptions.of(name, self._settings.id)
        except StoreError as error:
            return Verdict(Outcome.RETRY, plain(str(error)))
        if not browsers:
            return Verdict(
                Outcome.REFUSED,
                "no phone of this person is subscribed: open an answer link on it and press 'push to this phone'",
            )
        tries = [self._try(browser, push, now_s) for browser in browsers]
        return _together(await asyncio.gather(*tries))

    async def _try(self, browser: Subscription, push: Push, now_s: int) -> Verdict:
        assert self._subscriptions is not None  # noqa: S101  # `send` has looked
        try:
            check_endpoint(browser.endpoint, self._settings.services)
            async with asyncio.timeout(self._settings.timeout_s):
                status, verdict = await self._post(browser, push, now_s)
        except TimeoutError:
            return Verdict(Outcome.RETRY, f"no answer within {self._settings.timeout_s:g} s")
        except (WebPushException, VapidException, RefusedError, ValueError, httpx.InvalidURL) as error:
            return Verdict(Outcome.REFUSED, plain(str(error)))
        except httpx.HTTPError as error:
            return Verdict(Outcome.RETRY, plain(f"{type(error).__name__}: {error}"))
        if status in GONE:
            await self._subscriptions.gone(browser.id, f"the push service says {status}")
            return Verdict(Outcome.REFUSED, f"HTTP {status}: the browser is no longer subscribed")
        if verdict.outcome is Outcome.ACCEPTED:
            await self._subscriptions.worked(browser.id)
        return verdict

    async def _post(self, browser: Subscription, push: Push, now_s: int) -> tuple[int, Verdict]:
        keys = {"p256dh": browser.p256dh, "auth": browser.auth}
        content = WebPusher({"endpoint": browser.endpoint, "keys": keys}).encode(payload_of(push))["body"]
        headers = self._headers(browser.endpoint, push, now_s)
        lane = self._lanes[push.fire]
        async with lane.stream("POST", browser.endpoint, content=content, headers=headers) as response:
            body = b""
            async for part in response.aiter_bytes(8192):
                body += part
                if len(body) > MOST_BODY:
                    break
            verdict = judge(response.status_code, b"" if response.is_success else body, response.headers)
            location = plain(response.headers.get("location", "")) or None
            if verdict.outcome is Outcome.ACCEPTED:
                return response.status_code, Verdict(Outcome.ACCEPTED, provider_id=location)
            words = plain(body.decode(errors="replace").strip())
            reason = f"{verdict.reason}: {words}" if words else verdict.reason
            return response.status_code, Verdict(verdict.outcome, plain(reason), wait_s=verdict.wait_s)

    def _headers(self, endpoint: str, push: Push, now_s: int) -> dict[str, str]:
        assert self._vapid is not None  # noqa: S101  # `send` has looked
        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": now_s + TOKEN_LIFE_S,
            "sub": self._settings.contact,
        }
        return {
            **self._vapid.sign(claims),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(LIFE_S),
            "Urgency": "high" if push.fire else "normal",
            "Topic": hashlib.sha256(push.key.encode()).hexdigest()[:32],
        }


def vapid(key: str) -> Vapid02:
    """Return the signer of a VAPID private key (base64url of 32 bytes, or of DER); raises RefusedError for none."""
    try:
        signer = Vapid02.from_string(key)
    except (ValueError, TypeError, VapidException) as error:
        raise RefusedError("the VAPID key is no private key of P-256: 32 bytes in base64url") from error
    return signer


def _vapid_or_none(key: str | None) -> Vapid02 | None:
    try:
        return vapid(key) if key else None
    except RefusedError:
        return None


def public_key(key: str) -> str:
    """Return what a browser subscribes with: the public point of a VAPID private key, base64url without padding."""
    point = vapid(key).public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).decode().rstrip("=")


def check_endpoint(endpoint: str, services: Sequence[str]) -> None:
    """Raise RefusedError for an address that is no push service of the channel's list: phones name them, we post there.

    https only; a service on this machine (for a trial) may speak http.
    """
    parts = urlsplit(endpoint)
    host, secure = parts.hostname or "", parts.scheme == "https"
    listed = any(host.endswith(one) if one.startswith(".") else host == one for one in services)
    if not listed or parts.username or not (secure or (parts.scheme == "http" and host in LOOPBACK)):
        raise RefusedError(
            f"'{plain(host)[:80]}' 不是已知的推送服务，请加入渠道的 services /"
            f" '{plain(host)[:80]}' is no push service of this channel: add it to its 'services'"
        )


def payload_of(push: Push) -> bytes:
    """Return what the service worker shows, cut to what a push service takes."""
    words = told(push)
    document: dict[str, Any] = {
        "title": words.title_zh,
        "body": words.text_zh,
        "title_en": words.title_en,
        "body_en": words.text_en,
        "url": words.link,
        "tag": push.key,
        "fire": push.fire,
    }
    for name in ("body_en", "body", "title_en", "title"):
        content = _written(document)
        while len(content) > MOST_PAYLOAD and document[name]:
            over = len(content) - MOST_PAYLOAD
            document[name] = document[name][: max(0, len(document[name]) - max(1, over // 4) - 1)]
            content = _written(document)
    return _written(document)


def _written(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def _together(verdicts: Sequence[Verdict]) -> Verdict:
    """Return one verdict for all browsers of a person: one that took it is enough."""
    for outcome in (Outcome.ACCEPTED, Outcome.RETRY, Outcome.REFUSED):
        found = [verdict for verdict in verdicts if verdict.outcome is outcome]
        if found:
            reasons = "; ".join(dict.fromkeys(one.reason for one in verdicts if one.reason))
            return Verdict(
                outcome, plain(reasons), found[0].provider_id, wait_s=max(verdict.wait_s for verdict in found)
            )
    raise ValueError("no browser was tried")


def _client(settings: WebPushSettings, slots: int) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        timeout=settings.timeout_s,
        limits=httpx.Limits(max_connections=slots, max_keepalive_connections=slots),
        follow_redirects=False,
        trust_env=False,
        headers={"User-Agent": "fengsui-alerts"},
    )
