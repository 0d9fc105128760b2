"""The owner of one Modbus TCP connection: decides who is asked next, and when a dead unit is tried.

All units of a connection share one phase and are read one after the other when their slot comes, so
that the rest of the period is idle. A unit that did not answer is tried again in that idle time, or
when it has waited long enough without any: a dead unit costs the others nothing but that.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import Counter

from domain.errors import LinkError
from gateway.connectors.contract import Health, Sink, Wiring
from gateway.connectors.modbus_tcp.config import ModbusTcpSettings
from gateway.connectors.modbus_tcp.link import ModbusLink
from gateway.connectors.modbus_tcp.unit import UnitReader
from gateway.connectors.outbox import Outbox

FEWEST_SILENT_READS = 3
"""Requests in a row without any answer, from anybody, before the connection itself is suspected."""

DOUBT_PATIENCE, OPEN_PATIENCE = 10, 50
"""Time-outs that a unit waits for idle time, in doubt or lost: on a line that has none, a dead unit
then costs the others a tenth of their time once, and a fiftieth from then on."""


class ModbusTcpConnector:
    """Polls the devices of one connection; see `gateway.connectors.contract.Connector`."""

    def __init__(self, wiring: Wiring) -> None:
        """Plan all devices; must be called inside a running event loop."""
        self._settings = ModbusTcpSettings.model_validate(wiring.connection.settings)
        self._link = ModbusLink(self._settings)
        self._loop = asyncio.get_running_loop()
        period_s = wiring.connection.period_s
        phase_s = zlib.crc32(wiring.connection.id.encode()) / 2**32 * period_s
        self._units = [
            UnitReader(device, wiring.table, self._settings, wiring.clock, start_s=self._loop.time(), phase_s=phase_s)
            for device in wiring.devices
        ]
        self._errors: Counter[str] = Counter()
        self._silent_reads = 0
        self._down = False

    def health(self) -> Health:
        """Return counts of all units together."""
        errors = self._errors.copy()
        for unit in self._units:
            errors.update(unit.errors)
        return Health(
            ok=self._link.usable,
            polls=sum(unit.polls for unit in self._units),
            missed=sum(unit.grid.missed for unit in self._units),
            errors=dict(errors),
            lost=frozenset(unit.device for unit in self._units if self._down or unit.breaker.is_open),
        )

    async def run(self, sink: Sink) -> None:
        """Connect and poll until cancelled; raises LinkError when nobody can be reached any more."""
        async with Outbox(sink) as outbox:
            try:
                await self._open(outbox)
                while True:
                    await self._turn(outbox)
            finally:
                self._link.close()

    async def _open(self, outbox: Outbox) -> None:
        """Connect, or report every point as cut off and raise LinkError."""
        self._silent_reads = 0
        try:
            await self._link.open()
        except LinkError:
            self._down = True
            self._errors["link_down"] += 1
            for unit in self._units:
                await outbox.put(unit.unreachable(self._loop.time()))
            raise
        self._down = False

    async def _turn(self, outbox: Outbox) -> None:
        """Do the next thing that is due: a poll, a try of a unit in doubt, or a pause until then."""
        now_s = self._loop.time()
        due, doubtful = self._first_in_line()
        due_s = due.grid.due_s if due else float("inf")
        retry_s = self._retry_time(doubtful, due_s) if doubtful else float("inf")
        if doubtful is not None and retry_s <= now_s:
            doubtful.grid.skip(now_s)
            await self._ask(doubtful, outbox, probe=doubtful.breaker.is_open)
        elif due is not None and due_s <= now_s:
            due.grid.take(now_s)
            await self._ask(due, outbox, probe=False)
        else:
            await asyncio.sleep(max(min(due_s, retry_s) - now_s, 0.001))

    def _first_in_line(self) -> tuple[UnitReader | None, UnitReader | None]:
        """Return the trusted unit that is due first, and the doubtful one that waits longest."""
        due: UnitReader | None = None
        doubtful: UnitReader | None = None
        for unit in self._units:
            if unit.breaker.is_trusted:
                if due is None or unit.grid.due_s < due.grid.due_s:
                    due = unit
            elif doubtful is None or unit.breaker.retry_at_s < doubtful.breaker.retry_at_s:
                doubtful = unit
        return due, doubtful

    def _retry_time(self, doubtful: UnitReader, due_s: float) -> float:
        """Return when to try it: when a whole time-out fits before the next poll, or at last anyway."""
        wanted_s = doubtful.breaker.retry_at_s
        fits = due_s - max(wanted_s, self._loop.time()) >= self._settings.timeout_s
        if fits:
            return wanted_s
        patience = OPEN_PATIENCE if doubtful.breaker.is_open else DOUBT_PATIENCE
        return wanted_s + patience * self._settings.timeout_s

    async def _ask(self, unit: UnitReader, outbox: Outbox, *, probe: bool) -> None:
        try:
            if probe:
                failed = await unit.probe(self._link, self._loop.time())
                if failed is not None:
                    await outbox.put(failed)
                    await self._after(unit, outbox)
                    return
            await outbox.put(await unit.poll(self._link, self._loop.time()))
        except LinkError:
            await outbox.put(unit.cut_off(self._loop.time()))
        await self._after(unit, outbox)

    async def _after(self, unit: UnitReader, outbox: Outbox) -> None:
        """Mend the connection where the last request left it closed, out of step or in doubt."""
        self._silent_reads = self._silent_reads + 1 if unit.silent else 0
        in_doubt = self._silent_reads >= max(FEWEST_SILENT_READS, len(self._units))
        if in_doubt or not self._link.usable:
            await self._open(outbox)
