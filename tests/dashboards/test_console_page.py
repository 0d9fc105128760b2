"""The console as an operator sees it, in Chromium: real server, real alerts service, real clicks."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from tests.dashboards.control_room import GATEWAY, ControlRoom, control_room
from tests.dashboards.desks import chromium, sit_down

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlRoom]:
    async with control_room(tmp_path_factory.mktemp("console")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(browser: Browser, room: ControlRoom) -> AsyncIterator[Page]:
    """One operator who sits there the whole shift."""
    async with sit_down(browser, room, name="王值班") as desk:
        yield desk


@pytest.fixture(autouse=True)
def well(room: ControlRoom) -> Iterator[None]:
    """Every test leaves the puppets well, also when it fails."""
    yield
    room.puppets.reset()


def lamp(page: Page, kind: str, mode: str) -> Locator:
    return page.locator(f"[data-lamp={kind}][data-mode={mode}]")


async def test_a_calm_console_is_chinese_first_grey_and_asks_nobody_outside(
    browser: Browser, room: ControlRoom
) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    await page.goto(room.console.url)
    for kind in ("fire", "linkage", "supervisory", "fault", "disabled", "hazard", "link"):
        await expect(lamp(page, kind, "calm")).to_be_visible()
    names = await page.locator(".lamp-name").all_inner_texts()
    assert names == ["火警", "联动·反馈", "监管", "故障", "屏蔽", "隐患", "链路"]
    await expect(page.locator("[data-part=alarm-empty]")).to_have_text("当前无告警")
    await expect(page.locator("[data-part=clock]")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))
    own = room.console.url.removeprefix("http://")
    assert len(asked) > 10
    outside = [url for url in asked if not url.startswith((f"http://{own}", f"ws://{own}", "data:", "blob:"))]
    assert outside == []
    assert faults == []
    await context.close()


async def test_the_switch_speaks_english_and_is_remembered(browser: Browser, room: ControlRoom) -> None:
    async with sit_down(browser, room) as page:
        await page.locator("[data-part=language]").click()
        await expect(page.locator("[data-lamp=fire] .lamp-name")).to_have_text("Fire")
        names = ["Fire", "Linkage", "Supervisory", "Fault", "Disabled", "Hazard", "Link"]
        await expect(page.locator(".lamp-name")).to_have_text(names)
        await page.reload()
        await expect(page.locator("[data-lamp=link] .lamp-name")).to_have_text("Link")
        await page.locator("[data-part=language]").click()
        await expect(page.locator("[data-lamp=link] .lamp-name")).to_have_text("链路")


async def test_silence_turns_lamps_unknown_never_normal_and_says_whose_it_is(page: Page, room: ControlRoom) -> None:
    await expect(lamp(page, "link", "calm")).to_contain_text("5/5")
    await expect(lamp(page, "supervisory", "calm")).to_be_visible()
    room.puppets.alive -= {GATEWAY, "rules.main"}
    await expect(lamp(page, "link", "unknown")).to_contain_text("未知")
    await expect(lamp(page, "supervisory", "unknown")).to_contain_text("未知")
    await expect(page.locator("[data-part=banner]")).to_contain_text("规则引擎")
    room.puppets.alive |= {GATEWAY, "rules.main"}
    room.puppets.gateway["uplink"] = "down"
    await expect(page.locator("[data-part=banner]")).to_be_hidden()
    await expect(lamp(page, "supervisory", "calm")).to_be_visible()
    await expect(lamp(page, "link", "unknown")).to_be_visible()
    room.puppets.gateway["uplink"] = "up"
    await expect(lamp(page, "link", "calm")).to_be_visible()


async def test_a_page_whose_console_died_says_so_and_comes_back(page: Page, room: ControlRoom) -> None:
    await room.console.kill()
    await expect(page.get_by_text("与控制台失去连接")).to_be_visible()
    await room.console.start()
    await expect(page.get_by_text("与控制台失去连接")).to_be_hidden(timeout=60_000)
    await expect(lamp(page, "supervisory", "calm")).to_be_visible(timeout=60_000)


async def test_without_the_backbone_the_page_stands_and_trusts_nothing(page: Page, room: ControlRoom) -> None:
    """Last in the file: the server is stopped and started again under everybody's feet."""
    await room.server.stop()
    await expect(page.locator("[data-part=banner]")).to_contain_text("与数据总线失去连接")
    await expect(lamp(page, "supervisory", "unknown")).to_be_visible()
    await page.reload()
    await expect(page.locator("[data-part=banner]")).to_contain_text("与数据总线失去连接")
    await room.server.start()
    await expect(page.locator("[data-part=banner]")).to_be_hidden(timeout=60_000)
    await expect(lamp(page, "supervisory", "calm")).to_be_visible(timeout=60_000)
