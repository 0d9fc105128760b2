"""The gateway process as the command line starts it: by the centre's bundle, its own folder, or the last good one."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path

from cli.file_watch import signature, watch_folder
from cli.gateway_configuration import loader
from cli.session import Session, gateway_address
from cli.site_files import load_registry
from cli.state import VARIABLE, State, state_for
from domain.clock import SystemClock
from gateway import process
from gateway.reload.kept import Kept
from gateway.reload.reloader import Reload
from gateway.reload.start import choose


@dataclass(frozen=True, slots=True)
class GatewayRun:
    """What a gateway is started with; ``changed`` is set when its configuration is to be read again."""

    site: Path
    state: Path | None
    unit: str
    gateway: str
    link_nats: str | None = None
    link_mqtt: int | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def main(self, stop: asyncio.Event, *, watch: bool, watch_s: float) -> None:
        """Run until ``stop``; raises ConfigurationError when there is nothing to run by, ever."""
        clock = SystemClock()
        state = self._state()
        load = loader(self.site, self.unit, self.gateway)
        folder = state.folder("gateway", f"{self.unit}.{self.gateway}")
        kept = Kept(folder / "config")
        known = signature(self.site)  # before it is read: what is changed meanwhile is seen
        running, first = choose(kept, load, self.unit, self.gateway, clock)
        session = Session(self.site, running.registry, state)
        address = gateway_address(session, self.unit, self.gateway, self.link_nats, self.link_mqtt)
        link = process.Link(
            nats_url=address.nats_url, credentials=address.credentials,
            mqtt_host=address.mqtt_host, mqtt_port=address.mqtt_port, tls=session.tls,
        )  # fmt: skip
        watching = asyncio.create_task(watch_folder(self.site, self.changed.set, known)) if watch else None
        try:
            await process.run(
                running.registry, unit=self.unit, gateway=self.gateway, link=link, state_dir=folder, clock=clock,
                stop=stop,
                reload=Reload(
                    running=running, load=load, kept=kept, changed=self.changed, watch_s=watch_s, first=first
                ),
            )  # fmt: skip
        finally:
            if watching is not None:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)

    def _state(self) -> State:
        """Return the state folder; a broken site says its name no more, so only a named one is found then."""
        if self.state is not None or os.environ.get(VARIABLE):
            return state_for("", self.state)
        return state_for(load_registry(self.site).site.site)
