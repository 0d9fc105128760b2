"""Takes the pictures: a browser for each role and language, a page for each shot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, expect

from dashboards.console.texts import Language
from dashboards.console.view import LANGUAGE_COOKIE
from domain.accounts import UserRole
from tests.screens.shots import Shot
from tests.screens.stage import PASSWORD, PEOPLE

COLOURS = 256
SETTLED_MS = 1500
"""Long enough for live values and charts to be drawn after a page was opened."""


@dataclass(slots=True)
class Camera:
    """Pictures go into ``folder`` as ``<prefix><name>.<language>.png``; ``faults`` is what browsers complained of."""

    browser: Browser
    url: str
    folder: Path
    prefix: str = ""
    faults: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def signed_in(self, role: UserRole, language: Language) -> AsyncIterator[BrowserContext]:
        """Open a browser in which somebody of a role has signed in."""
        context = await self.browser.new_context()
        await context.add_cookies([{"name": LANGUAGE_COOKIE, "value": language.value, "url": self.url}])
        page = await context.new_page()
        await page.goto(f"{self.url.rstrip('/')}/login")
        await page.locator("input[name=user]").fill(PEOPLE[role][0])
        await page.locator("input[name=password]").fill(PASSWORD)
        await page.locator("button.big").click()
        await expect(page.locator("[data-part=screen]")).to_be_attached()
        await page.close()
        yield context
        await context.close()

    async def take(self, context: BrowserContext, shot: Shot, language: Language, places: Mapping[str, str]) -> Path:
        """Take one picture; returns its file."""
        page = await context.new_page()
        await page.set_viewport_size({"width": shot.size[0], "height": shot.size[1]})
        self._listen(page, f"{shot.name}.{language}")
        await page.goto(f"{self.url.rstrip('/')}{shot.path.format_map(places)}")
        await page.wait_for_timeout(SETTLED_MS)
        file = self.folder / f"{self.prefix}{shot.name}.{language}.png"
        await page.screenshot(path=file, full_page=shot.whole)
        await page.close()
        shrink(file)
        return file

    def _listen(self, page: Page, where: str) -> None:
        page.on("pageerror", lambda error: self.faults.append(f"{where}: {error}"))
        page.on("console", lambda said: self.faults.append(f"{where}: {said.text}") if said.type == "error" else None)


def shrink(file: Path) -> None:
    """Write a picture with a palette: a third of its size, and no eye sees the difference.

    The palette covers all colours rather than most pixels: a small lamp's hue would else become its neighbour's.
    """
    with Image.open(file) as picture:
        palette = picture.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        palette.save(file, optimize=True)
