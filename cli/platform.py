"""A whole site on this machine: the backbone and one process for each job, supervised."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import socket
from dataclasses import dataclass, field

from backbone.client import Backbone
from backbone.server import EmbeddedServer, free_ports
from backbone.server_config import GatewayUser
from backbone.subjects import LEASE_BUCKET
from cli.session import Session
from cli.supervisor import Child, Supervisor
from domain.cancellation import heed_cancellation
from domain.errors import LinkError, RefusedError
from domain.site import Registry

log = logging.getLogger(__name__)

RESTART_PAUSE_S, RETRY_PAUSE_S = 0.5, 5.0
PROBE_S, MOST_FAILURES = 10.0, 3
LEAST_FREE_BYTES = 64 * 2**20
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
    follows: bool = False
    """What runs takes changes of the site's folder: then the console may write adopted transmitters there."""
    links: dict[str, Link] = field(default_factory=dict)
    server: EmbeddedServer | None = None
    supervisor: Supervisor | None = None
    _keeper: asyncio.Task[None] | None = None
    _watch: asyncio.Task[None] | None = None

    @property
    def console_url(self) -> str:
        """Where a browser finds the console."""
        return f"http://127.0.0.1:{self.console_port}"

    async def start_backbone(self) -> None:
        """Start the embedded server (unless the site names an external one) and make the streams."""
        registry = self.session.registry
        self.session.state.note_site(self.session.site)
        if registry.site.backbone.url is None:
            self.server = EmbeddedServer(self.session.state.nats, gateway_users(registry))
            await self.server.start()
            self._keeper = asyncio.create_task(self._keep_server(self.server), name="keep-nats-server")
        async with await self.connect("setup") as backbone:
            await backbone.ensure_streams()
        if self.server is not None:
            self._watch = asyncio.create_task(self._watch_storage(self.server), name="watch-storage")

    async def start_processes(self) -> None:
        """Start the processes, those that answer before those that ask."""
        self.supervisor = Supervisor(self.session.state.folder("logs"))
        for name in ("alerts", "rules", "ingest"):
            await self.supervisor.start(self._child(name, [name, *self._common()]))
        console = ["console", *self._common(), "--port", str(self.console_port)]
        flags = {"--open": self.open_console, "--adopt": self.follows}
        console += [flag for flag, is_set in flags.items() if is_set]
        await self.supervisor.start(self._child("console", console))
        for key in with_process(self.session.registry):
            await self.supervisor.start(self.gateway_child(key))

    async def connect(self, name: str) -> Backbone:
        """Join the backbone as a service."""
        return await self.session.connect(name)

    async def stop(self) -> None:
        """Stop all, gateways first and the backbone last."""
        if self.supervisor is not None:
            await self.supervisor.stop()
        for task in (self._watch, self._keeper):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        if self.server is not None:
            await self.server.stop()

    def _common(self) -> list[str]:
        return ["--site", str(self.session.site), "--state", str(self.session.state.root)]

    def _child(self, name: str, arguments: list[str]) -> Child:
        answers = os.environ.get(ANSWER_URL_VARIABLE) or self.console_url
        return Child(name, arguments, {ANSWER_URL_VARIABLE: answers})

    def gateway_child(self, key: str) -> Child:
        """Return the process of a gateway, to be started."""
        unit, gateway = key.split("/")
        arguments = ["gateway", *self._common(), "--unit", unit, "--gateway", gateway]
        link = self.links.get(key)
        if link is not None:
            arguments += ["--link-nats", link.nats_url, "--link-mqtt", str(link.mqtt_port)]
        return self._child(gateway_process(key), arguments)

    async def _watch_storage(self, server: EmbeddedServer) -> None:
        """Restart a server that lives but stores nothing, once there is room again.

        A stream that met a full disk refuses writes until nats-server starts anew (seen on 2.15.1).
        """
        failures = 0
        async with await self.connect("storage-watch") as backbone:
            while True:
                heed_cancellation()
                await asyncio.sleep(PROBE_S)
                try:
                    await backbone.kv_put(LEASE_BUCKET, "storage-watch", str(self._free_bytes()).encode())
                    failures = 0
                except (LinkError, RefusedError) as error:
                    failures += 1
                    log.warning("the backbone stores nothing (%d): %s", failures, error)
                if failures >= MOST_FAILURES and server.pid is not None and self._free_bytes() > LEAST_FREE_BYTES:
                    log.error("nats-server lives but stores nothing: starting it anew")
                    failures = 0
                    await server.kill()  # its keeper starts it again

    def _free_bytes(self) -> int:
        return shutil.disk_usage(self.session.state.root).free

    async def _keep_server(self, server: EmbeddedServer) -> None:
        """Start nats-server again when it ends by itself; clients reconnect on the same ports."""
        while True:
            code = await server.wait()
            log.warning("nats-server ended with %s: starting it again", code)
            await asyncio.sleep(RESTART_PAUSE_S)
            try:
                await server.start()
            except (LinkError, OSError) as error:  # a full disk, a port taken: it may pass, so it is tried again
                log.error("nats-server does not start: %s", error)  # noqa: TRY400  # the text is for a person
                await asyncio.sleep(RETRY_PAUSE_S)


def with_process(registry: Registry) -> list[str]:
    """Return the gateways (``unit/id``) that have a process: all but those that another one hosts."""
    return [key for key in registry.gateways if key not in registry.transmitters]


def gateway_process(key: str) -> str:
    """Return the name of a gateway's process."""
    return f"gateway-{key.replace('/', '-')}"


def gateway_users(registry: Registry) -> list[GatewayUser]:
    """Return the gateways that the server must know, each with the nodes that it hosts."""
    users = []
    for unit, gateway in (key.split("/") for key in with_process(registry)):
        hosted = tuple((one.settings.unit, one.settings.id) for one in registry.hosted_by(unit, gateway))
        users.append(GatewayUser(unit, gateway, hosted))
    return users


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
