"""The overview of 10,000 units: what a change costs the console's figures, and what somebody before a browser sees.

The figures alone first: 10,000 units, each with a transmitter, 40 areas, 500 open alerts. Then everything real but
rules, ingest and gateway, as in ``benchmarks.console``: the page of tiles and the map in Chromium, until a frame was
painted; from an alarm on the stream to the figure it changes; and the longest that one callback held the console's
loop, in time of the processor. All of it shares two cores, the browser too.
"""

from __future__ import annotations

import asyncio
import logging
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
from playwright.async_api import Page

from backbone.layout import ALERTS
from backbone.messages import LogMessage
from backbone.sparkplug import Birth, encode_birth, encode_death
from backbone.subjects import telemetry
from dashboards.live.board import Board
from dashboards.live.geography import SheetForm, lay_out
from dashboards.live.map_state import mark_states, unheard_of
from dashboards.live.summary import SiteCount
from domain.alarm import AlarmClass, EntityKind, Place
from domain.alert import AlertView
from domain.clock import NS_PER_MS
from domain.site import Registry
from tests.dashboards.board_makers import GATEWAY_WELL, NOW_NS, alert, well
from tests.dashboards.control_room import ControlRoom, control_room
from tests.dashboards.desks import becomes, chromium, sit_down
from tests.dashboards.district import WITHOUT_PLACE, district, unit_of
from tests.dashboards.loop_watch import MARK

UNITS, OPEN, CHANGES = 10_000, 500, 200
ALARMS, EVERY_S, PAGES, LOT = 30, 1.0, 5, 250
BORN = encode_birth(Birth(metrics=(), seq=0, time_ns=NOW_NS, bd_seq=0))
Row = tuple[str, str, str]

FAULTS = {
    "tiles": """[...document.querySelectorAll("[data-tile^=area-] [data-kind=fault] .tile-number")]
      .map((one) => one.textContent)""",
    "map": """[...document.querySelectorAll(".map-mark")].map((one) => /故障 (\\d+)/.exec(one.ariaLabel)?.[1] || 0)""",
}
WATCH = """
() => {
  window.seen = {};
  const look = () => {
    const sum = %s.reduce((all, one) => all + Number(one), 0);
    if (!(sum in window.seen)) {
      window.seen[sum] = 0;
      requestAnimationFrame(() => requestAnimationFrame(() => (window.seen[sum] = Date.now())));
    }
  };
  const all = { childList: true, subtree: true, characterData: true, attributes: true };
  new MutationObserver(look).observe(document.body, all);
}
"""


def rows() -> Iterator[Row]:
    """Yield the rows of the table."""
    yield from _figures()
    logging.getLogger("alerts").setLevel(logging.ERROR)  # nobody answers the site's webhook here
    with tempfile.TemporaryDirectory() as folder:
        yield from asyncio.run(_measure(Path(folder)))


def _figures() -> Iterator[Row]:
    """Measure the figures without a server."""
    registry = district(UNITS, 1, is_placed=True)
    board, count = _board(), SiteCount()
    yield (
        "the whole site counted for the first time",
        f"{_ms(lambda _: SiteCount().take(board, registry, NOW_NS), 9)}",
        "50 ms",
    )
    count.take(board, registry, NOW_NS)

    def alarm(number: int) -> None:
        board.apply_alert(_alert(number + OPEN))
        count.take(board, registry, NOW_NS)

    def line(number: int) -> None:
        board.nodes.apply([_node(number * 7, "NDEATH", encode_death(0, NOW_NS))])
        count.take(board, registry, NOW_NS)

    yield f"an alarm more, {UNITS:,} units counted", _ms(alarm), "1 ms"
    yield "a line lost", _ms(line), "1 ms"
    host = board.statuses.pop("gateway.hotel.gw-access")
    yield "the host of all lines falls silent", _ms(lambda _: count.take(board, registry, NOW_NS), 1), "50 ms"
    board.statuses["gateway.hotel.gw-access"] = host
    yield from _map(board, registry, count)


def _map(board: Board, registry: Registry, count: SiteCount) -> Iterator[Row]:
    places = {unit: one.location for unit, one in registry.units.items() if one.location is not None}
    sheet, summary = lay_out(places, SheetForm.WALL), count.take(board, registry, NOW_NS)
    unheard = unheard_of(sheet, summary)
    yield "the map laid out, once a site", _ms(lambda _: lay_out(places, SheetForm.WALL), 9), "200 ms"
    yield f"its {len(sheet.marks)} marks, once a change", _ms(lambda _: mark_states(sheet, summary, unheard)), "5 ms"


def _board() -> Board:
    board = well(*[_alert(number) for number in range(OPEN)])
    board.statuses["gateway.hotel.gw-access"] = dict(GATEWAY_WELL)
    board.nodes.apply([_node(number, "NBIRTH", BORN) for number in range(UNITS)])
    return board


def _alert(number: int) -> AlertView:
    place = Place(unit=unit_of(1 + number * 13 % (UNITS - 1), 1), building="east", floor=3, zone="corridor")
    return alert(number, place=place, alarm_class=AlarmClass.FAULT, rule="component_fault")


def _node(number: int, kind: str, payload: bytes) -> LogMessage:
    subject = telemetry(unit_of(number, 1), kind, f"utd-{number}")
    return LogMessage(subject=subject, data=payload, seq=number + 1, time_ns=NOW_NS)


def _ms(work: Callable[[int], object], times: int = CHANGES) -> str:
    """Return how long something takes the processor, called with 0 and the numbers after it."""
    took = []
    for number in range(times):
        began = time.process_time()
        work(number)
        took.append((time.process_time() - began) * 1000)
    return f"median {statistics.median(took):.2f} ms, slowest {max(took):.2f} ms"


async def _measure(folder: Path) -> list[Row]:
    found: list[Row] = []
    async with control_room(folder, transmitters=UNITS, each=1, is_placed=True, watched=True) as room:
        await _born(room)
        async with chromium() as browser:
            for number, form in enumerate(FAULTS):
                async with sit_down(browser, room, path=f"/overview?view={form}", width=1920, height=1080) as page:
                    held = room.console.log.stat().st_size
                    first = [await _first_page(page) for _ in range(PAGES)]
                    opened = _held(room, held)
                    held = room.console.log.stat().st_size
                    latency = await _events(room, page, form, number * ALARMS)
                p50, p95 = np.percentile(latency, [50, 95])
                shown = f"median {statistics.median(first):.0f} ms, slowest {max(first):.0f} ms"
                shown += f"; loop held {opened:.0f} ms at most"
                changed = f"p50 {p50:.0f} ms, p95 {p95:.0f} ms; loop held {_held(room, held):.0f} ms at most"
                found.append((f"{form} of {UNITS:,} units, page to paint", shown, "1,500 ms; 50 ms"))
                found.append((f"{form}: event on the stream → figure painted", changed, "1,000 ms; 50 ms"))
    return found


async def _born(room: ControlRoom) -> None:
    """Let every line come up, and wait until the console has heard."""
    for first in range(0, UNITS, LOT):
        sent = (telemetry(unit_of(number, 1), "NBIRTH", f"utd-{number}") for number in range(first, first + LOT))
        await asyncio.gather(*(room.backbone.publish(one, BORN, message_id=one) for one in sent))


async def _first_page(page: Page) -> float:
    """Load the page anew; returns ms until places are drawn and painted."""
    began = time.monotonic()
    await page.reload()
    await page.locator("[data-tile], .map-mark").first.wait_for()
    await page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return (time.monotonic() - began) * 1000


async def _events(room: ControlRoom, page: Page, form: str, before: int) -> list[float]:
    """Raise faults one by one; returns ms from stream to paint of each."""
    await page.evaluate(WATCH % FAULTS[form])
    stored: list[float] = []
    last = await room.backbone.last_seq(ALERTS)
    listening = asyncio.create_task(_listen(room, last, stored))
    for number in range(before + 1, before + ALARMS + 1):
        place = Place(unit=_placed(number), building="east", floor=3, zone="corridor")
        entity = f"{place.unit}/corridor"
        await room.alarm(
            "component_fault", alarm_class=AlarmClass.FAULT, place=place, entity=entity, entity_kind=EntityKind.ZONE
        )
        await asyncio.sleep(EVERY_S)
    await becomes(page, f"() => window.seen[{before + ALARMS}] > 0")
    listening.cancel()
    seen: dict[str, int] = await page.evaluate("window.seen")
    painted = {int(total): at_ms for total, at_ms in seen.items() if at_ms}
    return [_painted(painted, before + at) - time_ns / NS_PER_MS for at, time_ns in enumerate(stored, 1)]


def _placed(number: int) -> str:
    """Return a unit of an alarm's own that stands on the map."""
    at = number * 101
    return unit_of(at if (at + 1) % WITHOUT_PLACE else at + 1, 1)


def _painted(painted: Mapping[int, int], total: int) -> int:
    """Return when an alarm was first on the screen: with its own sum, or with a later one if its own was left out."""
    return min(at_ms for shown, at_ms in painted.items() if shown >= total)


async def _listen(room: ControlRoom, last: int, stored: list[float]) -> None:
    """Note when the stream stored each alarm, and none that the service raises itself, of ladders that ran out."""
    async for batch in room.backbone.reader(ALERTS, start_seq=last + 1):
        stored += [message.time_ns for message in batch if message.subject.endswith(f".{AlarmClass.FAULT}.raised")]


def _held(room: ControlRoom, begin: int) -> float:
    """Return the longest that a callback held the console's loop, of what its log says from ``begin`` on; ms."""
    said = room.console.log.read_bytes()[begin:].decode()
    return max((float(one) for one in re.findall(rf"{MARK} ([0-9.]+) ms", said)), default=0.0)
