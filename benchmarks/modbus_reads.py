"""Modbus reads of one gateway process: blocks a second on loopback TCP, and a serial line with dead units.

The server is another process that answers at once with prepared bytes, so that the figure is the gateway's own:
ask, decode 100 registers into 50 points, time, report, batch. The spool is measured apart (`benchmarks.spool`).
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import pty
import struct
import time
import tty
from collections.abc import Sequence
from multiprocessing.connection import Connection as Pipe
from typing import Any

from domain.batch import ReadingBatch
from domain.clock import SystemClock
from domain.quality import good_mask
from domain.site import Registry
from gateway.connectors.contract import DeadLetter, Wiring
from gateway.connectors.modbus_tcp.connector import ModbusTcpConnector
from tests.gateway.gateway_sites import LABELS, UNIT, connection, device, registry_of

SECONDS = 4.0
WARM_S = 1.0
UNITS, REGISTERS = 50, 100
LINE_UNITS, DEAD = 32, frozenset({5, 12, 20, 27})
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


def rows() -> list[tuple[str, str, str]]:
    """Return block reads a second on one and eight connections, pipelined or not, and the cost of dead units."""
    budget = "5,000 / 10,000 a process"
    found = []
    for lines, in_flight in ((1, 1), (1, 8), (8, 1), (8, 8)):
        rate = asyncio.run(_reads(lines, in_flight))
        what = (
            f"Modbus TCP: blocks of {REGISTERS} registers, {lines} connection{'s' * (lines > 1)}, {in_flight} in flight"
        )
        found.append((what, f"{rate:,.0f} blocks/s ({rate * REGISTERS / 2:,.0f} readings/s)", budget))
    alive, hurt = asyncio.run(_line(frozenset())), asyncio.run(_line(DEAD))
    grown = (alive / hurt - 1) * 100
    what = f"  {LINE_UNITS} units at {BAUD} baud, {len(DEAD)} of them dead: period of the others grows by"
    return [*found, (what, f"{grown:.1f} %", "10 / 2 %")]


async def _reads(lines: int, in_flight: int) -> float:
    """Poll as fast as it goes; return blocks a second."""
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
    sink = CountingSink()
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


class _Server(asyncio.Protocol):
    """Answers every read with the same registers."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 -- a stream server makes nothing else
        self._line = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request of 12 bytes; loopback delivers them whole."""
        self._line.write(b"".join(self._answer(data[at : at + 12]) for at in range(0, len(data), 12)))

    def _answer(self, request: bytes) -> bytes:
        count = int.from_bytes(request[10:12], "big")
        head = request[:4] + (3 + 2 * count).to_bytes(2, "big") + request[6:8]
        return head + bytes((2 * count,)) + b"\x00\x07" * count


def serve(pipe: Pipe) -> None:
    """Serve until terminated; tells its port first."""

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(_Server, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


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
