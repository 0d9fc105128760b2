"""How a list scrolls in Chromium: how long its frames take, and what the page's main thread works for each of them.

A list is scrolled beside an empty scroller of the same page, in turns. What frames take is the browser's drawing, by
software here, and whatever else the machine does. What the main thread works is counted in time of the processor, out
of Chromium's own trace: other work on the machine touches it little.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from playwright.async_api import Page

STEPS, ROUNDS, STEP_PX = 60, 4, 400
REST_MS = 1_000
"""Between two runs: the list is drawn at its top again."""
MARK = "frame-of-the-benchmark"
TASK = "ThreadControllerImpl::RunTask"
CATEGORIES = ["toplevel", "blink.user_timing"]

SCROLL = """
async ([selector, steps, px, mark]) => {
  const list = document.querySelector(selector);
  const frames = [];
  let last = performance.now();
  for (let step = 0; step < steps; step++) {
    list.scrollTop += px;
    await new Promise((done) => requestAnimationFrame(done));
    performance.mark(mark);
    const now = performance.now();
    frames.push(now - last);
    last = now;
  }
  return { frames, top: list.scrollTop, height: list.scrollHeight };
}
"""

EMPTY = """
(selector) => {
  const list = document.querySelector(selector);
  const empty = list.cloneNode(false);
  const space = document.createElement("div");
  space.style.height = `${list.scrollHeight}px`;
  empty.classList.add("empty");
  empty.style.display = "none";
  empty.append(space);
  list.after(empty);
}
"""

TURN = """
([shown, hidden]) => {
  const list = document.querySelector(shown);
  document.querySelector(hidden).style.display = "none";
  list.style.display = "";
  list.scrollTop = 0;
}
"""


@dataclass
class Scrolled:
    """What all runs of one scroller took, in ms."""

    frames: list[float] = field(default_factory=list)
    main: list[float] = field(default_factory=list)
    """Processor time of the main thread, by frame."""
    top: float = 0.0
    height: float = 0.0

    def frame_words(self) -> str:
        """Say how long frames took."""
        p50, p95 = np.percentile(self.frames, [50, 95])
        return f"p50 {p50:.1f} ms, p95 {p95:.1f} ms"

    def main_words(self) -> str:
        """Say what the main thread worked."""
        p50, p95 = np.percentile(self.main, [50, 95])
        return f"p50 {p50:.1f} ms, p95 {p95:.1f} ms"


async def beside_empty(page: Page, selector: str) -> tuple[Scrolled, Scrolled]:
    """Scroll a list and an empty scroller in turns, as fast as frames come; returns what both took."""
    ours, empty = f"{selector}:not(.empty)", f"{selector}.empty"
    await page.evaluate(EMPTY, selector)
    took = {ours: Scrolled(), empty: Scrolled()}
    for _ in range(ROUNDS):
        for shown, hidden in ((ours, empty), (empty, ours)):
            await page.evaluate(TURN, [shown, hidden])
            await page.wait_for_timeout(REST_MS)
            await _run(page, shown, took[shown])
    return took[ours], took[empty]


async def _run(page: Page, selector: str, took: Scrolled) -> None:
    """Scroll once, with a trace."""
    session = await page.context.new_cdp_session(page)
    events: list[dict[str, Any]] = []
    complete = asyncio.Event()
    session.on("Tracing.dataCollected", lambda said: events.extend(said["value"]))
    session.on("Tracing.tracingComplete", lambda _: complete.set())
    wanted = {"transferMode": "ReportEvents", "traceConfig": {"includedCategories": CATEGORIES}}
    await session.send("Tracing.start", wanted)
    got = await page.evaluate(SCROLL, [selector, STEPS, STEP_PX, MARK])
    await session.send("Tracing.end")
    await complete.wait()
    await session.detach()
    took.frames += got["frames"]
    took.main += _worked(events)
    took.top, took.height = got["top"], got["height"]


def _worked(events: list[dict[str, Any]]) -> list[float]:
    """Return what the thread that drew the frames worked between any two of them, ms."""
    marks = [event for event in events if event.get("name") == MARK]
    thread = (marks[0]["pid"], marks[0]["tid"])
    begins = sorted(event["ts"] for event in marks)
    sums = [0.0] * (len(begins) + 1)
    for event in events:
        if event.get("name") == TASK and (event["pid"], event["tid"]) == thread:
            sums[bisect_right(begins, event["ts"])] += event.get("tdur", 0) / 1000
    return sums[1:-1]
