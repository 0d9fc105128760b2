"""The roll-call page, in Chromium, with the real access server and simulated transmitters that ring."""

from __future__ import annotations

import asyncio
import csv
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from simulators.gb26875.desk import Desk as Bench
from tests.dashboards.desks import chromium, sit_down
from tests.dashboards.running_site import EAST, RunningSite, running_site
from tests.dashboards.suppression_room import SECRET

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

EAST_ROW, MILL_ROW = "[data-row='inn/east-utd']", "[data-row='mill/mill-utd']"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningSite]:
    async with running_site(tmp_path_factory.mktemp("roll-calls")) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def east(site: RunningSite) -> AsyncIterator[Bench]:
    async with site.bench(EAST) as device:
        yield device


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(browser: Browser, site: RunningSite, east: Bench) -> AsyncIterator[Page]:
    assert east.link is not None
    async with at_page(browser, site, "lin") as opened:
        await expect(opened.locator(f"[data-part=duty-points] {EAST_ROW}")).to_contain_text("在线", timeout=60_000)
        yield opened


@asynccontextmanager
async def at_page(browser: Browser, site: RunningSite, name: str) -> AsyncIterator[Page]:
    """Sit down at the page as somebody."""
    async with sit_down(browser, site.as_room(), account=(name, SECRET)) as page:
        await page.goto(f"{site.url}/roll-calls")
        await expect(page.locator("[data-part=duty-points]")).to_be_attached()
        yield page


async def ringing(device: Bench) -> None:
    """Wait until a device rings."""
    async with asyncio.timeout(60):
        while device.transmitter.ringing_until_s is None:
            await asyncio.sleep(0.05)


async def test_one_is_called_waits_and_is_present_after_so_many_seconds(page: Page, east: Bench) -> None:
    await page.locator(f"[data-part=duty-points] {EAST_ROW} [data-action=call]").click()
    call = page.locator("[data-part=calls] [data-row]").filter(has_text="主楼传输装置")
    await expect(call).to_contain_text("查岗中")
    await expect(call.locator("[data-cell=left]")).to_contain_text("02:")
    await expect(page.locator(f"[data-part=duty-points] {EAST_ROW} [data-action=call]")).to_be_disabled()
    await ringing(east)
    await east.type("answer 7")
    await expect(call).to_contain_text("在岗")
    await expect(call.locator("[data-cell=operator]")).to_have_text("7")
    await expect(call.locator("[data-cell=took]")).to_have_text(re.compile(r"^\d+ 秒$"))
    await expect(call.locator("[data-cell=by]")).to_have_text("林班长")


async def test_a_line_that_is_down_is_told_apart_from_a_person_who_is_away(page: Page) -> None:
    await page.locator("[data-action=call-unit]").click()
    form = page.locator("[data-part=call-unit]")
    await form.locator("[data-action=save]").click()
    await expect(form.locator("[data-part=wrong]")).to_have_text("请选择范围")
    await form.locator("[data-field=place]").click()
    await page.get_by_role("option").filter(has_text="河边磨坊").click()
    await expect(form.locator("[data-part=effect]")).to_contain_text("1 个线路不通")
    await form.locator("[data-field=minutes]").fill("11")
    await form.locator("[data-action=save]").click()
    await expect(form.locator("[data-part=wrong]")).to_contain_text("1 至 10 分钟")
    await form.locator("[data-field=minutes]").fill("1")
    await form.locator("[data-action=save]").click()
    call = page.locator("[data-part=calls] [data-row]").filter(has_text="磨坊传输装置")
    await expect(call).to_contain_text("线路中断 · 装置不在线")
    await expect(call.locator("[data-cell=result]")).to_have_attribute("data-look", "unknown")
    await expect(page.locator("[data-kind=line_down]")).to_have_text("线路中断 1")
    await expect(page.locator("[data-kind=no_answer]")).to_have_text("无人应答 0")


async def test_a_draw_takes_only_who_can_answer_and_says_who_it_was(page: Page, east: Bench) -> None:
    await page.locator("[data-action=draw]").click()
    form = page.locator("[data-part=call-drawn]")
    await expect(form.locator("[data-part=effect]")).to_contain_text("从 1 个线路在线")
    await form.locator("[data-field=count]").fill("2")
    await form.locator("[data-action=save]").click()
    await expect(form.locator("[data-part=wrong]")).to_contain_text("1 至 1 个")
    await form.locator("[data-field=count]").fill("1")
    await form.locator("[data-action=save]").click()
    await expect(page.get_by_text("抽中：山间客栈 · 主楼传输装置")).to_be_visible()
    await ringing(east)
    await east.type("answer 8")
    calls = page.locator("[data-part=calls] [data-row]").filter(has_text="主楼传输装置")
    await expect(calls).to_have_count(2)
    await expect(calls.filter(has_text="查岗中")).to_have_count(0)


async def test_chosen_ones_are_called_together(page: Page, east: Bench) -> None:
    for row in (EAST_ROW, MILL_ROW):
        await page.locator(f"[data-part=duty-points] {row} [data-action=choose]").click()
    await page.locator("[data-action=call-chosen]").click()
    form = page.locator("[data-part=call-chosen]")
    await expect(form.locator("[data-part=effect]")).to_contain_text("2 个值班点")
    await form.locator("[data-action=save]").click()
    await ringing(east)
    await east.type("answer 9")
    await expect(page.locator("[data-part=calls] [data-row]")).to_have_count(5)
    await expect(page.locator("[data-kind=present]")).to_have_text("在岗 3")
    await expect(page.locator("[data-action=call-chosen]")).to_be_disabled()


async def test_the_history_of_one_has_shares_without_lines_that_were_down(page: Page) -> None:
    await page.locator("[data-part=calls] a").filter(has_text="主楼传输装置").first.click()
    await expect(page.locator("[data-part=history-of]")).to_contain_text("主楼传输装置")
    await expect(page.locator("[data-part=shares]")).to_contain_text("3 次，应答率 100%")
    await expect(page.locator("[data-part=history] [data-row]")).to_have_count(3)
    await page.go_back()
    await page.locator("[data-part=calls] a").filter(has_text="磨坊传输装置").first.click()
    await expect(page.locator("[data-part=shares]")).to_contain_text("均无法判定在岗（线路中断 2 次）")
    await page.go_back()


async def test_the_day_is_exported_whole(page: Page, site: RunningSite) -> None:
    await expect(page.locator("[data-part=csv]")).to_have_attribute("href", re.compile("day="))
    where = await page.locator("[data-part=csv]").get_attribute("href")
    answer = await page.request.get(f"{site.url}{where}")
    assert answer.ok, await answer.text()
    lines = list(csv.DictReader((await answer.text()).splitlines()))
    assert sorted((line["transmitter"], line["result"]) for line in lines) == [
        *(("east-utd", "present"),) * 3,
        *(("mill-utd", "line_down"),) * 2,
    ]
    assert {line["by"] for line in lines} == {"林班长"}
    elsewhere = await page.request.get(f"{site.url}/api/v1/roll-calls?day=2020-01-01&unit=inn")
    assert await elsewhere.json() == {"roll_calls": []}


async def test_the_plan_says_its_hours_and_that_nobody_knows_the_moments(page: Page, site: RunningSite) -> None:
    plan = page.locator("[data-part=plan]")
    await expect(plan).to_contain_text("每点每日 2 次")
    await expect(plan).to_contain_text(f"下一时段 {site.hours[0]:02}:00–{site.hours[1]:02}:00：每点 2 次")
    await expect(plan).to_contain_text("事先无人（包括平台）能知道")
    await page.locator("[data-part=language]").click()
    await expect(plan).to_contain_text("nobody can know them before")
    await expect(page.locator("[data-kind=line_down]")).to_contain_text("Line down 2")
    await page.locator("[data-part=language]").click()


async def test_who_may_not_call_sees_the_results_and_no_live_button(browser: Browser, site: RunningSite) -> None:
    async with at_page(browser, site, "zhao") as page:
        await expect(page.locator("[data-part=calls] [data-row]").first).to_be_visible()
        await expect(page.locator("[data-action=draw]")).to_be_disabled()
        await expect(page.locator(f"[data-part=duty-points] {EAST_ROW} [data-action=call]")).to_be_disabled()
