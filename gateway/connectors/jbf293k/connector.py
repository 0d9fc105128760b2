"""The owner of one line to an interface card: polls it, stores what it says, and only then asks for more.

The card sends one telegram for each poll and knows no acknowledgement: an event is asked for only when the one
before is on disk, so that a kill may cost one telegram at most. Unpolled for three seconds it sends by itself;
such telegrams are taken as well.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from zoneinfo import ZoneInfo

from domain.errors import LinkError
from domain.quality import BAD, Reason, pack
from gateway.connectors.contract import Health, Sink, Wiring
from gateway.connectors.jbf293k import tables
from gateway.connectors.jbf293k.config import Jbf293kSettings
from gateway.connectors.jbf293k.panel import Harvest, Panel
from gateway.connectors.jbf293k.protocol import POLL, Decoder, Refusal, Telegram
from gateway.connectors.jbf293k.spelling import frame_words
from gateway.connectors.serial_port import Parity, SerialTransport, open_serial
from gateway.connectors.tap import Tap

HALF_S = 1.0
"""For the rest of a telegram that has begun; at 2400 baud the longest takes 0.15 s."""

MOST_WAITING = 1_000
"""Telegrams read and not stored yet; who sends faster than the disk takes it is cut, and sends again."""

LOST = pack(BAD, Reason.TIMEOUT)
CUT_OFF = pack(BAD, Reason.LINK_DOWN)


class _Wire(asyncio.Protocol):
    """Bytes in and out; what came waits in ``found``."""

    def __init__(self, tap: Tap) -> None:
        self._tap = tap
        self.found: deque[Telegram | Refusal] = deque()
        self.news = asyncio.Event()
        self.lost = False
        self.decoder = Decoder()
        self.began_s = 0.0
        self._line: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # a byte stream is what was asked for
        self._line = transport

    def data_received(self, data: bytes) -> None:
        if self._tap.is_on:
            self._tap.note(data, out=False)
        was_inside = self.decoder.is_inside
        self.found.extend(self.decoder.feed(data))
        if self.decoder.is_inside and not was_inside:
            self.began_s = asyncio.get_running_loop().time()
        self.news.set()
        if len(self.found) > MOST_WAITING:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.lost = True
        self.news.set()

    def poll(self) -> None:
        if self._line is not None:
            self._line.write(POLL)
            if self._tap.is_on:
                self._tap.note(POLL, out=True)

    def close(self) -> None:
        if self._line is not None:
            self._line.abort()

    def take(self) -> list[Telegram | Refusal]:
        """Return what has come, with a telegram that nobody finishes."""
        self.news.clear()
        late = self.decoder.is_inside and asyncio.get_running_loop().time() - self.began_s > HALF_S
        found = list(self.found)
        self.found.clear()
        return [*found, *(self.decoder.give_up() if late else ())]


class Jbf293kConnector:
    """Reads the panels behind one card; see `gateway.connectors.contract.Connector`."""

    def __init__(self, wiring: Wiring) -> None:
        """Prepare the panels; connects in `run`. Needs ``wiring.hosting``: components are learned."""
        assert wiring.hosting is not None  # noqa: S101  # every gateway process gives one
        self._wiring = wiring
        self._hosting = wiring.hosting
        self._settings = Jbf293kSettings.model_validate(wiring.connection.settings)
        zone, tolerance_s = ZoneInfo(wiring.timezone), self._settings.clock_tolerance_s
        self._panels = {
            int(device.settings.address): Panel(device, self._hosting, zone, tolerance_s=tolerance_s)
            for device in wiring.devices
        }
        self._errors: Counter[str] = Counter()
        self._telegrams = 0
        self._alive = False
        self._heard_s = self._told_s = 0.0

    def health(self) -> Health:
        """Return counts; ``polls`` are telegrams received."""
        lost = frozenset() if self._alive else frozenset(one.device.settings.id for one in self._panels.values())
        return Health(ok=self._alive, polls=self._telegrams, errors=dict(self._errors), lost=lost)

    def spell(self, raw: bytes, peer: str, *, out: bool) -> tuple[str, str]:
        """Say in words what bytes of the line are."""
        del peer, out  # there is one, and a poll says that it is one
        return frame_words(raw)

    async def run(self, sink: Sink) -> None:
        """Poll until cancelled; raises LinkError when the line is away."""
        try:
            wire = await self._open()
        except LinkError:
            self._errors["link_down"] += 1
            await self._lose(sink, CUT_OFF)
            raise
        loop = asyncio.get_running_loop()
        self._heard_s = loop.time()
        due_s = loop.time()
        try:
            while not wire.lost:
                if loop.time() >= due_s:
                    wire.poll()
                    due_s = max(due_s + self._settings.poll_s, loop.time())
                await _news(wire, due_s - loop.time())
                await self._store(wire.take(), sink)
        finally:
            wire.close()
        self._errors["link_down"] += 1
        await self._lose(sink, CUT_OFF)
        raise LinkError(f"{self._settings.where} closed the connection")

    async def _open(self) -> _Wire:
        settings, wire = self._settings, _Wire(self._wiring.tap)
        if settings.device:
            file = open_serial(settings.device, baud=settings.baud, parity=Parity.NONE, stop_bits=1)
            SerialTransport(file, wire)
            return wire
        try:
            async with asyncio.timeout(settings.connect_timeout_s):
                await asyncio.get_running_loop().create_connection(lambda: wire, settings.host, settings.port)
        except (OSError, TimeoutError) as error:
            raise LinkError(f"no card at {settings.where}: {error or 'no connection in time'}") from error
        return wire

    async def _store(self, found: list[Telegram | Refusal], sink: Sink) -> None:
        """Commit what came, with the panels' own words when they are due."""
        now_s, now_ns = asyncio.get_running_loop().time(), self._wiring.clock.now_ns()
        harvest = Harvest(self._wiring.connection.id)
        heard = [one for one in found if isinstance(one, Telegram)]
        for refusal in (one for one in found if isinstance(one, Refusal)):
            self._errors[refusal.error] += 1
        for telegram in heard:
            self._take(telegram, now_ns, harvest)
        is_back = bool(heard) and not self._alive
        if heard:
            self._heard_s, self._telegrams = now_s, self._telegrams + len(heard)
        if heard and (is_back or now_s - self._told_s >= self._settings.heartbeat_s):
            self._told_s = now_s
            for panel in self._panels.values():
                panel.tell_state(now_ns, harvest)
        await self._commit(harvest, sink)
        self._alive = self._alive or is_back
        if self._alive and now_s - self._heard_s > self._settings.silent_s:
            self._errors["timeout"] += 1
            await self._lose(sink, LOST)

    def _take(self, telegram: Telegram, now_ns: int, harvest: Harvest) -> None:
        panel = self._panels.get(telegram.controller)
        if panel is not None:
            panel.take(telegram, now_ns, harvest)
        elif telegram.command not in tables.HEARTBEATS:
            self._stranger(telegram, now_ns, harvest)

    def _stranger(self, telegram: Telegram, now_ns: int, harvest: Harvest) -> None:
        """Keep what a controller says that nobody registered; its fire is told by the first panel."""
        self._errors["unknown_controller"] += 1
        change = tables.COMPONENT.get(telegram.command)
        text = f"控制器{telegram.controller} controller {telegram.controller} {telegram.loop}-{telegram.point}"
        first = next(iter(self._panels.values()), None)
        if first is not None and change is not None and change.set & tables.FIRE:
            first.fire_elsewhere(telegram, now_ns, harvest, f"{text} {change.text}")
        else:
            harvest.letter(telegram, now_ns, "unknown_controller", text)

    async def _lose(self, sink: Sink, quality: int) -> None:
        """Tell, once, that the panels' words are not known any more."""
        if not self._alive:
            return
        self._alive = False
        harvest = Harvest(self._wiring.connection.id)
        for panel in self._panels.values():
            panel.tell_state(self._wiring.clock.now_ns(), harvest, quality=quality)
        await self._commit(harvest, sink)

    async def _commit(self, harvest: Harvest, sink: Sink) -> None:
        if harvest.point:
            await sink.emit(harvest.batch(self._hosting))
        for letter in harvest.letters:
            await sink.dead_letter(letter)


async def _news(wire: _Wire, wait_s: float) -> None:
    """Wait for something to come, or until the next poll."""
    try:
        async with asyncio.timeout(max(wait_s, 0.0)):
            await wire.news.wait()
    except TimeoutError:
        pass
