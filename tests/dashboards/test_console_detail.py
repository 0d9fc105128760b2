"""The page of one alarm, in Chromium: why it fired, pictures, people, receipts, the past; and that it is live."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from alerts.face import AlertDetail, AlertsFace
from domain.accounts import UserRole
from domain.alarm import AlarmClass, EntityKind, Level, Place, TransitionKind
from domain.alert import Confirmation
from domain.clock import NS_PER_S
from domain.errors import FengsuiError
from rules.cards import cards_of
from tests.dashboards.cameras import picture
from tests.dashboards.control_room import EXIT
from tests.dashboards.desks import chromium, sit_down
from tests.dashboards.detail_room import RULE, DetailRoom, detail_room
from tests.dashboards.premises import HOSTILE
from tests.dashboards.test_accounts_api import BEARER, PASSWORD, SCHOOL, STAFF_PASSWORD, staff
from tests.rules.rules_scene import ruleset

pytestmark = pytest.mark.asyncio(loop_scope="module")

GAUGE = Place(
    unit="hotel",
    building="east",
    floor=-1,
    zone="pump",
    zone_kind="pump_room",
    gateway="gw-east",
    device="pressure",
    point="pressure",
)
LOW = {
    "alarm_class": AlarmClass.SUPERVISORY,
    "level": Level.WARNING,
    "place": GAUGE,
    "entity_kind": EntityKind.POINT,
    "entity": "hotel/pressure/pressure",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DetailRoom]:
    async with detail_room(tmp_path_factory.mktemp("detail")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


async def raised(room: DetailRoom, **changes: object) -> str:
    """Raise an alarm of the pump's pressure and return the id of its alert when the record has it."""
    values = {**LOW, "value": 200.0, "text_zh": f"喷淋泵压力低 {time.time_ns()}", **changes}
    rule = str(values.pop("rule", f"pressure_low-{time.time_ns()}"))
    sent = await room.alarm(rule, **values)
    await detail_of(room, sent.id)
    return sent.id


async def detail_of(room: DetailRoom, alert_id: str, *, closed: bool = False) -> AlertDetail:
    """Wait until the record has an alert, or has closed it."""
    async with asyncio.timeout(30):
        while True:
            try:
                found = await AlertsFace(room.backbone).get(alert_id)
                if not closed or not found.alert.is_open:
                    return found
            except FengsuiError:
                pass
            await asyncio.sleep(0.05)


async def over(room: DetailRoom, rule: str, finding: Confirmation) -> str:
    """Let an alarm of a rule come, be found out, and go."""
    alert_id = await raised(room, rule=rule)
    face = AlertsFace(room.backbone)
    await face.acknowledge(alert_id, by="王值班")
    cause = "检修泄压" if finding is Confirmation.FALSE else ""
    await face.confirm(alert_id, by="王值班", finding=finding, cause=cause)
    await room.alarm(rule, kind=TransitionKind.CLEARED, **LOW)
    await detail_of(room, alert_id, closed=True)
    return alert_id


async def test_it_says_why_it_fired_whom_to_call_and_what_became_of_the_messages(
    browser: Browser, room: DetailRoom
) -> None:
    alert_id = await raised(room, delay_ns=5 * NS_PER_S, place=GAUGE.model_copy(update={"zone": "exit"}))
    asked: list[str] = []
    faults: list[str] = []
    async with sit_down(browser, room, name="王值班") as page:
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        await page.goto(f"{room.console.url}alarm/{alert_id}")
        await expect(page.locator("[data-part=detail-head]")).to_contain_text("喷淋泵压力低")
        await expect(page.locator("[data-part=detail-head]")).to_contain_text("UTC+08:00")
        why = page.locator("[data-part=detail-why]")
        await expect(why).to_contain_text("规则说明未知")
        await expect(why).to_contain_text("低于下限 250 kPa，低出 50 kPa")
        await expect(why.locator("[data-cell=value][data-look=alarm]")).to_contain_text("▲200 kPa")
        await expect(why).to_contain_text("5 秒")
        beside = page.locator("[data-part=detail-beside]")
        await expect(beside.locator("[data-row='hotel/pressure/pressure']")).to_contain_text("652 kPa")
        await expect(beside.locator("[data-row='hotel/pressure/battery'] [data-look=unknown]")).to_contain_text(
            "无数据"
        )
        await expect(page.locator("[data-part=detail-trend] canvas")).to_be_visible()
        chart = page.locator("[data-part=detail-trend] [data-point=pressure]")
        words = re.compile(r"最低 20\d kPa · 最高 65\d kPa · 无数据 6\d 秒")
        await expect(chart).to_have_attribute("aria-label", words)
        await expect(page.locator("[data-person=p-chen]")).to_contain_text("部位责任人")
        call = page.locator("[data-person=p-lin] a")
        await expect(call).to_have_attribute("href", "tel:+865918700" + "1234")
        await expect(call).to_have_attribute("aria-label", "拨打电话给 林经理")
        await expect(page.locator("[data-part=detail-procedure]")).to_contain_text("该规则没有处置规程")
        receipts = page.locator("[data-part=detail-receipts] [data-row]")
        await expect(receipts.first).to_contain_text("平台已接收")
        await expect(receipts.first.locator("[data-cell=accepted]")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))
        audit = page.locator("[data-part=detail-audit-rows] [data-row]")
        await expect(audit.last).to_contain_text("产生")
        await expect(audit.last.locator("[data-cell=number]")).to_have_text(re.compile(r"^\d+$"))
    own = room.console.url.removeprefix("http://")
    assert [url for url in asked if not url.startswith((f"http://{own}", f"ws://{own}", "data:", "blob:"))] == []
    assert faults == []


async def test_the_rule_says_what_it_watches_and_the_operator_what_to_do(browser: Browser, room: DetailRoom) -> None:
    alert_id = await raised(room, rule=RULE, rule_version="0")
    card = next(one for one in cards_of(ruleset()) if one.name == RULE)
    async with sit_down(browser, room, path=f"/alarm/{alert_id}") as page:
        why = page.locator("[data-part=detail-why]")
        await expect(why.locator(".detail-rule")).to_contain_text(card.labels.zh)
        await expect(why.locator(".detail-rule")).to_have_attribute("href", f"/rules/{RULE}")
        await expect(why).to_contain_text(card.description.zh)
        await expect(why).to_contain_text(f"触发时版本 0，现版本 {card.version}")
        await expect(why.locator(".detail-condition")).to_contain_text(card.condition.zh.splitlines()[0])
        point = why.locator("[data-point=pressure]").first
        await expect(point).to_have_text("压力")
        await expect(point).to_have_attribute("title", "pressure")
        steps = [line.strip() for line in card.procedure_zh.splitlines() if line.strip()]
        assert steps
        for step in steps:
            await expect(page.locator("[data-part=detail-procedure]")).to_contain_text(step)


async def test_what_happens_to_it_is_on_the_page_at_once(browser: Browser, room: DetailRoom) -> None:
    alert_id = await raised(room)
    face = AlertsFace(room.backbone)
    async with sit_down(browser, room, name="王值班", path=f"/alarm/{alert_id}") as page:
        head = page.locator("[data-part=detail-head]")
        await expect(head).to_contain_text("未应答")
        await face.acknowledge(alert_id, by="李值班")
        await expect(head).to_contain_text("已应答 李值班")
        await face.comment(alert_id, by="李值班", text=f"已派人 {HOSTILE}")
        await expect(page.locator("[data-part=detail-comments]")).to_contain_text(f"已派人 {HOSTILE}")
        await expect(page.locator("[data-part=detail-audit-rows]")).to_contain_text("已备注")
        await room.alarm((await detail_of(room, alert_id)).alert.rule, kind=TransitionKind.CLEARED, **LOW)
        await expect(head).to_contain_text("已恢复")
        await expect(head).to_contain_text("已关闭")
        assert await page.evaluate("window.hacked === undefined")


async def test_an_operator_acts_from_the_page_and_a_dialog_survives_the_news(
    browser: Browser, room: DetailRoom
) -> None:
    alert_id = await raised(room)
    async with sit_down(browser, room, name="王值班", path=f"/alarm/{alert_id}") as page:
        actions = page.locator("[data-part=detail-actions]")
        await actions.locator("[data-action=acknowledge]").click()
        await expect(page.locator("[data-part=detail-head]")).to_contain_text("已应答 王值班")
        await actions.locator("[data-action=comment]").click()
        await page.locator("textarea").fill("正在")
        await AlertsFace(room.backbone).comment(alert_id, by="李值班", text="别处来的消息")
        await expect(page.locator("[data-part=detail-comments]")).to_contain_text("别处来的消息")
        await page.locator("textarea").fill("正在现场")
        await page.locator("[data-action=save]").click()
        await expect(page.locator("[data-part=detail-comments]")).to_contain_text("正在现场")


async def test_the_past_of_the_point_counts_false_alarms_and_leads_to_each(browser: Browser, room: DetailRoom) -> None:
    rule = f"past-{time.time_ns()}"
    for finding in (Confirmation.FALSE, Confirmation.FALSE, Confirmation.REAL):
        before = await over(room, rule, finding)
    alert_id = await raised(room, rule=rule)
    async with sit_down(browser, room, name="王值班", path=f"/alarm/{alert_id}") as page:
        await expect(page.locator("[data-part=detail-past]")).to_contain_text("误报 2")
        await expect(page.locator("[data-part=detail-past]")).to_contain_text("已核实的误报率 67%")
        await expect(page.locator("[data-part=detail-past]")).to_contain_text("误报 · 检修泄压")
        await expect(page.locator("[data-part=detail-similar]")).to_contain_text("本单位同规则 3 条")
        search = page.locator("[data-part=detail-similar] .detail-head-actions a")
        await expect(search).to_have_attribute("href", f"/history?unit=hotel&rule={rule}")
        await page.locator(f"[data-part=detail-past-rows] a[href='/alarm/{before}']").click()
        await expect(page).to_have_url(re.compile(f"/alarm/{before}$"))
        await expect(page.locator("[data-part=detail-head]")).to_contain_text("已关闭")
        await expect(page.locator("[data-action=acknowledge]")).to_be_disabled()
        await page.go_back()
        await expect(page).to_have_url(re.compile(f"/alarm/{alert_id}$"))
        await expect(page.locator("[data-part=detail-head]")).to_contain_text("未应答")


async def test_pictures_come_from_the_console_and_others_are_links_that_nobody_loads(
    browser: Browser, room: DetailRoom
) -> None:
    content, outside = picture(), "http://elsewhere.example/x.jpg"
    seen = room.cam.gives("fire.png", content)
    alert_id = await raised(room, picture_url=seen)
    face = AlertsFace(room.backbone)
    digest = hashlib.sha256(content).hexdigest()
    await face.attach(alert_id, by="陈师傅", url=seen, sha256=digest, media_type="image/png", note="现场")
    await face.attach(alert_id, by="陈师傅", url=seen, sha256="0" * 64, media_type="image/png", note="换过的")
    await face.attach(alert_id, by="陈师傅", url=outside, sha256="1" * 64, media_type="image/png")
    asked: list[str] = []
    async with sit_down(browser, room, name="王值班") as page:
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(f"{room.console.url}alarm/{alert_id}")
        images = page.locator("[data-part=detail-pictures] img")
        await expect(images).to_have_count(2)
        assert {await images.nth(at).get_attribute("src") for at in (0, 1)} == {
            f"/pictures/{alert_id}",
            f"/pictures/{alert_id}/{digest}",
        }
        panel = page.locator("[data-part=detail-pictures]")
        await expect(panel).to_contain_text("图片与登记的校验值不符")
        await expect(panel).to_contain_text("图片地址不在允许范围内")
        link = panel.locator(f"a[href='{outside}']")
        assert "noopener" in (await link.get_attribute("rel") or "")
        width = await images.first.evaluate("async image => { await image.decode(); return image.naturalWidth; }")
        assert width == 32
    assert outside not in asked
    assert [url for url in asked if url.startswith(room.cam.url)] == []
    assert room.cam.asked["/cam/fire.png"] == 1


async def test_one_that_is_not_there_says_so_and_leads_back(browser: Browser, room: DetailRoom) -> None:
    for path in (f"/alarm/{'0' * 32}", "/alarm", "/alarm/%3Cscript%3E"):
        async with sit_down(browser, room, path=path) as page:
            await expect(page.get_by_role("alert")).to_contain_text("没有这条告警")
            await page.locator(".detail-back").click()
            await expect(page.locator("[data-section=alarms]")).to_be_attached()


async def test_markup_stays_text_and_english_is_one_switch_away(browser: Browser, room: DetailRoom) -> None:
    alert_id = await raised(
        room,
        alarm_class=AlarmClass.LINKAGE,
        place=EXIT.model_copy(update={"device": "panel"}),
        entity_kind=EntityKind.DEVICE,
        entity="hotel/panel",
        text_zh=f"联动 {HOSTILE}",
        text_en=f"Linkage {HOSTILE}",
        picture_url="javascript:window.hacked=1",
        values={"state": 1.0},
    )
    async with sit_down(browser, room, path=f"/alarm/{alert_id}") as page:
        await expect(page.locator(".detail-text")).to_have_text(f"联动 {HOSTILE}")
        await page.locator("[data-part=language]").click()
        await expect(page.locator(".detail-text")).to_have_text(f"Linkage {HOSTILE}")
        await expect(page.locator("[data-part=detail-why] .panel-title")).to_have_text("Why it fired")
        await expect(page.locator("[data-part=detail-audit-rows]")).to_contain_text("Raised")
        await expect(page.locator("[data-part=detail-trend] .detail-chart-name")).to_contain_text(HOSTILE)
        assert await page.locator("[data-part=detail] script, [data-part=detail] img, a[href^=javascript]").count() == 0
        assert await page.evaluate("window.hacked === undefined")


async def test_a_service_that_is_away_leaves_the_page_and_its_doubt(browser: Browser, room: DetailRoom) -> None:
    """Last of this room: its alerts service ends."""
    alert_id = await raised(room)
    async with sit_down(browser, room, path=f"/alarm/{alert_id}") as page:
        await expect(page.locator("[data-part=detail-head]")).to_contain_text("未应答")
        await room.stop_alerts()
        await expect(page.locator("[data-part=detail-head]")).to_contain_text("可能已过时")
        await expect(page.locator("[data-part=detail-head]")).to_contain_text("未应答")
        await page.reload()
        await expect(page.locator("[data-part=detail]")).to_contain_text("告警服务无应答")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guarded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DetailRoom]:
    """A room in which people sign in."""
    async with detail_room(tmp_path_factory.mktemp("detail-guarded"), operator_password=PASSWORD) as opened:
        yield opened


async def test_who_does_not_act_sees_no_numbers_and_somebody_from_elsewhere_sees_nothing(
    browser: Browser, guarded: DetailRoom
) -> None:
    mine = await raised(guarded)
    theirs = await raised(guarded, place=SCHOOL, entity_kind=EntityKind.ZONE, entity="school/gate")
    installer = await staff(guarded, roles=[UserRole.INSTALLER.value], units=["hotel"])
    async with sit_down(browser, guarded, account=(installer, STAFF_PASSWORD)) as page:
        await page.goto(f"{guarded.console.url}alarm/{mine}")
        await expect(page.locator("[data-person=p-lin]")).to_contain_text("+86*********34")
        assert await page.locator("a[href^=tel]").count() == 0
        await page.goto(f"{guarded.console.url}alarm/{theirs}")
        await expect(page.get_by_role("alert")).to_contain_text("没有这条告警")
        await expect(page.locator("[data-part=detail]")).not_to_contain_text("喷淋泵")
    async with sit_down(browser, guarded, account=("operator", PASSWORD)) as page:
        await page.goto(f"{guarded.console.url}alarm/{mine}")
        await expect(page.locator("[data-person=p-lin] a")).to_have_attribute("href", re.compile("^tel:"))


async def test_pictures_are_for_people_of_the_scope_and_never_sniffed(guarded: DetailRoom) -> None:
    content = picture()
    url = guarded.cam.gives("scoped.png", content)
    alert_id = await raised(guarded, picture_url=url)
    bare = await raised(guarded)
    page = await raised(guarded, picture_url=guarded.cam.gives("page.png", b"<html><script>1</script>"))
    async with httpx.AsyncClient(base_url=guarded.console.url, timeout=30) as http:
        assert (await http.get(f"/pictures/{alert_id}")).status_code == 401
        found = await http.get(f"/pictures/{alert_id}", headers=BEARER)
        assert (found.status_code, found.content) == (200, content)
        assert found.headers["content-type"] == "image/png"
        assert found.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in found.headers["content-security-policy"]
        for path in (bare, "0" * 32, f"{alert_id}/{'0' * 64}"):
            assert (await http.get(f"/pictures/{path}", headers=BEARER)).status_code == 404, path
        refused = await http.get(f"/pictures/{page}", headers=BEARER)
        assert refused.status_code == 409
        assert "text/html" not in refused.headers["content-type"]
        body = {"name": f"t-{time.time_ns()}", "rights": ["read"], "units": ["school"]}
        made = await http.post("/api/v1/tokens", json=body, headers=BEARER)
        elsewhere = {"Authorization": f"Bearer {made.json()['secret']}"}
        assert (await http.get(f"/pictures/{alert_id}", headers=elsewhere)).status_code == 404
