"""A night in the control room, whole platform: roles, a fire, mute, a second person, a flood, restarts, a phone.

Real processes and devices (`tests.screens.stage`), one Chromium. The tests are one story and run in their order.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from dashboards.console.sections import SECTIONS
from domain.accounts import RIGHTS, UserRole
from domain.alarm import AlarmClass, EntityKind, Level, Place
from tests.dashboards.control_room import raise_alarm
from tests.dashboards.desks import chromium
from tests.screens.stage import HOTEL, NIGHT, PASSWORD, PEOPLE, Stage, stage
from tests.system.test_kill_in_turn import PHONE_VARIABLES, SITE_VARIABLES

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

EBIKE = "您单位东楼1楼安全出口处停放1辆电动自行车且违规充电，平台已发出预警提示，请立即消除隐患！"
FIRE = "1回路7号点报火警"
FLOOD = 2_000
STORE_ROOM = Place(
    unit="hotel", building="east", floor=3, zone="east-3-corridor", zone_kind="corridor", device="smoke-08"
)
LATER_MS = 60_000


@pytest.fixture(scope="module", autouse=True)
def _own_environment() -> Iterator[None]:
    """Let the demo put its ports into the environment, and take them out again."""
    with pytest.MonkeyPatch.context() as patch:
        for name in SITE_VARIABLES + PHONE_VARIABLES:
            patch.setenv(f"FENGSUI_{name}", "0")
            patch.delenv(f"FENGSUI_{name}")
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def night(tmp_path_factory: pytest.TempPathFactory, _own_environment: None) -> AsyncIterator[Stage]:
    """The hotel, whose night begins at once."""
    async with stage(tmp_path_factory.mktemp("night") / "state", HOTEL, NIGHT) as running:
        stop = asyncio.Event()
        playing = asyncio.create_task(running.demo.play_scenario(None, stop))
        yield running
        stop.set()
        await playing


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(browser: Browser, night: Stage) -> AsyncIterator[Page]:
    """The operator, who sits there the whole night."""
    async with signed_in(browser, night, UserRole.OPERATOR) as page:
        yield page


@asynccontextmanager
async def signed_in(browser: Browser, night: Stage, role: UserRole) -> AsyncIterator[Page]:
    """Sign in as somebody of a role."""
    context = await browser.new_context(viewport={"width": 1366, "height": 768})
    page = await context.new_page()
    page.set_default_timeout(LATER_MS)
    await page.goto(night.url)
    await page.locator("input[name=user]").fill(PEOPLE[role][0])
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.locator("button.big").click()
    await expect(page.locator("[data-part=screen]")).to_be_attached()
    yield page
    await context.close()


def row(page: Page, words: str) -> Locator:
    return page.locator(".alarm-row", has_text=words)


async def act(page: Page, words: str, action: str) -> None:
    """Click an action of a row, from the menu behind it where it does not stand in the row."""
    alarm = row(page, words)
    if not await alarm.locator(f"[data-action={action}]").count():
        await alarm.locator("[data-action=more]").click()
        await page.locator(f".alarm-menu [data-action={action}]").click()
    else:
        await alarm.locator(f"[data-action={action}]").click()


@pytest.mark.parametrize("role", list(UserRole))
async def test_each_role_signs_in_and_has_the_pages_of_its_rights(
    browser: Browser, night: Stage, role: UserRole
) -> None:
    async with signed_in(browser, night, role) as page:
        shown = {await one.get_attribute("data-nav") for one in await page.locator("[data-nav]").all()}
    assert shown == {section.name for section in SECTIONS if section.in_menu and section.right in RIGHTS[role]}


async def test_the_ebike_arrives_word_for_word_and_the_fire_above_it(desk: Page) -> None:
    await expect(row(desk, EBIKE)).to_be_visible(timeout=LATER_MS)
    await expect(row(desk, FIRE)).to_be_visible(timeout=LATER_MS)
    await expect(desk.locator("[data-lamp=fire][data-mode=lit]")).to_be_visible()
    tops = [(await row(desk, words).bounding_box() or {"y": -1.0})["y"] for words in (FIRE, EBIKE)]
    assert 0 < tops[0] < tops[1]


async def test_muting_is_not_acknowledging(desk: Page) -> None:
    await desk.mouse.click(5, 5)  # browsers allow sound after the first click
    await expect(desk.locator("[data-ringing=true]")).to_be_attached()
    await desk.locator("[data-part=mute]").click()
    await expect(desk.locator("[data-ringing=true]")).to_have_count(0)
    await expect(row(desk, FIRE)).to_contain_text("未应答")


async def test_the_fire_is_acknowledged_and_confirmed(desk: Page) -> None:
    await act(desk, FIRE, "acknowledge")
    await expect(row(desk, FIRE)).to_contain_text("已应答 何师傅")
    await act(desk, FIRE, "confirm")
    await desk.locator("[data-finding=real]").click()
    await expect(row(desk, FIRE)).to_contain_text("确认：真实")


async def test_a_fire_is_shelved_only_with_a_second_person_who_may(desk: Page, night: Stage) -> None:
    smoke = "厨房感烟感烟报警"
    await act(desk, smoke, "shelve")
    dialog = desk.locator("[data-part=ask]").last
    await dialog.locator("[data-field=reason]").fill("厨房演练")
    await dialog.locator("[data-action=save]").click()
    for user, passes in ((PEOPLE[UserRole.INSTALLER][0], False), (PEOPLE[UserRole.SUPERVISOR][0], True)):
        dialog = desk.locator("[data-part=ask]").last
        await dialog.locator("[data-field=user]").fill(user)
        await dialog.locator("[data-field=password]").fill(PASSWORD)
        await dialog.locator("[data-action=save]").click()
        if not passes:
            await expect(desk.locator("[data-part=ask]").last).to_contain_text("没有此权限")
    await expect(row(desk, smoke)).to_contain_text("搁置")
    (alert,) = await night.alerts.list(rule="smoke_alarm")
    story = " ".join(f"{one.actor} {one.action} {one.details}" for one in (await night.alerts.get(alert.id)).audit)
    assert "何师傅" in story
    assert "王警官" in story


async def test_a_flood_of_two_thousand_never_hides_a_fire(desk: Page, night: Stage) -> None:
    for number in range(FLOOD):
        await raise_alarm(
            night.demo.backbone,
            "mains_fault",
            number,
            alarm_class=AlarmClass.FAULT,
            level=Level.WARNING,
            entity_kind=EntityKind.POINT,
            entity=f"hotel/panel-1/l1p{number}",
            place=STORE_ROOM,
            text_zh=f"主电中断 {number}",
        )
    await raise_alarm(night.demo.backbone, "heat_alarm", 1, place=STORE_ROOM, text_zh="洪水中的火警", latched=True)
    await expect(row(desk, "洪水中的火警")).to_be_in_viewport(timeout=LATER_MS)
    await expect(desk.locator("[data-lamp=fault] .lamp-count")).to_contain_text(
        re.compile(r"2[\d,]*00\d|2\d\d\d"), timeout=LATER_MS
    )
    await expect(row(desk, "洪水中的火警")).to_be_in_viewport()


@pytest.mark.parametrize("name", ["alerts", "rules", "ingest"])
async def test_a_killed_service_is_missed_and_comes_back(desk: Page, night: Stage, name: str) -> None:
    supervisor = night.demo.platform.supervisor
    assert supervisor is not None
    pid = supervisor.children[name].pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)  # silent, as a machine that hangs
    await expect(desk.locator("[data-part=banner]")).to_be_visible(timeout=LATER_MS)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    await expect(desk.locator("[data-part=banner]")).to_be_hidden(timeout=LATER_MS)
    await expect(row(desk, "洪水中的火警")).to_be_in_viewport()


async def test_a_killed_console_is_said_in_big_letters_and_comes_back_signed_in(desk: Page, night: Stage) -> None:
    supervisor = night.demo.platform.supervisor
    assert supervisor is not None
    pid = supervisor.children["console"].pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    await expect(desk.get_by_text("与控制台失去连接")).to_be_visible(timeout=LATER_MS)
    os.kill(pid, signal.SIGKILL)
    await expect(desk.get_by_text("与控制台失去连接")).to_be_hidden(timeout=LATER_MS)
    await expect(row(desk, "洪水中的火警")).to_be_in_viewport(timeout=LATER_MS)
    await expect(row(desk, FIRE)).to_contain_text("已应答 何师傅")


async def test_a_phone_answers_and_the_desk_sees_it(browser: Browser, desk: Page, night: Stage) -> None:
    push = await night.demo.phone.wait_for(person="p-chen", rule="heat_alarm", timeout_s=60)
    context = await browser.new_context(viewport={"width": 390, "height": 844})
    phone = await context.new_page()
    await phone.goto(push.answer_url)
    await expect(phone.get_by_text("洪水中的火警")).to_be_visible()
    await phone.get_by_role("button", name="收到").click()
    await expect(phone.get_by_text("✓")).to_be_visible()
    await context.close()
    await expect(row(desk, "洪水中的火警")).to_contain_text("已应答 陈班长", timeout=LATER_MS)
