"""What the routes need, made once by `dashboards.console.app.serve`, and the one place where a request is let in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import Request

from dashboards.api.door import Door
from dashboards.api.errors import ForbiddenError, UnauthorizedError
from dashboards.api.principal import Kind, Principal
from dashboards.api.sessions import CSRF_HEADER, SAFE_METHODS, from_our_site, same, session_key
from dashboards.live.board import Board
from dashboards.live.link import Link
from dashboards.live.pictures import Pictures
from dashboards.live.site import LiveSite
from dashboards.live.tail import AlertTail
from domain.accounts import Right
from domain.clock import Clock
from domain.site import Registry

WHO_ARE_YOU = "this needs an API token ('Authorization: Bearer <token>') or a signed-in browser"


@dataclass(frozen=True, slots=True)
class Context:
    """Shared by all routes."""

    site: LiveSite
    link: Link
    board: Board
    tail: AlertTail
    clock: Clock
    door: Door
    pictures: Pictures

    @property
    def registry(self) -> Registry:
        """The site as it is known now."""
        return self.site.registry

    def principal(self, right: Right) -> Callable[[Request], Awaitable[Principal]]:
        """Return a dependency that lets in who has ``right``, and returns them (also as ``request.state.principal``).

        It raises UnauthorizedError (nobody we know), ForbiddenError (not theirs, or no proof against CSRF), LinkError
        (who they are can't be asked now). For all but reading they are looked up anew.
        """

        async def let_in(request: Request) -> Principal:
            return await self.let_in(request, right)

        return let_in

    async def let_in(self, request: Request, right: Right) -> Principal:
        """Do what `principal` says, without FastAPI's dependencies."""
        who = await self.known(request, fresh=right is not Right.READ)
        if who.kind is Kind.CONSOLE and right is not Right.READ:
            raise UnauthorizedError(f"an open console acts on its page only: {WHO_ARE_YOU}")
        if who.must_change:
            raise ForbiddenError("请先更改口令 / change your password first, at /password")
        if not who.may(right):
            raise ForbiddenError(f"没有此权限：{right.value} / this needs the right '{right.value}'")
        return who

    async def known(self, request: Request, *, fresh: bool = False) -> Principal:
        """Let in anybody we know, whatever they may; a change of state needs the proof against CSRF all the same."""
        who = await self.door.who(request, fresh=fresh)
        if who is None:
            raise UnauthorizedError(WHO_ARE_YOU)
        if who.kind is Kind.USER and request.method not in SAFE_METHODS:
            self.check_csrf(request, request.headers.get(CSRF_HEADER, ""))
        request.state.principal = who
        return who

    def check_csrf(self, request: Request, given: str) -> None:
        """Raise ForbiddenError unless a request with a cookie proves that it comes from our own pages."""
        key = session_key(request.cookies)
        if key is None or not from_our_site(request.headers) or not same(given, self.door.csrf(key)):
            raise ForbiddenError(f"no valid {CSRF_HEADER} of this session, or a foreign origin: see /api/v1/session")

    async def still(self, request: Request) -> Principal | None:
        """Return who asked, as they are now; None when they are out. For answers that last."""
        return await self.door.who(request)
