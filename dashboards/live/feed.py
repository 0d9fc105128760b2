"""The feed: the only part of the console that asks the backbone, however many browsers look on.

One follower of the ALERTS stream brings changes as they happen; a page of the list every few seconds
repairs whatever a follower can't know (`dashboards.live.open_alerts`). Two more followers learn points
from births, and lines up and down from node messages; one learns what rules run. Statuses and the readings of devices
that somebody looks at are asked for once a second, and so are roll-call results, a thousand transmitters at a time;
figures less often. A device whose question fails keeps no other from being asked.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import ValidationError

from alerts.listing_face import AlertPage, ListRequest
from backbone.layout import ALERTS, BIRTHS, TELEMETRY
from backbone.messages import LogMessage
from backbone.subjects import STATUS_BUCKET, is_alert_change
from dashboards.live import roll_calls, rule_cards
from dashboards.live.asked import Asked
from dashboards.live.board import Board
from dashboards.live.latest import LatestReadings, parts
from dashboards.live.link import Link
from dashboards.live.nodes import SUBJECTS
from dashboards.live.open_alerts import OpenAlerts
from dashboards.live.restrictions import ask_restrictions
from dashboards.live.roll_call_desk import RollCallDesk
from dashboards.live.site import LiveSite
from dashboards.live.stranger_desk import ask_strangers
from dashboards.live.strangers import read_all
from dashboards.live.tail import AlertTail
from dashboards.live.today import fill
from dashboards.live.walks import Walks
from dashboards.live.zone import zone_of
from domain.alert import AlertView
from domain.cancellation import heed_cancellation
from domain.clock import Clock
from domain.errors import FengsuiError, WireError

log = logging.getLogger(__name__)

POLL_S = 1.0
RESYNC_S = 2.0
FIGURES_S = 5.0
ROLL_CALLS_AT_ONCE = 1000
"""Results asked for in one second: a site of ten thousand transmitters is gone through in ten."""


class Feed:
    """Fills a `Board` and an `AlertTail` until its task is cancelled."""

    def __init__(self, link: Link, site: LiveSite, board: Board, tail: AlertTail, clock: Clock) -> None:
        """Use ``link`` for everything; ``clock`` says when answers came."""
        self._link = link
        self._site = site
        self._latest = LatestReadings(link, site, clock)
        self._calls = itertools.cycle(parts(roll_calls.points(site.registry), ROLL_CALLS_AT_ONCE))
        self._board = board
        self._open = OpenAlerts(board, self._page, clock)
        self._tail = tail
        self._clock = clock
        self.restrictions = Asked(lambda: ask_restrictions(link, clock), clock)
        self.duty = RollCallDesk(link, site)
        self.calls = Asked(self.duty.newest, clock)
        self.strangers = Asked(lambda: ask_strangers(link, site), clock)
        self.walks = Walks(link, site, clock)
        self._watched: Counter[str] = Counter()
        self.unreadable = 0

    def watch(self, device: str) -> None:
        """Count one more browser that looks at ``unit/device``; its readings are kept on the board."""
        self._watched[device] += 1

    def unwatch(self, device: str) -> None:
        """Count one less; the last one takes the device's readings off the board."""
        self._watched[device] -= 1
        if self._watched[device] > 0:
            return
        del self._watched[device]
        for key in [key for key in self._board.readings if key.startswith(f"{device}/")]:
            del self._board.readings[key]

    async def run(self) -> None:
        """Connect and fill the board; ends only by cancellation."""
        await self._link.open()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow(), name="alerts-tail")
            group.create_task(_every(POLL_S, self._ask_statuses), name="statuses")
            group.create_task(_every(RESYNC_S, self._open.next), name="alerts-list")
            group.create_task(_every(FIGURES_S, self._ask_stats), name="stats")
            group.create_task(_every(POLL_S, self._ask_readings), name="readings")
            group.create_task(self._learn(), name="births")
            group.create_task(self._follow_rules(), name="rules")
            group.create_task(_every(FIGURES_S, self._fill_today), name="today")
            if self._site.registry.transmitters:
                group.create_task(self._follow_nodes(), name="nodes")
                group.create_task(_every(POLL_S, self._ask_roll_calls), name="roll-calls")
                group.create_task(_every(FIGURES_S, self._ask_strangers), name="strangers")

    async def _learn(self) -> None:
        """Take the newest birth of every device, then those that come."""
        backbone = await self._link.open()
        async for batch in backbone.reader(BIRTHS):
            self._site.learn(batch)
            await asyncio.sleep(0)  # thousands of births at once must not hold up the page

    async def _follow_rules(self) -> None:
        """Take the catalogue of rules and how their alarms stand, then what changes."""
        backbone = await self._link.open()
        async for batch in backbone.reader(rule_cards.STREAM, subjects=rule_cards.SUBJECTS, newest=True):
            self._board.rule_book.apply(batch)
            self._board.touch()

    async def _follow_nodes(self) -> None:
        """Take the newest birth, sign of life and death of every node, then those that come."""
        backbone = await self._link.open()
        async for batch in backbone.reader(TELEMETRY, subjects=SUBJECTS, newest=True):
            self._board.nodes.apply(batch)
            self._board.touch()
            await asyncio.sleep(0)  # as above

    async def _follow(self) -> None:
        """Apply the ALERTS stream from now on."""
        while True:
            heed_cancellation()
            try:
                last = await self._link.backbone.last_seq(ALERTS)
                break
            except FengsuiError:
                await asyncio.sleep(POLL_S)
        self._tail.start(last)
        async for batch in self._link.backbone.reader(ALERTS, start_seq=last + 1):
            for message in batch:
                self._apply(message)
            self._tail.push(batch)

    def _apply(self, message: LogMessage) -> None:
        if not is_alert_change(message.subject):
            return
        try:
            event = json.loads(message.data)
            if not event["type"].startswith("fengsui.alert."):
                return  # floods and work items are about no single alert
            alert = AlertView.model_validate(event["data"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.unreadable += 1
            log.warning("message %d of %s is no alert event: %s", message.seq, ALERTS, error)
            return
        self._open.apply(alert)

    async def _ask_statuses(self) -> None:
        self._board.connected = self._link.up
        statuses = {}
        for key in await self._link.backbone.kv_keys(STATUS_BUCKET):
            entry = await self._link.backbone.kv_get(STATUS_BUCKET, key)
            document = None if entry is None else _document(entry.value)
            if document is not None:
                statuses[key] = document
        self._board.statuses = statuses
        self._board.touch()

    async def _page(self, request: ListRequest) -> AlertPage:
        return await self._link.alerts.page(request)

    async def _fill_today(self) -> None:
        zone = zone_of(self._site.registry.site.timezone)
        await fill(self._board.today, self._page, self._clock.now_ns(), zone)

    async def _ask_stats(self) -> None:
        self._board.stats = await self._link.alerts.stats()
        self._board.touch()

    async def _ask_readings(self) -> None:
        for device in list(self._watched):
            try:
                async for part in self._latest.of_device(device):
                    if device not in self._watched:  # the last browser left while we asked
                        break
                    self._board.readings |= part
                    self._board.touch()
            except WireError as error:
                log.debug("readings of %s: %s", device, error)

    async def _ask_roll_calls(self) -> None:
        async for part in self._latest.of_points(next(self._calls, [])):
            self._board.roll_calls |= part
            self._board.touch()

    async def _ask_strangers(self) -> None:
        """Ask the hosts that say they have some; a host that is away keeps what it said last."""
        for host in dict.fromkeys(one.host for one in self._site.registry.transmitters.values()):
            unit, _, gateway = host.partition("/")
            hosting = self._board.statuses.get(f"gateway.{unit}.{gateway}", {}).get("hosting")
            if not isinstance(hosting, dict) or not hosting.get("strangers"):
                self._board.strangers.pop(host, None)
                continue
            try:
                reply = await self._link.backbone.request(f"svc.gateway.{unit}.{gateway}", {"command": "strangers"})
            except FengsuiError as error:
                log.debug("strangers of %s: %s", host, error)
            else:
                self._board.strangers[host] = read_all(reply)
                self._board.touch()


def _document(value: bytes) -> dict[str, Any] | None:
    """Read a status document; one that cannot be read counts as absent, and so its process as unknown."""
    try:
        document = json.loads(value)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


async def _every(period_s: float, ask: Callable[[], Awaitable[None]]) -> None:
    """Ask for ever; a service that is away or answers strangely is asked again, the board grows old meanwhile."""
    while True:
        heed_cancellation()
        try:
            await ask()
        except (FengsuiError, ValidationError) as error:
            log.debug("%s: %s", ask, error)
        await asyncio.sleep(period_s)
