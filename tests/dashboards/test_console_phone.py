"""The phone of a supervisor in Chromium: what is mine, the receipt of my message, what is folded."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from alerts.face import AlertDetail, AlertsFace, Answer
from dashboards.console.phone.contacts import contact_of
from dashboards.console.phone.mine import Card, cards, in_front
from dashboards.console.texts import Language
from dashboards.live.mine_desk import ASK_S
from domain.alarm import AlarmClass, Level, Place
from tests.dashboards.board_makers import alert
from tests.dashboards.control_room import EXIT, ControlRoom, control_room
from tests.dashboards.desks import becomes, chromium, sit_down
from tests.dashboards.frame_room import rostered
from tests.dashboards.premises import HOSTILE
from tests.dashboards.test_accounts_api import BEARER, PASSWORD

STAFF_PASSWORD = "of the one who is called"  # noqa: S105  # of a test
WIDTH, HEIGHT = 390, 844

TAP_AS_SOON_AS_DRAWN = """() => {
    new MutationObserver(() => {
        const big = document.querySelector("[data-part=phone-card][data-class=fire] [data-answer=received]");
        if (!big || window.tapped) return;
        window.tapped = big.disabled ? "resting" : "awake";
        big.click();
    }).observe(document.body, {subtree: true, childList: true});
}"""
"""A finger that comes down in the moment in which a fire takes the place of what it was meant for."""

in_browser = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlRoom]:
    async with control_room(tmp_path_factory.mktemp("phone"), operator_password=PASSWORD) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def staff(room: ControlRoom) -> str:
    """An account of Mr Chen, who answers for the exit."""
    user = f"chen-{time.time_ns()}"
    body = {"id": user, "name": "陈师傅的账号", "roles": ["unit_staff"], "units": ["hotel"], "must_change": False}
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30, headers=BEARER) as http:
        sent = {**body, "person": "p-chen", "password": STAFF_PASSWORD}
        answer = await http.post("/api/v1/users", json=sent)
        assert answer.status_code == 201, answer.text
    return user


async def open_phone(page: Page, room: ControlRoom) -> None:
    await page.goto(f"{room.console.url}phone")
    await expect(page.locator("[data-part=phone]")).to_be_visible()


def card(alert_id: str) -> str:
    return f"[data-part=phone-card][data-alert='{alert_id}']"


async def story(room: ControlRoom, alert_id: str) -> AlertDetail:
    return await AlertsFace(room.backbone).get(alert_id)


@in_browser
async def test_one_alarm_one_button_and_it_is_the_receipt_of_the_message(
    browser: Browser, room: ControlRoom, staff: str
) -> None:
    async with sit_down(browser, room, account=(staff, STAFF_PASSWORD), width=WIDTH, height=HEIGHT) as page:
        await open_phone(page, room)
        await expect(page.locator(".header")).to_be_hidden()
        await expect(page.locator("[data-part=phone-name]")).to_have_text("陈师傅")
        fire = await room.alarm("fire-phone", place=EXIT, text_zh=f"安全出口火警 {HOSTILE}")
        shown = page.locator(card(fire.id))
        await expect(shown).to_contain_text(f"安全出口火警 {HOSTILE}")
        await expect(shown).to_contain_text("东楼 · 1楼 · 安全出口")
        await expect(shown.locator("[data-part=phone-countdown]")).to_have_text(re.compile(r"^0[0-5]:\d\d$"))
        box = await shown.locator("[data-answer=received]").bounding_box()
        assert box is not None
        assert (box["width"] > 250, box["height"] > 90) == (True, True)
        assert await page.evaluate("document.documentElement.scrollWidth") <= WIDTH
        await shown.locator("[data-answer=received]").click()
        await expect(shown.locator("[data-part=phone-answered]")).to_contain_text("收到")
        told = await story(room, fire.id)
        assert told.alert.acknowledged_by == "p-chen"
        (notice,) = [one for one in told.notifications if one.person == "p-chen"]
        assert (notice.answer, notice.read_at_ns is not None) == ("received", True)
        await shown.locator("[data-answer=on_site]").click()
        await expect(shown).to_have_count(0)
        await expect(page.locator("[data-part=phone-note]")).to_have_text("没有等您回执的告警")
        assert [one.text for one in (await story(room, fire.id)).comments] == ["收到 / received", "到场 / on site"]


@in_browser
async def test_the_rest_is_folded_and_comes_to_the_front_by_a_tap(
    browser: Browser, room: ControlRoom, staff: str
) -> None:
    async with sit_down(browser, room, account=(staff, STAFF_PASSWORD), width=WIDTH, height=HEIGHT) as page:
        hazard = await room.alarm(
            "hazard-phone", alarm_class=AlarmClass.HAZARD, level=Level.WARNING, place=EXIT, text_zh="电动自行车"
        )
        fire = await room.alarm("fire-phone-2", place=EXIT, text_zh="第二处火警")
        await open_phone(page, room)
        await expect(page.locator(card(fire.id))).to_be_visible()
        await expect(page.locator(f".phone-small[data-alert='{hazard.id}']")).to_be_hidden()
        await page.locator("[data-part=phone-fold] .q-item").click()
        await expect(page.locator(f".phone-small[data-alert='{hazard.id}']")).to_be_visible()
        small = page.locator(f".phone-small[data-alert='{hazard.id}']")
        await small.evaluate("one => { one.touched = true; }")
        later = await room.alarm("hazard-phone-2", alarm_class=AlarmClass.HAZARD, place=EXIT, text_zh="又一辆")
        await expect(page.locator(f".phone-small[data-alert='{later.id}']")).to_be_visible()  # nobody folded it again
        await expect(small).to_have_js_property("touched", True)  # nor drew anew what a finger may be on
        await small.click()
        await expect(page.locator(card(hazard.id))).to_be_visible()
        await page.locator("[data-answer=false_alarm]").click()
        await page.locator("[data-part=ask] [data-action=save]").click()  # a false alarm needs its cause
        await expect(page.locator(".dialog-missing")).not_to_have_text("")
        await page.locator("[data-part=ask] [data-field=note]").fill("是推车")
        await page.locator("[data-part=ask] [data-action=save]").click()
        await expect(page.locator(card(fire.id))).to_be_visible()
        told = await story(room, hazard.id)
        assert (told.alert.confirmed, told.alert.false_cause) == ("false", "是推车")


@in_browser
async def test_what_comes_under_the_finger_is_not_answered_by_it(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with (
        control_room(tmp_path_factory.mktemp("finger")) as opened,
        sit_down(browser, opened, name="陈师傅", width=WIDTH, height=HEIGHT) as page,
    ):
        await page.goto(f"{opened.console.url}phone?person=p-chen")
        note = page.locator("[data-part=phone-note]")
        first = await opened.alarm("hazard-first", alarm_class=AlarmClass.HAZARD, place=EXIT, text_zh="电动自行车")
        big = page.locator(card(first.id)).locator("[data-answer=received]")
        await expect(big).to_be_enabled()
        await big.evaluate("one => { one.touched = true; }")
        await big.hover()
        await page.mouse.down()
        later = await opened.alarm("hazard-later", alarm_class=AlarmClass.HAZARD, place=EXIT, text_zh="又一辆")
        await expect(note).to_have_text("2 条等您回执")
        await expect(big).to_have_js_property("touched", True)
        await page.mouse.up()  # the button is still the one that the finger came down on
        await expect(page.locator(card(first.id)).locator("[data-part=phone-answered]")).to_contain_text("收到")
        await expect(note).to_have_text("1 条等您回执")
        await page.locator(card(first.id)).locator("[data-answer=on_site]").click()
        await expect(page.locator(card(later.id))).to_be_visible()
        await page.evaluate(TAP_AS_SOON_AS_DRAWN)
        fire = await opened.alarm("fire-graver", place=EXIT, text_zh="安全出口火警")
        big = page.locator(card(fire.id)).locator("[data-answer=received]")
        await expect(big).to_be_visible()  # a fire comes to the front, but takes no tap at once
        await becomes(page, "() => window.tapped === 'resting'")
        await expect(big).to_be_enabled()
        await expect(note).to_have_text("2 条等您回执")
        assert [(await story(opened, one.id)).alert.acknowledged_by for one in (later, fire)] == [None, None]
        await big.click()
        await expect(page.locator(card(fire.id)).locator("[data-part=phone-answered]")).to_contain_text("收到")
        await expect(note).to_have_text("1 条等您回执")


@in_browser
async def test_somebody_else_answers_and_the_phone_says_who(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with (
        control_room(tmp_path_factory.mktemp("taken")) as opened,
        sit_down(browser, opened, path="/phone?person=p-chen", width=WIDTH, height=HEIGHT) as page,
    ):
        fire = await opened.alarm("fire-phone-3", place=EXIT, text_zh="第三处火警")
        await expect(page.locator(card(fire.id))).to_be_visible()
        await AlertsFace(opened.backbone).acknowledge(fire.id, by="王值班")
        await expect(page.locator(card(fire.id))).to_contain_text("王值班 已应答")
        await expect(page.locator("[data-part=phone-countdown]")).to_have_count(0)
        await page.locator("[data-part=phone-language]").click()
        await expect(page.locator(card(fire.id))).to_contain_text("王值班 has taken it on")
        await expect(page.locator("[data-answer=received]")).to_have_text("Received")


@in_browser
async def test_an_account_without_a_person_is_told_so(browser: Browser, room: ControlRoom) -> None:
    async with sit_down(browser, room, account=("operator", PASSWORD), width=WIDTH, height=HEIGHT) as page:
        await open_phone(page, room)
        await expect(page.locator("[data-part=phone-note]")).to_contain_text("此账号未关联人员")


@in_browser
async def test_at_an_open_console_nothing_is_said_to_wait_for_nobody(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with (
        control_room(tmp_path_factory.mktemp("open")) as opened,
        sit_down(browser, opened, path="/phone", width=WIDTH, height=HEIGHT) as page,
    ):
        await expect(page.locator("[data-part=phone-note]")).to_have_text("请先选择是谁的手机")
        await page.goto(f"{opened.console.url}phone?person=p-chen")
        await expect(page.locator("[data-part=phone-note]")).to_have_text("没有等您回执的告警")
        await opened.stop_alerts()
        await page.reload()  # what an earlier look was told is not known now
        await expect(page.locator("[data-part=phone-note]")).to_contain_text("正在询问")
        await asyncio.sleep(ASK_S)  # nor when the question was asked once more, and nobody answered
        await expect(page.locator("[data-part=phone-note]")).to_contain_text("正在询问")


def test_what_i_own_is_mine_without_a_message() -> None:
    mine, other, nobody = alert(1, owner="陈"), alert(2, owner="李"), alert(3)
    found = cards((), [mine, other, nobody], frozenset({"陈", ""}))
    assert [(one.alert.id, one.waits, one.notification) for one in found] == [("a1", True, None)]
    taken = alert(1, owner="陈", acknowledged_at_ns=1, acknowledged_by="陈")
    assert [one.waits for one in cards((), [taken], frozenset({"陈"}))] == [False]


def test_who_is_in_front_stays_there_until_answered_or_a_graver_class_comes() -> None:
    old, new, fire = (
        Card(alert(number, alarm_class=alarm_class), f"n{number}", None, None)
        for number, alarm_class in ((1, AlarmClass.HAZARD), (2, AlarmClass.HAZARD), (3, AlarmClass.FIRE))
    )
    answered = replace(old, answer=Answer.RECEIVED, answered_at_ns=1)
    assert in_front([new, old], chosen=None, shown=None) is new
    assert in_front([new, old], chosen=None, shown="a1") is old
    assert in_front([fire, new, old], chosen=None, shown="a1") is fire
    assert in_front([fire, new, old], chosen=None, shown="a3") is fire
    assert in_front([fire, new, old], chosen="a2", shown="a3") is new
    assert in_front([new, answered], chosen=None, shown="a1") is new
    assert in_front([new], chosen="a1", shown="a1") is new
    assert in_front([answered], chosen=None, shown="a1") is None
    assert in_front([answered], chosen="a1", shown="a1") is answered


def test_whom_to_call() -> None:
    registry, place = rostered(), Place(unit="hotel", building="east", floor=1, zone="exit")
    found = contact_of(registry, place, Language.EN, me=None)
    assert found is not None
    assert (found.name, found.number, found.go) == ("Mr Chen", "0591-12345678", "tel:059112345678")
    mine = contact_of(registry, place, Language.ZH, me="p-chen")
    assert mine is not None
    assert mine.name == "林经理"
    unknown = contact_of(rostered(phone=None), place, Language.ZH, me="p-lin")
    assert unknown is None
    assert contact_of(registry, Place(unit="elsewhere"), Language.ZH, me=None) is None
