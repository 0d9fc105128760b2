"""The page of rules in Chromium: what runs, one rule, its test cases, and a backtest over a real store."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from dashboards.console.moments import written
from dashboards.live.zone import zone_of
from domain.clock import NS_PER_S
from rules.face import RulesFace
from rules.trials_face import JobState
from tests.dashboards.control_room import ADMIN_PASSWORD, API_TOKEN
from tests.dashboards.desks import chromium, sit_down
from tests.dashboards.rules_room import MINUTES, OPERATOR_PASSWORD, RulesRoom, rules_room
from tests.dashboards.test_accounts_api import STAFF_PASSWORD, staff
from tests.rules.rules_traffic import until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]

ADMIN = ("admin", ADMIN_PASSWORD)
OPERATOR = ("operator", OPERATOR_PASSWORD)
LONG_MS = 130_000
"""A helper that gives way to others, on a machine that has much to do."""
LOW = "/rules/pressure_low"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RulesRoom]:
    async with rules_room(tmp_path_factory.mktemp("console-rules")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


async def go(page: Page, room: RulesRoom, path: str) -> None:
    """Open an address."""
    await page.goto(f"{room.console.url.rstrip('/')}{path}")


async def test_the_list_tells_what_runs_and_what_is_unknown(browser: Browser, room: RulesRoom) -> None:
    async with sit_down(browser, room, account=OPERATOR) as page:
        await go(page, room, "/rules")
        row = page.locator("[data-part=rules] [data-row=pressure_low]")
        await expect(row).to_contain_text("水压过低 · pressure_low")
        await expect(row.locator("[data-cell=class]")).to_have_text("故障")
        await expect(row.locator("[data-cell=entities]")).to_have_text("1")
        await expect(row.locator("[data-cell=unknown]")).to_have_text("?1")
        await expect(row.locator("[data-cell=unknown]")).to_have_attribute("data-look", "unknown")
        await expect(page.locator("[data-part=rules] [data-row=co_high] [data-cell=entities]")).to_have_text("无")
        await expect(page.locator("[data-part=rules-trouble]")).to_be_hidden()
        rows = page.locator("[data-part=rules] .data-rows .data-row")
        await page.locator("input[data-part=rules-search]").fill("水压")
        await expect(row).to_be_visible()
        await expect(page.locator("[data-row=co_high]")).to_have_count(0)
        await page.locator("input[data-part=rules-search]").fill("")
        await page.locator("[data-action=show-own]").click()
        await expect(rows).to_have_count(0)
        await expect(page.locator(".rules-more")).to_have_text("没有符合条件的规则")
        await page.locator("[data-action=show-unknown]").focus()
        await page.keyboard.press("Enter")
        await expect(row).to_be_visible()
        await row.locator(".cell-link").first.click()
        await expect(page).to_have_url(re.compile(r"/rules/pressure_low$"))
        await expect(page.locator(".rule-title")).to_have_text("水压过低")


async def test_a_rule_tells_what_to_do_and_what_it_reads_here(browser: Browser, room: RulesRoom) -> None:
    async with sit_down(browser, room, account=OPERATOR) as page:
        await go(page, room, LOW)
        await expect(page.locator("[data-part=rule-procedure]")).to_contain_text("电话请单位到泵房")
        await expect(page.locator("[data-part=rule-conditions]")).to_contain_text("低于档案下限（回差20 kPa）")
        await expect(page.locator("[data-part=rule-facts]")).to_contain_text("约定（无标准规定）")
        await expect(page.locator("[data-part=rule-standing]")).to_contain_text("监视 1 个")
        await expect(page.locator("[data-part=rule-facts] [data-point=pressure]")).to_have_text("压力")
        plan = page.locator("[data-part=rule-plan-rows] .data-rows .data-row")
        await expect(plan).to_contain_text("喷淋泵压力 · 压力 (hotel/pressure/pressure)", timeout=LONG_MS)
        await expect(plan).to_contain_text("250 kPa")
        await expect(page.locator(".rule-text")).to_contain_text("id: pressure_low")
        for action in ("run-cases", "begin-backtest"):
            await expect(page.locator(f"[data-action={action}]")).to_be_disabled()
        await go(page, room, "/rules/ebike_charging_at_exit")
        await page.get_by_role("link", name="疏散部位停放电动自行车").click()
        await expect(page.locator(".rule-title")).to_have_text("疏散部位停放电动自行车")
        await go(page, room, "/rules/%3Cscript%3E")
        await expect(page.get_by_role("alert")).to_have_text("没有运行这条规则")


async def test_test_cases_are_run_from_the_page_and_remembered(browser: Browser, room: RulesRoom) -> None:
    async with sit_down(browser, room, account=ADMIN) as page:
        await go(page, room, LOW)
        await expect(page.locator("[data-part=rule-cases-note]")).to_have_text("尚未运行")
        await page.locator("[data-action=run-cases]").click()
        await expect(page.locator("[data-part=rule-cases-note]")).to_contain_text("3 项全部通过", timeout=LONG_MS)
        await expect(page.locator("[data-part=rule-cases-rows] .data-rows .data-row")).to_have_count(3)
    async with sit_down(browser, room, account=OPERATOR) as page:
        await go(page, room, LOW)
        await expect(page.locator("[data-part=rule-cases-note]")).to_contain_text("3 项全部通过")


async def test_a_backtest_is_begun_on_the_page_and_everybody_sees_what_came_of_it(
    browser: Browser, room: RulesRoom
) -> None:
    zone = zone_of("Asia/Shanghai")
    async with sit_down(browser, room, account=ADMIN) as page:
        await go(page, room, LOW)
        await page.locator("input[data-field=start]").fill("2026-01-01T00:00")
        await page.locator("[data-action=begin-backtest]").click()
        await expect(page.locator("[data-part=backtest-note]")).to_have_text("最多回测31天")
        await page.locator("input[data-field=start]").fill(written(room.start_ns, zone))
        await page.locator("input[data-field=end]").fill(written(room.start_ns + MINUTES * 60 * NS_PER_S, zone))
        await page.locator("[data-action=begin-backtest]").click()
        sums = page.locator("[data-part=backtest-sums]")
        await expect(sums).to_contain_text("回测告警 2 次，当时记录 1 次；新增 1，消失 0，时间不同 0", timeout=LONG_MS)
        await expect(page.locator("[data-part=backtest-plot] canvas")).to_be_visible()
        changes = page.locator("[data-part=backtest-changes] .data-rows .data-row")
        await expect(changes).to_have_count(1)
        await expect(changes).to_contain_text("新增")
        said = page.locator("[data-part=backtest-transitions] .data-rows .data-row")
        await expect(said).to_have_count(4)
        await expect(said.first).to_contain_text("水压180")
    async with sit_down(browser, room, account=OPERATOR) as page:
        await go(page, room, LOW)
        await expect(page.locator("[data-part=backtest-sums]")).to_contain_text("回测告警 2 次")
        await go(page, room, "/rules/pressure_high")
        await expect(page.locator("[data-part=rule-backtest]")).to_be_visible()
        await expect(page.locator("[data-part=backtest-sums]")).to_have_count(0)


async def test_a_backtest_that_runs_shows_how_far_it_is_and_is_cancelled(browser: Browser, room: RulesRoom) -> None:
    async with sit_down(browser, room, account=ADMIN) as page:
        await go(page, room, "/rules/device_silent")
        await page.locator("[data-action=span-30d]").click()
        await page.locator("[data-action=begin-backtest]").click()
        await expect(page.locator("[data-part=backtest-note]")).to_contain_text("正在回测 闽江大酒店")
        await expect(page.get_by_role("progressbar", name="回测进度")).to_be_visible()
        await page.locator("[data-action=cancel-backtest]").click()
        await expect(page.locator("[data-part=backtest-note]")).to_contain_text("已取消：闽江大酒店")
    assert await _is_cancelled(room)


async def _is_cancelled(room: RulesRoom) -> bool:
    job = await RulesFace(room.backbone).job()
    return job is not None and job.state is JobState.CANCELLED


async def test_somebody_with_a_scope_sees_rules_and_no_counts_of_the_site(browser: Browser, room: RulesRoom) -> None:
    name = await staff(room, roles=["supervisor"])
    async with sit_down(browser, room, account=(name, STAFF_PASSWORD)) as page:
        await go(page, room, "/rules")
        await expect(page.locator("[data-part=rules] [data-row=pressure_low]")).to_be_visible()
        await expect(page.locator("[data-cell=entities], [data-cell=unknown]")).to_have_count(0)
        await go(page, room, LOW)
        await expect(page.locator(".rule-text")).to_contain_text("id: pressure_low", timeout=LONG_MS)
        await expect(page.locator("[data-part=rule-plan]")).to_contain_text("超出您的范围")
        await expect(page.locator("[data-part=rule-plan-rows]")).to_have_count(0)


async def test_the_api_tells_the_same(room: RulesRoom) -> None:
    headers = {"Authorization": f"Bearer {API_TOKEN}"}
    async with httpx.AsyncClient(base_url=room.console.url, headers=headers, timeout=100) as http:
        await until(lambda: _counted(http))
        rules = (await http.get("/api/v1/rules")).json()["rules"]
        (low,) = [one for one in rules if one["rule"]["name"] == "pressure_low"]
        assert low["standing"] == {"entities": 1, "alarm": 0, "unknown": 1, "last_ns": 0}
        assert low["rule"]["procedure"]["en"].startswith("1. ")
        one = (await http.get("/api/v1/rules/pressure_low")).json()
        assert one["plan"]["tests"][0]["limits"] == "250 kPa"
        assert (await http.get("/api/v1/rules/nonsense")).status_code == 404


async def _counted(http: httpx.AsyncClient) -> bool:
    rules = (await http.get("/api/v1/rules")).json()["rules"]
    return any(one["standing"] for one in rules)


async def test_a_backtest_whose_process_ended_is_told_as_lost_and_is_begun_again(
    browser: Browser, room: RulesRoom
) -> None:
    assert room.rules is not None
    async with sit_down(browser, room, account=ADMIN) as page:
        await go(page, room, "/rules/device_silent")
        note = page.locator("[data-part=backtest-note]")
        await page.locator("[data-action=span-30d]").click()
        await page.locator("[data-action=begin-backtest]").click()
        await expect(note).to_contain_text("正在回测 闽江大酒店")
        await room.rules.aclose()
        await expect(note).to_contain_text("规则进程无应答，正在重试", timeout=LONG_MS)
        await expect(page.get_by_role("progressbar", name="回测进度")).to_be_hidden()
        await room.start_rules()
        await expect(note).to_contain_text("已丢失：闽江大酒店", timeout=LONG_MS)
        async with sit_down(browser, room, account=OPERATOR) as other:
            await go(other, room, "/rules/device_silent")
            await expect(other.locator("[data-part=backtest-note]")).to_contain_text("请重新开始")
        await page.locator("[data-action=begin-backtest]").click()
        await expect(note).to_contain_text("正在回测 闽江大酒店", timeout=LONG_MS)
        await page.locator("[data-action=cancel-backtest]").click()
        await expect(note).to_contain_text("已取消：闽江大酒店", timeout=LONG_MS)


async def test_without_a_rules_process_the_last_is_shown_and_said_to_be_old(browser: Browser, room: RulesRoom) -> None:
    """Comes last: nobody evaluates rules in this room afterwards."""
    async with sit_down(browser, room, account=OPERATOR) as page:
        await go(page, room, "/rules")
        alarm = page.locator("[data-part=rules] [data-row=pressure_low] [data-cell=alarm]")
        await expect(alarm).to_have_attribute("data-look", "soft")
        assert room.rules is not None
        await room.rules.aclose()
        await expect(page.locator("[data-part=rules-trouble]")).to_contain_text("规则进程无应答")
        await expect(alarm).to_have_attribute("data-look", "unknown")
        await go(page, room, LOW)
        await expect(page.locator("[data-part=rule-standing]")).to_contain_text("规则进程无应答")
        await expect(page.locator("[data-part=rule-procedure]")).to_contain_text("电话请单位到泵房")
        await expect(page.locator("[data-part=rule-plan]")).to_contain_text("规则进程无应答")
        await expect(page.locator("[data-action=ask-again]")).to_be_visible()
