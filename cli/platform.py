"""A whole site on this machine: the backbone and one process for each job, supervised."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from dataclasses import dataclass, field

from backbone.client import Backbone
from backbone.server import EmbeddedServer, free_ports
from cli.session import Session
from cli.supervisor import Child, Supervisor
from domain.errors import LinkError

log = logging.getLogger(__name__)

RESTART_PAUSE_S = 0.5
DEFAULT_CONSOLE_PORT = 8080
ANSWER_URL_VARIABLE = "FENGSUI_ANSWER_URL"


@dataclass(frozen=True, slots=True)
class Link:
    """Where a gateway finds the backbone; other than the server itself when a cable lies between."""

    nats_url: str
    mqtt_port: int


@dataclass(slots=True)
class Platform:
    """Starts and stops everything of a session; ``links`` overrides the way of single gateways."""

    session: Session
    console_port: int
    open_console: bool = False
    links: dict[str, Link] = field(default_factory=dict)
    server: EmbeddedServer | None = None
    supervisor: Supervisor | None = None
    _keeper: asyncio.Task[None] | None = None

    @property
    def console_url(self) -> str:
        """Where a browser finds the console."""
        return f"http://127.0.0.1:{self.console_port}"

    async def start_backbone(self) -> None:
        """Start the embedded server (unless the site names an external one) and make the streams."""
        registry = self.session.registry
        if registry.site.backbone.url is None:
            gateways = [(item.unit, item.gateway) for item in registry.gateways.values()]
            self.server = EmbeddedServer(self.session.state.nats, gateways)
            self.session.state.folder("nats")
            await self.server.start()
            self._keeper = asyncio.create_task(self._keep_server(self.server), name="keep-nats-server")
        async with await self.connect("setup") as backbone:
            await backbone.ensure_streams()

    async def start_processes(self) -> None:
        """Start the processes, those that answer before those that ask."""
        self.supervisor = Supervisor(self.session.state.folder("logs"))
        for name in ("alerts", "rules", "ingest"):
            await self.supervisor.start(self._child(name, [name, *self._common()]))
        console = ["console", *self._common(), "--port", str(self.console_port)]
        await self.supervisor.start(self._child("console", console + (["--open"] if self.open_console else [])))
        for key in self.session.registry.gateways:
            await self.supervisor.start(self._gateway(key))

    async def connect(self, name: str) -> Backbone:
        """Join the backbone as a service."""
        return await self.session.connect(name)

    async def stop(self) -> None:
        """Stop all, gateways first and the backbone last."""
        if self.supervisor is not None:
            await self.supervisor.stop()
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self.server is not None:
            await self.server.stop()

    def _common(self) -> list[str]:
        return ["--site", str(self.session.site), "--state", str(self.session.state.root)]

    def _child(self, name: str, arguments: list[str]) -> Child:
        answers = os.environ.get(ANSWER_URL_VARIABLE) or self.console_url
        return Child(name, arguments, {ANSWER_URL_VARIABLE: answers})

    def _gateway(self, key: str) -> Child:
        unit, gateway = key.split("/")
        arguments = ["gateway", *self._common(), "--unit", unit, "--gateway", gateway]
        link = self.links.get(key)
        if link is not None:
            arguments += ["--link-nats", link.nats_url, "--link-mqtt", str(link.mqtt_port)]
        return self._child(f"gateway-{unit}-{gateway}", arguments)

    async def _keep_server(self, server: EmbeddedServer) -> None:
        """Start nats-server again when it ends by itself; clients reconnect on the same ports."""
        while True:
            code = await server.wait()
            log.warning("nats-server ended with %s: starting it again", code)
            await asyncio.sleep(RESTART_PAUSE_S)
            with contextlib.suppress(LinkError):  # the next round waits for it and says so again
                await server.start()


def console_port(wanted: int | None) -> int:
    """Return the port to use: the wanted one, else 8080, else any free one when 8080 is taken."""
    if wanted is not None:
        return wanted
    return DEFAULT_CONSOLE_PORT if is_free(DEFAULT_CONSOLE_PORT) else free_ports(1)[0]


def is_free(port: int) -> bool:
    """Tell whether a loopback port can be listened on now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
