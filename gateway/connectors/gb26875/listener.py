"""Opens the port, for TCP, UDP or both, and closes it with every line on it."""

from __future__ import annotations

import asyncio
import resource
from types import TracebackType
from typing import Self

from domain.errors import LinkError
from gateway.connectors.gb26875.config import Gb26875Settings, Transport
from gateway.connectors.gb26875.datagrams import UdpDoor
from gateway.connectors.gb26875.line import Peers, TcpLine

BACKLOG = 4096
"""Connections that wait to be accepted: after an outage all transmitters call at once."""

OTHER_FILES = 256
"""Files that the process opens beside connections; assumption."""


class Listener:
    """An open port; use it as an async context manager."""

    def __init__(self, settings: Gb26875Settings, peers: Peers) -> None:
        """Listen as ``settings`` say; what calls belongs to ``peers``."""
        self._settings = settings
        self._peers = peers
        self._server: asyncio.Server | None = None
        self._datagrams: asyncio.DatagramTransport | None = None
        self.port = 0
        """The port that is open, once it is."""

    async def __aenter__(self) -> Self:
        """Open; raises LinkError when the port is taken."""
        settings = self._settings
        _allow_files(settings.limits.connections + OTHER_FILES)
        try:
            await self._open(settings.host, settings.port, settings.transport)
        except OSError as error:
            await self._close()
            raise LinkError(f"can't listen on {settings.host} port {settings.port}: {error}") from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the port and every line."""
        await self._close()

    async def _open(self, host: str, port: int, transport: Transport) -> None:
        loop = asyncio.get_running_loop()
        self.port = port
        if transport is not Transport.UDP:
            self._server = await loop.create_server(lambda: TcpLine(self._peers), host, port, backlog=BACKLOG)
            self.port = self._server.sockets[0].getsockname()[1]
        if transport is not Transport.TCP:
            self._datagrams, _ = await loop.create_datagram_endpoint(
                lambda: UdpDoor(self._peers), local_addr=(host, self.port)
            )
            self.port = self._datagrams.get_extra_info("sockname")[1]

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        self._peers.close()
        if self._datagrams is not None:
            self._datagrams.close()
        await asyncio.sleep(0)  # lets the lines say that they are gone


def _allow_files(wanted: int) -> None:
    """Raise the soft limit of open files as far as the system allows: each connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
