"""Gateways on the console, in Chromium, with a real gateway that reads simulated devices."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from simulators.devices.modbus_pdu import RegisterBank
from tests.dashboards.control_room import API_TOKEN, ControlRoom
from tests.dashboards.desks import chromium, sit_down
from tests.dashboards.district import HOST
from tests.dashboards.gateways_room import PRESSURE_AT, AccessRoom, LineRoom, access_room, line_room
from tests.gateway.gb26875.access_servers import Caller

pytestmark = pytest.mark.asyncio(loop_scope="module")

PASSWORD = "long enough for a person"  # noqa: S105  # of a test
BEARER = {"Authorization": f"Bearer {API_TOKEN}"}
GATEWAY = "/gateways/hotel/gw-east"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LineRoom]:
    async with line_room(tmp_path_factory.mktemp("line"), operator_password=PASSWORD) as opened:
        await account(opened.room, "ann", units=["hotel"])
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def access(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[AccessRoom]:
    async with access_room(tmp_path_factory.mktemp("access"), operator_password=PASSWORD) as opened:
        await account(opened.room, "ann", everywhere=True)
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


async def account(room: ControlRoom, name: str, **scope: object) -> None:
    """Make an installer's account."""
    body = {"id": name, "name": "安装员", "roles": ["installer"], "must_change": False, "password": PASSWORD, **scope}
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30, headers=BEARER) as http:
        answer = await http.post("/api/v1/users", json=body)
        assert answer.status_code == 201, answer.text


@asynccontextmanager
async def installer(browser: Browser, room: ControlRoom, path: str) -> AsyncIterator[Page]:
    """Sign in as an installer."""
    async with sit_down(browser, room, path=path, account=("ann", PASSWORD)) as page:
        await page.goto(f"{room.console.url.rstrip('/')}{path}")
        yield page


async def test_gateways_and_services_say_how_they_stand(browser: Browser, line: LineRoom) -> None:
    async with installer(browser, line.room, "/gateways") as page:
        gateway = page.locator("[data-part=gateway-table] [data-row='hotel/gw-east']")
        await expect(gateway).to_contain_text("在线")
        await expect(gateway.locator("[data-cell=lines]")).to_have_text("1/1")
        await expect(gateway.locator("[data-cell=lost]")).to_have_text("0")
        services = page.locator("[data-part=service-table]")
        await expect(services.locator("[data-row='ingest.main']")).to_contain_text("已存 7")
        line.room.puppets.alive.discard("rules.main")
        rules = services.locator("[data-row='rules.main']")
        await expect(rules).to_have_attribute("data-look", "unknown")
        await expect(rules).to_contain_text("未知：已静默")
        line.room.puppets.alive.add("rules.main")
        await expect(rules).to_contain_text("在线")
        await gateway.get_by_role("link", name="东楼网关").click()
        await expect(page).to_have_url(re.compile(f"{GATEWAY}$"))


async def test_lines_tell_round_trips_and_who_does_not_answer(browser: Browser, line: LineRoom) -> None:
    async with installer(browser, line.room, GATEWAY) as page:
        await expect(page.locator("[data-card=uplink]")).to_contain_text("在线")
        await expect(page.locator("[data-card=reserve]")).to_contain_text("断网")
        units = page.locator("[data-part=units-table]")
        await expect(units.locator("[data-row=line-2] [data-cell=median]")).to_contain_text("ms")
        await expect(units.locator("[data-row=line-2] [data-cell=period]")).to_have_text("0.5 s")
        await expect(page.locator("[data-fact=memory]")).to_contain_text("MB")
        line.banks.pop(PRESSURE_AT)
        await expect(units.locator("[data-row=line-2]")).to_contain_text("不应答")
        await expect(units.locator(".data-rows [data-row]").first).to_have_attribute("data-row", "line-2")
        await expect(page.locator("[data-part=lines-table] [data-row=line]")).to_contain_text("喷淋泵压力")
        await expect(page.locator("[data-card=lost]")).to_contain_text("1 台失联")
        line.banks[PRESSURE_AT] = RegisterBank(holding={0: 652, 1: 87})
        await expect(page.locator("[data-card=lost]")).to_contain_text("0 台失联")


async def test_frames_pass_while_somebody_looks_and_stay_text(browser: Browser, line: LineRoom) -> None:
    async with installer(browser, line.room, GATEWAY) as page:
        note, rows = (
            page.locator("[data-part=frames-note]"),
            page.locator("[data-part=frame-table] .data-rows [data-row]"),
        )
        await expect(note).to_contain_text("未查看")
        await expect(rows).to_have_count(0)
        await page.locator("[data-action=frames-start]").click()
        await expect(note).to_contain_text("查看中")
        reply = rows.filter(has_text="从站 2 读保持寄存器：652 87").first
        await expect(reply).to_be_visible()
        await expect(reply.locator("[data-cell=hex]")).to_contain_text("02 03 04 02 8c 00 57")
        await expect(rows.filter(has_text="→").first).to_be_visible()
        await page.locator("[data-part=filter-frames]").fill("从站 1")
        await expect(rows.filter(has_text="从站 2")).to_have_count(0)
        await page.locator("[data-part=filter-frames]").fill("")
        await expect(rows.filter(has_text="从站 2").first).to_be_visible()  # drawn without the filter before it is held
        await page.locator("[data-action=frames-pause]").click()
        await expect(page.locator("[data-action=frames-pause]")).to_contain_text("继续")
        newest = await rows.first.get_attribute("data-row")
        count = await note.inner_text()
        await expect(note).not_to_have_text(count)
        assert await rows.first.get_attribute("data-row") == newest
        await page.locator("[data-action=frames-pause]").click()
        await expect(rows.first).not_to_have_attribute("data-row", str(newest))
        await page.locator("[data-action=frames-start]").click()
        await expect(note).to_contain_text("未查看")


async def test_a_gateway_that_nobody_looks_at_keeps_no_frames(browser: Browser, line: LineRoom) -> None:
    async with installer(browser, line.room, GATEWAY) as page:
        await page.locator("[data-action=frames-start]").click()
        await expect(page.locator("[data-part=frame-table] .data-rows [data-row]").first).to_be_visible()
    async with asyncio.timeout(60):  # the browser is gone: its page is let go after a while, and the line with it
        while True:
            asked = {"command": "frames_tail", "connection": "line", "after": 0}
            first = await line.room.backbone.request("svc.gateway.hotel.gw-east", asked)
            if not first["frames"]:
                break
            await line.room.backbone.request("svc.gateway.hotel.gw-east", {**asked, "stop": True})
            await asyncio.sleep(0.3)


async def test_an_operator_sees_how_a_line_fares_and_no_bytes_of_it(browser: Browser, line: LineRoom) -> None:
    async with sit_down(browser, line.room, path=GATEWAY, account=("operator", PASSWORD)) as page:
        await page.goto(f"{line.room.console.url.rstrip('/')}{GATEWAY}")
        await expect(page.locator("[data-part=units-table] [data-row=line-1]")).to_contain_text("应答")
        await expect(page.locator("[data-part=frames-note]")).to_have_text("需要安装或配置权限")
        await expect(page.locator("[data-action=frames-start]")).to_have_count(0)


async def test_a_transmitter_shows_what_its_host_counts_and_its_newest_frames(
    browser: Browser, access: AccessRoom
) -> None:
    async with installer(browser, access.room, "/gateways/hotel/utd-0") as page:
        await expect(page.locator("[data-part=gateway-state]")).to_contain_text("从未上报")
        caller = Caller(*await asyncio.open_connection("127.0.0.1", access.port), 1000)
        await caller.say()
        await expect(page.locator("[data-part=gateway-state]")).to_contain_text("在线")
        await expect(page.locator("[data-fact=peer]")).to_contain_text("127.0.0.1:")
        await expect(page.locator("[data-fact=frames]")).to_have_text("1")
        await expect(page.locator("[data-fact=clock_error]")).to_contain_text("s")
        frames = page.locator("[data-part=frame-table] .data-rows [data-row]")
        await expect(frames.filter(has_text="←").first).to_contain_text("1000")
        await expect(frames.filter(has_text="→").first).to_contain_text("确认")
        await page.get_by_role("link", name="火灾报警系统").click()
        await expect(page).to_have_url(re.compile("/devices/hotel/fas-0$"))
        caller.writer.close()


async def test_frames_of_a_port_are_told_with_sender_and_peer(browser: Browser, access: AccessRoom) -> None:
    async with installer(browser, access.room, f"/gateways/{HOST}") as page:
        await expect(page.locator("[data-card=hosted]")).to_contain_text("4")
        await page.locator("[data-action=frames-start]").click()
        await expect(page.locator("[data-part=frames-note]")).to_contain_text("查看中")
        caller = Caller(*await asyncio.open_connection("127.0.0.1", access.port), 1001)
        rows = page.locator("[data-part=frame-table] .data-rows [data-row]")
        async with asyncio.timeout(30):
            while not await rows.count():
                await caller.say()
                await asyncio.sleep(0.5)
        await expect(rows.filter(has_text="→").first).to_contain_text("确认")
        await expect(rows.filter(has_text="←").first.locator("[data-cell=peer]")).to_contain_text("127.0.0.1:")
        caller.writer.close()


async def test_a_gateway_of_others_is_none_and_english_says_the_same(browser: Browser, line: LineRoom) -> None:
    async with installer(browser, line.room, "/gateways/hotel/none") as page:
        await expect(page.get_by_role("alert").filter(has_text="没有这个网关")).to_be_visible()
        await page.locator("[data-part=language]").click()
        await page.get_by_role("link", name="All gateways").click()
        await expect(page.locator("[data-part=gateway-table]")).to_contain_text("Online")
        await expect(page.locator("[data-part=service-table]")).to_contain_text("7 stored")
