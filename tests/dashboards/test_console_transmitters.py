"""The console of a site with transmitters, in Chromium: lines, components, roll-calls, strangers, first alarm."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from backbone.sparkplug import Birth, BirthMetric, encode_birth, encode_death
from backbone.subjects import telemetry
from domain.alarm import AlarmClass, Place
from domain.ids import alias_of
from domain.quality import GOOD
from domain.words import COMPONENT_STATE
from tests.dashboards.control_room import ControlRoom, control_room
from tests.dashboards.district import HOST, unit_of
from tests.servers import CHROMIUM, require

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRANSMITTERS = 60
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
SOON_MS = 20_000
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

expect.set_options(timeout=SOON_MS)


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
    require("chromium")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        await started.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(browser: Browser, room: ControlRoom) -> AsyncIterator[Page]:
    async with desk(browser, room) as opened:
        yield opened


@asynccontextmanager
async def desk(browser: Browser, room: ControlRoom) -> AsyncIterator[Page]:
    """Sit down at a screen."""
    context = await browser.new_context(viewport={"width": 1366, "height": 768})
    opened = await context.new_page()
    opened.set_default_timeout(SOON_MS)
    await opened.goto(room.console.url)
    await expect(opened.locator("[data-part=alarm-rows]")).to_be_attached()
    yield opened
    await context.close()


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


async def test_a_click_opens_the_transmitter_with_its_words(page: Page, room: ControlRoom) -> None:
    room.puppets.readings |= {
        "hotel/utd-0/state": (1.0, GOOD, 3.0),
        "hotel/utd-0/operation": (32.0, GOOD, 3.0),
        "hotel/utd-0/clock_error": (-2.0, GOOD, 3.0),
    }
    room.puppets.texts["hotel/utd-0/operation"] = "操作员 1"
    await page.locator("[data-part=find-transmitter]").fill("utd-0")
    await page.locator("[data-transmitter='hotel/utd-0']").click()
    await expect(page.locator("[data-point=state]")).to_contain_text("正常监视")
    await expect(page.locator("[data-point=operation]")).to_contain_text("查岗应答")
    await expect(page.locator("[data-point=operation]")).to_contain_text("操作员 1")
    await expect(page.locator("[data-point=clock_error]")).to_contain_text("-2 s")
    await expect(page.locator("[data-part=line-note]")).to_contain_text("线路 在线")
    await node(room, 0, "NDEATH")
    await expect(page.locator("[data-point=state]")).to_have_attribute("data-look", "unknown")
    await expect(page.locator("[data-part=line-note]")).to_contain_text("离线")
    await node(room, 0, "NBIRTH")
    await expect(page.locator("[data-point=state]")).to_have_attribute("data-look", "calm")
    await page.locator("[data-part=find-transmitter]").fill("")


async def test_components_that_nobody_wrote_appear_with_their_names_and_words(page: Page, room: ControlRoom) -> None:
    room.puppets.readings |= {
        "hotel/fas-0/c40-10-3": (6.0, GOOD, 3.0),
        "hotel/fas-0/smoke-1": (1.0, GOOD, 3.0),
    }
    await page.locator("[data-part=pick-device]").click()
    await page.get_by_role("option", name="火灾报警系统").first.click()
    await expect(page.locator("[data-point=smoke-1]")).to_contain_text("正常运行")
    await born(room, ["c40-10-3"])
    learned = page.locator("[data-point=c40-10-3]")
    await expect(learned).to_contain_text(DETECTOR_ZH)
    await expect(learned).to_contain_text("火警、故障")
    await expect(learned).to_have_attribute("data-look", "alarm")


async def test_of_a_large_panel_what_is_abnormal_is_shown_first(page: Page, room: ControlRoom) -> None:
    names = [f"c40-20-{n}" for n in range(150)]
    room.puppets.readings |= {f"hotel/fas-0/{name}": (1.0, GOOD, 3.0) for name in names}
    room.puppets.readings["hotel/fas-0/c40-20-149"] = (4.0, GOOD, 3.0)
    await born(room, ["c40-10-3", *names])
    values = page.locator("[data-part=values] [data-point]")
    await expect(values).to_have_count(60)
    await expect(values.nth(0)).to_have_attribute("data-point", "c40-10-3")
    await expect(values.nth(1)).to_have_attribute("data-point", "c40-20-149")
    await expect(page.locator("[data-part=device]")).to_contain_text("另有 ")


async def test_the_first_alarm_is_pinned_though_others_came_in_the_same_moment(page: Page, room: ControlRoom) -> None:
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
    rows = page.locator(".alarm-row")
    await expect(rows.nth(0)).to_contain_text("第1个探测器报火警")
    await expect(rows.nth(0)).to_contain_text("首警")
    await expect(rows.nth(0)).to_contain_text("三楼走廊烟感")
    await expect(rows.nth(0)).to_contain_text("客房走廊")
    second = page.locator(".alarm-row", has_text="第2个探测器报火警")
    await expect(second).to_contain_text("第 2 警")
    await expect(second).to_contain_text(DETECTOR_ZH)


async def test_roll_calls_show_who_did_not_answer_first(page: Page, room: ControlRoom) -> None:
    room.puppets.readings |= {
        "hotel/utd-0/roll_call": (1.0, GOOD, 60.0),
        "hotel/utd-1/roll_call": (3.0, GOOD, 600.0),
        "hotel/utd-2/roll_call": (4.0, GOOD, 30.0),
        "hotel/utd-3/roll_call": (2.0, GOOD, 45.0),
    }
    room.puppets.texts["hotel/utd-0/roll_call"] = "操作员 1，42 s"
    await expect(page.locator("[data-tab=roll_calls]")).to_contain_text("查岗 1")
    await page.locator("[data-tab=roll_calls]").click()
    panel = page.locator("[data-part=roll-calls]")
    await expect(panel).to_contain_text("无人应答 1 · 线路中断 1")
    rows = panel.locator("[data-roll-call]:visible")
    await expect(rows.nth(0)).to_contain_text("无人应答")
    await expect(rows.last).to_contain_text("在岗 · 操作员 1，42 s")


async def test_strangers_are_counted_and_listed_for_adoption(page: Page) -> None:
    await expect(page.locator("[data-tab=strangers]")).to_contain_text("未登记 1")
    await page.locator("[data-tab=strangers]").click()
    stranger = page.locator("[data-stranger]:visible")
    await expect(stranger).to_contain_text("889")
    await expect(stranger).to_contain_text("10.1.2.3")
    await expect(stranger).to_contain_text("火警")


async def test_english_says_the_same(page: Page, room: ControlRoom) -> None:
    await room.alarm(
        "roll_call_missed",
        alarm_class=AlarmClass.DUTY,
        place=Place(unit="hotel", gateway="utd-1"),
        text_zh="查岗无人应答",
        text_en="Nobody answered the roll-call",
    )
    await page.locator("[data-part=language]").click()
    await expect(page.locator("[data-tab=strangers]")).to_contain_text("Strangers 1")
    await page.locator("[data-tab=transmitters]").click()
    await expect(page.locator("[data-part=transmitters]")).to_contain_text("58 online · 2 offline")
    await expect(page.locator(".alarm-row", has_text="Nobody answered", has_not_text="Nobody has")).to_contain_text(
        "Transmitter 1"
    )
    await page.locator("[data-part=language]").click()
    await expect(page.locator("[data-tab=transmitters]")).to_contain_text("传输装置 2")


async def test_while_the_host_is_silent_nobody_knows_of_any_line(page: Page, room: ControlRoom) -> None:
    room.puppets.alive.discard(room.puppets.gateway_key)
    await expect(page.locator("[data-part=transmitters]")).to_contain_text(f"未知 {TRANSMITTERS}")
    await expect(page.locator("[data-transmitter]:visible").first).to_contain_text("接入网关失联")
    await expect(page.locator("[data-lamp=link]")).to_contain_text(f"{TRANSMITTERS + 1} 处失联")
    room.puppets.alive.add(room.puppets.gateway_key)
    await expect(page.locator("[data-part=transmitters]")).to_contain_text("在线 58")
    assert HOST == "hotel/gw-access"
