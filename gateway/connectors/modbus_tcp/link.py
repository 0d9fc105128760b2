"""One TCP connection to a Modbus server: pymodbus with every policy switched off.

pymodbus would retry, reconnect and, after a few time-outs of *one* unit, close the connection of
all units. Here it only builds requests and parses replies; who is asked when, how long, and what a
failure means is decided by the connector.

| what comes back | raised |
|---|---|
| nothing in time | TimeoutError |
| exception code n | RefusedError with ``code=n`` |
| bytes that are no Modbus, another function, too few or too many registers | WireError |
| a frame of another unit or an earlier request | nothing: skipped, the wait goes on |
| connection closed | LinkError |

After a WireError of the header the stream has lost its frames: `usable` is False until `open`.
"""

from __future__ import annotations

import asyncio
import logging

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusIOException
from pymodbus.framer.socket import FramerSocket
from pymodbus.pdu import DecodePDU, ModbusPDU

from domain.errors import LinkError, RefusedError, WireError
from gateway.cancellation import heed_cancellation
from gateway.connectors.modbus_tcp.config import Function, ModbusTcpSettings

MOST_ADU_LENGTH = 254
"""Largest value of the length field: unit id, function code and 252 bytes (Modbus TCP guide V1.0b, 3.1.3)."""

logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)  # failures are counted and reported by health()


class ModbusLink:
    """Reads registers over one connection, one request at a time."""

    def __init__(self, settings: ModbusTcpSettings) -> None:
        """Keep the settings; `open` connects."""
        self._settings = settings
        self._client: AsyncModbusTcpClient | None = None
        self._waiting = False
        self._broken = False
        self._free_at_s = 0.0

    @property
    def usable(self) -> bool:
        """Tell whether the connection is up and in step with the peer's frames."""
        return self._client is not None and self._client.connected and not self._broken

    async def open(self) -> None:
        """Connect afresh; raises LinkError."""
        self.close()
        settings = self._settings
        client = AsyncModbusTcpClient(
            settings.host,
            port=settings.port,
            timeout=settings.connect_timeout_s,
            retries=0,
            reconnect_delay=0,
            trace_connect=self._on_connection,
        )
        client.ctx.framer = _StrictFramer(self)
        client.set_max_no_responses(2**31)  # never close the line for one silent unit
        self._broken = False
        connected = await client.connect()
        client.ctx.comm_params.timeout_connect = settings.timeout_s  # from here on it is the wait for a reply
        self._client = client
        heed_cancellation()
        if not connected:
            self.close()
            raise LinkError(f"no Modbus server at {settings.host}:{settings.port}")

    def close(self) -> None:
        """Close; harmless when closed."""
        if self._client is not None:
            self._client.close()
            self._client = None

    async def ready(self) -> None:
        """Keep the pause that a slow line needs between an answer and the next request."""
        wait_s = self._free_at_s - asyncio.get_running_loop().time()
        if wait_s > 0:
            await asyncio.sleep(wait_s)

    async def read(self, unit: int, function: Function, address: int, count: int) -> bytes:
        """Return the register bytes of one read, high byte first; raises as the module says."""
        client = self._client
        if client is None or not self.usable:
            raise self._closed()
        ask = client.read_holding_registers if function is Function.HOLDING else client.read_input_registers
        self._waiting = True
        try:
            reply = await ask(address, count=count, device_id=unit)
        except ModbusIOException:
            raise TimeoutError("no reply in time") from None
        except ConnectionException:
            raise self._closed() from None
        finally:
            self._waiting = False
            self._free_at_s = asyncio.get_running_loop().time() + self._settings.pause_s
            heed_cancellation()
        return _registers(reply, function, count)

    def fault(self, error: WireError, *, lost_step: bool) -> None:
        """Take note of junk from the peer and end the wait for a reply."""
        self._broken |= lost_step
        self._fail(error)

    def _on_connection(self, up: bool) -> None:  # noqa: FBT001  # pymodbus calls it so
        if not up:
            self._fail(self._closed())

    def _closed(self) -> LinkError:
        return LinkError(f"{self._settings.host}:{self._settings.port} closed the connection")

    def _fail(self, error: Exception) -> None:
        """Let the request that waits end with ``error``, if there is one."""
        if self._client is not None and self._waiting and not self._client.ctx.response_future.done():
            self._client.ctx.response_future.set_exception(error)


class _HoldingReply(ModbusPDU):
    """A register reply that keeps its bytes: the decoder wants bytes, not a list of numbers."""

    function_code = 3

    def decode(self, data: bytes) -> None:
        """Take the PDU after its function code; raises ValueError when the byte count is wrong."""
        if not data or data[0] != len(data) - 1:
            msg = "byte count does not match the frame"
            raise ValueError(msg)
        self.payload = data[1:]


class _InputReply(_HoldingReply):
    function_code = 4


class _StrictFramer(FramerSocket):
    """Reports what pymodbus would drop in silence, or raise into the event loop."""

    def __init__(self, link: ModbusLink) -> None:
        decoder = DecodePDU(False)
        decoder.register(_HoldingReply)
        decoder.register(_InputReply)
        super().__init__(decoder)
        self._link = link

    def handleFrame(self, data: bytes, exp_devid: int, exp_tid: int) -> tuple[int, ModbusPDU | None]:  # noqa: N802  # pymodbus' name
        reason = _header_fault(data)
        if reason is not None:
            self._link.fault(WireError(reason, data), lost_step=True)
            return len(data), None
        try:
            return super().handleFrame(data, exp_devid, exp_tid)
        except ModbusIOException:
            self._link.fault(WireError("reply is no Modbus response", data), lost_step=False)
            return len(data), None


def _header_fault(data: bytes) -> str | None:
    """Return what is wrong with the first MBAP header in ``data``, if it is all there."""
    if len(data) < FramerSocket.MIN_SIZE - 1:
        return None
    protocol, length = int.from_bytes(data[2:4], "big"), int.from_bytes(data[4:6], "big")
    if protocol != 0:
        return f"protocol id {protocol} is not Modbus"
    if not 3 <= length <= MOST_ADU_LENGTH:
        return f"length field {length} is outside 3..{MOST_ADU_LENGTH}"
    return None


def _registers(reply: ModbusPDU, function: Function, count: int) -> bytes:
    if reply.isError():
        raise RefusedError(f"exception {reply.exception_code}", code=reply.exception_code)
    if not isinstance(reply, _HoldingReply) or reply.function_code != function.code:
        raise WireError(f"asked with function {function.code}, answered with {reply.function_code}")
    if len(reply.payload) != 2 * count:
        raise WireError(f"asked for {count} registers, got {len(reply.payload)} bytes", reply.payload)
    return reply.payload
