"""The door: who comes with which cookie or token, asked of the alerts service and remembered for a moment.

| when | somebody known | somebody unknown |
|---|---|---|
| the service answers | looked up anew every 2 s for reading, each time for acting | 401 |
| the service or the backbone is away | goes on **reading** as they were, for 12 h (a shift) | 503: nobody signs in |
| | acting: 503 | |

So a screen of the control room stands while the service restarts, or all night; who was disabled meanwhile is out as
soon as it answers. What is remembered lives in memory: a console that starts while the service is away knows nobody.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from alerts.accounts_face import AccountsFace, key_of
from dashboards.api.principal import BOOTSTRAP, CONSOLE, Principal, of_view
from dashboards.api.sessions import csrf_token, same, session_key
from dashboards.live.link import Link
from domain.clock import NS_PER_S, Clock
from domain.errors import FengsuiError, LinkError

FRESH_S = 2.0
AWAY_S = 12 * 3600.0
MOST_KNOWN = 2000
BEARER = "bearer "

_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,100}")


@dataclass(frozen=True, slots=True)
class _Known:
    principal: Principal
    asked_ns: int


class Door:
    """Knows who somebody is. ``is_open``: anybody on loopback is the principal `CONSOLE`."""

    def __init__(self, link: Link, clock: Clock, *, api_token: str, secret: str, is_open: bool) -> None:
        """``secret`` signs the CSRF tokens; a new one makes pages load again and ends no session."""
        self._link = link
        self._clock = clock
        self._api_token = api_token
        self._secret = secret
        self._known: dict[str, _Known] = {}
        self._away_until_ns = 0
        self.is_open = is_open

    @property
    def accounts(self) -> AccountsFace:
        """The accounts service; raises LinkError while the backbone is away."""
        return AccountsFace(self._link.backbone)

    async def who(self, connection: HTTPConnection, *, fresh: bool = False) -> Principal | None:
        """Return who asks, by token or by cookie; None for nobody that we know. Raises LinkError.

        A request with an ``Authorization`` of our kind is a program's: its cookie counts for nothing.
        """
        given = bearer(connection.headers)
        if given is not None:
            return await self.of_token(given, fresh=fresh)
        key = session_key(connection.cookies)
        found = await self.of_session(key, fresh=fresh) if key is not None and not self.is_open else None
        return CONSOLE if self.is_open else found

    async def of_token(self, given: str, *, fresh: bool = False) -> Principal | None:
        """Return whom a bearer token stands for; raises LinkError."""
        if same(given, self._api_token):
            return BOOTSTRAP
        return await self._ask(key_of(given), token=True, fresh=fresh) if _TOKEN.fullmatch(given) else None

    async def of_session(self, key: str, *, fresh: bool = False) -> Principal | None:
        """Return whose session a key is; raises LinkError."""
        return await self._ask(key, token=False, fresh=fresh)

    def forget(self, key: str) -> None:
        """Ask anew about a session: it has just changed or ended."""
        self._known.pop(f"s{key}", None)

    def csrf(self, key: str) -> str:
        """Return the CSRF token of a session."""
        return csrf_token(self._secret, key)

    async def _ask(self, key: str, *, token: bool, fresh: bool) -> Principal | None:
        name, now_ns = f"{'t' if token else 's'}{key}", self._clock.now_ns()
        known = self._known.get(name)
        if known is not None and not fresh and now_ns - known.asked_ns < FRESH_S * NS_PER_S:
            return known.principal
        try:
            if now_ns < self._away_until_ns and not fresh:
                raise LinkError("the accounts service is away")
            view = await self.accounts.resolve(key, token=token)
        except FengsuiError as error:
            self._away_until_ns = now_ns + round(FRESH_S * NS_PER_S)
            if fresh or known is None or not _still_counts(known, now_ns):
                raise LinkError(f"the accounts service is away: {error}") from error
            return known.principal
        self._away_until_ns = 0
        if view is None:
            self._known.pop(name, None)
            return None
        principal = of_view(view)
        self._remember(name, _Known(principal, now_ns))
        return principal

    def _remember(self, name: str, known: _Known) -> None:
        self._known.pop(name, None)
        while len(self._known) >= MOST_KNOWN:
            self._known.pop(next(iter(self._known)))
        self._known[name] = known


def bearer(headers: Headers | Mapping[str, str]) -> str | None:
    """Return the bearer token of a request, None where it has none."""
    given = headers.get("authorization", "")
    return given[len(BEARER) :].strip() if given[: len(BEARER)].lower() == BEARER else None


def _still_counts(known: _Known, now_ns: int) -> bool:
    ends_ns = known.principal.ends_ns
    return now_ns - known.asked_ns < AWAY_S * NS_PER_S and (ends_ns is None or now_ns < ends_ns)
