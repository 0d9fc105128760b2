"""Modbus reads of one gateway process: blocks a second on loopback TCP, and a serial line with dead units.

The server is another process that answers at once with prepared bytes, so that the figure is the gateway's own:
ask, decode 100 registers into 50 points, time, report, batch; and, in a row of its own, commit to the spool. Beside the
rate stands the processor time of the gateway process for a block, which a busy machine disturbs less: its inverse
is what one core does.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import pty
import select
import socket
import statistics
import struct
import tempfile
import time
import tty
from collections.abc import Sequence
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from domain.batch import ReadingBatch
from domain.clock import SystemClock
from domain.quality import good_mask
from domain.site import Registry
from gateway.connectors.contract import DeadLetter, Wiring
from gateway.connectors.modbus_tcp.connector import ModbusTcpConnector
from gateway.spool import Spool, SpoolLimits
from tests.gateway.gateway_sites import LABELS, UNIT, connection, device, registry_of

SECONDS = 3.0
RUNS, PAIRS = 3, 2
WARM_S = 1.0
UNITS, REGISTERS = 50, 100
LINE_UNITS, DEAD_ONE, DEAD = 32, frozenset({12}), frozenset({5, 12, 20, 27})
BAUD = 9600
LINE_PERIOD_S, LINE_S = 0.9, 20.0

BLOCK: dict[str, Any] = {
    "profile": "block",
    "protocol": "modbus_tcp",
    "kind": "block",
    "labels": LABELS,
    "source": "this benchmark",
    "points": [
        {"id": f"p{at:02d}", "labels": LABELS, "read": {"address": 2 * at, "type": "i32", "scale": 0.1}}
        for at in range(REGISTERS // 2)
    ],
}
PAIR: dict[str, Any] = {
    **BLOCK,
    "profile": "pair",
    "points": [{"id": "level", "labels": LABELS, "read": {"address": 4, "type": "i16"}}],
}


class CountingSink:
    """Counts good readings by point and keeps nothing."""

    def __init__(self) -> None:
        """Begin at nought."""
        self.readings = 0
        self.of: dict[int, int] = {}

    async def emit(self, batch: ReadingBatch, *, names: Sequence[bytes] = ()) -> None:
        """Take a batch."""
        del names
        self.readings += len(batch)
        if len(batch) < UNITS:
            for point in batch.point[good_mask(batch.quality)].tolist():
                self.of[point] = self.of.get(point, 0) + 1

    async def dead_letter(self, letter: DeadLetter, *, names: Sequence[bytes] = ()) -> None:
        """Take nothing."""


class SpoolingSink(CountingSink):
    """Counts what a real spool has committed."""

    def __init__(self, spool: Spool) -> None:
        """Commit to ``spool``."""
        super().__init__()
        self._spool = spool

    async def emit(self, batch: ReadingBatch, *, names: Sequence[bytes] = ()) -> None:
        """Take a batch and wait for its commit."""
        await self._spool.emit(batch, names=names)
        await super().emit(batch)


def rows() -> list[tuple[str, str, str]]:
    """Return block reads a second on one and eight connections, pipelined or not, and the cost of dead units."""
    budget = "5,000 / 10,000 a process"
    found = []
    for lines, in_flight, spooled in ((1, 1, False), (1, 8, False), (8, 1, False), (8, 8, False), (8, 8, True)):
        runs = sorted(asyncio.run(_measure(lines, in_flight, spooled=spooled)) for _ in range(RUNS))
        what = (
            f"Modbus TCP: blocks of {REGISTERS} registers, {lines} connection{'s' * (lines > 1)}, {in_flight} in flight"
            + ", committed to the spool" * spooled
        )
        rates = [rate for rate, _ in runs]
        spent = statistics.median(spent for _, spent in runs)
        middle = statistics.median(rates)
        found.append((what, f"{middle:,.0f} blocks/s ({rates[0]:,.0f}-{rates[-1]:,.0f}); {spent:.0f} µs each", budget))
    return [*found, *_dead_units()]


def _dead_units() -> list[tuple[str, str, str]]:
    """Return how much the period of living units grows by dead ones: the middle of pairs that run side by side."""
    found = []
    for name, dead in (("1 of them", DEAD_ONE), (f"{len(DEAD)} of them", DEAD)):
        grown = sorted((alive / hurt - 1) * 100 for alive, hurt in (asyncio.run(_pair(dead)) for _ in range(RUNS)))
        what = f"  {LINE_UNITS} units at {BAUD} baud, {name} dead: period of the others grows by"
        middle = statistics.median(grown)
        found.append((what, f"{middle:.1f} % ({grown[0]:.1f}-{grown[-1]:.1f})", "10 / 2 %"))
    return found


async def _pair(dead: frozenset[int]) -> tuple[float, float]:
    alive, hurt = await asyncio.gather(_line(frozenset()), _line(dead))
    return alive, hurt


async def _measure(lines: int, in_flight: int, *, spooled: bool) -> tuple[float, float]:
    if not spooled:
        return await _reads(lines, in_flight, CountingSink())
    with tempfile.TemporaryDirectory() as name:
        limits = SpoolLimits(most_bytes=8 * 2**30)
        spool = await Spool.open(Path(name) / "spool.sqlite", limits=limits, clock=SystemClock())
        try:
            return await _reads(lines, in_flight, SpoolingSink(spool))
        finally:
            await spool.close()


async def _reads(lines: int, in_flight: int, sink: CountingSink) -> tuple[float, float]:
    """Poll as fast as it goes; return blocks a second, and microseconds of this process for each."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    port = await asyncio.to_thread(ours.recv)
    settings = {"host": "127.0.0.1", "port": port, "in_flight": in_flight, "timeout_s": 5}
    registry = registry_of(
        *(
            connection(
                f"c{n}", "modbus_tcp", settings, [device(f"d{n}-{u}", "block", u) for u in range(1, UNITS + 1)], 0.001
            )
            for n in range(lines)
        ),
        profiles=[BLOCK],
    )
    tasks = [asyncio.create_task(one.run(sink)) for one in _connectors(registry)]
    try:
        await asyncio.sleep(WARM_S)
        before, began_s, spent_s = sink.readings, time.perf_counter(), time.process_time()
        await asyncio.sleep(SECONDS)
        blocks = (sink.readings - before) / (REGISTERS // 2)
        return blocks / (time.perf_counter() - began_s), (time.process_time() - spent_s) / blocks * 1e6
    finally:
        await _stop(tasks)
        server.terminate()
        await asyncio.to_thread(server.join)


async def _line(dead: frozenset[int]) -> float:
    """Poll a simulated serial line; return good readings of the units that live, a second and unit."""
    master, slave = pty.openpty()
    tty.setraw(master)
    path = os.ttyname(slave)
    line = asyncio.create_task(_SlowLine(master, dead).run())
    settings = {"transport": "serial", "device": path, "baud": BAUD, "timeout_s": 0.2}
    devices = [device(f"d{unit}", "pair", unit) for unit in range(1, LINE_UNITS + 1)]
    registry = registry_of(connection("line", "modbus_tcp", settings, devices, LINE_PERIOD_S), profiles=[PAIR])
    sink = CountingSink()
    task = asyncio.create_task(_connectors(registry)[0].run(sink))
    try:
        await asyncio.sleep(LINE_S)
    finally:
        await _stop([task, line])
        os.close(master)
        os.close(slave)
    table = registry.gateway_points(UNIT, "gw-east")
    living = [table.index(f"{UNIT}/d{unit}/level") for unit in range(1, LINE_UNITS + 1) if unit not in DEAD]
    return sum(sink.of.get(point, 0) for point in living) / len(living) / LINE_S


def _connectors(registry: Registry) -> list[ModbusTcpConnector]:
    gateway = registry.gateways[f"{UNIT}/gw-east"]
    return [
        ModbusTcpConnector(
            Wiring(
                unit=UNIT,
                gateway="gw-east",
                connection=one,
                devices=tuple(registry.devices[f"{UNIT}/{item.id}"] for item in one.devices),
                table=registry.gateway_points(UNIT, "gw-east"),
                clock=SystemClock(),
            )
        )
        for one in gateway.connections
    ]


async def _stop(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def serve(pipe: Pipe) -> None:
    """Serve until terminated; tells its port first. One tight loop: what it takes is missing from the gateway."""
    listener = socket.create_server(("127.0.0.1", 0))
    pipe.send(listener.getsockname()[1])
    ready, lines = select.epoll(), {listener.fileno(): listener}
    ready.register(listener, select.EPOLLIN)
    tails = {unit: _tail(unit) for unit in range(256)}
    while True:
        for file, _ in ready.poll():
            line = lines[file]
            if line is listener:
                fresh, _ = listener.accept()
                fresh.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                lines[fresh.fileno()] = fresh
                ready.register(fresh, select.EPOLLIN)
            elif data := _received(line):
                # requests of 12 bytes each, which loopback delivers whole
                line.sendall(b"".join(data[at : at + 4] + tails[data[at + 6]] for at in range(0, len(data), 12)))
            else:
                ready.unregister(file)
                lines.pop(file).close()


def _received(line: socket.socket) -> bytes:
    try:
        return line.recv(4096)
    except OSError:  # the gateway hung up with an answer on its way
        return b""


def _tail(unit: int) -> bytes:
    """Return a unit's answer behind transaction and protocol id; every read is of the whole block."""
    size = 2 * REGISTERS
    return (3 + size).to_bytes(2, "big") + bytes((unit, 3, size)) + b"\x00\x07" * REGISTERS


class _SlowLine:
    """Serial devices on the far end of a pseudo-terminal: each byte takes its time at 9600 baud, 10 bits each."""

    def __init__(self, file: int, dead: frozenset[int]) -> None:
        """``dead`` units never answer."""
        self._file = file
        self._dead = dead

    async def run(self) -> None:
        """Answer until cancelled."""
        from gateway.connectors.modbus_tcp.wire import crc16

        loop = asyncio.get_running_loop()
        came: asyncio.Queue[bytes] = asyncio.Queue()
        loop.add_reader(self._file, lambda: came.put_nowait(os.read(self._file, 256)))
        try:
            while True:
                request = await came.get()
                if request[0] in self._dead:
                    continue
                body = bytes((request[0], 3, 2)) + struct.pack(">h", 205)
                await asyncio.sleep((len(request) + len(body) + 2) * 10 / BAUD + 0.005)
                os.write(self._file, body + crc16(body).to_bytes(2, "little"))
        finally:
            loop.remove_reader(self._file)
