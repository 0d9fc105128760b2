"""The HTTP side: who is let in, how much and how fast, and what a caller is told.

| answer | when |
|---|---|
| 200 | everything is on disk: readings, second copies known as such, dead letters of what was set aside (named) |
| 400 | the body can't be read: what is wrong, and at which path |
| 401 | no token, or another one |
| 404, 405, 415 | another path or method; a body that is compressed |
| 408 | the body took too long |
| 413 | the body is too large |
| 429 | this token has used up its allowance; `Retry-After` |
| 503 | too many requests wait, or the disk refuses: nothing is stored; `Retry-After` |

A request is judged by its head before a byte of its body is read.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import http, web

from domain.errors import FengsuiError
from gateway.connectors.http_push.config import HttpPushSettings, PushLimits
from gateway.connectors.http_push.intake import Outcome
from gateway.connectors.http_push.protocol import BodyError

log = logging.getLogger(__name__)

RETRY_S = 2
BEARER = "Bearer "
CHUNK = 65_536
LINGER_S = 1.0
"""How long the rest of a refused body is read and thrown away: cut at once, the caller would not read why."""

Take = Callable[[bytes], Awaitable[Outcome]]
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Refused(Exception):  # noqa: N818  # it is an answer, not a mistake of ours
    """An answer that ends a request early."""

    def __init__(self, status: int, code: str, detail: str, *, at: str = "", headers: Mapping[str, str] = {}) -> None:
        """Keep what is told."""
        super().__init__(detail)
        self.status = status
        self.code = code
        self.body = {"error": {"reason": code, "at": at, "detail": detail}}
        self.headers = headers


class _Allowance:
    """A token bucket: so many requests a second in the long run, a burst at once."""

    def __init__(self, limits: PushLimits, now_s: float) -> None:
        self._limits = limits
        self._left = float(limits.burst)
        self._filled_s = now_s

    def take(self, now_s: float) -> float:
        """Pay for a request; returns the seconds to wait, 0 when it was paid."""
        rate = self._limits.requests_per_s
        self._left = min(float(self._limits.burst), self._left + (now_s - self._filled_s) * rate)
        self._filled_s = now_s
        if self._left >= 1:
            self._left -= 1
            return 0.0
        return (1 - self._left) / rate


class Server(web.Server):
    """aiohttp's server with a limit of connections; a caller beyond it is cut at once."""

    def __init__(self, handler: Handler, errors: Counter[str], *, most: int, **more: Any) -> None:
        """Let in ``most`` connections; count in ``errors`` who is cut, and what is no HTTP."""
        super().__init__(handler, logger=_quiet(errors), **more)
        self._errors = errors
        self._most = most

    def connection_made(self, handler: Any, transport: asyncio.Transport) -> None:
        """Take a connection, or end it."""
        super().connection_made(handler, transport)
        if len(self.connections) > self._most:
            self._errors["cut_full"] += 1
            transport.abort()


class Door:
    """Answers requests; ``take`` stores a body and returns after the commit."""

    def __init__(self, settings: HttpPushSettings, take: Take, errors: Counter[str]) -> None:
        """Count in ``errors`` what is refused."""
        self._settings = settings
        self._take = take
        self._errors = errors
        now_s = asyncio.get_running_loop().time()
        self._tokens = {token.encode(): _Allowance(settings.limits, now_s) for token in settings.tokens}

    def server(self) -> Server:
        """Return the server that listens with this door."""
        limits = self._settings.limits
        return Server(
            self.handle,
            self._errors,
            most=limits.connections,
            keepalive_timeout=limits.head_s,
            lingering_time=LINGER_S,
            access_log=None,
            auto_decompress=False,  # a small body must not become a large one
        )

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        try:
            return await self._answer(request)
        except Refused as refused:
            self._errors[refused.code] += 1
            answer = web.json_response(refused.body, status=refused.status, headers=dict(refused.headers))
            if request.can_read_body and not request.content.is_eof():
                answer.force_close()  # what is left of its body is not read
            return answer

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        settings = self._settings
        if request.path != settings.path:
            raise Refused(404, "no_such_path", f"nothing is here; messages are taken at {settings.path}")
        if request.method == "GET" and settings.echo is not None:
            self._admit(request)
            return web.Response(text=request.query.get(settings.echo, "")[:1024])
        if request.method != "POST":
            raise Refused(405, "no_such_method", "messages come by POST", headers={"Allow": "POST"})
        self._admit(request)
        return web.json_response((await self._stored(await self._body(request))).document())

    def _admit(self, request: web.BaseRequest) -> None:
        """Let in who has a token and has not used it up."""
        said = self._token(request).encode(errors="replace")
        found = None
        for token, allowance in self._tokens.items():  # all of them, so that the time tells nothing
            if hmac.compare_digest(token, said):
                found = allowance
        if found is None:
            raise Refused(
                401, "unauthorised", "this request has no token that holds here", headers={"WWW-Authenticate": "Bearer"}
            )
        wait_s = found.take(asyncio.get_running_loop().time())
        if wait_s:
            raise Refused(
                429, "too_fast", "more requests than this token may send", headers={"Retry-After": str(int(wait_s) + 1)}
            )

    def _token(self, request: web.BaseRequest) -> str:
        """Return what a request shows as its token; text that is none where it shows none."""
        settings = self._settings
        said = request.headers.get(settings.header, "")
        if settings.header.lower() == "authorization":
            said = said[len(BEARER) :] if said[: len(BEARER)].lower() == BEARER.lower() else ""
        if not said and settings.query is not None:
            said = request.query.get(settings.query, "")
        return said

    async def _body(self, request: web.BaseRequest) -> bytes:
        """Return the body within size and time; raises Refused."""
        limits = self._settings.limits
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise Refused(415, "compressed", "the body is compressed; send it as it is")
        if (request.content_length or 0) > limits.body_bytes:
            raise _too_large(limits)
        if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = bytearray()
        try:
            async with asyncio.timeout(limits.body_s):
                async for piece in request.content.iter_chunked(CHUNK):
                    body += piece
                    if len(body) > limits.body_bytes:
                        raise _too_large(limits)
        except TimeoutError:
            raise Refused(408, "body_slow", f"the body took more than {limits.body_s:g} s") from None
        except (web.RequestPayloadError, ConnectionError) as error:
            raise Refused(400, "body_broken", "the body ended early, or in a form that is not HTTP") from error
        return bytes(body)

    async def _stored(self, body: bytes) -> Outcome:
        """Return what became of a body, after the commit; raises Refused."""
        again = {"Retry-After": str(RETRY_S)}
        try:
            async with asyncio.timeout(self._settings.limits.answer_s):
                return await self._take(body)
        except BodyError as error:
            raise Refused(400, error.code, error.detail, at=error.at) from error
        except asyncio.QueueFull:
            raise Refused(503, "overrun", "too many requests wait for the disk", headers=again) from None
        except (FengsuiError, TimeoutError):
            raise Refused(503, "not_stored_now", "nothing is stored: send it again", headers=again) from None


def _quiet(errors: Counter[str]) -> logging.Logger:
    """Return a log for aiohttp that counts bytes which are no HTTP, and writes only what else goes wrong.

    It would write a trace with the caller's headers for each of them: any scanner could fill the disk.
    """
    quiet = logging.Logger(__name__, logging.WARNING)  # noqa: LOG001  # one of its own for each connection

    def is_ours(record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, http.HttpProcessingError):
            errors["not_http"] += 1
        else:
            log.handle(record)
        return False

    quiet.addFilter(is_ours)
    return quiet


def _too_large(limits: PushLimits) -> Refused:
    return Refused(413, "too_large", f"at most {limits.body_bytes} bytes")
