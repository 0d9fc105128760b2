"""What the routes need, made once by `dashboards.console.app.serve`."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import Request

from dashboards.api.errors import UnauthorizedError
from dashboards.api.sessions import Sessions
from dashboards.live.board import Board
from dashboards.live.link import Link
from dashboards.live.site import LiveSite
from dashboards.live.tail import AlertTail
from domain.clock import Clock
from domain.site import Registry

BEARER = "bearer "

Check = Callable[[Request], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Context:
    """Shared by all routes. ``sessions`` is None where the console stands open on loopback."""

    site: LiveSite
    link: Link
    board: Board
    tail: AlertTail
    clock: Clock
    api_token: str
    sessions: Sessions | None

    @property
    def registry(self) -> Registry:
        """The site as it is known now."""
        return self.site.registry

    async def may_write(self, request: Request) -> None:
        """Pass a request with the API token; raises UnauthorizedError for any other."""
        if not self._has_token(request):
            raise UnauthorizedError("this needs the header 'Authorization: Bearer <API token>'")

    async def may_read(self, request: Request) -> None:
        """Pass the API token, a signed-in browser, or anybody where the console stands open."""
        if self.sessions is None or self._has_token(request) or self.sessions.signed_in(request.cookies):
            return
        raise UnauthorizedError("this needs the API token as bearer, or a signed-in console")

    def _has_token(self, request: Request) -> bool:
        given = request.headers.get("authorization", "")
        if given[: len(BEARER)].lower() != BEARER:
            return False
        return hmac.compare_digest(given[len(BEARER) :].encode(), self.api_token.encode())
