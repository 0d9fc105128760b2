"""Every role on every page: what the menu shows, what opens, what is refused; also by hand, past the buttons."""

from __future__ import annotations

import ast
import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

import dashboards.console
from dashboards.console.admin.page import TABS
from dashboards.console.roles import ACTS, permits
from dashboards.console.section import Section
from dashboards.console.sections import SECTIONS
from domain.accounts import RIGHTS, Right, UserRole
from domain.glossary import label_of
from tests.dashboards.admin_room import admin_room, api, desk_of
from tests.dashboards.control_room import ControlRoom
from tests.dashboards.desks import chromium
from tests.dashboards.hand_made import act, listeners, send
from tests.dashboards.test_accounts_api import SCHOOL, alert_of

CONSOLE = Path(dashboards.console.__file__).parent
IN_MENU = [section for section in SECTIONS if section.in_menu]

browsing = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlRoom]:
    async with admin_room(tmp_path_factory.mktemp("console-roles")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_the_table_says_what_a_page_asks_for(section: Section) -> None:
    asked = {
        Right[node.attr]
        for path in (CONSOLE / section.name).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Right"
    }
    missing = asked - ACTS[section.name] - {Right.READ, section.right}
    assert not missing, f"say so in dashboards/console/roles.py: {section.name} asks for {sorted(missing)}"


def test_every_role_has_a_line_for_every_page_and_no_more_than_its_rights() -> None:
    table = permits(SECTIONS)
    assert {(one.role, one.section) for one in table} == {(role, s.name) for role in UserRole for s in SECTIONS}
    assert all(one.may <= RIGHTS[one.role] for one in table)
    assert not [one for one in table if one.may and not one.opens]
    keepers = {one.role for one in table if Right.ADMINISTER in one.may}
    assert keepers == {UserRole.ADMIN}


@browsing
@pytest.mark.parametrize("role", list(UserRole))
async def test_the_menu_shows_what_may_be_opened_and_an_address_says_why_not(
    browser: Browser, room: ControlRoom, role: UserRole
) -> None:
    async with desk_of(browser, room, role) as page:
        shown = await page.locator("[data-nav]").evaluate_all("links => links.map((link) => link.dataset.nav)")
        assert shown == [section.name for section in IN_MENU if section.right in RIGHTS[role]]
        for section in SECTIONS:
            await _go(page, section.path)
            await expect(page.locator(f"[data-section={section.name}]")).to_be_attached()
            refused = page.locator("[data-part=refused]")
            if section.right in RIGHTS[role]:
                await expect(refused).to_have_count(0)
            else:
                await expect(refused).to_contain_text(label_of(section.right, "zh"))


@browsing
async def test_a_page_that_is_asked_for_by_its_address_is_refused_in_the_frame(
    browser: Browser, room: ControlRoom
) -> None:
    async with desk_of(browser, room, UserRole.OPERATOR, "/admin/users") as page:
        await expect(page.locator("[data-part=refused]")).to_contain_text("没有打开此页面的权限")
        await expect(page.locator("[data-part=users]")).to_have_count(0)
        await expect(page.locator("[data-part=lamps], .lamps").first).to_be_visible()


@browsing
@pytest.mark.parametrize("role", [UserRole.SUPERVISOR, UserRole.INSTALLER])
async def test_who_may_test_channels_sees_that_tab_and_no_other(
    browser: Browser, room: ControlRoom, role: UserRole
) -> None:
    async with desk_of(browser, room, role, "/admin") as page:
        await expect(page.locator("[data-part=channels] [data-row=phone]")).to_be_visible()
        tabs = await page.locator("[data-tab]").evaluate_all("links => links.map((link) => link.dataset.tab)")
        assert tabs == ["channels"]
        for tab in set(TABS) - {"channels"}:
            await _go(page, f"/admin/{tab}")
            await expect(page.locator(".body-note")).to_have_text("没有此权限")


@browsing
@pytest.mark.parametrize("role", list(UserRole))
async def test_an_act_by_hand_does_what_the_role_may_and_nothing_else(
    browser: Browser, room: ControlRoom, role: UserRole
) -> None:
    words = f"手工 {role.value} {time.time_ns()}"
    alert = await alert_of(room, text_zh=words)
    async with desk_of(browser, room, role) as page:
        await expect(page.get_by_text(words).first).to_be_visible()
        await act(page, alert, "acknowledge")
        if Right.ACT in RIGHTS[role]:
            await _until(room, alert, "acknowledged_at_ns")
        else:
            await expect(page.get_by_text(re.compile("没有此权限")).first).to_be_visible()
            assert await _fact(room, alert, "acknowledged_at_ns") is None


@browsing
async def test_an_event_in_the_name_of_another_page_reaches_nobody(browser: Browser, room: ControlRoom) -> None:
    words = f"他人 {time.time_ns()}"
    alert = await alert_of(room, text_zh=words)
    async with (
        desk_of(browser, room, UserRole.OPERATOR) as victim,
        desk_of(browser, room, UserRole.INSTALLER) as other,
    ):
        await expect(victim.get_by_text(words).first).to_be_visible()
        client = await victim.evaluate("window.clientId")
        for one in await listeners(victim, "act"):
            await send(other, one, {"id": alert, "action": "acknowledge"}, client=client)
        await act(victim, alert, "comment")  # what comes after it is worked on
        await expect(victim.locator("[role=dialog], .dialog").first).to_be_visible()
        assert await _fact(room, alert, "acknowledged_at_ns") is None


@browsing
async def test_a_scope_holds_on_every_page(browser: Browser, room: ControlRoom) -> None:
    outside = f"别单位 {time.time_ns()}"
    alert = await alert_of(room, text_zh=outside, place=SCHOOL)
    async with desk_of(browser, room, UserRole.UNIT_STAFF) as page:
        for section in SECTIONS:
            await _go(page, section.path)
            await expect(page.locator(f"[data-section={section.name}]")).to_be_attached()
            assert outside not in await page.locator("body").inner_text(), section.name
        await _go(page, "/")
        await expect(page.locator("[data-section=alarms]")).to_be_attached()
        await act(page, alert, "acknowledge")
        await expect(page.get_by_text("no such alert").or_(page.get_by_text("没有告警")).first).to_be_visible()
        assert await _fact(room, alert, "acknowledged_at_ns") is None


@browsing
async def test_a_role_that_is_taken_away_empties_its_pages(browser: Browser, room: ControlRoom) -> None:
    async with api(room) as http:
        user = f"boss-{time.time_ns()}"
        account = {"id": user, "name": user, "roles": ["supervisor"], "everywhere": True, "must_change": False}
        password = "a password of the tests"  # noqa: S105  # of a loopback server
        assert (await http.post("/api/v1/users", json={**account, "password": password})).status_code == 201
        async with desk_of(browser, room, UserRole.SUPERVISOR, "/admin", account=(user, password)) as page:
            await expect(page.locator("[data-part=channels]")).to_be_visible()
            await http.patch(f"/api/v1/users/{user}", json={"roles": ["operator"]})
            await expect(page.locator("[data-part=refused]")).to_be_visible(timeout=60_000)
            await expect(page.locator("[data-nav=admin]")).to_have_count(0)


async def _go(page: Page, path: str) -> None:
    """Open an address without a load, as a link does."""
    await page.evaluate(
        """(path) => { const link = Object.assign(document.createElement("a"), { href: path });
        link.dataset.go = path; document.body.append(link); link.click(); link.remove(); }""",
        path,
    )


async def _fact(room: ControlRoom, alert: str, name: str) -> object:
    async with api(room) as http:
        return (await http.get(f"/api/v1/alerts/{alert}")).json()["alert"][name]


async def _until(room: ControlRoom, alert: str, name: str) -> None:
    async with asyncio.timeout(30):
        while await _fact(room, alert, name) is None:
            await asyncio.sleep(0.2)
