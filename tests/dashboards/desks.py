"""Desks in a control room: Chromium, and somebody who sits down before the console."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Page, async_playwright, expect

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
    try:
        yield page
    finally:
        await context.close()
