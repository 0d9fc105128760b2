"""The record as people search it, in Chromium, and the files that they save of it, opened and read back."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator

import httpx
import openpyxl
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from domain.alarm import AlarmClass, TransitionKind
from tests.dashboards.alarms_room import PUMP, choose, fault, write
from tests.dashboards.control_room import API_TOKEN, EXIT, ControlRoom, control_room
from tests.dashboards.desks import chromium, sit_down

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORMULA = "=1+1 泵房"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlRoom]:
    """A room with one closed fault, a hazard, and sixty faults of one rule."""
    async with control_room(tmp_path_factory.mktemp("history")) as opened:
        await fault(opened, FORMULA, "closed-fault")
        await opened.alarm("ebike", alarm_class=AlarmClass.HAZARD, place=EXIT, text_zh="电动自行车")
        await asyncio.gather(*(fault(opened, f"很多 {n}", f"many-{n}") for n in range(60)))
        async with httpx.AsyncClient(
            base_url=opened.console.url, headers={"Authorization": f"Bearer {API_TOKEN}"}, timeout=30
        ) as http:
            closed = (await listed(http, 62, rule="closed-fault"))[0]["id"]
            await http.post(f"/api/v1/alerts/{closed}/acknowledge", json={"by": "李值班"})
            body = {"by": "李值班", "finding": "false", "cause": "水蒸气 / Steam"}
            await http.post(f"/api/v1/alerts/{closed}/confirm", json=body)
            await opened.alarm(
                "closed-fault", kind=TransitionKind.CLEARED, place=PUMP, alarm_class=AlarmClass.FAULT, text_zh=FORMULA
            )
            async with asyncio.timeout(30):
                while not (await http.get("/api/v1/alerts", params={"open": False})).json()["alerts"]:
                    await asyncio.sleep(0.1)
        yield opened


async def listed(http: httpx.AsyncClient, count: int, **params: str) -> list[dict[str, str]]:
    """Wait until the record has so many alerts; return those that some parameters find."""
    async with asyncio.timeout(60):
        while len((await http.get("/api/v1/alerts")).json()["alerts"]) < count:
            await asyncio.sleep(0.1)
    found: list[dict[str, str]] = (await http.get("/api/v1/alerts", params=params)).json()["alerts"]
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, room: ControlRoom) -> AsyncIterator[Page]:
    async with sit_down(browser, room, name="王值班", path="/history") as desk:
        yield desk


async def search(page: Page) -> None:
    await page.locator("[data-action=search]").click()


async def test_open_and_closed_ones_come_page_by_page_newest_first(page: Page, room: ControlRoom) -> None:
    await page.goto(f"{room.console.url}history?class=fault")
    rows = page.locator("[data-part=history-rows] [data-row]")
    await expect(rows).to_have_count(50)
    await expect(page.locator("[data-part=history-count]")).to_have_text("本页 50 条，还有更早的")
    first = await rows.first.get_attribute("data-row")
    await page.locator("[data-action=next]").click()
    await expect(rows).to_have_count(11)
    await expect(page.locator("[data-part=history-count]")).to_have_text("共 11 条，已到最早")
    await expect(rows.last).to_contain_text(FORMULA)
    await page.go_back()
    await expect(rows).to_have_count(50)
    assert await rows.first.get_attribute("data-row") == first


async def test_a_search_by_class_text_finding_and_person(page: Page) -> None:
    rows = page.locator("[data-part=history-rows] [data-row]")
    await expect(rows).to_have_count(50)
    await choose(page, "class", "故障")
    await write(page, "person", "李值班")
    await choose(page, "confirmed", "误报")
    await write(page, "text", "泵房")
    await search(page)
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("已关闭 · 误报 · 水蒸气")
    await expect(rows).to_contain_text("李值班")
    await expect(page).to_have_url(re.compile(r"/history\?.*confirmed=false"))
    await page.reload()
    await expect(rows).to_have_count(1)
    await rows.locator("a").click()
    await expect(page).to_have_url(re.compile(r"/alarm/[0-9a-f]{32}$"))


async def test_a_span_of_time_and_what_it_can_not_be(page: Page, room: ControlRoom) -> None:
    await write(page, "since", "2030-01-01T00:00")
    await search(page)
    await expect(page.locator("[data-part=history-count]")).to_have_text("没有符合条件的告警")
    await page.goto(f"{room.console.url}history?since=yesterday")
    await expect(page.locator("[data-part=history-count]")).to_have_text(re.compile("条件无法理解"))
    await page.goto(f"{room.console.url}history?rule=no such rule")
    await expect(page.locator("[data-part=history-count]")).to_have_text("条件无法理解：rule")


async def test_what_was_found_is_saved_as_csv_and_read_back(page: Page, room: ControlRoom) -> None:
    await page.goto(f"{room.console.url}history?class=fault")
    async with page.expect_download() as download:
        await page.locator("[data-export='alerts.csv']").click()
    saved = await (await download.value).path()
    rows = list(csv.DictReader(io.StringIO(saved.read_text("utf-8-sig"))))
    assert len(rows) == 61
    assert {row["alarm_class"] for row in rows} == {"fault"}
    assert rows[-1]["text_zh"] == f"'{FORMULA}"
    assert rows[-1]["false_cause"] == "水蒸气 / Steam"
    await expect(page.locator("[data-part=export-note]")).to_have_text(re.compile(r"^已保存 \d+ kB$"))


async def test_what_was_found_is_saved_as_a_workbook_and_read_back(page: Page, room: ControlRoom) -> None:
    await page.goto(f"{room.console.url}history?class=hazard,fault&text=泵房")
    async with page.expect_download() as download:
        await page.locator("[data-export='alerts.xlsx']").click()
    saved = await (await download.value).path()
    sheet = openpyxl.load_workbook(io.BytesIO(saved.read_bytes())).active
    assert sheet is not None
    head, row = sheet.iter_rows(values_only=True)
    found = dict(zip(head, row, strict=True))
    assert found["text_zh"] == f"'{FORMULA}"
    assert found["acknowledged_by"] == "李值班"
    assert found["raised_at (Asia/Shanghai)"] is not None
    assert (await download.value).suggested_filename == "alerts.xlsx"


async def test_a_file_that_can_not_be_had_says_why(page: Page) -> None:
    problem = '{"title": "x", "status": 409, "detail": "正在生成其他表格，请稍后再试 / try again in a moment"}'
    await page.route("**/api/v1/alerts.xlsx*", lambda route: route.fulfill(status=409, body=problem))
    await page.locator("[data-export='alerts.xlsx']").click()
    await expect(page.locator("[data-part=export-note]")).to_have_text("未导出：正在生成其他表格，请稍后再试")
