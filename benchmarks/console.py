"""The console with a hundred open screens: from the stream to the pixel, the first page, memory, a long list.

Everything is real but rules, ingest and gateway, which the tests' puppets play: nats-server, the alerts service, the
console process, Chromium. A hundred callers (`benchmarks.console_callers`) hold screens open; one Chromium looks on and
notes when an alarm's text is in the page and a frame was painted after it. Latency runs from the time that the ALERTS
stream stored the event. All of it shares two cores, the browser too: a control room's own machine would be quicker.

A long list scrolls beside an empty scroller (`benchmarks.console_scroll`): what that costs is the browser's, what the
list costs beyond it is ours.
"""

from __future__ import annotations

import asyncio
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
from playwright.async_api import Page

from backbone.layout import ALERTS
from benchmarks.console_scroll import Scrolled, beside_empty
from domain.alarm import AlarmClass
from domain.clock import NS_PER_MS
from tests.dashboards.control_room import ControlRoom, control_room
from tests.dashboards.desks import becomes, chromium, sit_down

SCREENS, ALARMS, EVERY_S = 100, 60, 0.5
LONG_LIST = 5_000
PAGES = 7
MIB = 2**20
Row = tuple[str, str, str]

WATCH = """
() => {
  window.seen = {};
  const look = () => {
    for (const row of document.querySelectorAll(".alarm-text")) {
      const words = row.textContent;
      if (words.startsWith("bench-") && !(words in window.seen)) {
        window.seen[words] = 0;
        requestAnimationFrame(() => requestAnimationFrame(() => (window.seen[words] = Date.now())));
      }
    }
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
}
"""


def rows() -> Iterator[Row]:
    """Yield the rows of the table."""
    logging.getLogger("alerts").setLevel(logging.ERROR)  # nobody answers the site's webhook here
    with tempfile.TemporaryDirectory() as folder:
        yield from asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> list[Row]:
    async with control_room(folder) as room, chromium() as browser:
        pid = room.console.pid
        alone = _resident(pid)
        async with sit_down(browser, room) as page:
            await page.evaluate(WATCH)
            async with _screens(room.console.url):
                crowded = _resident(pid)
                first = [await _first_page(page) for _ in range(PAGES)]
                await page.evaluate(WATCH)
                latency, busy = await _events(room, page, pid)
            ours, empty = await _long_list(room, page)
    each = (crowded - alone) / SCREENS / MIB
    p50, p99 = np.percentile(latency, [50, 99])
    slowest = f"p50 {p50:.0f} ms, p99 {p99:.0f} ms, {len(latency)} alarms; console {busy:.0%} of a core"
    return [
        (f"event on the stream → pixel, {SCREENS} screens", slowest, "p99 1,000 ms"),
        (
            "first page, beside them",
            f"median {statistics.median(first):.0f} ms, slowest {max(first):.0f} ms",
            "1,500 ms",
        ),
        ("memory a screen", f"{each:.1f} MiB", "5 MiB"),
        (
            f"list of {LONG_LIST:,} open alarms scrolls, a frame",
            f"{ours.frame_words()}, to {ours.top:,.0f} of {ours.height:,.0f} px; an empty one {empty.frame_words()}",
            "p95 16.7 ms",
        ),
        (
            "… main thread, of the processor, a frame",
            f"{ours.main_words()}; an empty one {empty.main_words()}",
            "p95 16.7 ms",
        ),
    ]


async def _first_page(page: Page) -> float:
    """Load the page anew; returns ms until its list is drawn."""
    began = time.monotonic()
    await page.reload()
    await page.locator("[data-lamp=fire][data-mode=lit], [data-lamp=fire][data-mode=calm]").wait_for()
    return (time.monotonic() - began) * 1000


async def _events(room: ControlRoom, page: Page, pid: int) -> tuple[list[float], float]:
    """Raise alarms one by one; returns ms from stream to pixel of each, and the console's share of a core."""
    stored: dict[str, int] = {}
    listening = asyncio.create_task(_listen(room, stored))
    await asyncio.sleep(1)
    used, began = _processor_s(pid), time.monotonic()
    for number in range(ALARMS):
        await room.alarm(f"bench-{number}", alarm_class=AlarmClass.FIRE, text_zh=f"bench-{number}")
        await asyncio.sleep(EVERY_S)
    busy = (_processor_s(pid) - used) / (time.monotonic() - began)
    await becomes(page, f"Object.values(window.seen).filter((at) => at > 0).length >= {ALARMS}")
    listening.cancel()
    seen: dict[str, int] = await page.evaluate("window.seen")
    return [at - stored[words] / NS_PER_MS for words, at in seen.items()], busy


async def _listen(room: ControlRoom, stored: dict[str, int]) -> None:
    """Note when the stream stored the first event of each alarm, by its text."""
    last = await room.backbone.last_seq(ALERTS)
    async for batch in room.backbone.reader(ALERTS, start_seq=last + 1):
        for message in batch:
            head, _, rest = message.data.partition(b'"text_zh":"')
            if head and rest:
                stored.setdefault(rest.partition(b'"')[0].decode(), message.time_ns)


async def _long_list(room: ControlRoom, page: Page) -> tuple[Scrolled, Scrolled]:
    """Open thousands of alarms, then scroll through the list as fast as frames come."""
    for number in range(LONG_LIST):
        await room.alarm(f"long-{number}", alarm_class=AlarmClass.FAULT, text_zh=f"长列表 {number}")
    async with asyncio.timeout(300):
        while (await room.alerts.stats()).open < LONG_LIST:
            await asyncio.sleep(1)
    await page.goto(f"{room.console.url}?view=list")
    await page.locator(".alarm-text").first.wait_for()
    await page.wait_for_timeout(3000)
    return await beside_empty(page, ".alarm-scroll")


@asynccontextmanager
async def _screens(url: str) -> AsyncIterator[None]:
    """Hold `SCREENS` screens open in a process of their own."""
    arguments = [sys.executable, "-m", "benchmarks.console_callers", url, str(SCREENS)]
    pipe = asyncio.subprocess.PIPE
    callers = await asyncio.create_subprocess_exec(*arguments, stdin=pipe, stdout=pipe)
    if callers.stdout is None:
        raise RuntimeError("no pipe to the callers")
    async with asyncio.timeout(180):
        for _ in range(SCREENS):
            if (await callers.stdout.readline()).strip() != b"in":
                raise RuntimeError("a caller could not open its screen")
    try:
        yield
    finally:
        said, _ = await callers.communicate(b"")
        print(said.decode(), file=sys.stderr)


def _resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _processor_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
