"""A serial port as an asyncio transport: raw bytes, eight data bits, locked for us alone.

Works on anything that has termios: an RS-485 adapter, a built-in UART, a pseudo-terminal.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import termios
from enum import StrEnum
from typing import Protocol

from domain.errors import LinkError

_AT_ONCE = 4096
_LOCAL_LINE = termios.CREAD | termios.CLOCAL | termios.CS8


class Parity(StrEnum):
    """Parity of a serial line."""

    NONE = "none"
    EVEN = "even"
    ODD = "odd"


class Hearer(Protocol):
    """What hears of a line's bytes: every `asyncio.Protocol`, and others that take bytes in the same way."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hear that the line is open."""

    def data_received(self, data: bytes) -> None:
        """Take what came."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Hear that the line is away."""


class SerialTransport(asyncio.Transport):
    """Moves bytes between an open port and a protocol."""

    def __init__(self, file: int, protocol: Hearer) -> None:
        """Take over the open descriptor ``file``; the protocol hears of it at once."""
        super().__init__()
        self._file = file
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._waiting = bytearray()
        self._closing = False
        protocol.connection_made(self)
        self._loop.add_reader(file, self._readable)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send; what the port does not take at once goes as soon as it does."""
        if self._closing:
            return
        idle = not self._waiting
        self._waiting += data
        if idle:
            self._writable()

    def is_closing(self) -> bool:
        """Tell whether it is closed."""
        return self._closing

    def close(self) -> None:
        """Close now; what was not sent is thrown away."""
        self._end(None)

    def abort(self) -> None:
        """Close now."""
        self._end(None)

    def _readable(self) -> None:
        try:
            data = os.read(self._file, _AT_ONCE)
        except BlockingIOError:
            return
        except OSError as error:  # the adapter was pulled out
            self._end(error)
            return
        if data:
            self._protocol.data_received(data)
        else:
            self._end(None)

    def _writable(self) -> None:
        try:
            sent = os.write(self._file, self._waiting)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._end(error)
            return
        del self._waiting[:sent]
        if self._waiting:
            self._loop.add_writer(self._file, self._writable)
        else:
            self._loop.remove_writer(self._file)

    def _end(self, error: Exception | None) -> None:
        if self._closing:
            return
        self._closing = True
        self._loop.remove_reader(self._file)
        self._loop.remove_writer(self._file)
        with contextlib.suppress(OSError):
            os.close(self._file)
        self._loop.call_soon(self._protocol.connection_lost, error)


def open_serial(device: str, *, baud: int, parity: Parity, stop_bits: int) -> int:
    """Open and set a port; returns its descriptor. Raises LinkError when it is not there, or somebody else's."""
    try:
        file = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        raise LinkError(f"serial port {device}: {error.strerror}") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # one owner a line: two masters would talk across each other
        _set(file, baud, parity, stop_bits)
    except BlockingIOError as error:
        os.close(file)
        raise LinkError(f"serial port {device} is in use by another program") from error
    except (OSError, termios.error) as error:
        os.close(file)
        raise LinkError(f"{device} is no serial port that can be set: {error}") from error
    return file


def _set(file: int, baud: int, parity: Parity, stop_bits: int) -> None:
    speed = getattr(termios, f"B{baud}")
    control = _LOCAL_LINE
    control |= termios.CSTOPB if stop_bits == 2 else 0
    control |= termios.PARENB if parity is not Parity.NONE else 0
    control |= termios.PARODD if parity is Parity.ODD else 0
    characters = termios.tcgetattr(file)[6]
    characters[termios.VMIN], characters[termios.VTIME] = 0, 0
    read = termios.INPCK if parity is not Parity.NONE else 0
    termios.tcsetattr(file, termios.TCSANOW, [read, 0, control, 0, speed, speed, characters])
    termios.tcflush(file, termios.TCIOFLUSH)
