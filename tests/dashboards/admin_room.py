"""A control room where people of every role have accounts, and somebody who watches what a browser does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser, Page, expect

from alerts.accounts_face import AccountsFace, UserAddRequest
from domain.accounts import UserRole
from tests.dashboards.control_room import ADMIN_PASSWORD, API_TOKEN, ControlRoom, control_room
from tests.dashboards.desks import SOON_MS

PASSWORD = "a password of the tests"  # noqa: S105  # of a loopback server
NAMES = {
    UserRole.ADMIN: "管理员",
    UserRole.OPERATOR: "值班员",
    UserRole.SUPERVISOR: "王主任",
    UserRole.UNIT_STAFF: "陈师傅",
    UserRole.INSTALLER: "安装工",
}
ACCOUNTS = {role: (role.value, ADMIN_PASSWORD if role is UserRole.ADMIN else PASSWORD) for role in UserRole}
"""User and password of each role."""


@asynccontextmanager
async def admin_room(folder: Path) -> AsyncIterator[ControlRoom]:
    """Open a room with an account of every role; the unit staff sees the hotel only."""
    async with control_room(folder, operator_password=PASSWORD) as room:
        for role in (UserRole.SUPERVISOR, UserRole.UNIT_STAFF, UserRole.INSTALLER):
            scope: dict[str, Any] = {"units": ("hotel",)} if role is UserRole.UNIT_STAFF else {"everywhere": True}
            await AccountsFace(room.backbone).add_user(
                UserAddRequest(
                    id=role.value,
                    name=NAMES[role],
                    name_en=role.value,
                    roles=(role,),
                    password=PASSWORD,
                    must_change=False,
                    by="a test",
                    **scope,
                )
            )
        yield room


@dataclass
class Watched:
    """What a browser did that it should not have: requests to others, faults, and what its policy forbade."""

    home: str
    outside: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        """Watch a page from now on."""
        page.on("request", lambda request: self._asked(request.url))
        page.on("websocket", lambda socket: self._asked(socket.url))
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda said: self.faults.append(said.text) if said.type in ("error", "warning") else None)

    def _asked(self, url: str) -> None:
        ours = (f"http://{self.home}/", f"ws://{self.home}/", "data:", "blob:")
        if not url.startswith(ours):
            self.outside.append(url)


def watching(room: ControlRoom, page: Page) -> Watched:
    """Watch a page."""
    watched = Watched(httpx.URL(room.console.url).netloc.decode())
    watched.follow(page)
    return watched


@asynccontextmanager
async def desk_of(
    browser: Browser,
    room: ControlRoom,
    role: UserRole,
    path: str = "/",
    *,
    before: Callable[[Page], Any] | None = None,
    account: tuple[str, str] | None = None,
) -> AsyncIterator[Page]:
    """Open a page of the console as somebody of a role, or with an account of their own.

    ``before`` is given the page before anything is loaded.
    """
    context = await browser.new_context(viewport={"width": 1366, "height": 768})
    page = await context.new_page()
    page.set_default_timeout(SOON_MS)
    if before is not None:
        before(page)
    user, password = account or ACCOUNTS[role]
    await context.add_cookies(await _session(room, user, password))
    await page.goto(f"{room.console.url.rstrip('/')}{path}")
    await expect(page.locator("[data-part=screen]")).to_be_attached()
    try:
        yield page
    finally:
        await context.close()


async def _session(room: ControlRoom, user: str, password: str) -> Any:
    """Sign in over HTTP, which costs less than the form; returns the cookie for a browser.

    Where a test guessed passwords, its address is slowed for a while: one comes again when the service says so.
    """
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30) as http:
        body = {"user": user, "password": password}
        while (answer := await http.post("/api/v1/session", json=body)).status_code == 429:
            await asyncio.sleep(float(answer.headers["Retry-After"]))
        assert answer.status_code == 200, answer.text
        return [
            {"name": name, "value": value, "url": room.console.url, "httpOnly": True, "sameSite": "Strict"}
            for name, value in answer.cookies.items()
        ]


async def turn_english(page: Page) -> None:
    """Switch the language."""
    await page.locator("[data-part=language]").click()
    await expect(page.locator("[data-part=screen][lang=en]")).to_be_attached()


def api(room: ControlRoom) -> httpx.AsyncClient:
    """Return a client with the installation's own token."""
    return httpx.AsyncClient(base_url=room.console.url, headers={"Authorization": f"Bearer {API_TOKEN}"}, timeout=30)
