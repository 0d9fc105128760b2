"""Ten thousand transmitters in one process: they connect, wait, and send when told; latencies as JSON.

``python -m benchmarks.gb26875_callers PORT SESSIONS`` reads one command a line from standard input
(``load RATE SECONDS``, ``flood SECONDS``) and answers each with one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import struct
import sys
import time
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice

FIRST_ADDRESS = 1_000_000
CENTRE = 1
SEND, CONFIRM, COMPONENT_STATE, FRAME = 2, 3, 2, 30
CONNECTING_AT_ONCE = 200
OUTSTANDING = 512
"""Frames without a confirm while flooding: what a storm of that many transmitters at once looks like."""
CHINA = timedelta(hours=8)
PATIENCE_S = 30.0


class Caller(asyncio.Protocol):
    """One transmitter with one component; ``waiting`` maps sequence numbers to send times."""

    __slots__ = ("_buffer", "_late", "address", "sequence", "transport", "waiting")

    def __init__(self, address: int, late: list[float]) -> None:
        self.address = address
        self.sequence = 0
        self.waiting: dict[int, float] = {}
        self.transport: asyncio.WriteTransport | None = None
        self._buffer = b""
        self._late = late

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way out."""
        assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101  # what asyncio gives for TCP
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Remember that the centre hung up."""
        del exc
        self.transport = None

    def data_received(self, data: bytes) -> None:
        """Take confirms; whatever else the centre says is passed over by its length."""
        now = time.perf_counter()
        self._buffer += data
        while len(self._buffer) >= FRAME:
            size = FRAME + int.from_bytes(self._buffer[24:26], "little")
            if len(self._buffer) < size:
                return
            frame, self._buffer = self._buffer[:size], self._buffer[size:]
            sent = self.waiting.pop(int.from_bytes(frame[2:4], "little"), None) if frame[26] == CONFIRM else None
            if sent is not None:
                self._late.append(now - sent)

    def send(self, stamp: bytes) -> bool:
        """Report a new state of the component; False when the centre has cut the line."""
        if self.transport is None:
            return False
        self.sequence = (self.sequence + 1) % 65_536
        state = 1 | (self.sequence & 1) << 2
        unit = struct.pack("<BBBBBIH31s6s", COMPONENT_STATE, 1, 1, 1, 42, 0x0002_000A, state, b"", stamp)
        head = struct.pack("<HBB6s", self.sequence, 1, 1, stamp) + self.address.to_bytes(6, "little")
        body = head + CENTRE.to_bytes(6, "little") + struct.pack("<HB", len(unit), SEND) + unit
        self.waiting[self.sequence] = time.perf_counter()
        self.transport.write(b"@@" + body + bytes([sum(body) & 0xFF]) + b"##")
        return True


class Callers:
    """All of them, and the confirms that came since somebody asked."""

    def __init__(self) -> None:
        self.all: list[Caller] = []
        self.late: list[float] = []

    async def connect(self, port: int, count: int) -> float:
        """Open ``count`` connections and let each say one thing; returns the seconds that it took."""
        loop = asyncio.get_running_loop()
        start = time.perf_counter()
        for first in range(0, count, CONNECTING_AT_ONCE):
            numbers = range(first, min(count, first + CONNECTING_AT_ONCE))
            made = await asyncio.gather(
                *(
                    loop.create_connection(lambda n=n: Caller(FIRST_ADDRESS + n, self.late), "127.0.0.1", port)  # type: ignore[misc]
                    for n in numbers
                )
            )
            for _, caller in made:
                caller.send(stamp())
            self.all += [caller for _, caller in made]
            await self._confirmed()
        return time.perf_counter() - start

    async def load(self, rate: float, seconds: float) -> dict[str, float]:
        """Send ``rate`` frames a second, whatever the centre does; the callers take turns."""
        self.late.clear()
        sent = 0
        start = time.perf_counter()
        turns = cycle(self.all)
        while (elapsed := time.perf_counter() - start) < seconds:
            due = int(elapsed * rate)
            now = stamp()
            sent += sum(caller.send(now) for caller in islice(turns, max(0, due - sent)))
            await asyncio.sleep(0.002)
        await self._confirmed()
        return self._figures(sent, time.perf_counter() - start)

    async def flood(self, seconds: float) -> dict[str, float]:
        """Keep ``OUTSTANDING`` frames without a confirm."""
        self.late.clear()
        sent = 0
        start = time.perf_counter()
        turns = cycle(self.all)
        while time.perf_counter() - start < seconds:
            now = stamp()
            sent += sum(caller.send(now) for caller in islice(turns, max(0, OUTSTANDING - (sent - len(self.late)))))
            await asyncio.sleep(0.001)
        await self._confirmed()
        return self._figures(sent, time.perf_counter() - start)

    async def _confirmed(self) -> None:
        """Wait until nothing is outstanding, or for the 30 s after which a real device gives up."""
        deadline = time.perf_counter() + PATIENCE_S
        while any(caller.waiting for caller in self.all) and time.perf_counter() < deadline:
            await asyncio.sleep(0.01)

    def _figures(self, sent: int, seconds: float) -> dict[str, float]:
        late = sorted(self.late)
        picks = {f"p{share}": 1e3 * late[min(len(late) - 1, len(late) * share // 100)] for share in (50, 99) if late}
        return {"sent": sent, "confirmed": len(late), "seconds": seconds} | picks


def stamp() -> bytes:
    """Return the time tag of now: second, minute, hour, day, month, year - 2000, local time of China."""
    now = datetime.now(UTC) + CHINA
    return bytes([now.second, now.minute, now.hour, now.day, now.month, now.year - 2000])


async def main(port: int, count: int) -> None:
    """Connect, then obey."""
    callers = Callers()
    seconds = await callers.connect(port, count)
    say({"connected": sum(caller.transport is not None for caller in callers.all), "seconds": seconds})
    while line := await asyncio.to_thread(sys.stdin.readline):
        name, *numbers = line.split()
        say(await (callers.load if name == "load" else callers.flood)(*map(float, numbers)))


def say(figures: dict[str, float]) -> None:
    """Answer one line."""
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
