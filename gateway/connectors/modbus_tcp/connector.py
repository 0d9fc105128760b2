"""The owner of one line: decides who is asked next, and when a dead unit is tried.

All units of a connection share one phase and are read one after the other when their slot comes, so
that the rest of the period is idle; what is read less often than the rest has its slots spread over
theirs. A unit that did not answer is tried again in that idle time, or when it has waited long enough
without any: a dead unit costs the others nothing but that. Where the peer takes several requests at
once (``in_flight``), that many units are read together.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from math import inf

from domain.errors import LinkError
from gateway.backoff import Backoff, Breaker
from gateway.connectors.contract import Health, Sink, Wiring
from gateway.connectors.modbus_tcp.config import ModbusTcpSettings
from gateway.connectors.modbus_tcp.learned import Memory, memory_file
from gateway.connectors.modbus_tcp.link import ModbusLink
from gateway.connectors.modbus_tcp.plan import grouped
from gateway.connectors.modbus_tcp.spelling import frame_words
from gateway.connectors.modbus_tcp.unit import UnitReader
from gateway.connectors.outbox import Outbox
from gateway.connectors.trips import UnitHealth
from gateway.schedule import spread

FEWEST_SILENT_READS = 3
"""Requests in a row without any answer, from anybody, before the connection itself is suspected."""

DOUBT_PATIENCE, OPEN_PATIENCE = 10, 50
"""Time-outs that a unit waits for idle time, in doubt or lost: on a line that has none, a dead unit
then costs the others a tenth of their time once, and a fiftieth from then on."""

LOOK_S = 1.0
"""Between two looks at whether a point was left unread for too long."""


class ModbusTcpConnector:
    """Polls the devices of one connection; see `gateway.connectors.contract.Connector`."""

    def __init__(self, wiring: Wiring) -> None:
        """Plan all devices; must be called inside a running event loop."""
        self._settings = ModbusTcpSettings.model_validate(wiring.connection.settings)
        self._link = ModbusLink(self._settings, wiring.tap)
        self._loop = asyncio.get_running_loop()
        self._memory = Memory(memory_file(wiring.state_dir, wiring.connection.id))
        self._units = self._readers(wiring)
        for unit in self._units:
            if unit.blocks.pause_s:
                self._link.keep_pause(unit.address, unit.blocks.pause_s)
        self._errors: Counter[str] = Counter()
        self._silent_reads = 0
        self._down = False
        self._look_s = self._loop.time() + LOOK_S

    def _readers(self, wiring: Wiring) -> list[UnitReader]:
        """Make a reader for each unit id and period."""
        together = grouped(wiring.devices)
        breakers = {unit: self._breaker() for unit, _ in together}
        grids = spread(wiring.connection.id, [period_s for _, period_s in together], self._loop.time())
        return [
            UnitReader(
                parts, wiring.table, self._settings, unit=unit, grid=grid, clock=wiring.clock,
                memory=self._memory, breaker=breakers[unit], now_s=self._loop.time(),
            )
            for ((unit, _), parts), grid in zip(together.items(), grids, strict=True)
        ]  # fmt: skip

    def _breaker(self) -> Breaker:
        settings = self._settings
        backoff = Backoff(first_s=settings.retry_s, longest_s=settings.longest_retry_s)
        return Breaker(misses=settings.misses, backoff=backoff)

    def health(self) -> Health:
        """Return counts of all units together."""
        errors = self._errors + self._link.counts
        for unit in self._units:
            errors.update(unit.errors)
        lost = [unit.devices for unit in self._units if self._down or unit.breaker.is_open]
        return Health(
            ok=self._link.usable,
            polls=sum(unit.polls for unit in self._units),
            missed=sum(unit.grid.missed for unit in self._units),
            errors=dict(errors),
            lost=frozenset(device for devices in lost for device in devices),
            units=self._unit_healths(),
            in_flight=self._settings.in_flight,
        )

    def _unit_healths(self) -> tuple[UnitHealth, ...]:
        """Return each unit once: those that are read with several periods together."""
        together: dict[int, list[UnitReader]] = {}
        for reader in self._units:
            together.setdefault(reader.address, []).append(reader)
        return tuple(
            UnitHealth(
                unit=str(address),
                devices=tuple(device for one in readers for device in one.devices),
                polls=sum(one.polls for one in readers),
                missed=sum(one.grid.missed for one in readers),
                errors=sum((one.errors for one in readers), Counter()),
                breaker=readers[0].breaker.state,
                breaker_opened=readers[0].breaker.opened,
                trips=self._link.trips_of(address),
                period_s=min(one.grid.period_s for one in readers),
            )
            for address, readers in together.items()
        )

    def spell(self, raw: bytes, peer: str, *, out: bool) -> tuple[str, str]:
        """Say in words what bytes of the line are."""
        del peer  # there is one
        return frame_words(raw, is_rtu=self._settings.transport.is_rtu, out=out)

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
        """Do what is due: a try of a unit in doubt, a round of polls, or a pause until then."""
        now_s = self._loop.time()
        if now_s >= self._look_s:
            await self._tell_overdue(now_s, outbox)
        trusted, doubtful = self._in_line()
        due_s = min((unit.grid.due_s for unit in trusted), default=inf)
        retry_s = self._retry_time(doubtful, due_s) if doubtful else inf
        if doubtful is not None and retry_s <= now_s:
            doubtful.grid.skip(now_s)
            await self._ask(doubtful, outbox, probe=doubtful.breaker.is_open)
            await self._mend([doubtful], outbox)
        elif due_s <= now_s:
            due = [unit for unit in trusted if unit.grid.due_s <= now_s]
            due.sort(key=lambda unit: _urgency(unit, now_s))
            await self._round(due, outbox)
        else:
            await asyncio.sleep(max(min(due_s, retry_s) - now_s, 0.001))

    async def _tell_overdue(self, now_s: float, outbox: Outbox) -> None:
        """Say of what nobody had time to read that it is stale; looked for once a second."""
        self._look_s = now_s + LOOK_S
        for unit in self._units:
            await outbox.put(unit.overdue(now_s))

    def _in_line(self) -> tuple[list[UnitReader], UnitReader | None]:
        """Return the trusted units, and the doubtful one that waits longest."""
        trusted = [unit for unit in self._units if unit.breaker.is_trusted]
        if len(trusted) == len(self._units):
            return trusted, None
        doubtful = (unit for unit in self._units if not unit.breaker.is_trusted)
        return trusted, min(doubtful, key=lambda unit: unit.breaker.retry_at_s)

    async def _round(self, due: Sequence[UnitReader], outbox: Outbox) -> None:
        """Poll units that are due, as many at a time as the peer takes.

        One at a time, only the first is polled: the next turn asks anew who goes first, for a panel may be due again.
        """
        at_once = self._settings.in_flight
        waiting = deque(due[:1] if at_once == 1 else due)
        while waiting:
            asked: list[UnitReader] = []
            if at_once == 1:
                await self._poll_next(waiting, asked, outbox)
            else:
                askers = min(at_once, len(waiting))
                await asyncio.gather(*(self._keep_polling(waiting, asked, outbox) for _ in range(askers)))
            await self._mend(asked, outbox)

    async def _keep_polling(self, waiting: deque[UnitReader], asked: list[UnitReader], outbox: Outbox) -> None:
        """Poll one unit after the other, beside others that do the same, until the line is away or none waits."""
        while waiting:
            await self._poll_next(waiting, asked, outbox)
            if not self._link.usable:
                return

    async def _poll_next(self, waiting: deque[UnitReader], asked: list[UnitReader], outbox: Outbox) -> None:
        unit = waiting.popleft()
        if unit.breaker.is_trusted:
            asked.append(unit)
            unit.grid.take(self._loop.time())
            await self._ask(unit, outbox, probe=False)

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
            failed = await unit.probe(self._link, self._loop.time()) if probe else None
            batch = failed if failed is not None else await unit.poll(self._link, self._loop.time())
        except LinkError:
            batch = unit.cut_off(self._loop.time())
        await outbox.put(batch)

    async def _mend(self, asked: Sequence[UnitReader], outbox: Outbox) -> None:
        """Open the line again where the last requests left it closed, out of step or in doubt."""
        silent = all(unit.silent for unit in asked)
        self._silent_reads = self._silent_reads + len(asked) if silent else 0
        in_doubt = self._silent_reads >= max(FEWEST_SILENT_READS, len(self._units))
        if in_doubt or not self._link.usable:
            await self._open(outbox)


def _urgency(unit: UnitReader, now_s: float) -> tuple[bool, float, float]:
    """Return what due units are polled in the order of: events before measures, the longest due first.

    A unit of measures that has waited for a whole period is as urgent as one of events: a line that events alone
    fill must not starve it.
    """
    grid = unit.grid
    waited_long = now_s - grid.due_s >= grid.period_s
    return not (unit.tells_events or waited_long), grid.due_s, grid.period_s
