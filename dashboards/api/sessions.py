"""Signed-in browsers: one password for the console, a signed cookie for those who know it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from fastapi import Response

from domain.clock import NS_PER_S, Clock

COOKIE = "fengsui_session"
LIFE_S = 30 * 86_400
"""Long, and renewed whenever the page is loaded: a screen of a control room must not turn into a
sign-in form at night. Assumption: nobody published a figure."""


class Sessions:
    """Makes and checks cookies ``<end, s>.<HMAC-SHA256>``; nothing is kept on the server."""

    def __init__(self, password: str, secret: str, clock: Clock) -> None:
        """A new password or a new secret ends all sessions."""
        self._password = password.encode()
        self._key = hashlib.sha256(f"{secret}\x1f{password}".encode()).digest()
        self._clock = clock

    def right(self, password: str) -> bool:
        """Tell whether this is the console's password."""
        return hmac.compare_digest(password.encode(), self._password)

    def sign_in(self, response: Response, *, secure: bool) -> None:
        """Put the cookie of a session that begins now into a response."""
        response.set_cookie(COOKIE, self.cookie(), max_age=LIFE_S, httponly=True, samesite="strict", secure=secure)

    def cookie(self) -> str:
        """Return the value of a cookie of a session that begins now."""
        end = str(self._clock.now_ns() // NS_PER_S + LIFE_S)
        return f"{end}.{self._sign(end)}"

    def signed_in(self, cookies: Mapping[str, str]) -> bool:
        """Tell whether a browser's cookies hold a session that has not ended."""
        end, _, signature = cookies.get(COOKIE, "").partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(end).encode()):
            return False
        return int(end) > self._clock.now_ns() // NS_PER_S

    def _sign(self, end: str) -> str:
        return hmac.new(self._key, end.encode(), hashlib.sha256).hexdigest()
