"""The page of figures, in Chromium: what is over its target, where its rows are, over which span, and whose."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from alerts.face import AlertsFace
from domain.alarm import AlarmClass, EntityKind, Level, TransitionKind
from domain.alert import Confirmation
from tests.dashboards.desks import chromium, sit_down
from tests.dashboards.detail_room import DetailRoom, detail_room
from tests.dashboards.test_accounts_api import PASSWORD, STAFF_PASSWORD, staff
from tests.dashboards.test_console_detail import GAUGE, LOW, detail_of, raised

pytestmark = pytest.mark.asyncio(loop_scope="module")

FAULTS = 12
"""More than the ten alarms in ten minutes that a flood begins with."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DetailRoom]:
    """Open a room in which people sign in, after a flood: three times the same alarm, and a fault each."""
    async with detail_room(tmp_path_factory.mktemp("kpi"), operator_password=PASSWORD) as opened:
        face = AlertsFace(opened.backbone)
        for number in range(3):
            alert_id = await raised(opened, rule="pressure_low")
            await face.acknowledge(alert_id, by="王值班")
            finding = Confirmation.REAL if number else Confirmation.FALSE
            await face.confirm(alert_id, by="王值班", finding=finding, cause="" if number else "蒸汽")
            await opened.alarm("pressure_low", kind=TransitionKind.CLEARED, **LOW)
            await detail_of(opened, alert_id, closed=True)
        for number in range(FAULTS):
            await opened.alarm(
                f"fault-{number:02}",
                alarm_class=AlarmClass.FAULT,
                level=Level.WARNING,
                place=GAUGE.model_copy(update={"point": None}),
                entity_kind=EntityKind.DEVICE,
                entity="hotel/pressure",
            )
        async with asyncio.timeout(30):
            while (await face.stats()).raised < 3 + FAULTS:
                await asyncio.sleep(0.05)
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


async def test_what_is_over_its_target_is_marked_and_leads_to_its_rows(browser: Browser, room: DetailRoom) -> None:
    asked: list[str] = []
    faults: list[str] = []
    async with sit_down(browser, room, account=("operator", PASSWORD)) as page:
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        await page.goto(f"{room.console.url}kpi?span=shift&unit=hotel")
        said = page.locator("[data-part=kpi-said]")
        await expect(said).to_contain_text("单位：闽江大酒店")
        await expect(said).to_contain_text("计入告警 15 条")
        await expect(said).to_contain_text("UTC+08:00")
        peak = page.locator("[data-part=kpi-marks] [data-row=peak]")
        await expect(peak).to_have_attribute("data-look", "caution")
        await expect(peak).to_contain_text("▲超出目标")
        calm = page.locator("[data-part=kpi-marks] [data-row=per_hour]")
        await expect(calm).to_contain_text("✓达标")
        await expect(calm).not_to_have_attribute("data-look", re.compile("."))
        await expect(page.locator("[data-part=kpi-classes-panel]")).to_contain_text("故障 12")
        await expect(page.locator("[data-part=kpi-load-panel] canvas")).to_be_visible()
        await expect(page.locator(".kpi-chart-load")).to_have_attribute("aria-label", re.compile("共 72 柱 · 平均"))
        top = page.locator("[data-part=kpi-top] [data-row]").first
        await expect(top).to_contain_text("喷淋泵压力 · 压力")
        await expect(top).to_contain_text("20.0%")
        rule = top.locator("[data-cell=rule] a")
        await expect(rule).to_have_attribute("href", "/history?rule=pressure_low&unit=hotel")
        await page.locator("[data-row=top_share] button").click()
        await expect(page.locator("[data-part=kpi-top-panel]")).to_be_focused()
        await expect(page.locator("[data-part=kpi-detectors]")).to_contain_text("33%")
        await expect(page.locator("[data-part=kpi-times] [data-row=confirm]")).to_contain_text("3")
        await peak.locator("button").click()
        await expect(page).to_have_url(re.compile(r"/history\?since=[^&]+&until=[^&]+&unit=hotel$"))
    own = room.console.url.removeprefix("http://")
    assert [url for url in asked if not url.startswith((f"http://{own}", f"ws://{own}", "data:", "blob:"))] == []
    assert faults == []


async def test_spans_and_whose_are_addresses_that_can_be_kept(browser: Browser, room: DetailRoom) -> None:
    async with sit_down(browser, room, account=("operator", PASSWORD)) as page:
        await page.locator("[data-nav=kpi]").click()
        await expect(page.locator("[data-part=kpi-said]")).to_contain_text("全站")
        await page.locator("[data-span=week]").click()
        await expect(page).to_have_url(re.compile(r"/kpi\?span=week$"))
        await expect(page.locator("[data-span=week]")).to_have_attribute("aria-pressed", "true")
        await expect(page.locator(".kpi-chart-load")).to_have_attribute(
            "aria-label", re.compile("每小时一柱，共 16[89] 柱")
        )
        await page.locator("[data-part=kpi-whose]").click()
        await page.get_by_role("option", name="单位：实验小学").click()
        await expect(page).to_have_url(re.compile(r"/kpi\?span=week&unit=school$"))
        await expect(page.locator("[data-part=kpi-said]")).to_contain_text("计入告警 0 条")
        await expect(page.locator("[data-part=kpi-top-panel]")).to_contain_text("本时段没有")
        await page.locator("[data-span=own]").click()
        await page.locator("input[data-field=from]").fill("2026-01-02T08:00")
        await page.locator("input[data-field=to]").fill("2026-01-01T08:00")
        await page.locator("[data-action=save]").click()
        await expect(page.get_by_text("时段须先起后止")).to_be_visible()
        await page.locator("[data-span=own]").click()
        await page.locator("input[data-field=from]").fill("2026-01-01T08:00")
        await page.locator("input[data-field=to]").fill("2026-01-02T08:00")
        await page.locator("[data-action=save]").click()
        await expect(page).to_have_url(
            re.compile(r"span=own&unit=school&from=2026-01-01T08%3A00&to=2026-01-02T08%3A00")
        )
        await page.reload()
        await expect(page.locator("[data-part=kpi-said]")).to_contain_text(
            "2026-01-01 08:00:00 UTC+08:00 至 2026-01-02"
        )
        await page.locator("[data-part=language]").click()
        await expect(page.locator("[data-part=kpi-said]")).to_contain_text("Premises: School")
        await expect(page.locator("[data-part=kpi-marks] [data-row=peak]")).to_contain_text("Most in ten minutes")


async def test_somebody_with_a_scope_is_told_of_their_units_only(browser: Browser, room: DetailRoom) -> None:
    name = await staff(room, units=["school"])
    async with sit_down(browser, room, account=(name, STAFF_PASSWORD)) as page:
        for query in ("", "?unit=hotel", "?position=site"):
            await page.goto(f"{room.console.url}kpi{query}")
            await expect(page.locator("[data-part=kpi-said]")).to_contain_text("单位：实验小学")
            await expect(page.locator("[data-part=kpi-said]")).to_contain_text("计入告警 0 条")


async def test_a_service_that_is_away_leaves_the_figures_and_says_so(browser: Browser, room: DetailRoom) -> None:
    """Last: its alerts service ends."""
    async with sit_down(browser, room, account=("operator", PASSWORD)) as page:
        await page.goto(f"{room.console.url}kpi")
        await expect(page.locator("[data-part=kpi-marks] [data-row=peak]")).to_be_visible()
        await room.stop_alerts()
        await page.locator("[data-span=month]").click()
        await expect(page.locator("[data-part=kpi-said]")).to_contain_text("告警服务无应答", timeout=90_000)
