"""Shelving a fire where people sign in: a second person with their own password and the right to it, in Chromium."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.dashboards.alarms_room import press, row, save, write
from tests.dashboards.control_room import API_TOKEN, EXIT, ControlRoom, control_room
from tests.dashboards.desks import chromium, sit_down

pytestmark = pytest.mark.asyncio(loop_scope="module")

PASSWORD = "long enough for a person"  # noqa: S105  # of a test
ACCOUNTS = {"officer": ("王参谋", ["supervisor"]), "colleague": ("李值班", ["operator"])}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlRoom]:
    async with control_room(tmp_path_factory.mktemp("second"), operator_password=PASSWORD) as opened:
        headers = {"Authorization": f"Bearer {API_TOKEN}"}
        async with httpx.AsyncClient(base_url=opened.console.url, timeout=30, headers=headers) as http:
            for name, (label, roles) in ACCOUNTS.items():
                account = {"id": name, "name": label, "roles": roles, "everywhere": True, "must_change": False}
                made = await http.post("/api/v1/users", json={**account, "password": PASSWORD})
                assert made.status_code == 201, made.text
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(room: ControlRoom) -> AsyncIterator[Page]:
    async with chromium() as browser, sit_down(browser, room, account=("operator", PASSWORD)) as desk:
        yield desk


async def vouch(page: Page, account: str, password: str = PASSWORD) -> None:
    await write(page, "user", account)
    await write(page, "password", password)
    await save(page)


async def test_a_fire_is_shelved_with_an_officer_and_not_with_a_colleague(page: Page, room: ControlRoom) -> None:
    await room.alarm("fire", text_zh="两人搁置的火警", place=EXIT)
    await press(page, "shelve", "两人搁置的火警")
    await write(page, "reason", "检修")
    await save(page)
    await vouch(page, "officer", "a guess of somebody")
    await expect(page.get_by_text("账号或口令")).to_be_visible()
    await vouch(page, "colleague")
    await expect(page.get_by_text("此人没有此权限")).to_be_visible()
    await vouch(page, "operator")
    await expect(page.get_by_text("须由另一人确认")).to_be_visible()
    await expect(row(page, "两人搁置的火警").locator(".fact", has_text="搁置")).to_have_count(0)
    await vouch(page, "officer")
    await expect(row(page, "两人搁置的火警").locator(".fact", has_text="搁置")).to_be_visible()
    headers = {"Authorization": f"Bearer {API_TOKEN}"}
    async with httpx.AsyncClient(base_url=room.console.url, headers=headers, timeout=30) as http:
        alert = (await http.get("/api/v1/alerts", params={"rule": "fire"})).json()["alerts"][0]
        assert alert["shelved_with"] == "王参谋"
        assert alert["shelve_reason"] == "检修"
        assert alert["acknowledged_at_ns"] is None
        sessions = (await http.get("/api/v1/sessions")).json()["sessions"]
        assert {one["user"] for one in sessions} == {"operator"}


async def test_nothing_is_shelved_when_the_second_person_goes_away(page: Page, room: ControlRoom) -> None:
    await room.alarm("other-fire", text_zh="无人会签的火警", place=EXIT)
    await press(page, "shelve", "无人会签的火警")
    await write(page, "reason", "检修")
    await save(page)
    await expect(page.locator("[data-field=password]")).to_be_visible()
    await page.locator(".dialog [data-action=close]").click()
    await expect(page.locator(".dialog")).to_have_count(0)
    await expect(row(page, "无人会签的火警").locator(".fact", has_text="搁置")).to_have_count(0)


async def test_the_files_of_the_record_are_had_by_who_is_signed_in_and_by_nobody_else(
    page: Page, room: ControlRoom
) -> None:
    await page.goto(f"{room.console.url}history")
    async with page.expect_download() as download:
        await page.locator("[data-export='alerts.csv']").click()
    assert "火警" in (await (await download.value).path()).read_text("utf-8-sig")
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30) as stranger:
        for kind in ("csv", "xlsx"):
            assert (await stranger.get(f"/api/v1/alerts.{kind}")).status_code == 401
