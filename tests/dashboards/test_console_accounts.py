"""The console of somebody with an account, in Chromium: signing in, the name in the record, a scope, and being out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from alerts.accounts_face import AccountsFace, UserChangeRequest
from dashboards.live.board import Board
from dashboards.live.scoped import scoped_board, scoped_registry
from domain.alarm import TransitionKind
from tests.dashboards.alarms_room import row
from tests.dashboards.control_room import ControlRoom, control_room
from tests.dashboards.desks import SOON_MS
from tests.dashboards.district import district
from tests.dashboards.test_accounts_api import BEARER, PASSWORD, SCHOOL, STAFF_PASSWORD, alert_of, staff
from tests.dashboards.test_console_page import browser

__all__ = ["browser"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlRoom]:
    async with control_room(tmp_path_factory.mktemp("console-accounts"), operator_password=PASSWORD) as opened:
        yield opened


@asynccontextmanager
async def screen(browser: Browser, room: ControlRoom, user: str, password: str) -> AsyncIterator[Page]:
    """Sign in by the form."""
    context = await browser.new_context(viewport={"width": 1366, "height": 768})
    page = await context.new_page()
    page.set_default_timeout(SOON_MS)
    await page.goto(room.console.url)
    await page.locator("input[name=user]").fill(user)
    await page.locator("input[name=password]").fill(password)
    await page.locator("button.big").click()
    await expect(page.locator("[data-part=alarm-rows]")).to_be_attached()
    yield page
    await context.close()


async def record(room: ControlRoom, alert: str) -> dict[str, object]:
    async with httpx.AsyncClient(base_url=room.console.url, headers=BEARER, timeout=30) as http:
        found: dict[str, object] = (await http.get(f"/api/v1/alerts/{alert}")).json()["alert"]
        return found


async def test_the_sign_in_works_without_a_script(browser: Browser, room: ControlRoom) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{room.console.url}login?lang=en")
    await page.locator("input[name=user]").fill("operator")
    await page.locator("input[name=password]").fill("a guess")
    await page.locator("button.big").click()
    await expect(page.locator("p.wrong")).to_have_text("Wrong account or password")
    assert await page.locator("input[name=user]").input_value() == "operator"
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.locator("button.big").click()
    await page.wait_for_url(room.console.url)
    await page.goto(f"{room.console.url}logout")
    await page.locator("button.big").click()
    await page.wait_for_url("**/login")
    await context.close()


async def test_actions_carry_the_name_of_the_account(browser: Browser, room: ControlRoom) -> None:
    words = f"火警 {time.time_ns()}"
    alert = await alert_of(room, text_zh=words)
    async with screen(browser, room, "operator", PASSWORD) as page:
        await expect(page.locator("[data-part=signed-in]")).to_have_text("值班员 (值班操作员)")
        await expect(page.locator("[data-part=operator]")).to_have_count(0)
        await row(page, words).locator("[data-action=acknowledge]").click()
        async with asyncio.timeout(30):
            while (await record(room, alert))["acknowledged_by"] != "值班员":
                await asyncio.sleep(0.2)
        await page.locator("[data-part=language]").click()
        await expect(page.locator("[data-part=signed-in]")).to_have_text("Operator (Operator)")


async def test_who_is_renamed_acts_in_no_old_name(browser: Browser, room: ControlRoom) -> None:
    accounts = AccountsFace(room.backbone)
    async with screen(browser, room, "operator", PASSWORD) as page:
        await expect(page.locator("[data-part=signed-in]")).to_contain_text("值班员")
        try:
            await accounts.change_user(UserChangeRequest(id="operator", name="新姓名", by="admin"))
            await expect(page.locator("[data-part=signed-in]")).to_contain_text("新姓名")
        finally:
            await accounts.change_user(UserChangeRequest(id="operator", name="值班员", by="admin"))


async def test_a_page_shows_what_is_within_the_scope_and_refuses_what_is_not_a_right(
    browser: Browser, room: ControlRoom
) -> None:
    number = time.time_ns()
    mine, theirs = f"本单位 {number}", f"别单位 {number}"
    rule = f"latched-{number}"
    alert = (await room.alarm(rule, text_zh=mine, latched=True)).id
    await alert_of(room, text_zh=theirs, place=SCHOOL)
    await room.alarm(rule, kind=TransitionKind.CLEARED, text_zh=mine, latched=True)
    name = await staff(room)
    async with screen(browser, room, "operator", PASSWORD) as whole:
        await expect(row(whole, theirs)).to_be_visible()
        await expect(row(whole, mine)).to_be_visible()
    async with screen(browser, room, name, STAFF_PASSWORD) as page:
        await expect(row(page, mine)).to_be_visible()
        await expect(row(page, theirs)).to_have_count(0)
        await row(page, mine).locator("[data-action=acknowledge]").click()
        await expect(row(page, mine)).to_contain_text("已应答")
        await expect(row(page, mine).locator("[data-action=reset]")).to_have_count(0)
        await row(page, mine).locator(".times").click()
        await page.keyboard.press("r")
        await expect(page.get_by_text("没有此权限")).to_be_visible()
        assert (await record(room, alert))["reset_at_ns"] is None


async def test_a_screen_whose_account_is_disabled_goes_to_the_sign_in(browser: Browser, room: ControlRoom) -> None:
    name = await staff(room)
    async with screen(browser, room, name, STAFF_PASSWORD) as page:
        async with httpx.AsyncClient(base_url=room.console.url, headers=BEARER, timeout=30) as admin:
            await admin.patch(f"/api/v1/users/{name}", json={"disabled": True})
        await page.wait_for_url("**/login", timeout=60_000)


async def test_a_scoped_board_and_site_hold_nothing_of_other_units() -> None:
    registry = district(6)
    units = frozenset({next(iter(registry.units))})
    part = scoped_registry(registry, units)
    assert set(part.units) == units
    assert part.points
    assert {point.unit for point in part.points} <= units
    for things in (part.zones, part.devices, part.gateways, part.transmitters, part.point_labels):
        assert {key.partition("/")[0] for key in things} <= units
    inside, outside = min(units), min(set(registry.units) - units)
    board = Board(connected=True, statuses={"alerts.main": {"walk_tests": [{"unit": inside}, {"unit": outside}, 7]}})
    seen = scoped_board(board, units)
    assert seen.statuses["alerts.main"]["walk_tests"] == [{"unit": inside}]
    counts = {host: dict(lines) for host, lines in board.nodes.counts(registry).items()}
    seen.nodes.counts(part)
    assert {host: dict(lines) for host, lines in board.nodes.counts(registry).items()} == counts
