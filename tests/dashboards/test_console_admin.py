"""The administration in Chromium: accounts, tokens, sessions, channels, audit; and a second person at a dialog."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from alerts.accounts_face import AccountsFace
from alerts.labelled_face import AuditEntryView, AuditRequest, LabelledFace
from dashboards.console.admin.tab import EVERY_S
from domain.accounts import UserRole
from tests.dashboards.admin_room import PASSWORD, admin_room, api, desk_of
from tests.dashboards.control_room import ControlRoom
from tests.dashboards.desks import becomes, chromium

pytestmark = pytest.mark.asyncio(loop_scope="module")

NUMBERS = (
    """[...document.querySelectorAll("[data-part=audit] .data-rows [data-cell=number]")].map((one) => +one.innerText)"""
)
OLDER = f"""() => {{
  const oldest = Math.min(...{NUMBERS});
  document.querySelector("[data-action=older]").click();
  return oldest;
}}"""
"""Asks for the page before the one that is shown, whose oldest entry it returns: the newest page goes on growing."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlRoom]:
    async with admin_room(tmp_path_factory.mktemp("console-admin")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(browser: Browser, room: ControlRoom) -> AsyncIterator[Page]:
    """The administrator, who sits there the whole time."""
    async with desk_of(browser, room, UserRole.ADMIN, "/admin") as desk:
        yield desk


async def test_an_account_is_made_changed_and_disabled(page: Page, room: ControlRoom) -> None:
    user = f"li-{time.time_ns()}"
    await _tab(page, "users")
    await page.locator("[data-action=add]").click()
    await _fill(page, id=user, name=f"李 {user}", password="short")  # noqa: S106  # what is refused
    await _choose(page, "roles", "值班操作员")
    await _choose(page, "where", "全部单位")
    await _save(page)
    await expect(page.get_by_text("口令至少 12 个字符").first).to_be_visible()
    await _fill(page, password=PASSWORD)
    await _save(page)
    row = _row(page, user)
    await expect(row).to_contain_text("值班操作员")
    await expect(row).to_contain_text("须更改口令")

    await row.locator("[data-action=edit]").click()
    await _choose(page, "roles", "监督人员")
    await _choose(page, "where", "指定单位或片区")
    await _choose(page, "units", "闽江大酒店 (hotel)")
    await _save(page)
    await expect(row).to_contain_text("监督人员")
    await expect(row).to_contain_text("闽江大酒店")

    await row.locator("[data-action=disable]").click()
    await page.locator(".dialog [data-action=save]").click()
    await expect(row).to_contain_text("已停用")
    (found,) = [one for one in await AccountsFace(room.backbone).users() if one.id == user]
    assert (found.roles, found.units, found.disabled_ns is not None) == (
        (UserRole.OPERATOR, UserRole.SUPERVISOR),
        ("hotel",),
        True,
    )
    entry = await _newest(room, "user_changed")
    assert entry.actor == "管理员"
    await row.locator("[data-action=enable]").click()
    await expect(row.locator("[data-action=disable]")).to_be_visible()


async def test_the_last_administrator_locks_nobody_out(page: Page) -> None:
    await _tab(page, "users")
    row = _row(page, "admin")
    await row.locator("[data-action=disable]").click()
    await page.locator(".dialog [data-action=save]").click()
    await expect(page.get_by_text("至少要留一个可用的系统管理员").first).to_be_visible()
    await expect(row).to_contain_text("可用")


async def test_a_new_password_must_be_changed_at_the_next_sign_in(page: Page, room: ControlRoom) -> None:
    user = await _user(room)
    await _tab(page, "users")
    await _row(page, user).locator("[data-action=password]").click()
    await _fill(page, password="another good password")  # noqa: S106  # of a loopback server
    await _save(page)
    await expect(_row(page, user)).to_contain_text("须更改口令")
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30) as http:
        body = {"user": user, "password": "another good password"}
        assert (await http.post("/api/v1/session", json=body)).json()["must_change_password"] is True


async def test_an_account_that_was_guessed_at_is_unlocked(page: Page, room: ControlRoom) -> None:
    user = await _user(room)
    await _tab(page, "users")
    async with _guessed_at(room, user):
        unlock = _row(page, user).locator("[data-action=unlock]")
        await expect(unlock).to_be_enabled()
        await unlock.click()
        await expect(page.get_by_text("已执行：解锁").or_(page.get_by_text("已执行: 解锁")).first).to_be_visible()
    (found,) = [one for one in await AccountsFace(room.backbone).users() if one.id == user]
    assert found.wait_s == 0
    assert (await _newest(room, "user_unlocked")).details["user"] == user


@asynccontextmanager
async def _guessed_at(room: ControlRoom, user: str) -> AsyncIterator[None]:
    """Let somebody guess on and on, until they have to wait for longer than the page takes to look again."""

    async def guess() -> None:
        async with httpx.AsyncClient(base_url=room.console.url, timeout=30) as http:
            while True:
                await http.post("/api/v1/session", json={"user": user, "password": "a guess"})
                await asyncio.sleep(0.5)

    guessing = asyncio.create_task(guess())
    try:
        async with asyncio.timeout(90):
            while max(one.wait_s for one in await AccountsFace(room.backbone).users() if one.id == user) < EVERY_S + 2:
                await asyncio.sleep(0.2)
        yield
    finally:
        guessing.cancel()
        await asyncio.gather(guessing, return_exceptions=True)


async def test_a_token_is_shown_once_works_and_is_revoked(page: Page, room: ControlRoom) -> None:
    name = f"桥 {time.time_ns()}"
    await _tab(page, "tokens")
    await page.locator("[data-action=add]").click()
    await _fill(page, name=name, days="30")
    await _choose(page, "rights", "查看")
    await _choose(page, "where", "全部单位")
    await _save(page)
    secret = await page.locator("[data-part=token]").inner_text()
    assert secret.startswith("fst_")
    await page.locator("[data-action=copy]").click()
    await expect(page.locator("[data-action=copy]")).to_have_text("已复制")
    await page.locator("[data-action=kept]").click()
    await expect(page.get_by_text(secret)).to_have_count(0)
    row = page.locator("[data-part=tokens] .data-row", has_text=name)
    await expect(row).to_contain_text("查看")
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30) as http:
        http.headers["Authorization"] = f"Bearer {secret}"
        assert (await http.get("/api/v1/alerts")).status_code == 200
        await row.locator("[data-action=revoke]").click()
        await page.locator(".dialog [data-action=save]").click()
        await expect(row).to_contain_text("作废")
        await expect(row.locator("[data-action=revoke]")).to_be_disabled()
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30) as http:
        http.headers["Authorization"] = f"Bearer {secret}x"
        assert (await http.get("/api/v1/alerts")).status_code == 401


async def test_all_sessions_of_a_person_end(page: Page, browser: Browser, room: ControlRoom) -> None:
    user = await _user(room)
    async with desk_of(browser, room, UserRole.OPERATOR, account=(user, PASSWORD)) as one:
        async with desk_of(browser, room, UserRole.OPERATOR, account=(user, PASSWORD)):
            await _tab(page, "sessions")
            rows = page.locator("[data-part=sessions] .data-rows .data-row", has_text=f"({user})")
            await expect(rows).to_have_count(2, timeout=30_000)
            await rows.first.locator("[data-action=end_all]").click()
            await expect(page.locator(".dialog-title")).to_contain_text("2 个会话")
            await page.locator(".dialog [data-action=save]").click()
            await expect(rows).to_have_count(0)
        await one.wait_for_url("**/login**", timeout=60_000)


async def test_a_channel_is_tested_and_says_what_came_of_it(page: Page, room: ControlRoom) -> None:
    await _tab(page, "channels")
    row = page.locator("[data-part=channels] [data-row=phone]")
    await row.locator("[data-action=test]").click()
    await _save(page)  # the first person who has the channel is chosen
    outcome = page.locator("[data-part=test-outcome]")
    await expect(outcome).to_contain_text("phone 未接收", timeout=90_000)  # nobody answers at the phone's address
    await expect(row).to_contain_text("最近一次失败")
    assert (await _newest(room, "notify_test")).actor == "管理员"
    await expect(page.locator("[data-part=people]")).to_contain_text("陈师傅")


async def test_the_audit_is_searched_paged_and_verified(page: Page, room: ControlRoom) -> None:
    await _tab(page, "audit")
    table = page.locator("[data-part=audit]")
    await page.locator("[data-field=who]").fill("管理员")
    await page.locator("[data-action=search]").click()
    await expect(table.locator("[data-cell=who]").first).to_have_text("管理员")
    await expect(table.locator("[data-cell=who]").filter(has_not_text="管理员")).to_have_count(0)
    await page.locator("[data-action=newest]").click()
    await page.locator("[data-field=until]").fill("2001-01-01T00:00")
    await page.locator("[data-action=search]").click()
    await expect(table.locator("[data-row]")).to_have_count(0)
    await page.locator("[data-action=newest]").click()
    for number in range(120):
        await room.alarm(f"many-{number}", latched=True)
    await expect(table.locator("[data-row]")).to_have_count(100, timeout=60_000)
    await expect(page.locator("[data-action=older]")).to_be_enabled()
    oldest = await page.evaluate(OLDER)
    await becomes(page, f"(oldest) => Math.min(...{NUMBERS}) < oldest && Math.max(...{NUMBERS}) < oldest + 50", oldest)
    await page.locator("[data-action=verify]").click()
    await expect(page.locator("[data-part=chain]")).to_have_text(re.compile("审计链完整"), timeout=60_000)


async def test_roles_and_their_pages_are_told_to_whoever_gives_them(page: Page) -> None:
    await _tab(page, "users")
    await page.locator("[data-action=roles]").click()
    table = page.locator("[data-part=role-table]")
    await expect(table.locator("[data-row=admin]")).to_contain_text("管理账号")
    await expect(table.locator("[data-row=operator]")).not_to_contain_text("管理账号")
    await page.locator(".dialog [data-action=close]").click()
    await expect(table).to_have_count(0)


async def _tab(page: Page, name: str) -> None:
    await page.locator(f"[data-tab={name}]").click()
    await expect(page.locator(f"[data-part=admin-{name}]")).to_be_attached()
    if name != "audit":
        await expect(page.locator(f"[data-part={name}]")).to_be_visible()


def _row(page: Page, user: str) -> Locator:
    return page.locator(f"[data-part=users] [data-row='{user}']")


async def _fill(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        await page.locator(f".dialog input[data-field={name}], .dialog [data-field={name}] input").first.fill(value)


async def _choose(page: Page, field: str, words: str) -> None:
    """Choose one more of a list, or one instead; the list is closed afterwards, the dialog is not."""
    await page.locator(f".dialog .q-field:has([data-field={field}]), .dialog [data-field={field}]").first.click()
    await page.get_by_role("option", name=words, exact=True).click()
    if await page.get_by_role("listbox").count():
        await page.locator(".dialog-title").click()
        await expect(page.get_by_role("listbox")).to_have_count(0)


async def _save(page: Page) -> None:
    await page.locator(".dialog [data-action=save]").click()


async def _user(room: ControlRoom) -> str:
    """Make an operator's account; returns its id."""
    user = f"u-{time.time_ns()}"
    async with api(room) as http:
        account = {"id": user, "name": user, "roles": ["operator"], "everywhere": True, "must_change": False}
        assert (await http.post("/api/v1/users", json={**account, "password": PASSWORD})).status_code == 201
    return user


async def _newest(room: ControlRoom, action: str) -> AuditEntryView:
    page = await LabelledFace(room.backbone).audit(AuditRequest(action=action, limit=1))
    return page.entries[0]
