"""What a platform's answer means. The HTTP status alone lies: chat platforms say no with a 200.

| answer | verdict |
|---|---|
| 2xx, body without an error code (or no JSON at all) | accepted |
| 2xx, ``errcode`` / ``code`` / ``StatusCode`` not 0 (200 counts as 0) | refused; retry for a rate-limit code |
| 2xx, ``ok`` or ``success`` false | refused |
| 408, 425, 429, 5xx | retry, not before ``Retry-After`` |
| 3xx, other 4xx | refused: a push is never sent elsewhere |
| no answer in time, connection lost | retry (decided by the sender) |

Rate-limit codes: DingTalk 130101, WeCom 45009 and 45033, Feishu 9499 and 11232 (the platforms' documents).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MOST_BODY = 64 * 1024
RATE_LIMIT_WAIT_S = 60.0
LONGEST_WAIT_S = 600.0

_PASSING_STATUS = {408, 425, 429}
_RATE_LIMIT_CODES = {"130101", "45009", "45033", "9499", "11232"}
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


def judge(status: int, body: bytes, headers: Mapping[str, str]) -> Verdict:
    """Return what an HTTP answer means; ``headers`` by lower-case name."""
    if status in _PASSING_STATUS or status >= 500:
        wait_s = _retry_after(headers.get("retry-after")) or (RATE_LIMIT_WAIT_S if status == 429 else 0.0)
        return Verdict(Outcome.RETRY, f"HTTP {status}", wait_s=wait_s)
    if not 200 <= status < 300:
        return Verdict(Outcome.REFUSED, f"HTTP {status}")
    answer = _object(body)
    for key in _CODE_KEYS:
        code = answer.get(key)
        if code is not None and str(code) not in _GOOD_CODES:
            return _refusal(str(code), answer)
    if any(answer.get(key) is False for key in _FLAG_KEYS):
        return Verdict(Outcome.REFUSED, _text(answer) or "the platform says no")
    return Verdict(
        Outcome.ACCEPTED,
        provider_id=_message_id(answer) or plain(headers.get("x-message-id", "")) or None,
        delivered=answer.get("delivered") is True or answer.get("status") == "delivered",
    )


def plain(text: str) -> str:
    """Return what a platform said, short and in a form that every database takes (no NUL, no half surrogates)."""
    return text[:200].encode(errors="replace").decode().replace("\0", "")


def _refusal(code: str, answer: Mapping[str, Any]) -> Verdict:
    reason = f"code {plain(code[:40])}: {_text(answer)}"
    if code in _RATE_LIMIT_CODES:
        return Verdict(Outcome.RETRY, f"rate limit, {reason}", wait_s=RATE_LIMIT_WAIT_S)
    return Verdict(Outcome.REFUSED, reason)


def _object(body: bytes) -> dict[str, Any]:
    """Return a JSON object, or nothing: a plain 'OK' is a good answer for a simple receiver."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _message_id(answer: Mapping[str, Any]) -> str | None:
    inner = answer.get("data")
    for part in (answer, inner if isinstance(inner, dict) else {}):
        for key in _ID_KEYS:
            if isinstance(part.get(key), str | int):
                return plain(str(part[key]))
    return None


def _text(answer: Mapping[str, Any]) -> str:
    return next((plain(str(answer[key])) for key in _TEXT_KEYS if answer.get(key)), "")


def _retry_after(text: str | None) -> float:
    """Read seconds; a date or junk counts as nothing said."""
    if text is None or not text.strip().isdecimal():
        return 0.0
    return min(float(text), LONGEST_WAIT_S)
