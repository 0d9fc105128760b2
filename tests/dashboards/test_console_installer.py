"""The installer page, in Chromium, on a site as ``fengsui up`` runs it: a stranger is adopted, a test is walked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from simulators.gb26875.desk import Desk as Bench
from tests.dashboards.control_room import control_room
from tests.dashboards.desks import chromium, sit_down
from tests.dashboards.running_site import EAST, STRANGER, RunningSite, running_site
from tests.dashboards.suppression_room import SECRET

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]

RESTARTED_MS = 120_000
"""Alerts, rules, store and console start anew after an adoption; on a busy machine that takes its time."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningSite]:
    async with running_site(tmp_path_factory.mktemp("installer")) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def east(site: RunningSite) -> AsyncIterator[Bench]:
    async with site.bench(EAST) as device:
        assert await device.settled(60)
        yield device


@asynccontextmanager
async def at_page(browser: Browser, site: RunningSite, name: str, path: str = "/installer") -> AsyncIterator[Page]:
    """Sit down at the page as somebody."""
    async with sit_down(browser, site.as_room(), account=(name, SECRET)) as page:
        await page.goto(f"{site.url}{path}")
        await expect(page.locator(".body[data-section]")).to_be_attached()
        yield page


async def test_a_walk_test_is_walked_live_and_seen_by_all(browser: Browser, site: RunningSite, east: Bench) -> None:
    async with at_page(browser, site, "zhao", "/installer?tab=walks") as page:
        await page.locator("[data-action=begin-walk]").click()
        form = page.locator("[data-part=begin-walk]")
        await form.locator("[data-action=save]").click()
        await expect(form.locator("[data-part=wrong]")).to_have_text("请选择范围")
        await form.locator("[data-field=place]").click()
        await page.get_by_role("option").filter(has_text="二楼走廊").first.click()
        await form.locator("[data-field=note]").fill("二楼<i>逐点</i>")
        await expect(form.locator("[data-part=effect]")).to_contain_text("含火警")
        await form.locator("[data-action=save]").click()
        walked = page.locator("[data-part=walked]")
        await expect(walked.locator("[data-row]")).to_have_count(2)
        await expect(page.locator("[data-part=walk-state]")).to_contain_text("二楼<i>逐点</i>")
        await expect(page.locator("[data-part=walk-test]")).to_contain_text("走动测试进行中")
        await east.type("fire 1")
        seen = walked.locator("[data-row='inn/fas/smoke-1']")
        await expect(seen).to_contain_text("已报警")
        await expect(seen.locator("[data-cell=took]")).to_contain_text("秒")
        await expect(seen.locator("[data-cell=rule] a")).to_have_text("component_fire")
        await expect(walked.locator("[data-row='inn/fas/smoke-2']")).to_contain_text("未见")
        await expect(page.locator("[data-sight=unseen]")).to_have_text("未见 1")
        await page.locator("[data-sight=unseen]").click()
        await expect(walked.locator("[data-row]")).to_have_count(1)
        await mark_by_hand(page)
        await expect(page.locator("[data-part=walk-report]")).to_contain_text("fengsui walk-test end inn")
        async with at_page(browser, site, "lin", "/suppression") as other:
            row = other.locator("[data-part=suppressions] [data-row]").filter(has_text="走动测试")
            await expect(row).to_contain_text("含火警")
            await expect(row.locator("[data-cell=hides]")).to_have_text("1")
        await east.type("restore 1")
        await east.type("reset")
        await page.locator("[data-action=end-walk]").click()
        await page.locator("[data-part=sure] [data-action=save]").click()
        await expect(page.locator("[data-part=walk-state]")).to_contain_text("已结束")
        await expect(page.locator("[data-sight=alarmed]")).to_have_text("已报警 1")


async def mark_by_hand(page: Page) -> None:
    """Mark a walked point twice, the later mark counts; and one that no rule would raise an alarm for."""
    await page.locator("[data-sight=all]").click()
    row = page.locator("[data-part=walked] [data-row='inn/fas/smoke-2']")
    form = page.locator("[data-part=mark-point]")
    await row.locator("[data-action=mark]").click()
    await form.locator("[data-action=save]").click()
    await expect(form.locator("[data-part=wrong]")).to_have_text("请选择检查结果")
    await find(page, "finding", "不正常")
    await form.locator("[data-field=remark]").fill("钥匙<b>断</b>了")
    await expect(form.locator("[data-part=effect]")).to_contain_text("手动")
    await form.locator("[data-action=save]").click()
    await expect(row.locator("[data-cell=sight]")).to_contain_text("手动：不正常")
    await expect(row.locator("[data-cell=hand]")).to_contain_text("钥匙<b>断</b>了")
    await expect(row).to_have_attribute("data-look", "alarm")
    await row.locator("[data-action=mark]").click()
    await find(page, "finding", "正常")
    await form.locator("[data-action=save]").click()
    await expect(row.locator("[data-cell=sight]")).to_contain_text("手动：正常")
    await expect(row.locator("[data-cell=hand]")).to_contain_text("此前另有 1 次标记")
    await expect(page.locator("[data-sight=hand_works]")).to_have_text("手动：正常 1")
    await expect(page.locator("[data-sight=alarmed]")).to_have_text("已报警 1")
    await page.locator("[data-action=mark-other]").click()
    await form.locator("[data-action=save]").click()
    await expect(form.locator("[data-part=wrong]")).to_have_text("请选择测点")
    await form.locator("[data-action=close]").click()


async def find(page: Page, field: str, words: str) -> None:
    """Choose from a list of the form."""
    await page.locator(f"[data-part=mark-point] [data-field={field}]").click()
    await page.get_by_role("option", name=words, exact=True).click()


async def test_points_that_were_never_seen_are_counted_by_device(
    browser: Browser, site: RunningSite, east: Bench
) -> None:
    assert east.link.connected
    async with at_page(browser, site, "zhao", "/installer?tab=points&gateway=inn/gw-access") as page:
        row = page.locator("[data-part=checklist] [data-row='mill/mill-utd']")
        await expect(row.locator("[data-cell=well]")).to_have_text("0")
        await expect(row).to_have_attribute("data-look", "caution")
        await expect(page.locator("[data-part=points-note]")).to_contain_text("待验证")


async def test_a_stranger_is_adopted_and_its_first_frames_are_seen(browser: Browser, site: RunningSite) -> None:
    before = site.gateway_file.read_text("utf-8")
    async with site.bench(STRANGER) as stranger, at_page(browser, site, "zhao") as page:
        await stranger.type("fire 1")
        row = page.locator("[data-part=strangers-table] [data-row]")
        await expect(row).to_contain_text("4711 ▲ 报过火警", timeout=60_000)
        await expect(row).to_have_attribute("data-look", "alarm")
        await row.locator("[data-action=adopt]").click()
        form = page.locator("[data-part=adopt]")
        await form.locator("[data-action=save]").click()
        await expect(form.locator("[data-part=wrong]")).to_have_text("请选择安装部位")
        await form.locator("[data-field=place]").click()
        await page.get_by_role("option").filter(has_text="值班室").first.click()
        await form.locator("[data-field=id]").fill("annexe-utd")
        await form.locator("[data-action=save]").click()
        written = page.locator("[data-part=written]")
        await expect(written).to_contain_text("- id: annexe-utd")
        await expect(written).to_contain_text("address: 4711")
        assert site.gateway_file.read_text("utf-8") == before
        await page.locator("[data-action=write]").click()
        await expect(page.locator("[data-part=adopted]")).to_contain_text("mill/annexe-utd")
        assert "annexe-utd" in site.gateway_file.read_text("utf-8")
        for step in ("site", "gateway", "line", "frames"):
            await expect(page.locator(f"[data-step={step}]")).to_have_attribute(
                "data-done", "yes", timeout=RESTARTED_MS
            )
        await expect(page.locator("[data-part=frames] [data-row]").first).to_contain_text("4040")
        await page.goto(f"{site.url}/installer")
        await expect(page.get_by_text("没有未登记的传输装置")).to_be_visible()


async def test_who_may_not_adopt_sees_and_can_not(browser: Browser, site: RunningSite) -> None:
    async with site.bench(STRANGER + 1), at_page(browser, site, "lin") as page:
        adopt = page.locator("[data-part=strangers-table] [data-action=adopt]")
        await expect(adopt).to_be_disabled(timeout=60_000)
        await page.locator("[data-part=language]").click()
        await expect(page.locator("[data-tab=walks]")).to_have_text("Walk tests")
        await page.locator("[data-part=language]").click()


async def test_a_console_without_a_folder_says_how_to_adopt_by_command(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with (
        control_room(tmp_path_factory.mktemp("plain"), transmitters=2) as room,
        sit_down(browser, room, path="/installer") as page,
    ):
        await expect(page.locator("[data-part=by-command]")).to_contain_text("fengsui gb26875 strangers --yaml")
        await page.goto(f"{room.console.url}installer/walk/nothing")
        await expect(page.locator("[data-part=walk-of]")).to_contain_text("没有此走动测试")
