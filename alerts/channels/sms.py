"""Short messages through the HTTP interface of any provider: a template with named fields.

The template comes from the site, the values from devices and people, so values are written in the form of the body's
content type (inside a JSON string; URL-encoded in a form or an address) and never read again: a device's text can't
end the string it stands in. Whether the provider took the message is told by ``good`` (fields of a JSON answer,
with dots into it, and what they are then); without it by `judge`. A status report that comes later:
`alerts.receipts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from alerts.channels.contract import Push
from alerts.channels.http_lanes import HttpLanes, HttpRequest
from alerts.channels.sms_text import fit
from alerts.channels.verdict import (
    RATE_LIMIT_WAIT_S,
    Outcome,
    Verdict,
    json_object,
    judge,
    judge_status,
    plain,
    retry_after,
    text_of,
)
from domain.clock import NS_PER_S, to_iso
from domain.site.channels import SmsSettings
from domain.site.sms_template import fill


class SmsChannel:
    """Sends through one provider."""

    def __init__(self, settings: SmsSettings) -> None:
        """Prepare; nothing is connected yet."""
        self._settings = settings
        self._lanes = HttpLanes(settings.timeout_s)

    async def close(self) -> None:
        """Close all connections."""
        await self._lanes.close()

    async def send(self, push: Push, *, now_s: int) -> Verdict:
        """Try once; never raises for what the other side does."""
        if not push.address:
            return Verdict(Outcome.REFUSED, "the person has no telephone number")
        settings, values = self._settings, fields(push, self._settings, now_s)
        headers = {**settings.headers, "Idempotency-Key": push.key}
        if settings.method == "POST":
            headers["Content-Type"] = f"{settings.content_type}; charset=utf-8"
        request = HttpRequest(
            url=fill(settings.url, values, "url"),
            content=fill(settings.body, values, settings.form).encode(),
            method=settings.method,
            headers=headers,
        )
        return await self._lanes.send(request, partial(judge_sms, settings=settings), fire=push.fire)


def fields(push: Push, settings: SmsSettings, now_s: int) -> dict[str, str]:
    """Return the values of the named fields; ``text`` fits into the channel's segments, link included."""
    text = fit(push.words.short, push.words.place, push.words.link, settings.segments)
    values = {
        "phone": push.address or "",
        "text": text,
        "link": push.words.link,
        "key": push.key,
        "place": push.words.place,
        "time": to_iso(now_s * NS_PER_S),
        "timestamp": str(now_s),
    }
    return {name: value.encode(errors="replace").decode() for name, value in values.items()}


def judge_sms(status: int, body: bytes, headers: Mapping[str, str], *, settings: SmsSettings) -> Verdict:
    """Return what a provider's answer means, by the fields that the site names."""
    answer = json_object(body)
    if settings.busy and _fits(answer, settings.busy):
        reason = f"rate limit, {_said(answer, settings.busy)}"
        return Verdict(Outcome.RETRY, plain(reason), wait_s=retry_after(headers) or RATE_LIMIT_WAIT_S)
    if not settings.good:
        verdict = judge(status, body, headers)
    elif (bad := judge_status(status, headers)) is not None:
        return bad
    elif all(_at(answer, name) is None for name in settings.good):
        return Verdict(Outcome.RETRY, f"HTTP {status} without the provider's fields: something else answered")
    elif _fits(answer, settings.good):
        verdict = Verdict(Outcome.ACCEPTED)
    else:
        return Verdict(Outcome.REFUSED, plain(_said(answer, settings.good)))
    if verdict.outcome is not Outcome.ACCEPTED or settings.message_id is None:
        return verdict
    named = _at(answer, settings.message_id)
    given = plain(str(named)) if isinstance(named, str | int) else verdict.provider_id
    return Verdict(Outcome.ACCEPTED, provider_id=given or None)


def _fits(answer: Any, wanted: Mapping[str, str]) -> bool:
    return all(_written(_at(answer, name)) == value for name, value in wanted.items())


def _said(answer: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return what the named fields are, and the provider's words."""
    return ", ".join([*(f"{name} is {_written(_at(answer, name))[:60]!r}" for name in names), text_of(answer)]).rstrip(
        ", "
    )


def _at(answer: Any, name: str) -> Any:
    """Return the value at ``a.b.0.c``; None where the path ends early."""
    for step in name.split("."):
        if isinstance(answer, Mapping):
            answer = answer.get(step)
        elif isinstance(answer, list) and step.isascii() and step.isdecimal() and int(step) < len(answer):
            answer = answer[int(step)]
        else:
            return None
    return answer


def _written(value: Any) -> str:
    """Write a JSON value as a site would: true, 0, OK; nothing for what is not there."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
