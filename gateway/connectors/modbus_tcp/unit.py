"""One device on a Modbus connection: its blocks, its breaker, its place on the grid.

| what happened | quality of its points | counts against the breaker |
|---|---|---|
| reply | as decoded | no |
| exception 5, 6 | bad + BUSY, the points of that block | no: it is alive |
| exception 10, 11 (a gateway that can't reach it) | bad + EXCEPTION, all points | yes |
| any other exception | bad + EXCEPTION, the points of that block | no |
| no reply in time | bad + TIMEOUT, all points not read yet | yes |
| junk, short or wrong reply | bad + BAD_FRAME, all points not read yet | yes |
| connection closed on its request | bad + LINK_DOWN, all points | yes |

The value of a reading that failed is NaN, never 0.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from domain.batch import ReadingBatch
from domain.clock import Clock
from domain.errors import RefusedError, WireError
from domain.points import PointTable
from domain.quality import BAD, Reason, pack
from domain.site import Device
from gateway.backoff import Backoff, Breaker
from gateway.connectors.modbus_tcp.config import ModbusTcpSettings
from gateway.connectors.modbus_tcp.link import ModbusLink
from gateway.connectors.modbus_tcp.plan import Block, plan_device
from gateway.connectors.reporter import Reporter
from gateway.schedule import Grid

BUSY_CODES = frozenset({5, 6})
UNREACHABLE_CODES = frozenset({10, 11})


@dataclass(slots=True)
class _Columns:
    """One poll in the making; every point begins as timed out."""

    time_ns: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint16]

    @classmethod
    def failed(cls, count: int, time_ns: int, reason: Reason) -> _Columns:
        return cls(
            np.full(count, time_ns, np.int64), np.full(count, np.nan), np.full(count, pack(BAD, reason), np.uint16)
        )


class UnitReader:
    """Reads one device over the connection's link; keeps everything that must outlive a reconnect."""

    def __init__(
        self,
        device: Device,
        table: PointTable,
        settings: ModbusTcpSettings,
        clock: Clock,
        *,
        start_s: float,
        phase_s: float,
    ) -> None:
        """Plan the blocks. ``start_s`` and ``phase_s`` place it on the grid, monotonic seconds.

        ``silent`` tells whether the last request got no answer of any kind.
        """
        self.device = device.settings.id
        self.errors: Counter[str] = Counter()
        self.polls = 0
        self.silent = False
        self.grid = Grid(
            start_s=start_s, period_s=device.settings.period_s or device.connection.period_s, phase_s=phase_s
        )
        self.breaker = Breaker(
            misses=settings.misses, backoff=Backoff(first_s=settings.retry_s, longest_s=settings.longest_retry_s)
        )
        self._address = int(device.settings.address)
        self._clock = clock
        self._plan = plan_device(device)
        rows = table.of_device(device.gateway.unit, self.device)
        self._count = len(rows)
        self._rows_of = [np.array(block.rows, np.intp) for block in self._plan.blocks]
        self._reporter = Reporter(table, rows, heartbeat_s=settings.heartbeat_s)

    async def poll(self, link: ModbusLink, now_s: float) -> ReadingBatch:
        """Read all blocks and return what is to be reported; LinkError when the connection is gone."""
        self.polls += 1
        columns = _Columns.failed(self._count, self._clock.now_ns(), Reason.TIMEOUT)
        reason: Reason | None = None
        for block, decoder, rows in zip(self._plan.blocks, self._plan.decoders, self._rows_of, strict=True):
            await link.ready()
            began_ns = self._clock.now_ns()
            try:
                payload = await self._read(link, block)
                columns.value[rows], columns.quality[rows] = decoder.decode(payload)
            except RefusedError as error:
                columns.quality[rows] = pack(BAD, self._refusal(error))
                reason = Reason.EXCEPTION if error.code in UNREACHABLE_CODES else None
            except (TimeoutError, WireError) as error:
                reason = self._miss(error)
            columns.time_ns[rows] = (began_ns + self._clock.now_ns()) // 2
            if reason is not None:
                self._fail_rest(columns, block, reason)
                break
        self._note(reason, now_s)
        return self._reporter.report(columns.time_ns, columns.value, columns.quality, now_s)

    async def probe(self, link: ModbusLink, now_s: float) -> ReadingBatch | None:
        """Ask for one register; None when it answered (poll it now), else what is to be reported."""
        block = self._plan.blocks[0]
        await link.ready()
        try:
            await self._read(link, replace(block, count=1))
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

    def _all_failed(self, reason: Reason, now_s: float) -> ReadingBatch:
        columns = _Columns.failed(self._count, self._clock.now_ns(), reason)
        return self._reporter.report(columns.time_ns, columns.value, columns.quality, now_s)

    async def _read(self, link: ModbusLink, block: Block) -> bytes:
        self.silent = True
        try:
            payload = await link.read(self._address, block.function, block.address, block.count)
        except (RefusedError, WireError):
            self.silent = False
            raise
        self.silent = False
        return payload

    def _miss(self, error: Exception) -> Reason:
        reason = Reason.BAD_FRAME if isinstance(error, WireError) else Reason.TIMEOUT
        self.errors[reason.name.lower()] += 1
        return reason

    def _refusal(self, error: RefusedError) -> Reason:
        self.errors[f"exception_{error.code}"] += 1
        return Reason.BUSY if error.code in BUSY_CODES else Reason.EXCEPTION

    def _fail_rest(self, columns: _Columns, block: Block, reason: Reason) -> None:
        """Mark the block that failed and all later ones: the unit is not asked further in this slot."""
        blocks = self._plan.blocks
        rest = [row for later in blocks[blocks.index(block) :] for row in later.rows]
        columns.value[rest] = np.nan
        columns.quality[rest] = pack(BAD, reason)

    def _note(self, reason: Reason | None, now_s: float) -> None:
        if reason is None:
            self.breaker.answered()
        else:
            self.breaker.failed(now_s)
