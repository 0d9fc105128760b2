"""The scene that must work word for word: from camera and meter to a person who answers on a phone, and to the end.

The whole platform in real processes; Mr Chen, who is responsible, does not answer, so it goes up to Ms Lin, who opens
the link of her push in a browser of a phone's size and presses the one big button.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from alerts.face import AlertDetail, AlertsFace
from backbone.server import free_ports
from cli.demo import Demo, running_demo
from domain.alert import AlertEvent
from tests.dashboards.desks import FLAGS
from tests.servers import CHROMIUM, require
from tests.system.test_kill_in_turn import HOTEL, PHONE_VARIABLES, SITE_VARIABLES, WATCH

SCENARIO = Path(__file__).with_name("ebike_scene.yaml")
RULE = "ebike_charging_at_exit"
EBIKE = "您单位东楼1楼安全出口处停放1辆电动自行车且违规充电，平台已发出预警提示，请立即消除隐患！"
NOTE = "已安排保安推走"
PHONE = {"width": 390, "height": 844}


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the demo put its ports into the environment, and take them out again."""
    for name in SITE_VARIABLES + PHONE_VARIABLES:
        monkeypatch.setenv(f"FENGSUI_{name}", "0")
        monkeypatch.delenv(f"FENGSUI_{name}")


@pytest.mark.timeout(300)
async def test_the_ebike_at_the_exit_word_for_word(tmp_path: Path) -> None:
    require("chromium")
    async with running_demo(HOTEL, SCENARIO, tmp_path / "state", free_ports(1)[0]) as demo:
        await demo.ready(lambda _: None)
        answering = asyncio.create_task(answer_on_the_phone(demo))
        report = await demo.play_scenario(demo.play.scenario.duration_s, asyncio.Event())
        await answering
        face = AlertsFace(demo.backbone)
        (alert,) = await face.list(rule=RULE)
        told = await face.get(alert.id)
    assert report.passed, report.as_dict()
    assert alert.text_zh == EBIKE
    assert (alert.acknowledged_by, alert.active, alert.is_open) == ("p-lin", False, False)
    _check_record(told)


def _check_record(told: AlertDetail) -> None:
    """One push to each of two people, one human receipt with its comment, and a story in order."""
    answers = {notice.person: notice.answer for notice in told.notifications}
    assert (answers.pop("p-chen"), answers.pop("p-lin")) == (None, "received")
    assert set(answers) <= WATCH, "from 22:00 on whoever has the night watch is told of an exit, too"
    assert len(told.notifications) == len({notice.person for notice in told.notifications})
    assert any(NOTE in comment.text for comment in told.comments)
    story = [entry.action for entry in told.audit]
    turns = [AlertEvent.RAISED, AlertEvent.ESCALATED, AlertEvent.ACKNOWLEDGED, AlertEvent.CLEARED, AlertEvent.CLOSED]
    assert [story.count(turn) for turn in turns] == [1] * len(turns)
    assert [story.index(turn) for turn in turns] == sorted(story.index(turn) for turn in turns)


async def answer_on_the_phone(demo: Demo) -> None:
    """Open the link of Ms Lin's push, read what it says, write a comment, press the button."""
    push = await demo.phone.wait_for(person="p-lin", rule=RULE, timeout_s=60)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(viewport={"width": PHONE["width"], "height": PHONE["height"]})
        await page.goto(push.answer_url)
        await expect(page.get_by_text(EBIKE)).to_be_visible()
        for word in ("收到", "到场", "误报"):
            await expect(page.get_by_role("button", name=word)).to_be_visible()
        await page.locator("textarea[name=note]").fill(NOTE)
        await page.get_by_role("button", name="收到").click()
        await expect(page.get_by_text("✓")).to_be_visible()
        await page.goto(push.answer_url)  # the link has served its purpose
        await expect(page.get_by_role("button", name="收到")).to_have_count(0)
        await browser.close()
