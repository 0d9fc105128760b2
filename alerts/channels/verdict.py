"""What a platform's answer means. The HTTP status alone lies: chat platforms say no with a 200.

| answer | verdict |
|---|---|
| any status, a body with a rate-limit code | retry after `RATE_LIMIT_WAIT_S` (Feishu sends it with a 400) |
| 2xx, body without an error code (or no JSON at all) | accepted; **retry** where the platform always sends a code |
| 2xx, ``errcode`` / ``code`` / ``StatusCode`` not 0 (200 counts as 0) | refused, with advice where the code is known |
| 2xx, ``ok`` or ``success`` false | refused |
| 408, 425, 429, 5xx | retry, not before ``Retry-After`` |
| 3xx, other 4xx | refused: a push is never sent elsewhere |
| no answer in time, connection lost | retry (decided by the sender) |

A platform that always sends a code and now does not is not the platform: a proxy's page or a sign-in wall of the
network, which passes. Codes and their advice: `alerts.channels.platform_codes`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from alerts.channels.platform_codes import NO_CODES, Codes

MOST_BODY = 64 * 1024
RATE_LIMIT_WAIT_S = 60.0
LONGEST_WAIT_S = 600.0

_PASSING_STATUS = {408, 425, 429}
_CODE_KEYS = ("errcode", "code", "StatusCode")
_FLAG_KEYS = ("ok", "success")
_ID_KEYS = ("message_id", "messageId", "msgid", "msg_id", "task_id", "id")
_TEXT_KEYS = ("errmsg", "msg", "message", "error", "description")
_GOOD_CODES = {"0", "200"}


class Outcome(StrEnum):
    """What to do next."""

    ACCEPTED = "accepted"
    RETRY = "retry"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A platform's answer, judged. ``wait_s`` is the least time before another try."""

    outcome: Outcome
    reason: str = ""
    provider_id: str | None = None
    delivered: bool = False
    wait_s: float = 0.0


def judge(status: int, body: bytes, headers: Mapping[str, str], codes: Codes = NO_CODES) -> Verdict:
    """Return what an HTTP answer means; ``headers`` by lower-case name."""
    answer = json_object(body)
    code = _code(answer)
    if code is not None and codes.is_rate_limit(code, text_of(answer)):
        reason = f"rate limit, {_said(code, answer, codes)}"
        return Verdict(Outcome.RETRY, reason, wait_s=retry_after(headers) or RATE_LIMIT_WAIT_S)
    refused = judge_status(status, headers)
    if refused is not None:
        words = f", {_said(code, answer, codes)}" if code is not None and refused.outcome is Outcome.REFUSED else ""
        return Verdict(refused.outcome, refused.reason + words, wait_s=refused.wait_s)
    if code is not None:
        return Verdict(Outcome.REFUSED, _said(code, answer, codes))
    if any(answer.get(key) is False for key in _FLAG_KEYS):
        return Verdict(Outcome.REFUSED, text_of(answer) or "the platform says no")
    if codes.always and not any(key in answer for key in _CODE_KEYS):
        return Verdict(Outcome.RETRY, f"HTTP {status} without the platform's code: something else answered")
    return Verdict(
        Outcome.ACCEPTED,
        provider_id=message_id(answer) or plain(headers.get("x-message-id", "")) or None,
        delivered=answer.get("delivered") is True or answer.get("status") == "delivered",
    )


def judge_status(status: int, headers: Mapping[str, str]) -> Verdict | None:
    """Return what the HTTP status alone says; None for a good one, where the body decides."""
    if status in _PASSING_STATUS or status >= 500:
        wait_s = retry_after(headers) or (RATE_LIMIT_WAIT_S if status == 429 else 0.0)
        return Verdict(Outcome.RETRY, f"HTTP {status}", wait_s=wait_s)
    return None if 200 <= status < 300 else Verdict(Outcome.REFUSED, f"HTTP {status}")


def plain(text: str) -> str:
    """Return what a platform said, short and in a form that every database takes (no NUL, no half surrogates)."""
    return text[:200].encode(errors="replace").decode().replace("\0", "")


def json_object(body: bytes) -> dict[str, Any]:
    """Return a JSON object, or nothing: a plain 'OK' is a good answer for a simple receiver."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def message_id(answer: Mapping[str, Any]) -> str | None:
    """Return the platform's name of the message, where it gives one."""
    inner = answer.get("data")
    for part in (answer, inner if isinstance(inner, dict) else {}):
        for key in _ID_KEYS:
            if isinstance(part.get(key), str | int):
                return plain(str(part[key]))
    return None


def text_of(answer: Mapping[str, Any]) -> str:
    """Return what the platform says in words."""
    return next((plain(str(answer[key])) for key in _TEXT_KEYS if answer.get(key)), "")


def retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds of ``Retry-After``; a date or junk counts as nothing said (0)."""
    text = headers.get("retry-after")
    if text is None or not (text.strip().isascii() and text.strip().isdecimal()):
        return 0.0
    return min(float(text), LONGEST_WAIT_S)


def _code(answer: Mapping[str, Any]) -> str | None:
    """Return the first code that is none of the good ones."""
    for key in _CODE_KEYS:
        code = answer.get(key)
        if code is not None and str(code) not in _GOOD_CODES:
            return str(code)
    return None


def _said(code: str, answer: Mapping[str, Any], codes: Codes) -> str:
    text = text_of(answer)
    advice = codes.advice(code, text)
    return f"code {plain(code[:40])}: {text}" + (f" → {advice}" if advice else "")
