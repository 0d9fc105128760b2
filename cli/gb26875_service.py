"""Questions to the gateways that host transmitters, over ``svc.gateway.<unit>.<gateway>``.

Which gateways host is told by their status documents: those with ``hosting``. A gateway that does not
answer is a sentence in `Answers.silent`, so that a table is never taken for all there is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import typer

from backbone.client import Backbone
from backbone.services import NOT_FOUND
from backbone.subjects import gateway_service
from cli.session import connect_service
from domain.errors import FengsuiError, LinkError, RefusedError, WireError

T = TypeVar("T")

REFUSED = 1
AWAY = 3
REQUEST_TIMEOUT_S = 5.0
LINE_TIMEOUT_S = 45.0
"""For commands that ask a transmitter: three tries of 10 s (GB/T 26875.3-2011, communication rules) and room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Rows of all hosting gateways, each with its ``host``, and the gateways that did not answer."""

    rows: tuple[Mapping[str, Any], ...]
    silent: tuple[str, ...] = ()


class GatewayFace:
    """The hosting gateways of the running site."""

    def __init__(self, backbone: Backbone) -> None:
        """Ask over ``backbone``."""
        self._backbone = backbone

    async def hosts(self) -> dict[str, tuple[str | None, ...]]:
        """Return the gateways (``unit/gateway``) that host transmitters, with their connections.

        Raises RefusedError when there is none. Connections that take no requests are among them.
        """
        statuses = await self._backbone.statuses()
        found: dict[str, tuple[str | None, ...]] = {
            "/".join(key.split(".")[1:]): tuple(document.get("connections") or (None,))
            for key, document in sorted(statuses.items())
            if key.startswith("gateway.") and document.get("hosting") is not None
        }
        if not found:
            raise RefusedError("没有网关接入传输装置 / no running gateway hosts transmitters (protocol: gb26875)")
        return found

    async def ask(self, host: str, command: str, *, timeout_s: float = REQUEST_TIMEOUT_S, **request: Any) -> Any:
        """Ask one gateway and return its data; raises what the gateway raised, or LinkError."""
        body = {"command": command, **{name: value for name, value in request.items() if value is not None}}
        data = await self._backbone.request(gateway_service(*host.split("/")), body, timeout_s=timeout_s)
        if not isinstance(data, dict):
            raise WireError(f"{host} answered '{command}' in a form that is not ours")
        return data

    async def rows(self, command: str, name: str, **request: Any) -> Answers:
        """Ask all hosting gateways and join the lists called ``name``; raises LinkError when none answers.

        A gateway that has more rows than fit an answer says their ``total``, and is asked on.
        """
        hosts = await self.hosts()
        asked = await asyncio.gather(*(self._of_host(host, hosts[host], command, name, request) for host in hosts))
        silent = [f"{host}: {rows}" for host, rows in zip(hosts, asked, strict=True) if isinstance(rows, LinkError)]
        if len(silent) == len(hosts):
            raise LinkError("; ".join(silent))
        joined = [row for rows in asked if not isinstance(rows, LinkError) for row in rows]
        return Answers(rows=tuple(joined), silent=tuple(silent))

    async def _of_host(
        self, host: str, connections: Sequence[str | None], command: str, name: str, request: Mapping[str, Any]
    ) -> list[dict[str, Any]] | LinkError:
        """Ask every connection of a gateway; those that take no requests (Modbus, MQTT) say so and are passed over."""
        found: list[dict[str, Any]] = []
        for connection in connections:
            try:
                found += await self._pages(host, command, name, {**request, "connection": connection})
            except LinkError as error:
                return error
            except RefusedError as error:
                if error.code != NOT_FOUND:
                    raise
        return found

    async def _pages(self, host: str, command: str, name: str, request: Mapping[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            data = await self.ask(host, command, skip=len(found) or None, **request)
            rows = data.get(name)
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise WireError(f"{host} answered '{command}' without a list of {name}")
            found += [{"host": host, "connection": request["connection"], **row} for row in rows]
            if not rows or len(found) >= int(data.get("total", 0)):
                return found

    async def transmitter(self, key: str) -> Mapping[str, Any]:
        """Return the row of ``unit/transmitter``; raises RefusedError when no gateway hosts it."""
        unit, _, name = key.partition("/")
        if not (unit and name):
            raise ValueError(f"'{key}': 写成 单位/装置 / write it as unit/transmitter, such as hotel/east-utd")
        answers = await self.rows("transmitters", "transmitters", unit=unit, transmitter=name)
        for row in answers.rows:
            if (row.get("unit"), row.get("id")) == (unit, name):
                return row
        missing = f"; {', '.join(answers.silent)}" if answers.silent else ""
        raise RefusedError(f"没有登记的传输装置 {key} / no transmitter {key} is registered{missing}")


def ask_gateways(work: Callable[[GatewayFace], Awaitable[T]], *, refused: int = REFUSED) -> T:
    """Run ``work`` over a connection; an error becomes a sentence and an exit code."""

    async def main() -> T:
        async with await connect_service() as backbone:
            return await work(GatewayFace(backbone))

    try:
        return asyncio.run(main())
    except RefusedError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(refused) from None
    except LinkError as error:
        typer.echo(f"网关不可用 / the gateway is away: {error}", err=True)
        raise typer.Exit(AWAY) from None
    except (ValueError, FengsuiError) as error:
        raise typer.BadParameter(str(error)) from None
