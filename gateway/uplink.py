"""From the spool to the log: two lanes, and a row leaves the spool only when the log has it.

| row | lane |
|---|---|
| fire | live, before all else that waits, whatever came first |
| event, fresh | live, before any measure |
| event, older than ``late_s`` | live all the same, flagged historical: a fire reported late is still a fire |
| measure, fresh | live |
| measure, older than ``late_s`` when its turn comes | backfill: oldest first, paced, in a window of its own |

A row is named by gateway, spool and row id, whatever the lane and however often it is sent; second
copies are dropped by the server or by the consumers. A row that the server refuses again and again
while others pass becomes a dead letter; so does one of a node that the site no longer has.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from backbone import subjects
from backbone.client import Backbone
from backbone.messages import Ack
from backbone.publisher import Publisher
from backbone.sparkplug import decode_data, encode_data
from backbone.sparkplug.few import few_as_historical
from domain.cancellation import heed_cancellation
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from domain.quality import HISTORICAL
from gateway.losses import Drop
from gateway.nodes import Nodes, UnknownNodeError
from gateway.observing.lanes import Lane, LaneTimes
from gateway.session import Voice
from gateway.spool import MEASURE, URGENT, Spool, SpoolRow
from gateway.spool.rows import Home
from gateway.values import Told, told_by

log = logging.getLogger(__name__)

EVENTS_AT_ONCE = 256
FRESH_AT_ONCE = 32
"""Measures handed over before looking for events again; also their share while events never end."""

ROWS_A_TURN = 32
READINGS_A_TURN = 1000
"""Handed over before looking for fire again, and before other work of this loop has its turn: some milliseconds."""

MOST_REFUSALS = 5
IDLE_S = 0.5
LIVE_WINDOW = 256
BACKFILL_WINDOW = 32
CATCH_UP_S = 0.05
"""History that was held up for so long makes up for it at once, not for more; assumption."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkSettings:
    """``late_s``: older rows are history. ``backfill_per_s``: rows of history a second at most.

    ``refused_wait_s``: a row that the log refused is tried again after this.
    """

    late_s: float = 5.0
    backfill_per_s: float = 500.0
    refused_wait_s: float = 1.0


class Uplink:
    """Delivers one spool through the sessions of its nodes; `run` until cancelled."""

    def __init__(
        self,
        spool: Spool,
        nodes: Nodes,
        voice: Voice,
        *,
        settings: UplinkSettings | None = None,
        lanes: LaneTimes | None = None,
    ) -> None:
        """Nothing is sent before `run`; ``lanes`` learn how long rows took."""
        self._lanes = lanes or LaneTimes()
        self._spool = spool
        self._nodes = nodes
        self._voice = voice
        self._settings = settings or UplinkSettings()
        self._refusals: Counter[int] = Counter()
        self._delivered = 0
        self._waiting: dict[Home, list[tuple[SpoolRow, Told]]] = {}
        """Rows by device that wait for one birth together; never fire."""
        self._rejecting: set[asyncio.Task[None]] = set()

    async def run(self, backbone: Backbone, history: Publisher) -> None:
        """Deliver both lanes for ever; ``history`` is the window of the backfill lane."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._live(backbone), name="uplink-live")
            group.create_task(self._backfill(backbone, history), name="uplink-backfill")

    async def _live(self, backbone: Backbone) -> None:
        while True:
            heed_cancellation()
            await self._link(backbone)
            self._spool.arrived.clear()
            rows = await self._spool.events(EVENTS_AT_ONCE)
            rows += await self._spool.fresh(FRESH_AT_ONCE, self._late_ns())
            for start, end in turns(rows):
                if not (backbone.connected and self._voice.alive.is_set()):
                    self._spool.give_back(rows[start:])
                    break
                if start:
                    await self._hand_over(await self._spool.fires(ROWS_A_TURN))
                await self._hand_over(rows[start:end])
                await asyncio.sleep(0)
            await self._hand_over_waiting()
            await self._nodes.end_visits()
            if not rows:
                await self._wait(self._spool.arrived, IDLE_S)

    async def _hand_over(self, rows: Sequence[SpoolRow]) -> None:
        """Send a few rows on the live lane."""
        await self._nodes.bear_for(rows)
        for row, told in zip(rows, told_by(rows), strict=True):
            home = row.unit, row.gateway, row.device
            if row.lane != URGENT and (home in self._waiting or self._nodes.may_wait(row, told)):
                self._waiting.setdefault(home, []).append((row, told))
            else:
                await self._send_live(row, told)

    async def _hand_over_waiting(self) -> None:
        """Send what waited for a birth that is due now: the first row brings it about, and it serves all."""
        for home, waiting in list(self._waiting.items()):
            if not self._nodes.may_wait(*waiting[-1]):
                del self._waiting[home]
                for at, (row, told) in enumerate(waiting, 1):
                    await self._send_live(row, told)
                    if at % ROWS_A_TURN == 0:
                        await self._hand_over(await self._spool.fires(ROWS_A_TURN))
                        await asyncio.sleep(0)

    async def _backfill(self, backbone: Backbone, history: Publisher) -> None:
        loop, pause_s = asyncio.get_running_loop(), 1 / self._settings.backfill_per_s
        due_s = loop.time()
        while True:
            heed_cancellation()
            await self._link(backbone)
            rows = await self._spool.backlog(BACKFILL_WINDOW, self._late_ns())
            for at, row in enumerate(rows):
                if not backbone.connected:
                    self._spool.give_back(rows[at:])
                    break
                await self._send_history(row, history)
                due_s = max(due_s + pause_s, loop.time() - CATCH_UP_S)
                await asyncio.sleep(due_s - loop.time())
            await self._nodes.end_visits()
            if not rows:
                await asyncio.sleep(IDLE_S)

    async def _send_live(self, row: SpoolRow, told: Told) -> None:
        late = row.lane != MEASURE and row.added_ns < self._late_ns()
        body = as_historical(row).body if late else row.body
        try:
            sent = await self._nodes.data(row, body, self._name(row), told)
        except UnknownNodeError as error:
            await self._spool.reject(row, Drop.UNKNOWN_NODE, str(error))
        else:
            read_ns = told.time_ns[-1] if told.time_ns else row.added_ns
            sent.add_done_callback(partial(self._settled_live, row, read_ns))

    async def _send_history(self, row: SpoolRow, history: Publisher) -> None:
        own = self._nodes.own
        try:
            await self._nodes.introduce(row)
        except UnknownNodeError as error:
            await self._spool.reject(row, Drop.UNKNOWN_NODE, str(error))
            return
        subject = subjects.backfill(row.unit or own.unit, row.gateway or own.node, row.device)
        sent = await history.submit(subject, as_historical(row).body, message_id=self._name(row))
        sent.add_done_callback(partial(self._settled, row, Lane.BACKFILL, row.added_ns))

    def _settled_live(self, row: SpoolRow, read_ns: int, sent: asyncio.Future[Ack]) -> None:
        """Settle, and let the node be born again when the log has a hole in its sequence now."""
        error = None if sent.cancelled() else sent.exception()
        if isinstance(error, RefusedError) or (error is None and not sent.cancelled() and sent.result().duplicate):
            self._nodes.mend(row)
        self._settled(row, Lane.LIVE if row.lane == MEASURE else Lane.EVENT, read_ns, sent)

    def _settled(self, row: SpoolRow, lane: Lane, read_ns: int, sent: asyncio.Future[Ack]) -> None:
        """Let the row go, or keep it, as its ack says."""
        error = None if sent.cancelled() else sent.exception()
        if isinstance(error, RefusedError):
            self._refused(row, error)
        elif sent.cancelled() or error is not None:
            self._spool.give_back([row])
        else:
            self._delivered += 1
            self._lanes.delivered(lane, read_ns, self._voice.clock.now_ns(), duplicate=sent.result().duplicate)
            self._refusals.pop(row.id, None)
            self._spool.published([row])

    def _refused(self, row: SpoolRow, error: RefusedError) -> None:
        """Try a refused row again after a while; set it aside when only this one does not pass."""
        self._refusals[row.id] += 1
        log.warning("the log refused row %d of %s: %s", row.id, row.device, error)
        if self._refusals[row.id] >= MOST_REFUSALS and self._delivered:
            del self._refusals[row.id]
            task = asyncio.get_running_loop().create_task(self._spool.reject(row, Drop.REFUSED, str(error)))
            self._rejecting.add(task)
            task.add_done_callback(self._rejecting.discard)
            return
        if self._refusals[row.id] == 1:
            self._delivered = 0  # only deliveries after the first refusal say that others pass
        asyncio.get_running_loop().call_later(self._settings.refused_wait_s, self._spool.give_back, [row])

    async def _link(self, backbone: Backbone) -> None:
        """Wait until there is a session and a link."""
        while not (backbone.connected and self._voice.alive.is_set()):
            await self._wait(self._voice.alive, IDLE_S)
            if not backbone.connected:
                await asyncio.sleep(0.1)

    def _late_ns(self) -> int:
        return self._voice.clock.now_ns() - round(self._settings.late_s * NS_PER_S)

    def _name(self, row: SpoolRow) -> str:
        return f"{self._nodes.own.node}-{row.spool}-{row.id}"

    @staticmethod
    async def _wait(event: asyncio.Event, most_s: float) -> None:
        try:
            async with asyncio.timeout(most_s):
                await event.wait()
        except TimeoutError:
            return


def turns(rows: Sequence[SpoolRow]) -> Iterator[tuple[int, int]]:
    """Yield from where to where rows are handed over in one turn."""
    start, readings = 0, 0
    for at, row in enumerate(rows):
        if at > start and (at - start >= ROWS_A_TURN or readings + row.readings > READINGS_A_TURN):
            yield start, at
            start, readings = at, 0
        readings += row.readings
    if rows:
        yield start, len(rows)


def as_historical(row: SpoolRow) -> SpoolRow:
    """Return the row with every reading flagged as delivered late; times and values are untouched."""
    few = few_as_historical(row.body)
    if few is not None:
        return replace(row, body=few)
    data = decode_data(row.body)
    body = encode_data(
        data.alias.astype(np.uint32),
        data.time_ns,
        data.value,
        data.quality | np.uint16(HISTORICAL),
        text=data.text,
        payload_time_ns=data.payload_time_ns,
    )
    return replace(row, body=body)
