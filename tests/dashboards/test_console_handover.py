"""Handing a shift over in Chromium: two people, at one desk and at two, where people sign in and where they don't."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from alerts.shifts_face import ShiftsFace
from tests.dashboards.control_room import ControlRoom, control_room
from tests.dashboards.desks import chromium, sit_down
from tests.dashboards.test_accounts_api import BEARER, PASSWORD

pytestmark = pytest.mark.asyncio(loop_scope="module")

OTHER_PASSWORD = "of the one who comes"  # noqa: S105  # of a test
OPERATOR = ("operator", PASSWORD)
HOSTILE_NOTES = "泵房检修 <b>至九点</b>\n请看 2 号泵"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlRoom]:
    """Where people sign in."""
    async with control_room(tmp_path_factory.mktemp("handover"), operator_password=PASSWORD) as opened:
        yield opened


async def account(room: ControlRoom, name: str, **changes: object) -> str:
    """Make an account of an operator and return its id."""
    user = f"u-{time.time_ns()}"
    body = {"id": user, "name": name, "roles": ["operator"], "everywhere": True, "must_change": False}
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30, headers=BEARER) as http:
        answer = await http.post("/api/v1/users", json={**body, "password": OTHER_PASSWORD, **changes})
        assert answer.status_code == 201, answer.text
    return user


async def give(page: Page, notes: str) -> None:
    await page.locator("[data-field=notes]").fill(notes)
    await page.locator("[data-action=give]").click()
    await page.locator("[data-part=sure] [data-action=save]").click()
    await expect(page.locator("[data-part=handover-waiting]")).to_be_visible()


async def take_here(page: Page, user: str, password: str) -> None:
    """Sign in at somebody else's desk."""
    await page.locator("[data-action=take]").click()
    asked = page.locator("[data-part=ask]")
    await asked.locator("[data-field=user]").fill(user)
    await asked.locator("[data-field=password]").fill(password)
    await asked.locator("[data-action=save]").click()


async def test_who_goes_gives_and_who_comes_signs_in_at_the_same_desk(browser: Browser, room: ControlRoom) -> None:
    other = await account(room, "李值班")
    await room.alarm("panel-fire")
    async with sit_down(browser, room, path="/handover", account=OPERATOR) as page:
        await page.goto(f"{room.console.url}handover")
        await expect(page.locator("[data-part=handover-stands] [data-figure=open_fire] .figure-count")).to_have_text(
            "1"
        )
        await give(page, HOSTILE_NOTES)
        await expect(page.locator("[data-part=handover-waiting]")).to_contain_text("泵房检修 <b>至九点</b>")
        await expect(page.locator("[data-part=shift]")).to_have_text("值班员 已交班，等待接班")
        await take_here(page, "operator", PASSWORD)
        await expect(page.get_by_text("交班人不能自己接班")).to_be_visible()
        await take_here(page, other, "a guess")
        await expect(page.get_by_text("账号或口令不正确")).to_be_visible()
        await take_here(page, other, OTHER_PASSWORD)
        await expect(page.locator("[data-part=handover-holder]")).to_contain_text("李值班 当班")
        await expect(page.locator("[data-part=handover-waiting]")).to_be_hidden()
        await expect(page.get_by_text("请退出后由接班人登录")).to_be_visible()
        await expect(page.locator("[data-part=signed-in]")).to_contain_text("值班员")  # nobody's session changed hands
    (done,) = await ShiftsFace(room.backbone).list()
    assert (done.given_by, done.taken_by, done.notes) == ("值班员", "李值班", HOSTILE_NOTES)
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30, headers=BEARER) as http:
        running = (await http.get("/api/v1/sessions", params={"user": other})).json()["sessions"]
    assert running == []


async def test_who_comes_takes_it_at_their_own_desk_and_looks_it_up_later(browser: Browser, room: ControlRoom) -> None:
    other = await account(room, "张值班")
    async with sit_down(browser, room, path="/handover", account=OPERATOR) as page:
        await page.goto(f"{room.console.url}handover")
        await give(page, "二号泵待修")
        async with sit_down(browser, room, account=(other, OTHER_PASSWORD)) as desk:
            await desk.locator("[data-part=shift]").click()
            await expect(desk.locator("[data-section=handover]")).to_be_attached()
            await expect(desk.locator("[data-part=handover-waiting]")).to_contain_text("二号泵待修")
            await desk.locator("[data-action=take]").click()
            await desk.locator("[data-part=sure] [data-action=save]").click()
            await expect(desk.locator("[data-part=handover-holder]")).to_contain_text("张值班 当班")
            newest = desk.locator("[data-part=handovers] [data-row]").first
            await expect(newest).to_contain_text("张值班")
            await newest.locator("[data-action=look]").click()
            await expect(desk.locator("[data-part=handover-dialog]")).to_contain_text("值班员 交班，张值班 接班")
        await expect(page.locator("[data-part=handover-holder]")).to_contain_text("张值班 当班")


async def test_an_account_that_may_not_act_takes_nothing_over(browser: Browser, room: ControlRoom) -> None:
    looker = await account(room, "只看的人", roles=["admin"])
    async with sit_down(browser, room, path="/handover", account=OPERATOR) as page:
        await page.goto(f"{room.console.url}handover")
        await give(page, "")
        await take_here(page, looker, OTHER_PASSWORD)
        await expect(page.get_by_text("此账号不能接班")).to_be_visible()
        await expect(page.locator("[data-part=handover-waiting]")).to_be_visible()


async def test_somebody_with_a_scope_is_told_that_it_is_about_the_whole_site(
    browser: Browser, room: ControlRoom
) -> None:
    staff = await account(room, "酒店的人", roles=["unit_staff"], everywhere=False, units=["hotel"])
    async with sit_down(browser, room, account=(staff, OTHER_PASSWORD)) as page:
        await page.goto(f"{room.console.url}handover")
        await expect(page.get_by_text("交班属于全站").or_(page.get_by_text("交接班属于全站"))).to_be_visible()
        await expect(page.locator("[data-action=give]")).to_have_count(0)


async def test_at_an_open_console_names_are_typed_and_must_differ(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with control_room(tmp_path_factory.mktemp("open")) as room:
        async with sit_down(browser, room, path="/handover") as page:
            await page.locator("[data-action=give]").click()
            await expect(page.get_by_text("请先填写值班员姓名")).to_be_visible()
        async with sit_down(browser, room, path="/handover", name="王值班") as page:
            await give(page, "无事")
            for name, words in (("王值班", "交班人不能自己接班"), ("李值班", "李值班 当班")):
                await page.locator("[data-action=take]").click()
                await expect(page.locator("[data-part=ask]")).to_contain_text("只比对姓名")
                await page.locator("[data-part=ask] [data-field=name]").fill(name)
                await page.locator("[data-part=ask] [data-action=save]").click()
                await expect(page.get_by_text(words).first).to_be_visible()
