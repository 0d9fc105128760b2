"""An access server on a real port over a real spool, and transmitters that call it, for tests."""

from __future__ import annotations

import asyncio
import math
import struct
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from domain.batch import ReadingBatch
from domain.clock import Clock, SystemClock
from domain.errors import StoreError
from domain.points import Point, PointTable
from domain.site import Registry
from gateway.connectors.contract import DeadLetter
from gateway.connectors.gb26875.connector import Gb26875Connector
from gateway.connectors.tap import Tap
from gateway.spool import Spool, SpoolLimits
from simulators.gb26875.frames import Command, Frame, FrameReader
from tests.gateway.gateway_sites import GATEWAY, LABELS, UNIT, registry_of, wiring_of

FIRE, NORMAL = 1 << 1, 1
CENTRE = (88888).to_bytes(6, "little")
PATIENCE_S = 40
CHINA = timedelta(hours=8)


def transmitter(name: str = "utd", address: int | str = 889, **more: Any) -> dict[str, Any]:
    """Return a transmitter with one declared system and component, as a site writes it."""
    component = {"id": "smoke", "at": "10-2", "type": 42, "labels": LABELS}
    system = {"id": f"{name}-fas", "type": 1, "labels": LABELS, "components": [component]}
    described = {"id": name, "unit": UNIT, "address": address, "profile": "standard", "zone": "room", "labels": LABELS}
    return {**described, "systems": [system], **more}


def access_connection(transmitters: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]) -> dict[str, Any]:
    own = {"id": "access-1", "profile": "gb26875_access", "zone": "room", "labels": LABELS, "address": "access"}
    return {
        "id": "access", "protocol": "gb26875", "settings": {"port": 0, **settings},
        "devices": [own], "transmitters": list(transmitters),
    }  # fmt: skip


class Nodes:
    """The other side of `Hosting`: a table that grows, and what was said about the nodes."""

    def __init__(self, table: PointTable, spool: Spool) -> None:
        self.table = table
        self._spool = spool
        self.last: dict[int, int] = {}
        self.values: dict[int, float] = {}
        self.said: list[tuple[str, str]] = []
        self.changed = asyncio.Condition()

    def learn(self, points: Sequence[Point]) -> None:
        self.table = self.table.grown(points)
        self._spool.learn(points)

    def is_taken(self, name: bytes) -> bool:
        return self._spool.is_taken(name)

    def last_ns(self, point: int) -> int:
        return self.last.get(point, 0)

    def last_value(self, point: int) -> float:
        return self.values.get(point, math.nan)

    def up(self, node: str) -> None:
        self.said.append(("up", node))

    def down(self, node: str) -> None:
        self.said.append(("down", node))

    def heard(self, node: str) -> None:
        del node


@dataclass
class Desk:
    """The sink: a real spool, which a test may hold up or let fail; remembers what was stored, in order."""

    spool: Spool
    nodes: Nodes | None = None
    held: asyncio.Event = field(default_factory=asyncio.Event)
    fails: bool = False
    readings: list[tuple[str, float, str]] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.held.set()

    async def emit(self, batch: ReadingBatch, *, names: Sequence[bytes] = ()) -> None:
        assert self.nodes is not None
        for row, point in enumerate(batch.point.tolist()):
            self.nodes.last[point] = max(self.nodes.last.get(point, 0), int(batch.time_ns[row]))
        await self._allowed()
        await self.spool.emit(batch, names=names)
        for row, point in enumerate(batch.point.tolist()):
            self.readings.append((batch.table[point].key, float(batch.value[row]), batch.text.get(row, "")))

    async def dead_letter(self, letter: DeadLetter, *, names: Sequence[bytes] = ()) -> None:
        await self._allowed()
        await self.spool.dead_letter(letter, names=names)
        self.letters.append(letter)

    async def _allowed(self) -> None:
        await self.held.wait()
        if self.fails:
            raise StoreError("no space left on device")

    def values(self, point: str) -> list[float]:
        """Return the stored values of ``unit/device/point``, in order."""
        return [value for key, value, _ in self.readings if key == point]


@dataclass
class Server:
    """An access server that listens."""

    connector: Gb26875Connector
    desk: Desk
    nodes: Nodes
    running: asyncio.Task[None]

    @property
    def port(self) -> int:
        return self.connector.port

    async def ask(self, command: str, **request: Any) -> dict[str, Any]:
        return dict(await self.connector.command({"command": command, **request}))

    async def row(self, name: str = "utd") -> dict[str, Any]:
        """Return what the server says about a transmitter."""
        found = await self.ask("transmitters", unit=UNIT, transmitter=name)
        (row,) = found["transmitters"]
        return dict(row)

    async def until(self, true: Callable[[], object]) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                assert not self.running.done() or self.running.exception() is None, self.running.exception()
                await asyncio.sleep(0.01)

    def figure(self, name: str) -> float:
        return self.connector.health().figures[name]

    def errors(self) -> Mapping[str, int]:
        return self.connector.health().errors


@asynccontextmanager
async def serving(
    folder: Path,
    *transmitters: Mapping[str, Any],
    registry: Registry | None = None,
    clock: Clock | None = None,
    tap: Tap | None = None,
    **settings: Any,
) -> AsyncIterator[Server]:
    """Listen on a free port with the files of ``folder``; a second time is a restart."""
    registry = registry or registry_of(access_connection(transmitters or [transmitter()], settings))
    spool = await Spool.open(
        folder / "spool.sqlite", limits=SpoolLimits(most_bytes=2**26, most_age_s=86_400), clock=SystemClock()
    )
    nodes = Nodes(registry.gateway_points(UNIT, GATEWAY), spool)
    desk = Desk(spool, nodes)
    wiring = replace(
        wiring_of(registry, clock), hosting=nodes, state_dir=folder, transmitters=registry.hosted_by(UNIT, GATEWAY),
        tap=tap or Tap(),
    )  # fmt: skip
    connector = Gb26875Connector(wiring)
    running = asyncio.create_task(connector.run(desk))
    server = Server(connector, desk, nodes, running)
    try:
        await server.until(connector.opened.is_set)
        yield server
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await spool.close()


def stamp(off_s: float = 0) -> bytes:
    now = datetime.now(UTC) + CHINA + timedelta(seconds=off_s)
    return bytes((now.second, now.minute, now.hour, now.day, now.month, now.year - 2000))


def component(state: int, *, point: int = 2) -> bytes:
    """Return a type 2 unit with one component of system 1-1."""
    return struct.pack("<BBBBBHHH31s6s", 2, 1, 1, 1, 42, 10, point, state, b"", stamp())


def own_state(state: int) -> bytes:
    """Return a type 21 unit."""
    return struct.pack("<BBB6s", 21, 1, state, stamp())


def operation(flags: int, operator: int = 1) -> bytes:
    """Return a type 24 unit."""
    return struct.pack("<BBBB6s", 24, 1, flags, operator, stamp())


class Device:
    """Makes the frames of a transmitter; numbers them from 0."""

    def __init__(self, address: int | bytes = 889) -> None:
        self.address = address if isinstance(address, bytes) else address.to_bytes(6, "little")
        self.sequence = 0

    def frame(
        self,
        data: bytes = b"",
        *,
        command: int = Command.SEND,
        sequence: int | None = None,
        time: bytes | None = None,
        source: int | None = None,
    ) -> Frame:
        """Return the next frame, not sent yet."""
        if sequence is None:
            sequence, self.sequence = self.sequence, self.sequence + 1
        address = self.address if source is None else source.to_bytes(6, "little")
        tag = stamp() if time is None else time
        return Frame(sequence=sequence, command=command, source=address, destination=CENTRE, time=tag, data=data)


class Caller(Device):
    """A transmitter on a TCP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: int | bytes = 889) -> None:
        super().__init__(address)
        self._reader, self.writer = reader, writer
        self._frames = FrameReader()
        self._heard: list[Frame] = []

    async def send(self, data: bytes = b"", **more: Any) -> Frame:
        """Send a frame and return it."""
        frame = self.frame(data, **more)
        await self.write(frame.encode())
        return frame

    async def write(self, raw: bytes) -> None:
        self.writer.write(raw)
        await self.writer.drain()

    async def say(self, data: bytes = b"", **more: Any) -> Frame:
        """Send a frame and return the answer of its number."""
        sent = await self.send(data, **more)
        return await self.answer(sent)

    async def answer(self, sent: Frame) -> Frame:
        """Wait for the confirm or deny of a frame; commands of the centre that come before are kept."""
        return await self._next(
            lambda one: one.sequence == sent.sequence and one.command in (Command.CONFIRM, Command.DENY)
        )

    async def command(self, flag: int) -> Frame:
        """Wait for a command of the centre."""
        return await self._next(lambda one: one.type_flag == flag)

    async def heard(self) -> list[Frame]:
        """Return all that came until the centre has answered a heartbeat of ours that is sent now."""
        mark = await self.send()
        await self.answer(mark)
        found, self._heard = self._heard, []
        return found

    async def cut(self) -> None:
        """Wait until the centre ends the connection."""
        with suppress(ConnectionError):
            async with asyncio.timeout(PATIENCE_S):
                while await self._reader.read(4096):
                    pass

    def hang_up(self) -> None:
        self.writer.close()

    async def _next(self, wanted: Callable[[Frame], bool]) -> Frame:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for at, one in enumerate(self._heard):
                    if wanted(one):
                        return self._heard.pop(at)
                data = await self._reader.read(4096)
                if not data:
                    raise ConnectionResetError("the centre hung up")
                self._heard += self._frames.feed(data)


@asynccontextmanager
async def calling(
    server: Server, address: int | bytes = 889, *, host: str = "127.0.0.1", own_ip: str = "127.0.0.1"
) -> AsyncIterator[Caller]:
    """Call the server as a transmitter."""
    reader, writer = await asyncio.open_connection(host, server.port, local_addr=(own_ip, 0))
    try:
        yield Caller(reader, writer, address)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
