"""The console as an operator sees it, in Chromium: real server, real alerts service, real clicks."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from dashboards.console.alarms.alarm_list import MOST_SHOWN
from domain.alarm import AlarmClass, Level, Place, TransitionKind
from tests.dashboards.control_room import EXIT, GATEWAY, ControlRoom, control_room
from tests.dashboards.desks import chromium, sit_down
from tests.dashboards.premises import HOSTILE

pytestmark = pytest.mark.asyncio(loop_scope="module")

PUMP = Place(unit="hotel", building="east", floor=-1, zone="pump", zone_kind="pump_room", device="pressure")
EBIKE = "您单位东楼1楼安全出口处停放1辆电动自行车且违规充电，平台已发出预警提示，请立即消除隐患！"


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


def row(page: Page, words: str) -> Locator:
    return page.locator(".alarm-row", has_text=words)


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
    assert names == ["火警", "联动", "监管", "故障", "屏蔽", "隐患", "链路"]
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
        names = await page.locator(".lamp-name").all_inner_texts()
        assert names == ["Fire", "Linkage", "Supervisory", "Fault", "Disabled", "Hazard", "Link"]
        await page.reload()
        await expect(page.locator("[data-lamp=link] .lamp-name")).to_have_text("Link")
        await page.locator("[data-part=language]").click()
        await expect(page.locator("[data-lamp=link] .lamp-name")).to_have_text("链路")


async def test_an_alarm_comes_to_every_browser_and_one_acknowledges_it_by_click(
    browser: Browser, room: ControlRoom, page: Page
) -> None:
    async with sit_down(browser, room, name="李值班") as other:
        await room.alarm("ebike", alarm_class=AlarmClass.HAZARD, place=EXIT, text_zh=EBIKE, level=Level.WARNING)
        for one in (page, other):
            await expect(row(one, EBIKE)).to_be_visible(timeout=5_000)
            await expect(lamp(one, "hazard", "lit")).to_contain_text("1 条未应答")
        alarm = row(other, EBIKE)
        await expect(alarm).to_contain_text("东楼 · 1楼 · 安全出口")
        await expect(alarm).to_contain_text("警告")
        await expect(alarm).to_contain_text("陈师傅")
        await expect(alarm.locator(".countdown")).to_have_text(re.compile(r"^0[45]:\d\d$"))
        await alarm.locator("[data-action=acknowledge]").click()
        for one in (page, other):
            await expect(row(one, EBIKE)).to_contain_text("已应答 李值班")
            await expect(lamp(one, "hazard", "lit")).to_contain_text("已应答")
        await expect(alarm.locator("[data-action=acknowledge]")).to_be_disabled()


async def test_an_action_without_a_name_is_not_done(browser: Browser, room: ControlRoom) -> None:
    await room.alarm("nameless", alarm_class=AlarmClass.FAULT, text_zh="无名操作", place=PUMP)
    async with sit_down(browser, room) as page:
        await row(page, "无名操作").locator("[data-action=acknowledge]").click()
        await expect(page.get_by_text("请先填写值班员姓名")).to_be_visible()
        await expect(row(page, "无名操作")).to_contain_text("未应答")


async def test_a_fire_is_confirmed_commented_and_its_reset_refused_with_the_reason(
    page: Page, room: ControlRoom
) -> None:
    fire = await room.alarm("panel-fire", latched=True, text_zh="东楼1楼火警")
    alarm = row(page, "东楼1楼火警")
    await expect(alarm).to_have_attribute("data-first", "yes")
    await expect(page.locator("[data-ringing=true]")).to_be_attached()
    await page.get_by_text("消音", exact=True).click()
    await expect(page.locator("[data-ringing=false]")).to_be_attached()
    await expect(alarm).to_contain_text("未应答")
    await alarm.locator("[data-action=acknowledge]").click()
    await expect(alarm).to_contain_text("已应答 王值班")
    await alarm.locator("[data-action=confirm]").click()
    await page.locator("[data-finding=false]").click()
    await page.locator("textarea").fill("厨房蒸汽")
    await page.locator("[data-action=save]").click()
    await expect(alarm).to_contain_text("确认：误报")
    await alarm.locator("[data-action=comment]").click()
    await page.locator("textarea").fill("水蒸气 <b>x</b>")
    await page.locator("[data-action=save]").click()
    await expect(alarm).to_contain_text("备注 1 条")
    await expect(alarm.locator("[data-action=reset]")).to_be_disabled()
    await room.alarm("panel-fire", kind=TransitionKind.CLEARED, text_zh=fire.text_zh)
    await expect(alarm.locator("[data-action=reset]")).to_be_enabled()
    await alarm.locator(".words").click()
    await expect(page.locator("[data-part=detail]")).to_contain_text("水蒸气 <b>x</b>")
    await expect(page.locator("[data-part=detail]")).to_contain_text("已确认")
    await page.keyboard.press("Escape")
    await alarm.locator("[data-action=reset]").click()
    await expect(alarm).to_have_count(0)


async def test_the_record_has_the_last_word_and_its_reason_is_shown(page: Page, room: ControlRoom) -> None:
    await room.alarm("raced", alarm_class=AlarmClass.FAULT, text_zh="抢答", place=PUMP)
    await row(page, "抢答").locator("[data-action=acknowledge]").dblclick()
    await expect(page.get_by_text("未执行：已由 王值班 应答")).to_be_visible()
    await expect(row(page, "抢答")).to_contain_text("已应答 王值班")


async def test_markup_from_devices_stays_text(page: Page, room: ControlRoom) -> None:
    await room.alarm("hostile", alarm_class=AlarmClass.LINKAGE, text_zh=f"联动 {HOSTILE}")
    alarm = row(page, "联动 <script>")
    await expect(alarm.locator(".alarm-text")).to_have_text(f"联动 {HOSTILE}")
    await expect(alarm.locator(".alarm-place")).to_contain_text(HOSTILE)
    assert await page.locator(".screen script, .screen img").count() == 0
    await alarm.locator(".words").click()
    await expect(page.locator("[data-part=detail]")).to_contain_text(HOSTILE)
    assert await page.evaluate("window.hacked === undefined")
    await page.locator("[data-part=detail] button").click()


async def test_consequences_are_folded_but_counted(page: Page, room: ControlRoom) -> None:
    await room.alarm("cause", alarm_class=AlarmClass.FAULT, text_zh="主电故障", place=PUMP, hides=("effect",))
    await room.alarm("effect", alarm_class=AlarmClass.FAULT, text_zh="泵无电", place=PUMP)
    await expect(row(page, "主电故障")).to_be_visible()
    await expect(page.locator("[data-part=suppressed]")).to_contain_text("已抑制（其他告警的后果） 1 条")
    await expect(row(page, "泵无电")).to_be_hidden()
    await page.locator("[data-part=suppressed] .q-item").click()
    await expect(row(page, "泵无电")).to_contain_text("被抑制")


async def test_silence_turns_lamps_unknown_never_normal_and_says_whose_it_is(page: Page, room: ControlRoom) -> None:
    await expect(lamp(page, "link", "calm")).to_contain_text("4/4")
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


async def test_a_storm_of_faults_is_counted_and_never_hides_a_fire(page: Page, room: ControlRoom) -> None:
    for number in range(MOST_SHOWN + 20):
        await room.alarm(f"storm-{number}", alarm_class=AlarmClass.FAULT, text_zh=f"主电中断 {number}", place=PUMP)
    await room.alarm("smoke", text_zh="风暴中的真实火警")
    fire = row(page, "风暴中的真实火警")
    await expect(fire).to_be_in_viewport()
    await expect(fire).to_have_attribute("data-class", "fire")
    await expect(lamp(page, "fault", "lit")).to_contain_text(re.compile(r"1\d\d"))
    await expect(page.locator(".alarm-hidden")).to_contain_text(re.compile(r"另有 \d+ 条级别较低的告警未显示"))


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
