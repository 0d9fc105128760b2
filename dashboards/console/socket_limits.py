"""What a browser may send over its live connection: its own page's events, so many a second, so large.

NiceGUI takes an event for whichever page it names. Here it is taken only from the connection of that page, and a
connection only from the session that opened the page. Who sends more than a person can is cut off.

| limit | value | why |
|---|---|---|
| one message | 64 KiB | the longest thing anybody writes is a note of 2,000 characters |
| events | 200 at once, 40 a second | a fast typist makes 15, a slider 20; one more and a machine is at work |
| words a browser may log | 300 characters | a log is no place for others to write in |
"""

from __future__ import annotations

import inspect
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from nicegui import Client, core
from socketio.exceptions import ConnectionRefusedError as Refused  # type: ignore[import-untyped]  # it has no types

from dashboards.api.allowance import Allowances

log = logging.getLogger(__name__)

MOST_MESSAGE = 64 * 1024
AT_ONCE = 200.0
A_SECOND = 40.0
MOST_LOGGED = 300
EVENTS = ("event", "javascript_response", "ack")

Handler = Callable[..., Any]
_OPEN = Allowances(AT_ONCE, A_SECOND)


def limit_sockets() -> None:
    """Put the limits before NiceGUI's own handlers; call it once, before the first page."""
    core.sio.eio.max_http_buffer_size = MOST_MESSAGE
    known: dict[str, Handler] = core.sio.handlers["/"]
    for name in EVENTS:
        core.sio.on(name, _limited(known[name]))
    core.sio.on("log", _limited(_log))
    core.sio.on("connect", _admitted(known["connect"]))
    core.sio.on("handshake", _of_own_page(known["handshake"]))
    core.sio.on("disconnect", _forgotten(known["disconnect"]))


def _limited(handler: Handler) -> Callable[[str, Any], Awaitable[None]]:
    """Let through what comes from the connection of the page that it names, within the allowance."""

    async def handle(sid: str, message: Any) -> None:
        if not _OPEN.take(sid, time.monotonic()):
            log.warning("a browser sends more events than a person can: it is cut off")
            await core.sio.disconnect(sid)
            return
        if isinstance(message, dict) and message.get("client_id") in core.sio.rooms(sid):
            try:
                handler(sid, message)
            except (KeyError, TypeError, ValueError, AttributeError):
                log.warning("a browser sent an event that is none")

    return handle


def _admitted(handler: Handler) -> Callable[..., Awaitable[None]]:
    async def handle(sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        asked = parse_qs(environ.get("QUERY_STRING", "")).get("client_id", [""])[0]
        if not _may_have(environ, asked):
            raise Refused("this page belongs to another session")
        await _result(handler(sid, environ, auth))

    return handle


def _of_own_page(handler: Handler) -> Callable[[str, Any], Awaitable[Any]]:
    async def handle(sid: str, message: Any) -> Any:
        if not isinstance(message, dict) or not _may_have(core.sio.get_environ(sid) or {}, message.get("client_id")):
            return False
        return await _result(handler(sid, message))

    return handle


def _forgotten(handler: Handler) -> Callable[..., Awaitable[None]]:
    async def handle(sid: str, *_: Any) -> None:
        _OPEN.forget(sid)
        await _result(handler(sid))

    return handle


async def _result(made: Any) -> Any:
    return await made if inspect.isawaitable(made) else made


def _may_have(environ: dict[str, Any], client_id: Any) -> bool:
    """Tell whether a connection's session is the one that opened a page; a page that is gone is NiceGUI's to tell."""
    page = Client.instances.get(client_id) if isinstance(client_id, str) else None
    if page is None:
        return True
    ours = environ.get("asgi.scope", {}).get("state", {}).get("session_key")
    return bool(getattr(page.request.state, "session_key", None) == ours)


def _log(_: str, message: dict[str, Any]) -> None:
    """Note what a browser's scripts complain of, as text of one line."""
    log.info("a browser says: %r", str(message.get("message", ""))[:MOST_LOGGED])
