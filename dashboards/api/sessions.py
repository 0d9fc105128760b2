"""The cookie of a signed-in browser, and what proves that a request comes from our own pages (CSRF).

The cookie holds 256 random bits and nothing else; what they stand for is known to the alerts service, under their
SHA-256 (`alerts.accounts`). It is HttpOnly, SameSite=Strict, and Secure on https: no page of others makes a browser
send it, and no script reads it. Because a browser may be older than SameSite, a request that changes something needs
two more things when it comes with the cookie:

- an ``Origin`` that is ours, where the browser sends one, and no ``Sec-Fetch-Site`` of another site;
- the header ``X-CSRF-Token`` (or, of a form, the field ``csrf``): HMAC-SHA256 of the session under the console's own
  secret, which ``GET /api/v1/session`` tells to whoever can read its reply, that is our own pages.

The sign-in form has no session yet. Its token is a random cookie and the same value in the form (double submit).
Requests with a bearer token need none of it: no browser sends one by itself.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from fastapi import Response
from starlette.datastructures import Headers

from alerts.accounts_face import key_of
from domain.clock import NS_PER_S

COOKIE = "fengsui_session"
FORM_COOKIE = "fengsui_form"
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_SITES = frozenset({"same-origin", "none"})
FORM_S = 24 * 3600
"""How long an opened sign-in form is good, s."""

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


def session_key(cookies: Mapping[str, str]) -> str | None:
    """Return the key of a browser's session; None where there is no cookie, or it can be none of ours."""
    secret = cookies.get(COOKIE, "")
    return key_of(secret) if _SECRET.fullmatch(secret) else None


def set_cookie(response: Response, secret: str, *, ends_ns: int, now_ns: int, secure: bool) -> None:
    """Give a browser its session; the browser forgets it when the session ends in any case."""
    life_s = max(0, (ends_ns - now_ns) // NS_PER_S)
    response.set_cookie(COOKIE, secret, max_age=life_s, httponly=True, samesite="strict", secure=secure)


def drop_cookie(response: Response, *, secure: bool) -> None:
    """Take a browser's session away."""
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=secure)


def csrf_token(secret: str, key: str) -> str:
    """Return what proves that a request of a session comes from a page that could read our replies."""
    return hmac.new(secret.encode(), f"fengsui-csrf:{key}".encode(), hashlib.sha256).hexdigest()


def same(given: str, wanted: str) -> bool:
    """Compare two texts in a time that does not tell where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode("utf-8", "surrogatepass"))


def from_our_site(headers: Headers) -> bool:
    """Tell whether nothing in a request says that a page of others sent it."""
    origin = headers.get("origin")
    if origin is not None and not _is_host(origin, headers.get("host", "")):
        return False
    return headers.get("sec-fetch-site", "none") in OWN_SITES


def _is_host(origin: str, host: str) -> bool:
    try:
        return bool(host) and urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:  # a bracket that does not close
        return False
