"""Short answer links: what fits into a short message, where a whole link (`alerts.links`) takes five segments.

``s.<notification id>.<signature>``: the rest of the claims is in the database. The signature is HMAC-SHA256 over
purpose and id, cut to 128 bits: as hard to guess as a key of AES, and a guess must be tried at our own door. It is as
strong a proof, as single-purpose, and expires when the whole one does.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from alerts.desk import Desk
from alerts.links import LEAST_KEY, MALFORMED, Claims, expiry, verify_token
from alerts.schema import Notification
from domain.errors import RefusedError

PREFIX = "s."
_BYTES = 16


def short_token(notification: str, key: bytes) -> str:
    """Return the short link of a notification; raises ValueError for a key that is too short to protect anything."""
    if len(key) < LEAST_KEY:
        raise ValueError(f"a signing key needs {LEAST_KEY} bytes at least")
    return f"{PREFIX}{notification}.{_signature(notification, key)}"


def claims_of(desk: Desk, token: str, key: bytes) -> Claims:
    """Return the claims of a link, short or whole; raises RefusedError when it is forged, malformed or expired."""
    if not token.startswith(PREFIX):
        return verify_token(token, key, desk.now_ns)
    notification, _, signature = token.removeprefix(PREFIX).partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(notification, key).encode()):
        raise RefusedError(MALFORMED)
    notice = desk.session.get(Notification, notification)
    if notice is None:
        raise RefusedError(MALFORMED)
    claims = Claims(
        alert=notice.alert_id, person=notice.person, notification=notice.id, expires_ns=expiry(notice.created_ns)
    )
    if desk.now_ns > claims.expires_ns:
        raise RefusedError("链接已过期，请联系消防控制室 / this link has expired: call the control room")
    return claims


def _signature(notification: str, key: bytes) -> str:
    digest = hmac.digest(key, f"fengsui-short-answer:{notification}".encode(errors="replace"), hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:_BYTES]).decode().rstrip("=")
