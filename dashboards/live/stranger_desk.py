"""Strangers as installers need them: of every connection that listens, also before the first one is registered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from backbone.subjects import gateway_service
from dashboards.live.link import Link
from dashboards.live.site import LiveSite
from dashboards.live.strangers import Stranger, read_all
from domain.errors import LinkError, RefusedError
from domain.site import Registry

LISTENING = "gb26875"
"""The protocol whose connections keep strangers."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A stranger, the gateway (``unit/gateway``) and the connection that heard it."""

    host: str
    connection: str
    stranger: Stranger

    @property
    def key(self) -> str:
        """What tells it from all others."""
        return f"{self.host}|{self.connection}|{self.stranger.address_hex}|{self.stranger.peer}"


@dataclass(frozen=True, slots=True)
class Strangers:
    """All of them, those that reported a fire first; and hosts that did not answer."""

    heard: tuple[Heard, ...] = ()
    silent: tuple[str, ...] = ()


async def ask_strangers(link: Link, site: LiveSite) -> Strangers:
    """Ask every connection that listens; raises LinkError when none answers."""
    hosts = listening(site.registry)
    asked = await asyncio.gather(*(_of(link, *host) for host in hosts), return_exceptions=True)
    heard: list[Heard] = []
    silent = []
    for (host, connection), reply in zip(hosts, asked, strict=True):
        if isinstance(reply, LinkError | RefusedError):
            silent.append(host)
        elif isinstance(reply, BaseException):
            raise reply
        else:
            heard += [Heard(host, connection, stranger) for stranger in reply]
    if hosts and len(silent) == len(hosts):
        raise LinkError(", ".join(silent))
    return Strangers(tuple(sorted(heard, key=_order)), tuple(silent))


def listening(registry: Registry) -> list[tuple[str, str]]:
    """Return the connections on which transmitters call in: gateway and connection."""
    return [
        (key, connection.id)
        for key, gateway in registry.gateways.items()
        if key not in registry.transmitters
        for connection in gateway.connections
        if connection.protocol == LISTENING
    ]


async def _of(link: Link, host: str, connection: str) -> Iterable[Stranger]:
    body = {"command": "strangers", "connection": connection}
    return read_all(await link.backbone.request(gateway_service(*host.split("/")), body))


def _order(one: Heard) -> tuple[bool, int, str]:
    return not one.stranger.fire, -one.stranger.last_ns, one.key
