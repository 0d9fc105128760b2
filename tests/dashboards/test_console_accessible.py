"""Every page by name: what can be pressed, filled in or followed has a name; English pages speak English."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from dashboards.console.sections import SECTIONS
from dashboards.console.texts import Language
from dashboards.console.view import LANGUAGE_COOKIE
from domain.accounts import UserRole
from tests.dashboards.control_room import ADMIN_PASSWORD, ControlRoom, control_room
from tests.dashboards.desks import chromium, sit_down

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]

PASSWORD = "an operator's sentence"  # noqa: S105  # of a loopback server
ACCOUNTS = {UserRole.ADMIN: ("admin", ADMIN_PASSWORD), UserRole.OPERATOR: ("operator", PASSWORD)}
CHINESE = re.compile(r"[\u4e00-\u9fff]+")
NAMELESS = """
() => {
  const shown = (one) => one.checkVisibility() && !one.closest("[aria-hidden=true], [hidden]");
  const label = (one) => [
    one.getAttribute("aria-label"), one.textContent, one.title, one.placeholder, one.closest("label")?.textContent,
    document.getElementById((one.getAttribute("aria-labelledby") || "").split(" ")[0])?.textContent,
    one.id && document.querySelector(`label[for="${CSS.escape(one.id)}"]`)?.textContent,
  ];
  const asked = document.querySelectorAll("button, a[href], input:not([type=hidden]), select, textarea, [role=button]");
  return [...asked].filter((one) => shown(one) && !label(one).some((words) => (words || "").trim()))
    .map((one) => one.outerHTML.slice(0, 160));
}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlRoom]:
    async with control_room(tmp_path_factory.mktemp("accessible"), operator_password=PASSWORD) as opened:
        await opened.alarm("fire", text_zh="东楼1楼火警", text_en="Fire on floor 1")
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


async def open_in(page: Page, room: ControlRoom, path: str, language: Language) -> None:
    await page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": language.value, "url": room.console.url}])
    await page.goto(f"{room.console.url.rstrip('/')}{path}")
    await expect(page.locator("[data-part=screen]")).to_be_attached()
    await page.wait_for_timeout(500)


async def test_every_control_of_every_page_has_a_name_and_english_pages_speak_english(
    browser: Browser, room: ControlRoom
) -> None:
    nameless: dict[str, list[str]] = {}
    untranslated: dict[str, set[str]] = {}
    for role, account in ACCOUNTS.items():
        async with sit_down(browser, room, account=account) as page:
            for section in SECTIONS:
                for language in Language:
                    await open_in(page, room, section.path, language)
                    found = await page.evaluate(NAMELESS)
                    if found:
                        nameless[f"{role} {section.path} {language}"] = found
                words = await page.locator("body").inner_text()
                strange = set(CHINESE.findall(words)) - {"中文"}
                if strange:
                    untranslated[f"{role} {section.path}"] = strange
    assert nameless == {}
    assert untranslated == {}
