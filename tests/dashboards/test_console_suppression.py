"""The page of what keeps people from being told, in Chromium: beginning, a second person, putting off, ending."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from zoneinfo import ZoneInfo

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from alerts.out_of_service_face import OutOfServiceFace
from alerts.silences_face import SetSilence, SilencesFace, SilenceView
from dashboards.console.wording import moment_text
from domain.alarm import AlarmClass
from domain.clock import NS_PER_S
from tests.dashboards.control_room import ControlRoom
from tests.dashboards.desks import chromium, sit_down
from tests.dashboards.suppression_room import PUMP, SECRET, quiet_things, staffed_room
from tests.dashboards.test_accounts_api import BEARER, PASSWORD

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlRoom]:
    async with staffed_room(tmp_path_factory.mktemp("suppression")) as opened:
        await quiet_things(opened)
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(browser: Browser, room: ControlRoom) -> AsyncIterator[Page]:
    async with at_page(browser, room, "lin", SECRET) as opened:
        yield opened


def at_page(browser: Browser, room: ControlRoom, name: str, password: str, path: str = "/suppression") -> OpenedPage:
    return OpenedPage(browser, room, (name, password), path)


class OpenedPage:
    """A desk whose person has gone to the page."""

    def __init__(self, browser: Browser, room: ControlRoom, account: tuple[str, str], path: str) -> None:
        self._room = room
        self._desk = sit_down(browser, room, account=account)
        self._path = path

    async def __aenter__(self) -> Page:
        page = await self._desk.__aenter__()
        await page.goto(self._room.console.url.rstrip("/") + self._path)
        await expect(page.locator(".section-suppression")).to_be_attached()
        return page

    async def __aexit__(self, *error: object) -> None:
        await self._desk.__aexit__(None, None, None)


async def choose(page: Page, words: str) -> None:
    """Choose a place in the open form."""
    await page.locator("[data-field=place]").click()
    await page.get_by_role("option").filter(has_text=words).first.click()
    await expect(page.locator(".chip").filter(has_text=words)).to_be_visible()


async def fire(room: ControlRoom, words: str) -> str:
    """Raise a fire and return its alert once the record has it."""
    sent = await room.alarm(f"fire-{time.time_ns()}", text_zh=words, text_en=words)
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30, headers=BEARER) as http, asyncio.timeout(30):
        while True:
            found = (await http.get("/api/v1/alerts", params={"rule": sent.rule})).json()["alerts"]
            if found:
                return str(found[0]["id"])
            await asyncio.sleep(0.1)


async def the_silence(room: ControlRoom, comment: str) -> SilenceView:
    """Return the one silence with these words."""
    (found,) = [one for one in await SilencesFace(room.backbone).list() if one.comment == comment]
    return found


def end_of(silence: SilenceView) -> str:
    """Write when it ends as the question before a confirmation does."""
    return moment_text(silence.ends_ns, ZoneInfo("Asia/Shanghai"))


async def make_longer(room: ControlRoom, silence: SilenceView) -> None:
    """Let its maker give it a later end."""
    names = ("id", "matchers", "starts_ns", "comment", "fire", "units")
    same = {name: getattr(silence, name) for name in names}
    who = {"by": silence.created_by, "account": silence.created_account}
    request = SetSilence(**same, **who, ends_ns=silence.ends_ns + 3600 * NS_PER_S)
    await SilencesFace(room.backbone).set(request)


async def test_everything_is_shown_with_who_why_and_how_long(page: Page) -> None:
    rows = page.locator("[data-part=suppressions] [data-row]")
    out = rows.filter(has_text="停用")
    for words in ("喷淋泵压力", "王参谋", "更换压力变送器", re.compile(r"1:5\d:")):
        await expect(out).to_contain_text(words)
    await expect(rows.filter(has_text="维保窗口")).to_contain_text("未开始")
    await expect(rows.filter(has_text="控制器屏蔽")).to_contain_text("在控制器上解除")
    await expect(out.locator("[data-cell=hides]")).to_have_text("1")
    await expect(page.locator("[data-kind=disabled]")).to_have_text("控制器屏蔽 1")


async def test_markup_of_devices_stays_text(page: Page) -> None:
    await expect(page.locator("[data-part=suppressions]")).to_contain_text("<script>")
    assert await page.evaluate("window.hacked") is None


async def test_the_count_leads_to_the_rows_and_each_row_to_its_alarm(page: Page) -> None:
    out = page.locator("[data-part=suppressions] [data-row]").filter(has_text="停用")
    await out.locator("[data-cell=hides] a").click()
    await expect(page.locator("[data-part=suppression-what]")).to_contain_text("停用 · 喷淋泵压力")
    row = page.locator("[data-part=hidden] [data-row]").filter(has_text="喷淋泵压力低")
    await expect(row).to_contain_text("报警中")
    assert (await row.locator("a").first.get_attribute("href") or "").startswith("/alarm/")
    await page.go_back()
    await expect(page.locator("[data-part=suppressions]")).to_be_visible()


async def test_a_form_says_what_is_wrong_and_what_it_would_do_before_it_sends(page: Page, room: ControlRoom) -> None:
    await page.locator("[data-action=begin-out]").click()
    form = page.locator("[data-part=begin-out]")
    await form.locator("[data-action=save]").click()
    await expect(form.locator("[data-part=wrong]")).to_have_text("请选择范围")
    await choose(page, "消防泵房")
    await expect(form.locator("[data-part=effect]")).to_contain_text("1 条告警")
    await form.locator("[data-action=save]").click()
    await expect(form.locator("[data-part=wrong]")).to_have_text("请填写原因")
    await form.locator("[data-field=reason]").fill("泵房<b>检修</b>")
    await form.locator("[data-field=until]").fill("2020-01-01T00:00")
    await form.locator("[data-action=save]").click()
    await expect(form.locator("[data-part=wrong]")).to_contain_text("结束时间")
    await form.locator("[data-hours='8']").click()
    await form.locator("[data-action=save]").click()
    row = page.locator("[data-part=suppressions] [data-row]").filter(has_text="泵房<b>检修</b>")
    await expect(row).to_contain_text("林班长")
    await expect(row).to_contain_text(re.compile(r"7:5\d:"))
    (entry,) = [one for one in await OutOfServiceFace(room.backbone).list(running=True) if one.zones == ("pump",)]
    assert (entry.begun_by, entry.unit) == ("林班长", "hotel")


async def test_what_goes_on_is_put_off_without_a_gap_and_then_ended(page: Page) -> None:
    row = page.locator("[data-part=suppressions] [data-row]").filter(has_text="泵房<b>检修</b>")
    await row.locator("[data-action=extend]").click()
    form = page.locator("[data-part=extend]")
    await form.locator("[data-hours='24']").click()
    await form.locator("[data-action=save]").click()
    await expect(row.locator("[data-cell=left]")).to_contain_text(re.compile(r"23:5\d:"))
    await expect(row).to_have_count(1)
    await row.locator("[data-action=end]").click()
    await page.locator("[data-part=sure] [data-action=save]").click()
    await expect(row).to_have_count(0)
    await page.locator("[data-part=suppressions-ended]").click()
    ended = page.locator("[data-part=ended] [data-row]").filter(has_text="泵房<b>检修</b>")
    await expect(ended.first).to_contain_text("林班长")


async def test_a_fire_is_silenced_only_once_another_person_confirmed_it(
    browser: Browser, page: Page, room: ControlRoom
) -> None:
    words = f"静默试验 {time.time_ns()}"
    alert = await fire(room, words)
    await page.locator("[data-action=begin-silence]").click()
    form = page.locator("[data-part=begin-silence]")
    await choose(page, "安全出口")
    await form.locator("[data-field=reason]").fill("热烟试验")
    await expect(form.locator("[data-part=effect]")).to_contain_text("照常通知")
    await form.locator("[data-field=fire]").click()
    await expect(form.locator("[data-part=effect]")).to_contain_text("火警 1 条")
    await form.locator("[data-action=save]").click()
    mine = page.locator("[data-part=suppressions] [data-row]").filter(has_text="热烟试验")
    await expect(mine).to_contain_text("待另一人确认")
    await expect(mine).to_have_attribute("data-look", "alarm")
    await expect(mine.locator("[data-action=confirm]")).to_be_disabled()
    assert (await room_alert(room, alert))["shelved_until_ns"] is None
    async with at_page(browser, room, "wang", SECRET) as other:
        theirs = other.locator("[data-part=suppressions] [data-row]").filter(has_text="热烟试验")
        await theirs.locator("[data-action=confirm]").click()
        asked = other.locator("[data-part=sure]")
        await expect(asked).to_contain_text("林班长")
        await expect(asked).to_contain_text(end_of(await the_silence(room, "热烟试验")))
        await make_longer(room, await the_silence(room, "热烟试验"))
        await asked.locator("[data-action=save]").click()
        await expect(other.get_by_text("静默在您查看后已被更改")).to_be_visible()
        now = await the_silence(room, "热烟试验")
        assert now.second_by is None
        await expect(asked).to_have_count(0)
        async with asyncio.timeout(30):  # the page asks for what keeps back every few seconds
            while True:
                await theirs.locator("[data-action=confirm]").click()
                if end_of(now) in await asked.inner_text():
                    break
                await asked.locator("[data-action=close]").click()
                await expect(asked).to_have_count(0)
        await asked.locator("[data-action=save]").click()
        await expect(theirs).to_contain_text("含火警")
        await expect(theirs).to_contain_text("林班长 + 王参谋")
        await expect(theirs.locator("[data-cell=hides]")).to_have_text("2")
    async with asyncio.timeout(30):
        while (await room_alert(room, alert))["shelved_with"] != "王参谋":
            await asyncio.sleep(0.2)
    silence = await the_silence(room, "热烟试验")
    assert (silence.created_by, silence.second_by) == ("林班长", "王参谋")


async def test_what_somebody_shelved_is_here_too_and_taken_off(page: Page, room: ControlRoom) -> None:
    sent = await room.alarm(
        f"fault-{time.time_ns()}", alarm_class=AlarmClass.FAULT, place=PUMP, text_zh="备电故障", text_en="Backup supply"
    )
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30, headers=BEARER) as http, asyncio.timeout(30):
        while not (found := (await http.get("/api/v1/alerts", params={"rule": sent.rule})).json()["alerts"]):
            await asyncio.sleep(0.1)
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        body = {"by": "Li", "reason": "等备件", "until": until}
        assert (await http.post(f"/api/v1/alerts/{found[0]['id']}/shelve", json=body)).status_code == 200
    row = page.locator("[data-part=suppressions] [data-row]").filter(has_text="等备件")
    await expect(row).to_contain_text("搁置")
    await row.locator("[data-action=extend]").click()
    form = page.locator("[data-part=extend]")
    await form.locator("[data-field=reason]").fill("等备件（未到）")
    await form.locator("[data-hours='8']").click()
    await form.locator("[data-action=save]").click()
    row = page.locator("[data-part=suppressions] [data-row]").filter(has_text="等备件（未到）")
    await expect(row.locator("[data-cell=left]")).to_contain_text(re.compile(r"7:5\d:"))
    await row.locator("[data-action=end]").click()
    await page.locator("[data-part=sure] [data-action=save]").click()
    await expect(row).to_have_count(0)


async def test_who_may_not_sees_all_and_can_press_nothing(browser: Browser, room: ControlRoom) -> None:
    async with at_page(browser, room, "zhao", SECRET) as page:
        rows = page.locator("[data-part=suppressions] [data-row]")
        await expect(rows.filter(has_text="停用").first).to_be_visible()
        await expect(page.locator("[data-action=begin-silence]")).to_be_disabled()
        await expect(page.locator("[data-action=begin-out]")).to_be_enabled()
        await expect(rows.filter(has_text="热烟试验").locator("[data-action=end]")).to_be_disabled()
    async with at_page(browser, room, "operator", PASSWORD) as page:
        waiting = page.locator("[data-part=suppressions] [data-row]").filter(has_text="热烟试验")
        await expect(waiting.locator("[data-action=end]")).to_be_enabled()


async def test_one_kind_at_a_time_and_english_says_the_same(page: Page) -> None:
    await page.locator("[data-kind=maintenance]").click()
    rows = page.locator("[data-part=suppressions] [data-row]")
    await expect(rows).to_have_count(1)
    await page.locator("[data-part=language]").click()
    await expect(rows).to_contain_text("Maintenance · planned")
    await expect(page.locator("[data-kind=cause]")).to_contain_text("Consequence")
    await page.locator("[data-part=language]").click()
    await page.locator("[data-kind=all]").click()


async def test_without_an_answer_the_page_says_how_old_it_is(page: Page, room: ControlRoom) -> None:
    await room.stop_alerts()
    note = page.locator("[data-part=suppression-note]")
    await expect(note).to_contain_text("告警服务无应答", timeout=60_000)
    await expect(page.locator("[data-part=suppressions] [data-row]").first).to_be_visible()


async def room_alert(room: ControlRoom, alert: str) -> dict[str, object]:
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30, headers=BEARER) as http:
        found: dict[str, object] = (await http.get(f"/api/v1/alerts/{alert}")).json()["alert"]
        return found
