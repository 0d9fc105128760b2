"""One unit on a line at one rate: its blocks, its breaker, its place on the grid, and what is read from it.

| what happened | quality of its points | counts against the breaker |
|---|---|---|
| reply | as decoded | no |
| exception 5, 6 | bad + BUSY, the points of that block | no: it is alive |
| exception 10, 11 (a gateway that can't reach it) | bad + EXCEPTION, all points | yes |
| exception 2, 3 | the block is explored, the plan mended, the rest read again; what is bad: EXCEPTION | no |
| any other exception | bad + EXCEPTION, the points of that block | no |
| no reply in time | bad + TIMEOUT, all points not read yet | yes |
| junk, short or wrong reply | bad + BAD_FRAME, all points not read yet | yes |
| connection closed on its request | bad + LINK_DOWN, all points | yes |

The value of a reading that failed is NaN, never 0. A point whose turn does not come for its ``max_silence_s`` is stale.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from domain.batch import ReadingBatch
from domain.clock import Clock
from domain.errors import LinkError, RefusedError, WireError
from domain.points import PointTable
from domain.quality import BAD, Reason, pack
from gateway.backoff import Breaker
from gateway.connectors.modbus_tcp.config import ModbusTcpSettings
from gateway.connectors.modbus_tcp.explorer import REFUSALS, Explorer, chosen
from gateway.connectors.modbus_tcp.learned import Memory
from gateway.connectors.modbus_tcp.link import ModbusLink
from gateway.connectors.modbus_tcp.plan import Block, Part
from gateway.connectors.modbus_tcp.reader import BlockReader
from gateway.connectors.modbus_tcp.reads import Function
from gateway.connectors.reporter import Reporter
from gateway.schedule import Grid

BUSY_CODES = frozenset({5, 6})
UNREACHABLE_CODES = frozenset({10, 11})

SILENT_TIMES = 2
"""Time-outs of one block, before each of which the unit answered something else, that make the block suspect."""


@dataclass(slots=True)
class _Columns:
    """One poll in the making; every point begins as timed out."""

    time_ns: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint16]
    text: dict[int, str] = field(default_factory=dict)

    @classmethod
    def failed(cls, count: int, time_ns: int, reason: Reason) -> _Columns:
        columns = cls(np.empty(count, np.int64), np.empty(count, np.float64), np.empty(count, np.uint16))
        columns.time_ns.fill(time_ns)  # np.full does the same in three times the time
        columns.value.fill(np.nan)
        columns.quality.fill(pack(BAD, reason))
        return columns

    def fail(self, rows: Sequence[int], reason: Reason) -> None:
        if not rows:
            return
        chosen = list(rows)
        self.value[chosen] = np.nan
        self.quality[chosen] = pack(BAD, reason)


class UnitReader:
    """Reads one unit over the line; keeps everything that must outlive a reconnect."""

    def __init__(
        self,
        parts: Sequence[Part],
        table: PointTable,
        settings: ModbusTcpSettings,
        *,
        unit: int,
        grid: Grid,
        clock: Clock,
        memory: Memory,
        breaker: Breaker,
        now_s: float,
    ) -> None:
        """Plan the blocks of ``parts``, which are read from ``unit`` on ``grid``.

        ``breaker`` is the unit's, shared by all that read it. ``silent`` tells whether the last request got no
        answer of any kind.
        """
        self.devices = tuple(part.device.settings.id for part in parts)
        self.errors: Counter[str] = Counter()
        self.polls = 0
        self.silent = False
        self.grid = grid
        self.breaker = breaker
        self.address = unit
        self.blocks = BlockReader(parts, settings, memory, unit)
        self._clock = clock
        self._in_flight = settings.in_flight
        rows = np.concatenate([_rows(part, table) for part in parts])
        self._count = len(rows)
        self.tells_events = bool(table.event_lane[rows].any())
        """Some of its points are states or events: it goes before units of measures."""
        self._texts = {int(row): at for at, row in enumerate(rows) if at in self.blocks.text_rows}
        reports = [part.device.report_of(point) for part in parts for point in part.profile_points]
        self._reporter = Reporter(table, rows, heartbeat_s=settings.heartbeat_s, reports=reports, now_s=now_s)
        self._silences: Counter[tuple[Function, int, int]] = Counter()
        self._alive = False
        self._probes = 0
        self._fruitless = 0
        """Goes in a row that taught nothing about a refused block."""

    async def poll(self, link: ModbusLink, now_s: float) -> ReadingBatch:
        """Read all blocks and return what is to be reported; LinkError when the connection is gone."""
        self.polls += 1
        self.blocks.refresh(self._clock.now_ns())
        columns = _Columns.failed(self._count, self._clock.now_ns(), Reason.TIMEOUT)
        reason, refused = await self._cycle(link, columns)
        if refused and await self._explore(link, refused[chosen([one.spans for one in refused], self._fruitless)]):
            columns = _Columns.failed(self._count, self._clock.now_ns(), Reason.TIMEOUT)
            reason, _ = await self._cycle(link, columns)
        self._note(reason, now_s)
        return self._report(columns, now_s)

    async def probe(self, link: ModbusLink, now_s: float) -> ReadingBatch | None:
        """Ask for one register; None when it answered (poll it now), else what is to be reported.

        Each probe asks in another block: a register that is never answered must not hide a unit that lives.
        """
        blocks = self.blocks.plan.blocks
        if not blocks:
            self.breaker.answered()
            return None
        block = blocks[self._probes % len(blocks)]
        self._probes += 1
        try:
            await self._read(link, block.function, block.address, 1)
        except RefusedError as error:
            if error.code not in UNREACHABLE_CODES:
                self.breaker.answered()
                return None
            reason = self._refusal(error)
        except (TimeoutError, WireError) as error:
            reason = self._miss(error)
        else:
            self.breaker.answered()
            return None
        self.breaker.failed(now_s)
        return self._all_failed(reason, now_s)

    def cut_off(self, now_s: float) -> ReadingBatch:
        """Return what to report when the peer closed the connection on this unit's request."""
        self.errors[Reason.LINK_DOWN.name.lower()] += 1
        self.breaker.failed(now_s)
        return self.unreachable(now_s)

    def unreachable(self, now_s: float) -> ReadingBatch:
        """Return what to report while the connection can't be opened, which is not this unit's doing."""
        return self._all_failed(Reason.LINK_DOWN, now_s)

    def overdue(self, now_s: float) -> ReadingBatch:
        """Return the points that the line had no time for since their ``max_silence_s``, as stale; each once."""
        return self._reporter.stale(self._clock.now_ns(), now_s)

    async def _cycle(self, link: ModbusLink, columns: _Columns) -> tuple[Reason | None, list[Block]]:
        """Read the plan once; returns why the unit was not asked further, and the blocks that may be explored."""
        blocks = self.blocks.plan.blocks
        columns.fail(self.blocks.plan.unread, Reason.EXCEPTION)
        refused: list[Block] = []
        reason: Reason | None = None
        for start in range(0, len(blocks), self._in_flight):
            window = blocks[start : start + self._in_flight]
            for at, answer in enumerate(await self._window(link, start, window, columns), start):
                if isinstance(answer, LinkError):
                    raise answer
                failed, suspect = self._take(at, answer, columns)
                reason = reason or failed
                refused += [suspect] if suspect is not None else []
            if reason is not None:
                columns.fail([row for block in blocks[start + len(window) :] for row in block.rows], reason)
                break
        return reason, refused

    async def _window(
        self, link: ModbusLink, start: int, window: Sequence[Block], columns: _Columns
    ) -> list[bytes | BaseException]:
        """Ask for the blocks, together where the device allows it; each answer, or why there is none."""
        if len(window) == 1 or any(block.select for block in window):
            return [await self._timed(link, at, columns) for at in range(start, start + len(window))]
        return list(await asyncio.gather(*(self._timed(link, start + at, columns) for at in range(len(window)))))

    async def _timed(self, link: ModbusLink, at: int, columns: _Columns) -> bytes | BaseException:
        """Read one block; its points are stamped with the middle of the read."""
        block = self.blocks.plan.blocks[at]
        began_ns = self._clock.now_ns()
        try:
            if block.select is not None:
                await link.select(self.address, block.select)
                began_ns = self._clock.now_ns()
            answer: bytes | BaseException = await self._read(link, block.function, block.address, block.count)
        except (RefusedError, WireError, TimeoutError, LinkError) as error:
            answer = error
        ended_ns = self._clock.now_ns()
        columns.time_ns[self.blocks.rows[at]] = (began_ns + ended_ns) // 2
        if isinstance(answer, bytes) and self._in_flight == 1:
            self.blocks.took(block, (ended_ns - began_ns) / 1e9)
        return answer

    def _take(self, at: int, answer: bytes | BaseException, columns: _Columns) -> tuple[Reason | None, Block | None]:
        """Decode an answer, or note why there is none; returns what ends the slot, and a block to explore."""
        block = self.blocks.plan.blocks[at]
        key = block.function, block.address, block.count
        if isinstance(answer, bytes):
            if self._silences:
                self._silences.pop(key, None)
            self.blocks.decode(at, answer, columns.value, columns.quality, columns.text)
            return None, None
        if isinstance(answer, RefusedError):
            columns.fail(block.rows, self._refusal(answer))
            return (
                Reason.EXCEPTION if answer.code in UNREACHABLE_CODES else None,
                block if answer.code in REFUSALS and block.select is None else None,
            )
        reason = self._miss(answer)
        columns.fail(block.rows, reason)
        if reason is Reason.TIMEOUT:
            self._silences[key] = self._silences[key] + 1 if self._alive else 0
            self._alive = False
        suspect = self._silences[key] >= SILENT_TIMES and len(block.spans) > 1 and block.select is None
        return reason, block if suspect else None

    async def _explore(self, link: ModbusLink, block: Block) -> bool:
        """Find out what is wrong with a block; tell whether the plan changed. A unit that is dead teaches nothing."""
        key = block.function, block.address, block.count
        silent = self._silences.pop(key, 0) >= SILENT_TIMES
        now_ns = self._clock.now_ns()

        async def ask(table: Function, address: int, count: int) -> object:
            return await self._read(link, table, address, count)

        explorer = Explorer(ask, self.blocks.learned, now_ns, silent=silent)
        try:
            changed = await explorer.explore(block.function, block.spans, proven=self.blocks.answered and not silent)
        except WireError as error:
            self._miss(error)
            return False
        self._fruitless = 0 if changed else self._fruitless + 1
        if changed:
            self.blocks.replan(keep=True)
        return changed

    async def _read(self, link: ModbusLink, function: Function, address: int, count: int) -> bytes:
        self.silent = True
        try:
            payload = await link.read(self.address, function, address, count)
        except (RefusedError, WireError):
            self.silent = False
            self._alive = True
            raise
        self.silent = False
        self._alive = True
        return payload

    def _all_failed(self, reason: Reason, now_s: float) -> ReadingBatch:
        return self._report(_Columns.failed(self._count, self._clock.now_ns(), reason), now_s)

    def _report(self, columns: _Columns, now_s: float) -> ReadingBatch:
        slot_s = self.grid.slot_s(now_s)
        batch = self._reporter.report(columns.time_ns, columns.value, columns.quality, now_s, slot_s)
        if not columns.text:
            return batch
        rows = {at: self._texts.get(int(point)) for at, point in enumerate(batch.point)}
        return replace(batch, text={at: columns.text[row] for at, row in rows.items() if row in columns.text})

    def _miss(self, error: BaseException) -> Reason:
        reason = Reason.BAD_FRAME if isinstance(error, WireError) else Reason.TIMEOUT
        self.errors[reason.name.lower()] += 1
        return reason

    def _refusal(self, error: RefusedError) -> Reason:
        self.errors[f"exception_{error.code}"] += 1
        return Reason.BUSY if error.code in BUSY_CODES else Reason.EXCEPTION

    def _note(self, reason: Reason | None, now_s: float) -> None:
        if reason is None:
            self.breaker.answered()
        else:
            self.breaker.failed(now_s)


def _rows(part: Part, table: PointTable) -> NDArray[np.int32]:
    """Return the indexes of a part's points in the table."""
    return table.of_device(part.device.gateway.unit, part.device.settings.id)[list(part.points)]
