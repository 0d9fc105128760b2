"""The frame in Chromium: lamps that lead somewhere, sound and mute, keys, settings that stay."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from alerts.face import AlertsFace
from dashboards.console.frame.tones import PATTERNS
from domain.alarm import AlarmClass, Level
from tests.dashboards.control_room import EXIT, GATEWAY, ControlRoom, control_room
from tests.dashboards.desks import becomes, chromium, sit_down
from tests.dashboards.frame_room import hears, lamp, listen

pytestmark = pytest.mark.asyncio(loop_scope="module")

PITCHES = {name: {pitch for pitch, *_ in pattern.tones} for name, pattern in PATTERNS.items()}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlRoom]:
    async with control_room(tmp_path_factory.mktemp("frame")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, room: ControlRoom) -> AsyncIterator[Page]:
    """A desk in a room where nothing is left to answer."""
    await _quiet(room)
    async with sit_down(browser, room, name="王值班") as desk:
        await expect(desk.locator("[data-part=mute]")).to_be_hidden()
        yield desk


@pytest.fixture(autouse=True)
def well(room: ControlRoom) -> Iterator[None]:
    """Every test leaves the puppets well."""
    yield
    room.puppets.reset()


async def _quiet(room: ControlRoom) -> None:
    face = AlertsFace(room.backbone)
    for alert in await face.list(open=True):
        if alert.acknowledged_at_ns is None:
            await face.acknowledge(alert.id, by="test")


def ringing(name: str) -> str:
    return f"[data-part=sound-off][data-sound='{name}']"


async def test_five_master_lamps_stand_first_and_lead_to_their_rows(page: Page) -> None:
    await expect(page.locator(".lamp-master .lamp-name")).to_have_text(["火警", "联动·反馈", "监管", "故障", "屏蔽"])
    goes = {
        kind: await lamp(page, kind).locator("a").get_attribute("href")
        for kind in ("fire", "fault", "disabled", "link")
    }
    assert goes == {
        "fire": "/?class=fire",
        "fault": "/?class=fault&disabled=no",
        "disabled": "/suppression?kind=lamp",
        "link": "/gateways",
    }
    await lamp(page, "fire").locator("a").click()
    await page.wait_for_url("**/?class=fire")


async def test_the_link_lamp_is_unknown_when_a_gateway_is_silent_and_says_how_old(
    page: Page, room: ControlRoom
) -> None:
    link = lamp(page, "link")
    await expect(link).to_have_attribute("data-mode", "calm")
    await expect(link).to_contain_text("最旧 <5 秒")
    room.puppets.alive.discard(GATEWAY)
    await expect(link).to_have_attribute("data-mode", "unknown")
    await expect(link).to_contain_text("未知 · 1 处失联")
    await expect(link).to_contain_text(re.compile(r"最旧 \d+ 秒"))
    await expect(link.locator("a")).to_have_attribute("aria-label", re.compile("链路 未知"))


async def test_until_the_first_click_the_frame_says_that_sound_is_off(browser: Browser, room: ControlRoom) -> None:
    async with sit_down(browser, room) as page:
        off = page.locator("[data-part=sound-off]")
        await expect(off).to_be_visible()
        await expect(off).to_contain_text("声音未启用")
        await page.mouse.click(3, 300)
        await expect(off).to_be_hidden()


async def test_each_class_has_its_sound_and_a_fire_drowns_a_fault(page: Page, room: ControlRoom) -> None:
    await listen(page)
    await room.alarm("fault-1", alarm_class=AlarmClass.FAULT, level=Level.WARNING, place=EXIT)
    await expect(page.locator(ringing("fault"))).to_be_attached()
    await hears(page, PITCHES["fault"])
    await room.alarm("fire-1")
    await expect(page.locator(ringing("fire"))).to_be_attached()
    await page.evaluate("window.heard = []")
    await hears(page, PITCHES["fire"])


async def test_mute_stops_the_sound_acknowledges_nothing_and_a_new_alarm_sounds_again(
    page: Page, room: ControlRoom, browser: Browser
) -> None:
    await listen(page)
    first = await room.alarm("fire-2")
    await expect(page.locator(ringing("fire"))).to_be_attached()
    await page.locator("[data-part=mute]").click()
    await expect(page.locator(ringing(""))).to_be_attached()
    await expect(page.locator("[data-part=mute]")).to_have_text("已消音")
    await expect(lamp(page, "fire")).to_have_attribute("data-muted", "yes")
    assert (await AlertsFace(room.backbone).get(first.id)).alert.acknowledged_at_ns is None
    await expect(lamp(page, "fire")).to_have_attribute("data-fresh", "yes")
    async with sit_down(browser, room) as neighbour:  # who muted, muted their own desk
        await expect(neighbour.locator(ringing("fire"))).to_be_attached()
    await room.alarm("fire-3")
    await expect(page.locator(ringing("fire"))).to_be_attached()
    await expect(lamp(page, "fire")).to_have_attribute("data-muted", "no")
    await page.evaluate("window.heard = []")
    await hears(page, PITCHES["fire"])


async def test_one_class_is_muted_and_the_next_is_heard(page: Page, room: ControlRoom) -> None:
    await listen(page)
    await room.alarm("fire-4")
    await room.alarm("hazard-4", alarm_class=AlarmClass.HAZARD, level=Level.WARNING, place=EXIT)
    await expect(page.locator(ringing("fire"))).to_be_attached()
    await lamp(page, "fire").locator("[data-mute=fire]").click()
    await expect(page.locator(ringing("hazard"))).to_be_attached()
    await expect(page.locator("[data-mute=fire]")).to_have_text("已消音")
    await expect(page.locator("[data-mute=fire]")).to_have_attribute("aria-pressed", "true")
    await expect(page.locator("[data-mute=hazard]")).to_have_text("消音")
    await page.locator("[data-mute=fire]").click()
    await expect(page.locator(ringing("fire"))).to_be_attached()


async def test_what_is_acknowledged_is_silent_everywhere(page: Page, room: ControlRoom) -> None:
    await listen(page)
    await room.alarm("fire-5")
    await expect(page.locator(ringing("fire"))).to_be_attached()
    await _quiet(room)
    await expect(page.locator(ringing(""))).to_be_attached()
    await expect(page.locator("[data-part=mute]")).to_be_hidden()


async def test_the_keys_mute_open_pages_and_list_themselves(page: Page, room: ControlRoom) -> None:
    await listen(page)
    fire = await room.alarm("fire-6")
    await expect(page.locator(ringing("fire"))).to_be_attached()
    await page.keyboard.press("?")
    helping = page.locator("[data-part=help-dialog]")
    await expect(helping).to_contain_text("消音")
    await page.keyboard.press("m")  # whatever stands in front, a sound can be stopped
    await expect(page.locator(ringing(""))).to_be_attached()
    await page.keyboard.press("Escape")
    await expect(helping).to_have_count(0)
    await page.keyboard.press("s")
    await expect(page.locator("[data-section=settings]")).to_be_visible()
    await page.keyboard.press("h")
    await expect(page.locator("[data-section=handover]")).to_be_visible()
    await page.keyboard.press("1")
    await expect(page.locator("[data-section=alarms]")).to_be_visible()
    await page.keyboard.press("f")
    await page.wait_for_url(re.compile(r"/alarm/[0-9a-f]+$"))
    assert (await AlertsFace(room.backbone).get(fire.id)).alert.acknowledged_at_ns is None


async def test_a_key_in_a_field_is_a_letter(page: Page) -> None:
    field = page.locator("[data-part=operator]")
    await field.fill("")
    await field.press_sequentially("hs1")
    await expect(field).to_have_value("hs1")
    await expect(page.locator("[data-section=alarms]")).to_be_visible()


async def test_settings_hold_after_a_reload_and_a_fire_can_not_be_turned_off(page: Page) -> None:
    await page.keyboard.press("s")
    await page.locator("[data-theme=night].q-btn").click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "night")
    before = await page.evaluate("getComputedStyle(document.documentElement).fontSize")
    await page.locator("[data-size='130']").click()
    await becomes(
        page,
        "(before) => parseFloat(getComputedStyle(document.documentElement).fontSize) > 1.2 * parseFloat(before)",
        before,
    )
    for kind in ("fire", "fault"):
        await page.locator(f"[data-volume={kind}] [tabindex], [data-volume={kind}][tabindex]").first.focus()
        for _ in range(12):
            await page.keyboard.press("ArrowLeft")
    await expect(page.locator("[data-class=fault] .settings-volume")).to_have_text("静音")
    await expect(page.locator("[data-class=fire] .settings-volume")).to_have_text("30 %")
    await becomes(page, "document.cookie.includes('fault=0')")
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-theme", "night")
    await expect(page.locator("[data-size='130']")).to_have_attribute("data-chosen", "yes")
    await expect(page.locator("[data-class=fault] .settings-volume")).to_have_text("静音")
    await listen(page)
    await page.locator("[data-try=fire]").click()
    await hears(page, PITCHES["fire"])


async def test_the_language_of_the_settings_is_that_of_the_whole_page(page: Page) -> None:
    await page.keyboard.press("s")
    await page.locator("[data-language=en]").click()
    await expect(lamp(page, "fire").locator(".lamp-name")).to_have_text("Fire")
    await expect(page.locator("[data-part=settings-facts]")).to_contain_text("Asia/Shanghai (UTC+8)")
    await page.reload()
    await expect(page.locator("[data-language=en]")).to_have_attribute("data-chosen", "yes")


async def test_the_clock_has_a_zone_and_the_frame_says_that_there_is_no_roster(page: Page) -> None:
    await expect(page.locator("[data-part=clock]")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))
    await expect(page.locator("[data-part=clock-zone]")).to_have_text("UTC+8")
    await expect(page.locator("[data-part=duty]")).to_have_text("未设值班表")


async def test_on_a_phone_the_frame_folds_to_lamps_and_menu(browser: Browser, room: ControlRoom) -> None:
    async with sit_down(browser, room, width=390, height=844) as phone:
        await expect(lamp(phone, "fire")).to_be_in_viewport()
        await expect(phone.locator("[data-nav=settings]")).to_be_hidden()
        await phone.locator("[data-part=menu-fold]").click()
        await phone.locator("[data-nav=settings]").click()
        await expect(phone.locator("[data-section=settings]")).to_be_visible()
        await expect(phone.locator("[data-nav=alarms]")).to_be_hidden()
        assert await phone.evaluate("document.documentElement.scrollWidth") <= 390
