"""The console of a site with transmitters, in Chromium: lines, components, roll-calls, strangers, first alarm."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from backbone.sparkplug import Birth, BirthMetric, encode_birth, encode_death
from backbone.subjects import telemetry
from dashboards.console.devices.values import MOST_ROWS
from domain.alarm import AlarmClass, Place
from domain.ids import alias_of
from domain.quality import GOOD
from domain.words import COMPONENT_STATE
from tests.dashboards.control_room import ControlRoom, control_room
from tests.dashboards.desks import chromium, sit_down
from tests.dashboards.district import HOST, unit_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRANSMITTERS = 60
DETECTOR_ZH, DETECTOR_EN = "点型光电感烟火灾探测器 10-3", "point photoelectric smoke detector 10-3"
STRANGER = {
    "address": "889",
    "address_hex": "790300000000",
    "peer": "10.1.2.3",
    "first_ns": time.time_ns(),
    "last_ns": time.time_ns(),
    "frames": 12,
    "types": [21],
    "fire": True,
    "profile": "standard",
    "last_hex": "4040",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlRoom]:
    async with control_room(tmp_path_factory.mktemp("district"), transmitters=TRANSMITTERS) as opened:
        opened.puppets.gateway["hosting"] = {"known": TRANSMITTERS, "up": TRANSMITTERS - 2, "strangers": 1}
        opened.puppets.strangers = [STRANGER]
        for number in range(TRANSMITTERS):
            await node(opened, number, "NBIRTH")
        for number in (7, 9):
            await node(opened, number, "NDEATH")
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(browser: Browser, room: ControlRoom) -> AsyncIterator[Page]:
    async with desk(browser, room) as opened:
        yield opened


@asynccontextmanager
async def desk(browser: Browser, room: ControlRoom, path: str = "/gateways") -> AsyncIterator[Page]:
    """Sit down at a page."""
    async with sit_down(browser, room, path=path) as opened:
        yield opened


def value(page: Page, key: str) -> Locator:
    return page.locator(f"[data-part=value-table] [data-row='{key}']")


async def node(room: ControlRoom, number: int, kind: str) -> None:
    """Say that a transmitter's line is up or gone, as its host does."""
    now_ns = time.time_ns()
    payload = encode_death(0, now_ns)
    if kind == "NBIRTH":
        payload = encode_birth(Birth(metrics=(), seq=0, time_ns=now_ns, bd_seq=0))
    await room.backbone.publish(telemetry(unit_of(number), kind, f"utd-{number}"), payload)


async def born(room: ControlRoom, names: list[str]) -> None:
    """Say which components the first transmitter's panel has, as its host does when it met one."""
    metrics = tuple(
        BirthMetric(
            name=name,
            alias=alias_of("fas-0", name),
            kind="state",
            word=COMPONENT_STATE,
            zone="corridor",
            label_zh=DETECTOR_ZH,
            label_en=DETECTOR_EN,
            max_silence_s=31_622_400.0,
        )
        for name in names
    )
    birth = encode_birth(Birth(metrics=metrics, seq=1, time_ns=time.time_ns()))
    await room.backbone.publish(telemetry("hotel", "DBIRTH", "utd-0", "fas-0"), birth)


async def test_lines_that_are_down_come_first_and_are_counted(page: Page, room: ControlRoom) -> None:
    await expect(page.locator("[data-part=transmitters]")).to_contain_text("在线 58 · 离线 2 · 从未上线 0")
    rows = page.locator("[data-transmitter]")
    await expect(rows.nth(0)).to_contain_text("离线")
    await expect(rows.nth(1)).to_contain_text("离线")
    await expect(rows.nth(2)).to_contain_text("在线")
    await expect(page.locator("[data-lamp=link]")).to_contain_text("2 处失联")
    await node(room, 11, "NDEATH")
    await expect(page.locator("[data-part=transmitters]")).to_contain_text("离线 3")
    await expect(rows.nth(0)).to_have_attribute("data-transmitter", f"{unit_of(11)}/utd-11")
    await node(room, 11, "NBIRTH")
    await expect(page.locator("[data-part=transmitters]")).to_contain_text("离线 2")


async def test_the_list_is_paged_and_searched(page: Page) -> None:
    panel = page.locator("[data-part=transmitters]")
    await expect(panel).to_contain_text("1/3")
    await panel.get_by_text("›").click()
    await expect(panel).to_contain_text("2/3")
    await page.locator("[data-part=find-transmitter]").fill("号商场")
    await expect(panel).to_contain_text("1/3")
    await page.locator("[data-part=find-transmitter]").fill("utd-33")
    await expect(panel.locator("[data-transmitter]:visible")).to_have_count(1)
    await page.locator("[data-part=find-transmitter]").fill("")
    await expect(panel).to_contain_text("1/3")


async def test_a_key_opens_the_transmitter_whose_line_is_told(browser: Browser, room: ControlRoom) -> None:
    async with desk(browser, room, "/gateways") as page:
        await page.locator("[data-part=find-transmitter]").fill("utd-0")
        await page.locator("[data-transmitter='hotel/utd-0']").press("Enter")
        await expect(page).to_have_url(re.compile(r"/gateways/hotel/utd-0$"))
        state = page.locator("[data-part=gateway-state]")
        await expect(state).to_contain_text("在线")
        await expect(page.locator("[data-part=transmitter-frames]")).to_contain_text("需要安装或配置权限")
        await node(room, 0, "NDEATH")
        await expect(state).to_contain_text("离线")
        await node(room, 0, "NBIRTH")
        await expect(state).to_contain_text("在线")
        await page.locator("[data-part=hosted-table] .cell-link", has_text="火灾报警系统").click()
        await expect(page).to_have_url(re.compile(r"/devices/hotel/fas-0$"))


async def test_a_transmitter_s_words_are_spelled_out_and_unknown_when_its_line_is_down(
    browser: Browser, room: ControlRoom
) -> None:
    room.puppets.readings |= {
        "hotel/utd-0/state": (1.0, GOOD, 3.0),
        "hotel/utd-0/operation": (32.0, GOOD, 3.0),
        "hotel/utd-0/clock_error": (-2.0, GOOD, 3.0),
    }
    room.puppets.texts["hotel/utd-0/operation"] = "操作员 1"
    async with desk(browser, room, "/devices/hotel/utd-0") as page:
        await expect(value(page, "hotel/utd-0/state")).to_contain_text("正常监视")
        await expect(value(page, "hotel/utd-0/operation")).to_contain_text("查岗应答")
        await expect(value(page, "hotel/utd-0/operation")).to_contain_text("操作员 1")
        await expect(value(page, "hotel/utd-0/clock_error")).to_contain_text("-2 s")
        await expect(page.locator("[data-part=device-state]")).to_contain_text("在线")
        await node(room, 0, "NDEATH")
        await expect(value(page, "hotel/utd-0/state")).to_have_attribute("data-look", "unknown")
        await expect(page.locator("[data-part=device-state]")).to_contain_text("离线")
        await node(room, 0, "NBIRTH")
        await expect(value(page, "hotel/utd-0/state")).not_to_have_attribute("data-look", "unknown")


async def test_components_that_nobody_wrote_appear_with_their_names_and_words(
    browser: Browser, room: ControlRoom
) -> None:
    room.puppets.readings |= {
        "hotel/fas-0/c40-10-3": (6.0, GOOD, 3.0),
        "hotel/fas-0/smoke-1": (1.0, GOOD, 3.0),
    }
    async with desk(browser, room, "/devices/hotel/fas-0") as page:
        await expect(value(page, "hotel/fas-0/smoke-1")).to_contain_text("正常运行")
        await born(room, ["c40-10-3"])
        learned = value(page, "hotel/fas-0/c40-10-3")
        await expect(learned).to_contain_text(DETECTOR_ZH)
        await expect(learned).to_contain_text("火警、故障")
        await expect(learned).to_have_attribute("data-look", "alarm")


async def test_of_a_large_panel_what_is_abnormal_is_shown_first(browser: Browser, room: ControlRoom) -> None:
    names = [f"c40-20-{n}" for n in range(150)]
    room.puppets.readings |= {f"hotel/fas-0/{name}": (1.0, GOOD, 3.0) for name in names}
    room.puppets.readings["hotel/fas-0/c40-20-149"] = (4.0, GOOD, 3.0)
    await born(room, ["c40-10-3", *names])
    async with desk(browser, room, "/devices/hotel/fas-0") as page:
        values = page.locator("[data-part=value-table] .data-rows [data-row]")
        await expect(values).to_have_count(MOST_ROWS)
        await expect(values.nth(0)).to_have_attribute("data-row", "hotel/fas-0/c40-10-3")
        await expect(values.nth(1)).to_have_attribute("data-row", "hotel/fas-0/c40-20-149")
        await expect(page.locator("[data-part=device-values]")).to_contain_text("另有 ")


async def test_strangers_are_counted_and_lead_to_the_installer_s_page(page: Page) -> None:
    strangers = page.locator("[data-part=strangers-link]")
    await expect(strangers).to_contain_text("未登记装置 1 台")
    await expect(strangers).to_have_attribute("href", "/installer")


async def test_the_first_alarm_is_pinned_though_others_came_in_the_same_moment(
    browser: Browser, room: ControlRoom
) -> None:
    for number, name in enumerate(("smoke-1", "c40-10-3", "c40-20-1"), 1):
        place = Place(
            unit="hotel", building="east", floor=3, zone="corridor", zone_kind="corridor", device="fas-0", point=name
        )
        await room.alarm(
            "component_fire",
            place=place,
            entity=f"hotel/fas-0/{name}",
            text_zh=f"第{number}个探测器报火警",
            text_en=f"Detector {number} reports fire",
        )
    async with desk(browser, room, "/") as page:
        rows = page.locator(".alarm-row")
        await expect(rows.nth(0)).to_contain_text("第1个探测器报火警")
        await expect(rows.nth(0)).to_contain_text("首警")
        await expect(rows.nth(0)).to_contain_text("三楼走廊烟感")
        await expect(rows.nth(0)).to_contain_text("客房走廊")
        second = page.locator(".alarm-row", has_text="第2个探测器报火警")
        await expect(second).to_contain_text("第 2 警")
        await expect(second).to_contain_text(DETECTOR_ZH)


async def test_english_says_the_same(browser: Browser, room: ControlRoom) -> None:
    await room.alarm(
        "roll_call_missed",
        alarm_class=AlarmClass.DUTY,
        place=Place(unit="hotel", gateway="utd-1"),
        text_zh="查岗无人应答",
        text_en="Nobody answered the roll-call",
    )
    async with desk(browser, room) as page:
        await page.locator("[data-part=language]").click()
        await expect(page.locator("[data-part=strangers-link]")).to_contain_text("1 strangers")
        await expect(page.locator("[data-part=transmitters]")).to_contain_text("58 online · 2 offline")
        await page.locator("[data-nav=alarms]").click()
        missed = page.locator(".alarm-row", has_text="Nobody answered", has_not_text="Nobody has")
        await expect(missed).to_contain_text("Transmitter 1")


async def test_while_the_host_is_silent_nobody_knows_of_any_line(page: Page, room: ControlRoom) -> None:
    room.puppets.alive.discard(room.puppets.gateway_key)
    await expect(page.locator("[data-part=transmitters]")).to_contain_text(f"未知 {TRANSMITTERS}")
    await expect(page.locator("[data-transmitter]:visible").first).to_contain_text("接入网关失联")
    await expect(page.locator("[data-lamp=link]")).to_contain_text(f"{TRANSMITTERS + 1} 处失联")
    room.puppets.alive.add(room.puppets.gateway_key)
    await expect(page.locator("[data-part=transmitters]")).to_contain_text("在线 58")
    assert HOST == "hotel/gw-access"
