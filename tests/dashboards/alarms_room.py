"""What the tests of the alarm pages share: places, words, locators, and storms."""

from __future__ import annotations

import asyncio
from typing import Any

from playwright.async_api import Locator, Page, expect

from domain.alarm import AlarmClass, Level, Place, Transition
from tests.dashboards.control_room import ControlRoom

PUMP = Place(unit="hotel", building="east", floor=-1, zone="pump", zone_kind="pump_room", device="pressure")
EBIKE = "您单位东楼1楼安全出口处停放1辆电动自行车且违规充电，平台已发出预警提示，请立即消除隐患！"


def lamp(page: Page, kind: str, mode: str) -> Locator:
    """Return a lamp in a mode."""
    return page.locator(f"[data-lamp={kind}][data-mode={mode}]")


def row(page: Page, words: str) -> Locator:
    """Return the rows of alarms with some words in them."""
    return page.locator("[data-alert]", has_text=words)


async def fault(room: ControlRoom, words: str, rule: str = "", **changes: Any) -> Transition:
    """Raise a fault in the pump room."""
    values: dict[str, Any] = {"alarm_class": AlarmClass.FAULT, "level": Level.WARNING, "place": PUMP, **changes}
    return await room.alarm(rule or f"fault-{words}"[:60].encode("ascii", "ignore").decode(), text_zh=words, **values)


async def storm(room: ControlRoom, count: int, words: str = "主电中断", **changes: Any) -> None:
    """Raise many faults, a hundred at a time."""
    for begin in range(0, count, 100):
        some = range(begin, min(count, begin + 100))
        await asyncio.gather(*(fault(room, f"{words} {n}", f"storm-{n}", **changes) for n in some))


async def press(page: Page, action: str, words: str) -> None:
    """Click an action of a row; one that has no button in the row is behind the last one."""
    found = row(page, words)
    await expect(found).to_be_visible()
    if await found.locator(f"[data-action={action}]").count() == 0:
        await found.locator("[data-action=more]").click()
        await page.locator(f".alarm-menu [data-action={action}]").click()
    else:
        await found.locator(f"[data-action={action}]").click()


async def choose(page: Page, field: str, option: str) -> None:
    """Choose in a field of a dialog."""
    await page.locator(f"[data-field={field}]").click()
    await page.get_by_role("option", name=option).click()


async def write(page: Page, field: str, words: str) -> None:
    """Write into a field of a dialog."""
    await page.locator(f"[data-field={field}]").fill(words)


async def save(page: Page) -> None:
    """Press the button of a dialog."""
    await page.locator(".dialog [data-action=save]").click()
