"""Everything that watches one gateway process, wired: observer, vitals, teller, HTTP face, notices."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import partial
from typing import Any, Protocol

from domain.clock import Clock
from domain.points import PointTable
from domain.site import GatewaySettings
from gateway.connectors.contract import Health
from gateway.observing.http_face import HttpFace
from gateway.observing.itself import Teller
from gateway.observing.notify import Notifier
from gateway.observing.observer import Observer
from gateway.observing.vitals import Vitals
from gateway.spool import Spool

log = logging.getLogger(__name__)

AGAIN_S = 10.0


class Hosts(Protocol):
    """What is asked of the hosting."""

    @property
    def table(self) -> PointTable:
        """The points of the process."""

    def figures(self) -> dict[str, float]:
        """Return how many nodes are known and up."""


class Watch:
    """Lives as long as its gateway; see each part for what it does."""

    def __init__(
        self,
        settings: GatewaySettings,
        spool: Spool,
        *,
        hosting: Hosts,
        clock: Clock,
        health: Callable[[], Mapping[str, Health]],
    ) -> None:
        """Nothing runs before `start`."""
        self.observer = Observer(
            unit=settings.unit,
            gateway=settings.gateway,
            spool=spool,
            clock=clock,
            health=health,
            hosting=hosting.figures,
        )
        self._health = health
        self._vitals = Vitals(spool, health)
        self._teller = Teller(self.observer, spool, lambda: hosting.table)
        self._face = HttpFace(settings.http, self.observer, self._vitals) if settings.http else None
        self._notifier = Notifier()
        self._tasks: list[asyncio.Task[Any]] = []

    @property
    def where(self) -> str | None:
        """Return where the HTTP face listens, None where there is none."""
        return self._face.where if self._face else None

    def start(self, group: asyncio.TaskGroup, loops: Callable[[], Iterable[asyncio.Task[Any]]]) -> None:
        """Watch the gateway's own ``loops`` as they are at each look, and say that it is ready."""
        parts = {"observer": self.observer.run, "vitals": self._vitals.run, "teller": self._teller.run}
        if self._face is not None:
            parts["http"] = self._face.run
        if self._notifier.is_heard:
            parts["notifier"] = partial(self._notifier.run, self._vitals.stuck, self._status)
        self._tasks = [group.create_task(_kept(name, part), name=name) for name, part in parts.items()]
        self._vitals.watch(lambda: [*loops(), *self._tasks])

    def linked(self, is_up: Callable[[], bool], forbidden: Callable[[], int]) -> None:
        """Take over how to see whether the link is up."""
        self.observer.link_is_up, self.observer.forbidden = is_up, forbidden

    def stopping(self) -> None:
        """Say that a clean stop has begun."""
        self._notifier.stopping()

    def stop(self) -> None:
        """End everything."""
        for task in self._tasks:
            task.cancel()
        self._notifier.close()

    def _status(self) -> str:
        """Return one line for people."""
        health = self._health()
        up = sum(one.ok for one in health.values())
        link = "uplink up" if self.observer.uplink.up else "uplink away, spooling"
        return f"{up} of {len(health)} connections up, {link}"


async def _kept(name: str, part: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a part for ever: who watches must never end what is watched."""
    while True:
        try:
            await part()
        except Exception:  # the edge of what only watches: reading and delivering go on
            log.exception("%s: defect, beginning again", name)
        await asyncio.sleep(AGAIN_S)
