"""The overview in Chromium: from everything to a device, a fire on its floor, and figures that open their rows."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, Request, expect

from domain.alarm import AlarmClass, EntityKind, Level, Place, Transition, TransitionKind
from tests.dashboards.control_room import API_TOKEN, ControlRoom, control_room
from tests.dashboards.desks import becomes, chromium, sit_down
from tests.dashboards.overview_room import HOTEL_GATEWAY, close_all, site_room
from tests.dashboards.premises import HOSTILE

pytestmark = pytest.mark.asyncio(loop_scope="module")

PLAN = "/api/v1/units/hotel/buildings/east/floors/{floor}/plan"
GUEST = Place(
    unit="hotel",
    building="east",
    floor=3,
    zone="east-3-corridor",
    zone_kind="corridor",
    device="smoke-09",
    point="smoke",
)
EXIT = Place(unit="hotel", building="east", floor=1, zone="east-1-exit", zone_kind="exit")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlRoom]:
    async with site_room(tmp_path_factory.mktemp("overview")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, room: ControlRoom) -> AsyncIterator[Page]:
    async with sit_down(browser, room, path="/overview") as opened:
        await becomes(opened, "() => window.socket?.connected")  # a click before that would be lost
        yield opened
    await settle(room)


async def settle(room: ControlRoom) -> None:
    """End every alert and let everybody be well again."""
    room.puppets.reset()
    room.puppets.alive |= {HOTEL_GATEWAY}
    for entity, raised_with in RAISED.items():
        rule = str(raised_with.pop("rule"))
        await room.alarm(rule, kind=TransitionKind.CLEARED, entity=entity, **raised_with)
    RAISED.clear()
    await close_all(room)


RAISED: dict[str, dict[str, object]] = {}


async def raised(room: ControlRoom, rule: str, place: Place, **more: object) -> Transition:
    """Raise an alarm that `settle` ends."""
    kind = EntityKind.DEVICE if place.device else EntityKind.ZONE
    entity = f"{place.unit}/{place.device or place.zone}"
    values = {"place": place, "entity_kind": kind, **more}
    RAISED[entity] = {"rule": rule, **values}
    return await room.alarm(rule, entity=entity, **values)


def ending(path: str) -> re.Pattern[str]:
    return re.compile(f"{re.escape(path)}$")


def floor(page: Page, number: int) -> Locator:
    return page.locator(f'[data-tile="east/{number}"]')


def device(page: Page, name: str) -> Locator:
    return page.locator(f'.plan-device[data-device="hotel/{name}"]')


async def test_from_everything_to_a_device_in_two_clicks_by_mouse(page: Page) -> None:
    """A site of one unit begins with its buildings."""
    await expect(page.locator("[data-tile]")).to_have_count(6)
    await expect(floor(page, 3)).to_have_attribute("data-look", "calm")
    await expect(floor(page, 3)).to_contain_text("客房走廊")
    await floor(page, 3).locator(".tile-head").click()
    await expect(page).to_have_url(ending("/overview/hotel/east/3"))
    await expect(page.locator(".plan-device")).to_have_count(6)
    await device(page, "smoke-09").click()
    await expect(page).to_have_url(ending("/devices/hotel/smoke-09"))
    await page.go_back()
    await expect(device(page, "smoke-09")).to_be_visible()


async def test_every_device_can_be_reached_by_keyboard(page: Page) -> None:
    await floor(page, 1).locator(".tile-head").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-part=floor-list] [data-row]")).to_have_count(17)
    await device(page, "panel-1").focus()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(ending("/devices/hotel/panel-1"))
    await page.go_back()
    await page.locator('[data-row="hotel/camera-1"] a').focus()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(ending("/devices/hotel/camera-1"))


async def test_a_fire_appears_on_the_plan_and_pulses_until_it_is_acknowledged(room: ControlRoom, page: Page) -> None:
    await page.goto(page.url + "/hotel/east/3")
    await expect(device(page, "smoke-09")).to_have_attribute("data-look", "calm")
    await raised(room, "smoke_alarm", GUEST)
    await expect(device(page, "smoke-09")).to_have_attribute("data-look", "fire")
    await expect(device(page, "smoke-09").locator(".plan-ring")).to_be_attached()
    await expect(device(page, "smoke-09")).to_contain_text("三层走廊二号感烟 · 火警")
    await expect(page.locator('[data-part="floor-list"] [data-row]').first).to_contain_text("三层走廊二号感烟")
    await expect(page.locator("[data-part=offer]")).to_be_hidden()  # it is on the screen already
    (alert,) = await room.alerts.list(open=True)
    await room.alerts.acknowledge(alert.id, by="test")
    await expect(device(page, "smoke-09").locator(".plan-ring")).to_have_count(0)
    await expect(device(page, "smoke-09")).to_have_attribute("data-look", "fire")


async def test_a_new_fire_offers_the_way_and_takes_nobody_there(room: ControlRoom, page: Page) -> None:
    await expect(page.locator("[data-part=offer]")).to_be_hidden()
    await raised(room, "smoke_alarm", GUEST)
    await expect(page.locator("[data-part=offer]")).to_contain_text("火警 · 东楼 · 3楼 · 客房走廊")
    await expect(floor(page, 3)).to_have_attribute("data-look", "fire")
    assert page.url.endswith("/overview")
    await page.locator("[data-part=offer-way]").click()
    await expect(device(page, "smoke-09")).to_have_attribute("data-look", "fire")
    await expect(page).to_have_url(ending("/overview/hotel/east/3"))


async def test_an_e_bike_at_an_exit_lights_its_zone_and_its_figures(room: ControlRoom, page: Page) -> None:
    await raised(room, "ebike_charging_at_exit", EXIT, alarm_class=AlarmClass.HAZARD, level=Level.WARNING)
    await expect(page.locator("[data-figure=ebike-open] .figure-number")).to_have_text("1")
    await expect(page.locator("[data-figure=ebike-there] .figure-number")).to_have_text("1")
    await expect(page.locator("[data-figure=ebike_charging_at_exit]")).to_have_text("违规充电 1")
    await floor(page, 1).locator(".tile-head").click()
    zone = page.locator("[data-zone=east-1-exit]")
    await expect(zone).to_have_attribute("data-look", "hazard")
    await expect(zone).to_contain_text("安全出口 · 隐患")
    row = page.locator('[data-row="zone-east-1-exit"]')
    await expect(row).to_contain_text("隐患")
    await expect(row.locator("a")).to_have_attribute("href", "/?zone=hotel%2Feast-1-exit")
    await page.go_back()
    await page.locator("[data-figure=ebike-open]").click()
    await expect(page).to_have_url(ending("/?rule=ebike_charging_at_exit"))


async def test_each_figure_opens_its_rows(room: ControlRoom, page: Page) -> None:
    await raised(room, "smoke_alarm", GUEST)
    count = floor(page, 3).locator("[data-kind=fire]")
    await expect(count).to_contain_text("1")
    await count.click()
    await expect(page).to_have_url(ending("/?class=fire&unit=hotel&building=hotel%2Feast"))
    for name, path in (
        ("raised-fire", "/history?class=fire&since="),
        ("gateways", "/gateways"),
        ("acknowledge", "/kpi"),
    ):
        await page.go_back()
        await page.locator(f"[data-figure={name}]").click()
        await expect(page).to_have_url(re.compile(re.escape(path)))


async def test_the_days_alarms_are_counted_as_they_come(room: ControlRoom, page: Page) -> None:
    number = page.locator("[data-figure=raised] .figure-number")
    await expect(number).not_to_have_text("?")
    before = int(await number.inner_text())
    await raised(room, "smoke_alarm", GUEST)
    await expect(number).to_have_text(str(before + 1))
    await expect(page.locator("svg.hours")).to_have_attribute("aria-label", f"今日每小时告警数，共 {before + 1} 条")


async def test_silence_is_unknown_on_every_level(room: ControlRoom, page: Page) -> None:
    room.puppets.alive -= {HOTEL_GATEWAY}
    await expect(page.locator('[data-tile][data-look="unknown"]')).to_have_count(6)
    await expect(page.locator("[data-figure=gateways]")).to_have_attribute("data-look", "unknown")
    await floor(page, 1).locator(".tile-head").click()
    await expect(page.locator('.plan-device[data-look="unknown"]')).to_have_count(17)
    await expect(device(page, "panel-1")).to_contain_text("未知")
    room.puppets.alive |= {HOTEL_GATEWAY}
    await expect(page.locator('.plan-device[data-look="calm"]')).to_have_count(17)
    room.puppets.alive -= {"rules.main"}
    await expect(page.locator('.plan-device[data-look="unknown"]')).to_have_count(17)


async def test_the_wall_has_no_menu_and_keeps_still(page: Page) -> None:
    await expect(page.locator("[data-part=menu]")).to_be_visible()
    small = await page.locator(".tile-name").first.bounding_box()
    await page.goto(page.url + "?wall=1")
    await expect(page.locator("[data-tile]")).to_have_count(6)
    await expect(page.locator("[data-part=menu]")).to_be_hidden()
    large = await page.locator(".tile-name").first.bounding_box()
    assert small is not None
    assert large is not None
    assert large["height"] > small["height"]


async def test_what_is_not_there_is_said(page: Page) -> None:
    for path in ("/inn", "/hotel/west", "/hotel/east/77", "/hotel/east/x"):
        await page.goto(page.url.split("/overview")[0] + f"/overview{path}")
        await expect(page.locator("[role=alert]", has_text="没有这个单位、建筑或楼层")).to_be_visible()


async def test_everything_speaks_english(page: Page) -> None:
    await page.locator("[data-part=language]").click()
    await expect(floor(page, -1)).to_contain_text("basement 1")
    await expect(page.locator("[data-part=today]")).to_contain_text("Today's alarms")
    await floor(page, 1).locator(".tile-head").click()
    await expect(page.locator("[data-zone=east-1-lobby]")).to_contain_text("lobby")
    await expect(page.locator("[data-part=floor-list]")).to_contain_text("No alarm")


async def test_a_plan_is_a_picture_of_ours_and_asks_nobody_else(browser: Browser, room: ControlRoom) -> None:
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    async with sit_down(browser, room, path="/overview") as page:
        page.on("request", note)
        await page.goto(page.url + "/hotel/east/1")
        drawing = page.locator("img.plan-drawing")
        await expect(drawing).to_have_js_property("complete", True)
        assert await drawing.evaluate("image => image.naturalWidth") > 0
        assert {urlsplit(url).hostname for url in asked if not url.startswith("data:")} == {"127.0.0.1"}


async def test_a_plan_is_served_once_and_can_do_nothing(room: ControlRoom) -> None:
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30) as http:
        headers = {"Authorization": f"Bearer {API_TOKEN}"}
        answer = await http.get(PLAN.format(floor=1), headers=headers)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/svg+xml"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["x-content-type-options"] == "nosniff"
        again = await http.get(PLAN.format(floor=1), headers={**headers, "If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert (await http.get(PLAN.format(floor=77), headers=headers)).status_code == 404
        assert (await http.get(PLAN.format(floor="x"), headers=headers)).status_code == 400


@pytest.mark.timeout(400)  # a room of its own is opened
async def test_hostile_labels_stay_text(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    async with (
        control_room(tmp_path_factory.mktemp("hostile")) as hostile,
        sit_down(browser, hostile, path="/overview/hotel/east/1") as page,
    ):
        await expect(page.locator('[data-row="hotel/panel"] a')).to_have_text(HOSTILE)
        assert await page.evaluate("window.hacked") is None


@pytest.mark.timeout(400)  # a room of its own is opened
async def test_the_map_shows_every_unit_and_leads_to_it(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The switch is remembered; a cluster leads nearer, a unit to its page, by keyboard; nobody outside is asked."""
    asked: list[str] = []
    async with (
        control_room(tmp_path_factory.mktemp("map"), transmitters=120, each=1, is_placed=True) as placed,
        sit_down(browser, placed, path="/overview") as page,
    ):
        page.on("request", lambda request: asked.append(request.url))
        await becomes(page, "() => window.socket?.connected")
        await expect(page.locator(".map-mark")).to_have_count(0)
        await page.locator("[data-view=map]").click()
        await expect(page.locator("[data-view=map]")).to_have_attribute("aria-pressed", "true")
        await expect(page.locator("[data-part=sites-note]")).to_have_text("120 家单位")
        await expect(page.locator("[data-part=unplaced]")).to_contain_text("未标注位置 2 家")
        counted = "() => [...document.querySelectorAll('.map-mark')].reduce((all, one) => all + +one.dataset.count, 0)"
        await becomes(page, f"() => ({counted})() === 118")
        await expect(page.locator('.map-mark[data-look="unknown"]').first).to_be_attached()  # no line was heard
        unplaced, corridor = "u0049", {"building": "east", "floor": 3, "zone": "corridor"}
        for unit, alarm_class in ((unplaced, AlarmClass.FIRE), ("u0007", AlarmClass.FAULT), ("u0011", AlarmClass.FIRE)):
            place = Place(unit=unit, **corridor)
            await placed.alarm("component", alarm_class=alarm_class, place=place, entity=f"{unit}/corridor")
        await expect(page.locator(f'[data-part=unplaced] [data-tile="{unplaced}"]')).to_have_attribute(
            "data-look", "fire"
        )
        await expect(page.locator("[data-part=unplaced] [data-tile]").first).to_have_attribute("data-tile", unplaced)
        top = page.locator(".map-mark").last
        await expect(top).to_have_attribute("data-look", "fire")
        await expect(top).to_have_attribute("data-fresh", "yes")
        await expect(top).to_have_attribute("aria-label", re.compile("火警 1"))
        await page.reload()  # the choice stands
        await expect(page.locator(".map-mark").last).to_have_attribute("data-look", "fire")
        await becomes(page, "() => window.socket?.connected")
        for _ in range(6):
            if await page.locator(".map-mark").last.get_attribute("data-count") == "1":
                break
            before = page.url
            await page.locator(".map-mark").last.focus()
            await page.keyboard.press("Enter")
            await becomes(page, "(before) => location.href !== before", before)
            await expect(page.locator(".map-mark").last).to_have_attribute("data-look", "fire")
        await expect(page.locator(".map-mark").last).to_have_attribute("data-mark", "u0011")
        await page.locator(".map-mark").last.focus()
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(ending("/overview/u0011"))
        await page.goto(f"{placed.console.url.rstrip('/')}/overview?in=-&view=tiles")
        await expect(page.locator("[data-tile]")).to_have_count(2)
        assert {urlsplit(url).hostname for url in asked if not url.startswith("data:")} == {"127.0.0.1"}


@pytest.mark.timeout(400)  # as above, and a large one
async def test_many_units_are_found_page_by_page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    async with (
        control_room(tmp_path_factory.mktemp("many"), transmitters=280) as many,
        sit_down(browser, many, path="/overview") as page,
    ):
        await many.alarm("component_fire", place=Place(unit="u0065", building="east", floor=3, zone="corridor"))
        first = page.locator("[data-tile]").first
        await expect(first).to_have_attribute("data-tile", "u0065")
        await expect(first).to_have_attribute("data-look", "fire")
        await expect(page.locator("[data-tile]")).to_have_count(60)
        await page.locator(".pages a:visible").click()
        await expect(page.locator("[data-tile]")).to_have_count(10)
        await page.locator("[data-part=find-unit]").fill("u0065")
        await page.keyboard.press("Enter")
        await expect(page.locator("[data-tile]")).to_have_count(1)
        await page.locator(".tile-head").click()
        await page.locator('[data-tile="east/3"] .tile-head').click()
        await expect(page.locator("[data-row=zone-corridor]")).to_contain_text("火警")
        await expect(page.locator("[data-part=floor]")).to_contain_text("本层没有平面图")
