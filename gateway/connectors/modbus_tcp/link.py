"""One line to Modbus devices, whatever it is made of: opens it, asks on it, keeps its pauses.

Policy lives elsewhere: who is asked when, and what a failure means, is decided by the connector.
Reading raises TimeoutError, RefusedError, WireError and LinkError as `talk` and `wire` say.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter

from domain.cancellation import heed_cancellation
from domain.errors import LinkError
from gateway.connectors.modbus_tcp.config import ModbusTcpSettings, Transport
from gateway.connectors.modbus_tcp.reads import Function, Select
from gateway.connectors.modbus_tcp.talk import MbapTalk, RtuTalk, Talk
from gateway.connectors.modbus_tcp.wire import check_written, payload_of, read_pdu, write_pdu
from gateway.connectors.serial_port import SerialTransport, open_serial
from gateway.connectors.tap import Tap
from gateway.connectors.trips import Trips

FRAME_GAP_CHARACTERS = 3.5
FAST_FRAME_GAP_S = 0.00175
"""Silence between two RTU frames; above 19200 baud it is fixed (Modbus over Serial Line V1.02, 2.5.1.1)."""


class ModbusLink:
    """Reads, and writes where a select says so, over one line; up to ``in_flight`` requests at once."""

    def __init__(self, settings: ModbusTcpSettings, tap: Tap | None = None) -> None:
        """Keep the settings; `open` connects. Frames pass by ``tap``."""
        self._tap = tap or Tap()
        self.counts: Counter[str] = Counter()
        """Frames that answered nothing: ``late`` and ``foreign``."""
        self._settings = settings
        self._talk: Talk | None = None
        self._free_at_s = 0.0
        self._character_s = character_s(settings)
        self._pause_s = max(settings.pause_s, frame_gap_s(settings))
        self._places = asyncio.Semaphore(settings.in_flight) if settings.in_flight > 1 else None
        self._not_before: dict[int, float] = {}
        self.trips: dict[int, Trips] = {}
        self._unit_pauses: dict[int, float] = {}

    @property
    def usable(self) -> bool:
        """Tell whether the line is up and in step with the peer's frames."""
        return self._talk is not None and self._talk.usable

    async def open(self) -> None:
        """Connect afresh; raises LinkError."""
        self.close()
        settings = self._settings
        try:
            async with asyncio.timeout(settings.connect_timeout_s):
                self._talk = await _connect(settings, self.counts, self._tap)
        except (OSError, TimeoutError) as error:
            if isinstance(error, LinkError):
                raise
            reason = str(error) or "no connection in time"
            raise LinkError(f"no Modbus server at {settings.where}: {reason}") from error
        heed_cancellation()

    def close(self) -> None:
        """Close; harmless when closed."""
        if self._talk is not None:
            self._talk.close()
            self._talk = None

    def keep_pause(self, unit: int, pause_s: float) -> None:
        """Leave a device alone for so long after each answer; the line waits with it."""
        self._unit_pauses[unit] = pause_s

    async def read(self, unit: int, function: Function, address: int, count: int) -> bytes:
        """Return registers, two bytes each; bits come as registers of 0 and 1."""
        pdu = await self._ask(unit, read_pdu(function.code, address, count), self._line_time_s(2 * count))
        return payload_of(pdu, function.code, count)

    async def select(self, unit: int, select: Select) -> None:
        """Write what a profile says must be written before a read."""
        request = write_pdu(5 if select.function == "coil" else 6, select.address, select.value)
        check_written(await self._ask(unit, request, self._line_time_s(2)), request)
        if select.settle_s:
            await asyncio.sleep(select.settle_s)

    async def _ask(self, unit: int, pdu: bytes, line_time_s: float) -> bytes:
        if self._places is None:
            return await self._exchange(unit, pdu, line_time_s)
        await self._places.acquire()
        try:
            return await self._exchange(unit, pdu, line_time_s)
        finally:
            self._places.release()

    async def _exchange(self, unit: int, pdu: bytes, line_time_s: float) -> bytes:
        if self._pause_s or self._not_before:
            await self._ready(unit)
        if self._talk is None:
            raise LinkError(f"{self._settings.where} is not open")
        began_s, answered = asyncio.get_running_loop().time(), False
        try:
            answer = await self._talk.ask(unit, pdu, self._settings.timeout_s + line_time_s)
            answered = True
        except TimeoutError:
            self._doubt(unit)
            raise
        else:
            return answer
        finally:
            self.trips_of(unit).note(asyncio.get_running_loop().time() - began_s, answered=answered)
            if unit in self._unit_pauses:
                until_s = asyncio.get_running_loop().time() + self._unit_pauses[unit]
                self._not_before[unit] = max(until_s, self._not_before.get(unit, 0.0))
            if self._pause_s:
                self._free_at_s = asyncio.get_running_loop().time() + self._pause_s

    def trips_of(self, unit: int) -> Trips:
        """Return what was measured of the requests to a unit."""
        trips = self.trips.get(unit)
        if trips is None:
            trips = self.trips[unit] = Trips()
        return trips

    async def _ready(self, unit: int) -> None:
        """Keep the pause that the line needs, and the time in which an answer may still come late."""
        wait_s = max(self._free_at_s, self._not_before.pop(unit, 0.0)) - asyncio.get_running_loop().time()
        if wait_s > 0:
            await asyncio.sleep(wait_s)

    def _doubt(self, unit: int) -> None:
        """RTU can't tell a late answer from the next one: let it come before this unit is asked again."""
        if self._settings.transport.is_rtu:
            self._not_before[unit] = asyncio.get_running_loop().time() + self._settings.timeout_s

    def _line_time_s(self, reply_bytes: int) -> float:
        """Return how long request and reply are on a serial line: that is no silence."""
        return (FRAME_BYTES + reply_bytes) * self._character_s


FRAME_BYTES = 13
"""Of a read request (8) and its reply without data (5), on a serial line."""


def character_s(settings: ModbusTcpSettings) -> float:
    """Return the time of one character on the line; 0 where all is TCP."""
    baud = settings.line_baud
    return settings.bits_a_character / baud if baud else 0.0


def frame_gap_s(settings: ModbusTcpSettings) -> float:
    """Return the silence that must stand between two frames; 0 where frames have a length."""
    if settings.transport is not Transport.SERIAL:
        return 0.0  # a converter keeps the gaps of its own line
    return max(FRAME_GAP_CHARACTERS * character_s(settings), FAST_FRAME_GAP_S)


async def _connect(settings: ModbusTcpSettings, counts: Counter[str], tap: Tap) -> Talk:
    loop = asyncio.get_running_loop()
    kind = RtuTalk if settings.transport.is_rtu else MbapTalk
    talk = kind(settings.where, counts, in_flight=settings.in_flight, tap=tap)
    if settings.transport is Transport.SERIAL:
        baud = settings.line_baud or 9600
        file = open_serial(settings.device, baud=baud, parity=settings.parity, stop_bits=settings.stop_bits)
        SerialTransport(file, talk)
        return talk
    context = _tls_context(settings) if settings.transport is Transport.TLS else None
    name = (settings.server_name or settings.host) if context else None
    await loop.create_connection(lambda: talk, settings.host, settings.port, ssl=context, server_hostname=name)
    return talk


def _tls_context(settings: ModbusTcpSettings) -> ssl.SSLContext:
    """Return a context that checks the server, and shows our certificate where there is one.

    Modbus/TCP Security V2.1 asks for TLS 1.2 or later and certificates on both sides. Raises OSError.
    """
    context = ssl.create_default_context(cafile=settings.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.cert_file is not None:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    return context
