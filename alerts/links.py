"""Answer links: signed, expiring, good for one purpose, one person and one notification.

A token is ``<base64url(claims JSON)>.<base64url(HMAC-SHA256)>``: safe in a URL path, and the same for
the same claims, so a repeated push carries the same link. Who holds a link may answer for that
person on that alert once, until it expires; nothing else. The purpose is part of what is signed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from pydantic import BaseModel, ConfigDict, Field

from domain.clock import NS_PER_S
from domain.errors import RefusedError

PURPOSE = "answer"
LIFE_S = 24 * 3600
"""How long a link is good. Assumption: a duty shift and the next; nobody published a figure."""

MOST_TOKEN = 1024
LEAST_KEY = 16
MALFORMED = "链接无效 / this is no valid link"


class Claims(BaseModel):
    """What a link says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    purpose: str = Field(default=PURPOSE, pattern=f"^{PURPOSE}$")
    alert: str
    person: str
    notification: str
    expires_ns: int


def make_token(claims: Claims, key: bytes) -> str:
    """Sign ``claims``; raises ValueError for a key that is too short to protect anything."""
    if len(key) < LEAST_KEY:
        raise ValueError(f"a signing key needs {LEAST_KEY} bytes at least")
    body = _encode(claims.model_dump_json().encode())
    return f"{body}.{_encode(_signature(body, key))}"


def verify_token(token: str, key: bytes, now_ns: int) -> Claims:
    """Return the claims of a link; raises RefusedError when it is forged, malformed or expired."""
    body, _, signature = token.partition(".")
    try:
        if len(token) > MOST_TOKEN or not hmac.compare_digest(_decode(signature), _signature(body, key)):
            raise RefusedError(MALFORMED)
        claims = Claims.model_validate_json(_decode(body))
    except ValueError as error:  # not base64, not UTF-8, or not our claims
        raise RefusedError(MALFORMED) from error
    if now_ns > claims.expires_ns:
        raise RefusedError("链接已过期，请联系消防控制室 / this link has expired: call the control room")
    return claims


def expiry(created_ns: int) -> int:
    """Return when a link of a notification made at ``created_ns`` ends."""
    return created_ns + LIFE_S * NS_PER_S


def _signature(body: str, key: bytes) -> bytes:
    return hmac.digest(key, f"fengsui-{PURPOSE}:{body}".encode(), hashlib.sha256)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
