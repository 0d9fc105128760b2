"""The map in Chromium: a fire that is over leaves nothing behind, and whoever uses keys comes to the worst first."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from domain.alarm import AlarmClass, Place, TransitionKind
from tests.dashboards.control_room import ControlRoom, control_room
from tests.dashboards.desks import becomes, chromium, sit_down
from tests.dashboards.overview_room import close_all

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNITS = 60


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlRoom]:
    async with control_room(tmp_path_factory.mktemp("map"), transmitters=UNITS, each=1, is_placed=True) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, room: ControlRoom) -> AsyncIterator[Page]:
    async with sit_down(browser, room, path="/overview?view=map") as opened:
        await becomes(opened, "() => window.socket?.connected")
        await expect(opened.locator(".map-mark").first).to_be_attached()
        yield opened


async def happens(
    room: ControlRoom, unit: str, alarm_class: AlarmClass, kind: TransitionKind = TransitionKind.RAISED
) -> None:
    """Raise an alarm in a unit's corridor, or end it."""
    place = Place(unit=unit, building="east", floor=3, zone="corridor")
    entity = f"{unit}/corridor"
    await room.alarm(f"map-{alarm_class}", kind=kind, alarm_class=alarm_class, place=place, entity=entity)


def drawn(page: Page, unit: str) -> Locator:
    return page.locator(f'.map-mark[data-mark="{unit}"]')


async def marked(page: Page) -> list[str]:
    """Return the units that marks are called by, in the order of drawing: the last one lies on top."""
    found: list[str] = await page.evaluate("[...document.querySelectorAll('.map-mark')].map((one) => one.dataset.mark)")
    return found


async def test_a_fire_that_is_over_leaves_nothing_behind(room: ControlRoom, page: Page) -> None:
    before = sorted(await marked(page))
    for unit in before[:2]:
        await happens(room, unit, AlarmClass.FAULT)
        await expect(drawn(page, unit)).to_have_attribute("data-look", "fault")
    *_, below, above = await marked(page)
    await happens(room, below, AlarmClass.FIRE)  # its mark and its name go over the other's
    await expect(drawn(page, below)).to_have_attribute("data-look", "fire")
    assert (await marked(page))[-2:] == [above, below]
    await expect(page.locator(".map-name").filter(has_text="火警")).to_have_count(1)
    await happens(room, below, AlarmClass.FIRE, TransitionKind.CLEARED)
    for unit in (below, above):
        await happens(room, unit, AlarmClass.FAULT, TransitionKind.CLEARED)
    await close_all(room)
    await expect(page.locator('.map-mark[data-look="fault"], .map-mark[data-look="fire"]')).to_have_count(0)
    await expect(page.locator(".map-name").filter(has_text=re.compile("火警|故障"))).to_have_count(0)
    assert sorted(await marked(page)) == before


async def test_keys_go_to_what_is_lit_and_show_where_they_are(room: ControlRoom, page: Page) -> None:
    """The mark in focus is seen, an alarm's too, though what is lit has outlines of its own."""
    unit = (await marked(page))[0]
    await expect(page.locator('.map-mark[tabindex="-1"]')).to_have_count(0)
    await happens(room, unit, AlarmClass.FAULT)
    await expect(drawn(page, unit)).to_have_attribute("data-look", "fault")
    await page.locator("[data-view=map]").focus()
    for _ in range(10):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.classList.contains('map-mark')"):
            break
    await expect(drawn(page, unit)).to_be_focused()
    disc = drawn(page, unit).locator(".map-disc")
    await expect(disc).to_have_css("stroke-width", "5px")
    await happens(room, unit, AlarmClass.FAULT, TransitionKind.CLEARED)
    await close_all(room)
    await expect(page.locator('.map-mark[tabindex="-1"]')).to_have_count(0)
