"""The alarm list as an operator works with it, in Chromium: real server, real alerts service, real clicks."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from domain.alarm import AlarmClass, Level, TransitionKind
from tests.dashboards.accounts_of_rooms import employ
from tests.dashboards.alarms_room import EBIKE, choose, fault, lamp, press, row, save, storm, write
from tests.dashboards.control_room import EXIT, ControlRoom, control_room
from tests.dashboards.desks import becomes, chromium, sit_down
from tests.dashboards.premises import HOSTILE

pytestmark = pytest.mark.asyncio(loop_scope="module")

DRAG = """
(share) => {
  const list = document.querySelector(".alarm-scroll");
  list.scrollTop = share * list.scrollHeight;
}
"""
NO_GAP_IN_SIGHT = """
() => {
  const box = document.querySelector(".alarm-scroll").getBoundingClientRect();
  for (let y = box.top + 8; y < box.bottom - 8; y += 16)
    if (!document.elementFromPoint(box.left + 300, y)?.closest(".alarm-row")) return false;
  return true;
}
"""
OUT_OF_PLACE = """
() => [...document.querySelectorAll(".alarm-row > *:not(.cut)")]
  .filter((cell) => cell.scrollWidth > cell.clientWidth + 1 || cell.scrollHeight > cell.parentElement.clientHeight)
  .map((cell) => cell.textContent)
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlRoom]:
    async with control_room(tmp_path_factory.mktemp("alarms")) as opened:
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


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def at_the_list(page: Page, room: ControlRoom) -> None:
    """Every test begins at the list without a filter, also after one that failed somewhere else."""
    await page.goto(room.console.url)
    await expect(page.locator("[data-part=alarm-rows]")).to_be_attached()


async def test_an_alarm_comes_to_every_browser_and_one_acknowledges_it_by_click(
    browser: Browser, room: ControlRoom, page: Page
) -> None:
    async with sit_down(browser, room, name="李值班") as other:
        await room.alarm("ebike", alarm_class=AlarmClass.HAZARD, place=EXIT, text_zh=EBIKE, level=Level.WARNING)
        for one in (page, other):
            await expect(row(one, EBIKE)).to_be_visible()
            await expect(lamp(one, "hazard", "lit")).to_contain_text("1 条未应答")
        alarm = row(other, EBIKE)
        assert await alarm.locator(".place").all_inner_texts() == ["东楼", "1楼", "安全出口", ""]
        await expect(alarm).to_contain_text("警告")
        await expect(alarm).to_contain_text("陈师傅")
        await expect(alarm.locator(".countdown")).to_have_text(re.compile(r"^0[45]:\d\d$"))
        await alarm.locator("[data-action=acknowledge]").click()
        for one in (page, other):
            await expect(row(one, EBIKE)).to_contain_text("已应答 李值班")
            await expect(lamp(one, "hazard", "lit")).to_contain_text("已应答")
        await expect(alarm.locator("[data-action=acknowledge]")).to_be_disabled()


async def test_an_action_without_a_name_is_not_done(browser: Browser, room: ControlRoom) -> None:
    await fault(room, "无名操作", "nameless")
    async with sit_down(browser, room) as page:
        await press(page, "acknowledge", "无名操作")
        await expect(page.get_by_text("请先填写值班员姓名")).to_be_visible()
        await expect(row(page, "无名操作")).to_contain_text("未应答")


async def test_a_fire_is_confirmed_commented_and_its_reset_refused_with_the_reason(
    page: Page, room: ControlRoom
) -> None:
    fire = await room.alarm("panel-fire", latched=True, text_zh="东楼1楼火警")
    alarm = row(page, "东楼1楼火警")
    await expect(alarm).to_have_attribute("data-first", "yes")
    await expect(page.locator("[data-sound=fire]")).to_be_attached()
    await press(page, "mute", "东楼1楼火警")
    await expect(page.locator("[data-sound=fault]")).to_be_attached()  # 无名操作 is still unanswered, and sounds on
    await expect(alarm).to_contain_text("本条已消音")
    await expect(alarm).to_contain_text("未应答")
    await press(page, "acknowledge", "东楼1楼火警")
    await expect(alarm).to_contain_text("已应答 王值班")
    await press(page, "confirm", "东楼1楼火警")
    await expect(page.locator(".dialog-about")).to_have_text(fire.text_zh)  # which of them is asked about
    await page.locator("[data-finding=false]").click()
    await choose(page, "cause", "水蒸气")
    await write(page, "typed", "厨房")
    await save(page)
    await expect(alarm).to_contain_text("确认：误报")
    await press(page, "comment", "东楼1楼火警")
    await write(page, "remark", "水蒸气 <b>x</b>")
    await save(page)
    await expect(alarm).to_contain_text("备注 1 条")
    await expect(alarm.locator("[data-action=reset]")).to_be_disabled()
    await room.alarm("panel-fire", kind=TransitionKind.CLEARED, text_zh=fire.text_zh)
    await expect(alarm.locator("[data-action=reset]")).to_be_enabled()
    await press(page, "reset", "东楼1楼火警")
    await expect(alarm).to_have_count(0)


async def test_a_false_alarm_needs_its_cause(page: Page, room: ControlRoom) -> None:
    await fault(room, "误报须有原因", "causeless")
    await press(page, "acknowledge", "误报须有原因")
    await press(page, "confirm", "误报须有原因")
    await page.locator("[data-finding=false]").click()
    await save(page)
    await expect(page.locator(".dialog-missing")).to_contain_text("误报原因")
    await choose(page, "cause", "其他")
    await save(page)
    await expect(page.get_by_label("请写明是什么原因")).to_be_visible()
    await save(page)
    await expect(page.locator(".dialog-missing")).to_contain_text("请写明是什么原因")
    await expect(row(page, "误报须有原因")).not_to_contain_text("确认：误报")
    await write(page, "typed", "测试人员按下")
    await save(page)
    await expect(row(page, "误报须有原因")).to_contain_text("确认：误报")


async def test_the_record_has_the_last_word_and_its_reason_is_shown(page: Page, room: ControlRoom) -> None:
    await fault(room, "抢答", "raced")
    button = row(page, "抢答").locator("[data-action=acknowledge]")
    await button.evaluate("button => { button.click(); button.click(); }")  # before any answer is drawn
    await expect(page.get_by_text("未执行：已由 王值班 应答")).to_be_visible()
    await expect(row(page, "抢答")).to_contain_text("已应答 王值班")


async def test_markup_from_devices_stays_text(page: Page, room: ControlRoom) -> None:
    await room.alarm("hostile", alarm_class=AlarmClass.LINKAGE, text_zh=f"联动 {HOSTILE}")
    alarm = row(page, "联动 <script>")
    await expect(alarm.locator(".alarm-text")).to_have_text(f"联动 {HOSTILE}")
    await expect(alarm.locator(".place").last).to_contain_text(HOSTILE)
    assert await page.locator(".screen script, .screen img").count() == 0
    await alarm.locator(".alarm-text").click()
    await expect(page).to_have_url(re.compile(r"/alarm/[0-9a-f]{32}$"))
    assert await page.evaluate("window.hacked === undefined")


async def test_consequences_are_folded_but_counted(page: Page, room: ControlRoom) -> None:
    await fault(room, "主电故障", "cause", hides=("effect",))
    await fault(room, "泵无电", "effect")
    await expect(row(page, "主电故障")).to_be_visible()
    group = page.locator("[data-group=consequences]")
    await expect(group).to_contain_text("已抑制（其他告警的后果）")
    await expect(group.locator(".group-size")).to_have_text("1")
    await expect(row(page, "泵无电")).to_have_count(0)
    await group.locator("[data-action=fold]").click()
    await expect(row(page, "泵无电")).to_contain_text("被抑制")


async def test_an_alarm_is_assigned_to_somebody_of_the_site_and_shelved_for_a_time(
    page: Page, room: ControlRoom
) -> None:
    await fault(room, "待指派", "assigned", place=EXIT)
    await press(page, "assign", "待指派")
    await choose(page, "to", "陈师傅")
    await save(page)
    await expect(row(page, "待指派").locator(".owner-name")).to_have_text("陈师傅")
    await press(page, "shelve", "待指派")
    await write(page, "reason", "等备件")
    await save(page)
    await expect(row(page, "待指派")).to_contain_text("搁置")
    before_ns = await shelved_until(room, "assigned")
    await press(page, "extend", "待指派")
    await expect(page.locator("[data-field=reason]")).to_have_value("等备件")
    await write(page, "reason", "备件未到")
    await choose(page, "lasts", "8 时")
    await save(page)
    await expect(row(page, "待指派")).to_contain_text("搁置")
    async with asyncio.timeout(30):
        while await shelved_until(room, "assigned") == before_ns:
            await asyncio.sleep(0.05)
    (alert,) = await room.alerts.list(rule="assigned")
    deeds = [one.details.get("outcome") for one in (await room.alerts.get(alert.id)).audit if one.action == "shelved"]
    assert (deeds, alert.shelve_reason) == (["begins", "extended"], "备件未到")
    await press(page, "unshelve", "待指派")
    await expect(row(page, "待指派")).not_to_contain_text("搁置")


async def test_at_an_open_console_a_fire_is_shelved_with_who_has_an_account(page: Page, room: ControlRoom) -> None:
    second = await employ(room, "officer", "李队长", "supervisor")
    await room.alarm("shelved-fire", text_zh="搁置的火警", place=EXIT)
    await press(page, "shelve", "搁置的火警")
    await expect(page.get_by_text("搁置火警（须两人")).to_be_visible()
    await page.locator("[data-field=lasts]").click()
    await expect(page.get_by_role("option", name="8 时")).to_be_visible()
    await expect(page.get_by_role("option", name="天")).to_have_count(0)
    await page.get_by_role("option", name="2 时").click()
    await write(page, "reason", "演练")
    await save(page)
    await write(page, "user", second["user"])
    await write(page, "password", second["password"])
    await save(page)
    await expect(row(page, "搁置的火警")).to_contain_text("搁置")
    await expect(row(page, "搁置的火警").locator("[data-action=acknowledge]")).to_be_enabled()


async def shelved_until(room: ControlRoom, rule: str) -> int:
    (alert,) = await room.alerts.list(rule=rule)
    return alert.shelved_until_ns or 0


async def test_several_alarms_are_acknowledged_at_once_and_never_a_fire(page: Page, room: ControlRoom) -> None:
    await room.alarm("bulk-fire", text_zh="成批中的火警", place=EXIT)
    for number in (1, 2):
        await fault(room, f"成批故障 {number}", f"bulk-{number}")
        await row(page, f"成批故障 {number}").locator("[data-action=choose]").check()
    await expect(row(page, "成批中的火警").locator("[data-action=choose]")).to_have_count(0)
    await expect(page.locator(".chosen-count")).to_have_text("已选 2 条（不含火警）")
    await page.locator("[data-bulk=acknowledge]").click()
    for number in (1, 2):
        await expect(row(page, f"成批故障 {number}")).to_contain_text("已应答 王值班")
    await expect(row(page, "成批中的火警")).to_contain_text("未应答")


async def test_a_browser_that_names_a_fire_among_several_is_not_obeyed(page: Page, room: ControlRoom) -> None:
    """Whatever a page was made to send, the server leaves fires out."""
    await room.alarm("forged-fire", text_zh="伪造成批的火警", place=EXIT)
    await fault(room, "伪造成批的故障", "forged-fault")
    fire = await row(page, "伪造成批的火警").get_attribute("data-alert")
    await page.evaluate(
        """fire => {
          const send = window.socket.emit.bind(window.socket);
          const forged = (one) => one.replace('"ids":[', `"ids":["${fire}",`);
          window.socket.emit = (name, message, ...rest) => {
            if (message?.args) message.args = message.args.map(forged);
            return send(name, message, ...rest);
          };
        }""",
        fire,
    )
    await row(page, "伪造成批的故障").locator("[data-action=choose]").check()
    await page.locator("[data-bulk=acknowledge]").click()
    await expect(page.get_by_text("1 条为火警或已关闭，须逐条处理")).to_be_visible()
    await expect(row(page, "伪造成批的故障")).to_contain_text("已应答 王值班")
    await expect(row(page, "伪造成批的火警")).to_contain_text("未应答")


async def test_a_filter_says_what_it_hides_and_fires_first_of_all(page: Page, room: ControlRoom) -> None:
    await room.alarm("filtered-fire", text_zh="被筛掉的火警", place=EXIT)
    await fault(room, "筛出的故障", "filtered-fault")
    await expect(row(page, "被筛掉的火警")).to_be_visible()
    await page.locator(".class-filter[data-class=fault]").click()
    await expect(page).to_have_url(re.compile(r"/\?class=fault$"))
    await expect(row(page, "筛出的故障")).to_be_visible()
    await expect(row(page, "被筛掉的火警")).to_have_count(0)
    hides = page.locator("[data-part=filter-hides]")
    await expect(hides).to_contain_text(re.compile(r"隐藏 \d+ 条告警，其中火警 [1-9]\d* 条"))
    await expect(hides).to_have_attribute("data-fires", "yes")
    await page.locator("[data-part=filter-text] input, input[data-part=filter-text]").first.fill("泵房")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-chip=text]")).to_contain_text("泵房")
    await expect(row(page, "筛出的故障")).to_be_visible()
    await page.locator("[data-chip=class]").click()
    await expect(page.locator("[data-chip=class]")).to_have_count(0)
    await page.locator("[data-part=filter-none]").click()
    await expect(hides).to_have_count(0)
    await expect(row(page, "被筛掉的火警")).to_be_visible()


async def test_a_filter_is_chosen_from_what_is_open(page: Page, room: ControlRoom) -> None:
    await fault(room, "按规则筛选", "only-this-rule")
    await expect(row(page, "按规则筛选")).to_be_visible()
    await page.locator("[data-part=filter]").click()
    await choose(page, "rule", "only-this-rule (1)")
    await save(page)
    await expect(page).to_have_url(re.compile(r"rule=only-this-rule"))
    await expect(page.locator("[data-alert]")).to_have_count(1)


async def test_keys_move_mark_and_answer(page: Page, room: ControlRoom) -> None:
    await page.goto(f"{room.console.url}?text=键盘")
    for number in range(3):
        await fault(room, f"键盘 {number}", f"keyboard-{number}")
        await expect(row(page, f"键盘 {number}")).to_be_visible()
    listed = await page.locator("[data-alert] .alarm-text").all_inner_texts()
    await page.locator("[data-part=alarm-rows]").focus()
    await page.keyboard.press("Home")
    await page.keyboard.press("j")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("k")
    await expect(row(page, listed[1])).to_have_attribute("data-current", "yes")
    await fault(room, "键盘之外的新告警 键盘", "keyboard-new")
    await expect(page.locator("[data-alert]")).to_have_count(4)
    await expect(row(page, listed[1])).to_have_attribute("data-current", "yes")
    await page.keyboard.press("a")
    await expect(row(page, listed[1])).to_contain_text("已应答 王值班")
    await page.keyboard.press("x")
    await expect(page.locator(".chosen-count")).to_have_text("已选 1 条（不含火警）")
    await page.keyboard.press("c")
    await page.locator("[data-finding=real]").click()
    await expect(row(page, listed[1])).to_contain_text("确认：真实")
    await page.locator("[data-part=alarm-rows]").focus()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(r"/alarm/[0-9a-f]{32}$"))


@pytest.mark.timeout(400)
async def test_a_storm_of_faults_is_grouped_and_never_hides_a_fire(page: Page, room: ControlRoom) -> None:
    await storm(room, 2000)
    await expect(page.locator(".class-filter[data-class=fault] .class-count")).to_have_text(
        re.compile(r"^20\d\d$"), timeout=300_000
    )
    await room.alarm("smoke", text_zh="风暴中的真实火警", place=EXIT)
    fire = row(page, "风暴中的真实火警")
    await expect(fire).to_be_in_viewport()
    await expect(fire).to_have_attribute("data-class", "fire")
    await expect(page.locator("[data-part=alarm-note]")).to_contain_text("按楼宇分组")
    group = page.locator("[data-group='hotel/east']")
    await expect(group).to_contain_text("东楼")
    await expect(group.locator(".group-count[data-class=fault] b")).to_have_text(re.compile(r"^20\d\d$"))
    await expect(page.locator("[data-alert]:not([data-class=fire])")).to_have_count(0)


async def test_thousands_of_rows_scroll_to_the_end_and_the_browser_holds_a_window(
    page: Page, room: ControlRoom
) -> None:
    await page.goto(f"{room.console.url}?view=list&class=fault")
    last = row(page, "无名操作")
    await expect(page.locator("[data-alert]").first).to_be_visible()
    await page.locator("[data-part=alarm-rows]").focus()
    await page.keyboard.press("End")
    await expect(page.locator("[data-group=consequences]")).to_have_attribute("data-current", "yes")
    await page.keyboard.press("ArrowUp")
    await expect(last).to_be_in_viewport()
    await expect(last).to_have_attribute("data-current", "yes")
    assert await page.locator("[data-alert]").count() < 100
    await page.keyboard.press("Home")
    await expect(row(page, "主电中断 1999").or_(row(page, "主电中断 19")).first).to_be_in_viewport()


async def test_wherever_the_list_is_dragged_all_rows_in_sight_come_and_one_blink_serves_them(
    page: Page, room: ControlRoom
) -> None:
    await page.goto(f"{room.console.url}?view=list&class=fault")
    await expect(page.locator("[data-alert]").first).to_be_visible()
    for share in (0.5, 0.9, 0.1):
        await page.evaluate(DRAG, share)
        await becomes(page, NO_GAP_IN_SIGHT)
    for dim in ("yes", "no"):
        await becomes(page, "(dim) => document.querySelector('.alarm-rows').dataset.dim === dim", dim)
    running = "document.querySelector('.alarm-rows').getAnimations({ subtree: true }).length"
    assert await page.evaluate(running) == 0


async def test_a_group_is_chosen_whole_and_acknowledged(page: Page, room: ControlRoom) -> None:
    await page.goto(f"{room.console.url}?view=groups&rule=keyboard-0")
    await page.locator("[data-group='hotel/east'] [data-action=choose-group]").click()
    await expect(page.locator(".chosen-count")).to_have_text("已选 1 条（不含火警）")
    await page.locator("[data-bulk=comment]").click()
    await write(page, "remark", "整组备注")
    await save(page)
    await page.locator("[data-action=fold]").click()
    await expect(row(page, "键盘 0")).to_contain_text("备注 1 条")


async def test_words_that_are_too_long_for_their_column_are_cut_off_and_no_others(
    page: Page, room: ControlRoom
) -> None:
    await room.alarm("long-words", alarm_class=AlarmClass.LINKAGE, text_zh="消防水泵控制柜" * 12)
    await room.alarm("few-words", alarm_class=AlarmClass.LINKAGE, text_zh="水泵启动")
    await page.goto(f"{room.console.url}?view=list&class=linkage")
    await expect(row(page, "水泵启动").locator(".alarm-text")).not_to_have_class(re.compile("cut"))
    await expect(row(page, "消防水泵控制柜").locator(".alarm-text")).to_have_class(re.compile("cut"))
    for width in (1366, 1920, 800):
        await page.set_viewport_size({"width": width, "height": 768})
        await becomes(page, f"({OUT_OF_PLACE})().length === 0")
    await page.set_viewport_size({"width": 1366, "height": 768})
