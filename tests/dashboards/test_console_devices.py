"""Devices on the console, in Chromium: found among others, values with quality and age, trends, states, alarms."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from domain.alarm import AlarmClass, Place
from domain.quality import BAD, GOOD, Reason, pack
from tests.dashboards.control_room import GATEWAY, ControlRoom, control_room
from tests.dashboards.desks import chromium, sit_down
from tests.dashboards.premises import HOSTILE

pytestmark = pytest.mark.asyncio(loop_scope="module")

PUMP = Place(unit="hotel", building="east", floor=-1, zone="pump", zone_kind="pump_room", device="pressure")
PRESSURE = "hotel/pressure/pressure"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlRoom]:
    async with control_room(tmp_path_factory.mktemp("devices")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest.fixture(autouse=True)
def well(room: ControlRoom) -> Iterator[None]:
    """Every test leaves the puppets well, also when it fails."""
    yield
    room.puppets.reset()


def value(page: Page, key: str) -> Locator:
    return page.locator(f"[data-part=value-table] [data-row='{key}']")


async def test_a_device_is_found_by_what_is_written_and_opened_by_its_link(browser: Browser, room: ControlRoom) -> None:
    async with sit_down(browser, room, path="/devices") as page:
        await expect(page.locator("[data-part=device-count]")).to_have_text("共 2 台")
        await page.locator("[data-part=find-device]").fill("喷淋泵 东楼")
        rows = page.locator("[data-part=device-table] .data-rows [data-row]")
        await expect(rows).to_have_count(1)
        await expect(page).to_have_url(re.compile(r"/devices\?q="))
        await expect(rows.first).to_contain_text("东楼 · 地下1层 · 消防泵房")
        await rows.first.get_by_role("link", name="喷淋泵压力").click()
        await expect(page).to_have_url(re.compile(r"/devices/hotel/pressure$"))
        await expect(page.locator("[data-part=device-place]")).to_have_attribute("href", "/overview/hotel/east/-1")
        await page.go_back()
        await expect(rows).to_have_count(1)
        await page.locator("[data-part=find-device]").fill("没有这样的")
        await expect(page.locator("[data-part=device-more]")).to_have_text("没有符合条件的设备")


async def test_filters_of_an_address_are_those_of_the_page(browser: Browser, room: ControlRoom) -> None:
    async with sit_down(browser, room, path="/devices?kind=fire_panel&zone=exit") as page:
        rows = page.locator("[data-part=device-table] .data-rows [data-row]")
        await expect(rows).to_have_count(1)
        await expect(rows.first).to_have_attribute("data-row", "hotel/panel")
        await expect(page.locator("[data-part=pick-kind]")).to_contain_text("控制器")


async def test_a_device_that_is_not_there_is_said_to_be_none(browser: Browser, room: ControlRoom) -> None:
    async with sit_down(browser, room, path="/devices/hotel/nothing") as page:
        await expect(page.get_by_role("alert").filter(has_text="没有这台设备")).to_be_visible()
        await page.get_by_role("link", name="全部设备").click()
        await expect(page.locator("[data-part=device-table]")).to_be_visible()


async def test_values_have_words_and_absent_or_old_ones_are_unknown(browser: Browser, room: ControlRoom) -> None:
    readings = room.puppets.readings
    async with sit_down(browser, room, path="/devices/hotel/pressure") as page:
        pressure = value(page, PRESSURE)
        await expect(pressure).to_contain_text("652 kPa")
        await expect(pressure).to_contain_text("250 … 1200 kPa")
        await expect(pressure).not_to_have_attribute("data-look", re.compile("."))
        await expect(value(page, "hotel/pressure/battery")).to_contain_text("无数据")
        readings[PRESSURE] = (210.0, GOOD, 0.5)
        await expect(pressure).to_have_attribute("data-look", "alarm")
        await expect(pressure).to_contain_text("低于下限")
        readings[PRESSURE] = (652.0, GOOD, 60.0)
        await expect(pressure).to_have_attribute("data-look", "unknown")
        await expect(pressure).to_contain_text("静默超时")
        await expect(pressure).not_to_contain_text("652 kPa")
        readings[PRESSURE] = (None, pack(BAD, Reason.TIMEOUT), 0.5)
        await expect(pressure).to_contain_text("读取超时")


async def test_values_of_a_silent_gateway_are_unknown_and_a_lost_device_is_said_to_be_lost(
    browser: Browser, room: ControlRoom
) -> None:
    async with sit_down(browser, room, path="/devices/hotel/pressure") as page:
        state = page.locator("[data-part=device-state]")
        await expect(state).to_contain_text("在线")
        room.puppets.gateway["connections"]["line"]["lost"] = ["pressure"]
        await expect(state).to_contain_text("失联：不应答")
        room.puppets.gateway["connections"]["line"]["lost"] = []
        room.puppets.alive.discard(GATEWAY)
        await expect(state).to_contain_text("未知：已静默")
        await expect(value(page, PRESSURE)).to_have_attribute("data-look", "unknown")
        room.puppets.alive.add(GATEWAY)
        await expect(state).to_contain_text("在线")


async def test_browsers_that_look_at_one_device_ask_the_backbone_once(browser: Browser, room: ControlRoom) -> None:
    path = "/devices/hotel/panel"
    async with sit_down(browser, room, path=path) as page, sit_down(browser, room, path=path) as other:
        for one in (page, other):
            await expect(value(one, "hotel/panel/state")).to_contain_text("正常")
        before, began = room.puppets.asked["hotel/panel"], time.monotonic()
        while (asked := room.puppets.asked["hotel/panel"] - before) < 10:
            await asyncio.sleep(0.05)
        waited = time.monotonic() - began
    assert waited > 6, f"{asked} questions: two browsers would ask them in 5 s, both together in 9 s"


async def test_a_trend_follows_what_is_chosen_and_its_file_has_what_is_drawn(
    browser: Browser, room: ControlRoom, tmp_path: Path
) -> None:
    async with sit_down(browser, room, path="/devices/hotel/pressure?span=3600") as page:
        await expect(page.locator("[data-part=trend-chart] canvas")).to_be_visible()
        await expect(page.locator("[data-span='3600']")).to_have_attribute("data-chosen", "yes")
        await page.locator("[data-span='86400']").click()
        await expect(page.locator("[data-span='86400']")).to_have_attribute("data-chosen", "yes")
        battery = value(page, "hotel/pressure/battery").locator("[data-action=pick]")
        await battery.click()
        await expect(battery).to_contain_text("✓")
        await page.locator("[data-action=trend-ranges]").click()
        await expect(page.locator("[data-action=trend-ranges]")).to_have_attribute("aria-pressed", "true")
        async with asyncio.timeout(30):
            while True:
                async with page.expect_download() as waiting:
                    await page.locator("[data-action=trend-csv]").click()
                file = tmp_path / "drawn.csv"
                await (await waiting.value).save_as(file)
                rows = file.read_text(encoding="utf-8").splitlines()
                if any(row.startswith("hotel/pressure/battery,") for row in rows) and ",600.0,600.0," in rows[1]:
                    break
        assert rows[0] == "point,time,value,lowest,highest,quality,quantity"
        assert "+08:00" in rows[1]


async def test_a_span_of_one_s_own_and_a_point_of_another_device_can_be_chosen(
    browser: Browser, room: ControlRoom
) -> None:
    async with sit_down(browser, room, path="/devices/hotel/pressure") as page:
        await page.locator("[data-span=own]").click()
        await page.locator("input[data-field=begin]").fill("2026-11-01T08:00")
        await page.locator("input[data-field=end]").fill("2026-11-01T07:00")
        await page.locator("[data-action=save]").click()
        await expect(page.get_by_text("时段无效")).to_be_visible()
        await page.locator("[data-span=own]").click()
        await page.locator("input[data-field=begin]").fill("2026-11-01T08:00")
        await page.locator("input[data-field=end]").fill("2026-11-02T08:00")
        await page.locator("[data-action=save]").click()
        await expect(page.locator("[data-span=own]")).to_contain_text("11-01 08:00 – 11-02 08:00")
        await page.locator("[data-action=trend-add]").click()
        await page.locator("[data-field=point]").click()
        await page.get_by_role("option", name=re.compile("系统状态")).click()
        await page.locator("[data-action=save]").click()
        await expect(page.locator("[data-band='hotel/panel/state']")).to_be_visible()


async def test_states_of_a_panel_are_bands_of_words(browser: Browser, room: ControlRoom) -> None:
    async with sit_down(browser, room, path="/devices/hotel/panel") as page:
        band = page.locator("[data-band='hotel/panel/state']")
        await expect(band.locator(".band-block").first).to_be_visible()
        await expect(page.locator("[data-part=trend-chart]")).to_be_hidden()
        await expect(band.locator("[data-look=unknown]").first).to_be_attached()


async def test_alarms_of_the_device_stand_beside_its_trend_with_their_numbers(
    browser: Browser, room: ControlRoom
) -> None:
    await room.alarm("low-pressure", alarm_class=AlarmClass.FAULT, place=PUMP, text_zh="喷淋泵压力低")
    async with sit_down(browser, room, path="/devices/hotel/pressure") as page:
        row = page.locator("[data-part=alarm-table] [data-row]", has_text="喷淋泵压力低")
        await expect(row).to_contain_text("未结")
        await expect(row.locator("[data-cell=mark]")).to_have_text("1")
        await expect(row.get_by_role("link")).to_have_attribute("href", re.compile("^/alarm/"))
    async with sit_down(browser, room, path="/devices") as page:
        listed = page.locator("[data-part=device-table] [data-row='hotel/pressure']")
        await expect(listed).to_have_attribute("data-look", "caution")
        await expect(listed).to_contain_text("故障 1")


async def test_markup_stays_text_and_nobody_outside_is_asked(browser: Browser, room: ControlRoom) -> None:
    async with sit_down(browser, room, path="/devices/hotel/panel") as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        await expect(page.locator(".page-title")).to_have_text(HOSTILE)
        await page.reload()
        await expect(page.locator("[data-band='hotel/panel/state']")).to_be_visible()
        await page.locator("[data-nav=devices]").click()
        await expect(page.locator("[data-row='hotel/panel'] .cell-link")).to_have_text(HOSTILE)
        assert await page.evaluate("window.hacked === undefined")
        own = room.console.url.removeprefix("http://")
        outside = [url for url in asked if not url.startswith((f"http://{own}", f"ws://{own}", "data:", "blob:"))]
        assert outside == []


async def test_english_says_the_same(browser: Browser, room: ControlRoom) -> None:
    async with sit_down(browser, room, path="/devices/hotel/pressure") as page:
        await page.locator("[data-part=language]").click()
        await expect(page.locator("[data-part=device-state]")).to_contain_text("Online")
        await expect(value(page, "hotel/pressure/battery")).to_contain_text("No data")
        await page.locator("[data-nav=devices]").click()
        await expect(page.locator("[data-part=device-count]")).to_have_text("2 devices")


@pytest.mark.parametrize("width", [390, 1366])
async def test_no_page_is_wider_than_its_place(browser: Browser, room: ControlRoom, width: int) -> None:
    async with sit_down(browser, room, path="/devices/hotel/pressure", width=width) as page:
        for path in (
            "/devices/hotel/pressure",
            "/devices/hotel/panel",
            "/devices",
            "/gateways",
            "/gateways/hotel/gw-east",
        ):
            await page.goto(f"{room.console.url.rstrip('/')}{path}")
            await expect(page.locator(".data-table").first).to_be_attached()
            wide = "document.querySelector('.body').scrollWidth > document.querySelector('.body').clientWidth + 1"
            assert not await page.evaluate(wide), path
