"""The lines of a process while they run: connectors by the name of their connection, each kept running in a task.

Lines are started and stopped one by one, so that a change of one is no pause of another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from domain.clock import Clock
from domain.site import GatewaySettings, Registry
from gateway.connectors import CONNECTORS
from gateway.connectors.contract import Connector, Health, Wiring
from gateway.diagnosis import Taps
from gateway.hosting import Hosting
from gateway.supervisor import keep_running

Make = Callable[[str], Connector]
"""Builds the connector of a connection."""


class Lines:
    """All lines of one gateway; ``connectors`` is what runs now."""

    def __init__(self, hosting: Hosting) -> None:
        """Readings go to ``hosting``."""
        self._hosting = hosting
        self.connectors: dict[str, Connector] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._closed = False

    def build(self, names: Iterable[str], make: Make) -> None:
        """Build connectors that don't run yet; raises what a connector raises that can't be built."""
        for name in names:
            self.connectors[name] = make(name)

    def start(self) -> None:
        """Start all that don't run; after `close` nothing starts any more."""
        if self._closed:
            return
        for name, connector in self.connectors.items():
            if name not in self._tasks:
                running = keep_running(name, connector, self._hosting)
                self._tasks[name] = asyncio.create_task(running, name=f"connection-{name}")

    async def stop(self, names: Iterable[str]) -> None:
        """Stop these lines and forget them; what they read last is on disk afterwards."""
        chosen = list(names)
        await self._end(chosen)
        for name in chosen:
            self.connectors.pop(name, None)

    async def close(self) -> None:
        """Stop all lines for good; their health can still be asked for, for the last words."""
        self._closed = True
        await self._end(list(self._tasks))

    def health(self) -> Mapping[str, Health]:
        """Return how each line fares."""
        return {name: connector.health() for name, connector in self.connectors.items()}

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """Return the tasks that keep lines running; none of them ends by itself."""
        return list(self._tasks.values())

    async def _end(self, names: Iterable[str]) -> None:
        tasks = [task for name in names if (task := self._tasks.pop(name, None)) is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


def maker(
    registry: Registry, settings: GatewaySettings, hosting: Hosting, clock: Clock, state_dir: Path, *, taps: Taps
) -> Make:
    """Return what builds the connectors of one configuration; ``taps`` are asked for the tap of each."""
    connections = {connection.id: connection for connection in settings.connections}
    hosted = registry.hosted_by(settings.unit, settings.gateway)

    def make(name: str) -> Connector:
        connection = connections[name]
        mine = tuple(one for one in hosted if one.connection == connection.id)
        return CONNECTORS[connection.protocol].connector(
            Wiring(
                unit=settings.unit,
                gateway=settings.gateway,
                connection=connection,
                devices=tuple(registry.devices[f"{settings.unit}/{one.id}"] for one in connection.devices),
                table=hosting.table,
                clock=clock,
                hosting=hosting,
                state_dir=state_dir,
                transmitters=mine,
                hosted_devices=tuple(
                    registry.devices[f"{one.settings.unit}/{device.id}"]
                    for one in mine
                    for device in registry.gateways[one.key].connections[0].devices
                ),
                timezone=registry.site.timezone,
                tap=taps.of(name),
            )
        )

    return make
