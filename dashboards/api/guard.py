"""The door in front of everything: headers, body limits, foreign origins, and who may see the console.

Pure ASGI, because it must see websockets too: a page that is protected while its websocket is not
would be a curtain, not a door.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboards.api.door import Door
from dashboards.api.errors import error_response
from dashboards.api.principal import Principal
from dashboards.api.sessions import session_key
from domain.accounts import Right
from domain.errors import LinkError

MOST_BODY = 64 * 1024
"""Largest request body, bytes. No request of ours comes near it."""

MOST_POSTED = 1024 * 1024
"""Largest body of alerts that Prometheus posts, bytes: 64 alerts with their labels take some 60 kB."""

POSTED_PATHS = frozenset({"/api/v2/alerts", "/alertmanager/api/v2/alerts"})

BODY_WITHIN_S = 10
"""Time for a body to arrive: a client that sends one byte a minute holds nothing."""

OPEN_PATHS = ("/api/", "/alertmanager/api/", "/answer/", "/receipts/", "/_nicegui/")
"""Not behind the console's sign-in: the API checks by itself, receipts of people carry signed links,
those of platforms are signed, and the last is the page's own script files, which are the same for everybody."""

OPEN_PAGES = frozenset({"/login", "/logout", "/password", "/healthz", "/readyz", "/metrics", "/favicon.ico"})

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})

POLICY = (
    "default-src 'self'; "
    # NiceGUI writes its start script and its styles into the page, and Vue compiles templates there
    "script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Refusal(NamedTuple):
    """Why a request ends here."""

    status: int
    kind: str
    words: str
    leads_to: str | None = None


TOO_LARGE = Refusal(413, "too_large", f"a body has at most {MOST_BODY} bytes and arrives within {BODY_WITHIN_S} s")


class Guard:
    """ASGI middleware; put it outermost."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        """An open ``door`` answers to loopback names only."""
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._foreign(scope) or await self._stranger(scope)
        if refusal is not None:
            await _refuse(scope, receive, send, refusal)
            return
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        body = await _body(receive, MOST_POSTED if scope["path"] in POSTED_PATHS else MOST_BODY)
        if body is None:
            await _refuse(scope, receive, send, TOO_LARGE)
            return
        await self._app(scope, _replay(body, receive), _with_headers(send))

    def _foreign(self, scope: Scope) -> Refusal | None:
        """Refuse other names than loopback's at an open door, and websockets from pages of others anywhere."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if self._door.is_open and _name(host) not in LOOPBACK_NAMES:
            return Refusal(403, "refused", "an open console answers to this machine's own names only")
        origin = headers.get("origin")
        if scope["type"] == "websocket" and origin is not None and urlsplit(origin).netloc != host:
            return Refusal(403, "refused", "foreign origin")
        return None

    async def _stranger(self, scope: Scope) -> Refusal | None:
        """Refuse whoever may not see the console; who may stands in the request's state afterwards."""
        if _is_open(scope["path"]):
            return None
        connection = HTTPConnection(scope)
        try:
            who = await self._door.who(connection)
        except LinkError:
            return Refusal(503, "unavailable", "who you are can't be asked now: try again", "/login")
        refusal = _not_admitted(who)
        if refusal is None:
            key = None if self._door.is_open else session_key(connection.cookies)
            scope.setdefault("state", {}).update(principal=who, session_key=key)
        return refusal


def _not_admitted(who: Principal | None) -> Refusal | None:
    if who is None:
        return Refusal(401, "unauthorized", "sign in at /login", "/login")
    if who.must_change:
        return Refusal(403, "forbidden", "change your password first, at /password", "/password")
    return None if who.may(Right.READ) else Refusal(403, "forbidden", "this needs the right 'read'")


async def _refuse(scope: Scope, receive: Receive, send: Send, refusal: Refusal) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": refusal.words})
    elif refusal.leads_to is not None and _wants_page(scope):
        await RedirectResponse(refusal.leads_to, 303)(scope, receive, _with_headers(send))
    else:
        answer = error_response(refusal.status, refusal.kind, refusal.words)
        await answer(scope, receive, _with_headers(send))


def _wants_page(scope: Scope) -> bool:
    """Tell whether a person's browser asks for a page, and not a program for data."""
    return scope["path"] == "/" or (scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", ""))


async def _body(receive: Receive, most: int) -> bytes | None:
    """Return a request's whole body, None as soon as it is over the limit or late."""
    body = b""
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            while len(body) <= most:
                message = await receive()
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    return body if len(body) <= most else None
    except TimeoutError:
        return None
    return None


def _replay(body: bytes, receive: Receive) -> Receive:
    """Hand the body on in one piece; afterwards the client can only go away."""
    pieces: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receiving() -> Message:
        return pieces.pop() if pieces else await receive()

    return receiving


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending


def _is_open(path: str) -> bool:
    return path in OPEN_PAGES or path.startswith(OPEN_PATHS)


def _name(host: str) -> str:
    """Return the name of a Host header without its port."""
    return urlsplit(f"//{host}").hostname or ""
