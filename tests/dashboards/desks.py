"""Desks in a control room: Chromium, and somebody who sits down before the console."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

from playwright.async_api import Browser, Error, Page, async_playwright, expect

from dashboards.console.view import OPERATOR_COOKIE
from tests.dashboards.control_room import ControlRoom
from tests.servers import CHROMIUM, require

FLAGS = [
    "--no-sandbox",  # tests may run as root in a container
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
SOON_MS = 20_000

expect.set_options(timeout=SOON_MS)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start Debian's Chromium; skips the test where it is missing."""
    require("chromium")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        await started.close()


@asynccontextmanager
async def sit_down(
    browser: Browser,
    room: ControlRoom,
    *,
    name: str = "",
    path: str = "/",
    account: tuple[str, str] | None = None,
    width: int = 1366,
    height: int = 768,
) -> AsyncIterator[Page]:
    """Open a page of the console in a browser of its own.

    ``name``: typed at an open console. ``account``: user and password, where people sign in.
    """
    context = await browser.new_context(viewport={"width": width, "height": height})
    page = await context.new_page()
    page.set_default_timeout(SOON_MS)
    await page.goto(f"{room.console.url.rstrip('/')}{path}")
    if account is not None:
        await page.locator("input[name=user]").fill(account[0])
        await page.locator("input[name=password]").fill(account[1])
        await page.locator("button.big").click()
    await expect(page.locator("[data-part=screen]")).to_be_attached()
    if name:
        await page.locator("[data-part=operator]").fill(name)
        await page.locator("[data-part=operator]").blur()
        await becomes(page, "(kept) => document.cookie.includes(kept)", f"{OPERATOR_COOKIE}={quote(name)}")
    try:
        yield page
    finally:
        await context.close()


async def becomes(page: Page, condition: str, arg: Any = None) -> None:
    """Wait until a JavaScript expression is true in a page, or a function of ``arg`` says so.

    Playwright's ``wait_for_function`` evaluates inside the page, which the page's policy forbids.
    """
    async with asyncio.timeout(SOON_MS / 1000):
        while not await _is(page, condition, arg):
            await asyncio.sleep(0.1)


async def _is(page: Page, condition: str, arg: Any) -> bool:
    """Evaluate an expression; in a page that just goes, nothing is so: the next one is looked at in its place."""
    try:
        return bool(await page.evaluate(condition, arg))
    except Error as error:
        if "Execution context was destroyed" not in error.message:
            raise
        return False
