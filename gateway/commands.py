"""What is asked of a gateway: rebirths by Sparkplug hosts, requests by people to its connectors."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from backbone import subjects
from backbone.client import Backbone
from backbone.services import NOT_FOUND
from backbone.sparkplug import is_rebirth
from domain.errors import RefusedError, WireError
from gateway.connectors.contract import Commanded, Connector, DeadLetter
from gateway.diagnosis import Diagnosis
from gateway.nodes import Nodes
from gateway.reload.desk import Desk
from gateway.spool import Spool

log = logging.getLogger(__name__)

REBIRTH_PAUSE_S = 2.0
"""Requests for rebirth are answered at most this often: a host in a loop must not fill the log."""

HOSTS_LOOK_S = 1.0
"""How soon a gateway that begins to host hears what is said to its nodes."""

REQUESTS_AT_ONCE = 16
"""Requests that are worked on together: a transmitter may take half a minute to answer one."""

MOST_LETTERS = 200
"""Dead letters in one answer, the newest: a message of the backbone takes a megabyte, a letter some kilobytes."""


class Commands:
    """Obeys for one process; `run` until cancelled."""

    def __init__(
        self,
        nodes: Nodes,
        connectors: Mapping[str, Connector],
        spool: Spool,
        *,
        hosts: Callable[[], bool],
        desk: Desk | None = None,
        diagnosis: Diagnosis | None = None,
    ) -> None:
        """``hosts``: the nodes of others are listened for too, by one subscription for all.

        ``desk`` takes the requests about the configuration, None where it can't be changed; ``diagnosis`` those about
        lines and frames.
        """
        self._nodes = nodes
        self._connectors = connectors
        self._spool = spool
        self._hosts = hosts
        self._desk = desk
        self._diagnosis = diagnosis
        self._wanted: set[str] = set()
        self._wake = asyncio.Event()

    async def run(self, backbone: Backbone) -> None:
        """Listen for NCMDs and requests."""
        own = self._nodes.own
        await backbone.serve(subjects.gateway_service(own.unit, own.node), self.request, at_once=REQUESTS_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            group.create_task(
                self._listen(backbone, subjects.telemetry(own.unit, "NCMD", own.node)), name="commands-own"
            )
            group.create_task(self._listen_for_all(backbone), name="commands-listen")
            group.create_task(self._rebirths(), name="commands-rebirths")

    async def request(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer for the spool, or hand a request to the connector it is for; raises RefusedError or ValueError."""
        if request.get("command") == "dead_letters":
            return {"letters": [_told(one) for one in await self._spool.letters()][-MOST_LETTERS:]}
        if self._desk is not None and self._desk.takes(request):
            return dict(await self._desk.command(request))
        if self._diagnosis is not None and self._diagnosis.takes(request):
            return await self._diagnosis.command(request)
        able = {name: one for name, one in self._connectors.items() if isinstance(one, Commanded)}
        wanted = request.get("connection")
        if wanted is None and len(able) > 1:
            msg = f"this gateway has several connections that take requests: name one of {', '.join(sorted(able))}"
            raise ValueError(msg)
        chosen = next(iter(able.values()), None) if wanted is None else able.get(str(wanted))
        if chosen is None:
            what = f"connection '{wanted}'" if wanted is not None else "connection"
            raise RefusedError(f"this gateway has no {what} that takes requests", code=NOT_FOUND)
        return dict(await chosen.command(request))

    async def _listen_for_all(self, backbone: Backbone) -> None:
        """Hear what is said to hosted nodes, as soon as there are some; our own is heard twice then, without harm."""
        while not self._hosts():  # noqa: ASYNC110  # a configuration may add the first one any day: no event is worth it
            await asyncio.sleep(HOSTS_LOOK_S)
        await self._listen(backbone, subjects.telemetry("*", "NCMD", "*"))

    async def _listen(self, backbone: Backbone, subject: str) -> None:
        async for message in await backbone.subscribe(subject):
            try:
                source = subjects.parse(message.subject)
                if is_rebirth(message.data):
                    self._wanted.add(f"{source.unit}/{source.gateway}")
                    self._wake.set()
            except WireError as error:
                log.warning("command ignored: %s", error)

    async def _rebirths(self) -> None:
        """Let those be born again that were asked, each at most once in a pause."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            wanted, self._wanted = self._wanted, set()
            self._nodes.repeat_births(wanted)
            await asyncio.sleep(REBIRTH_PAUSE_S)


def _told(letter: DeadLetter) -> dict[str, Any]:
    return {**asdict(letter), "raw": letter.raw.hex()}
