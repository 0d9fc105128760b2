"""The bench: a small site in a folder, its backbone, a cable to it that can be cut, and gateways as processes.

Devices and brokers are the experiment's own. The log, the status document and the spool file are read from outside.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backbone.client import Backbone
from backbone.server import EmbeddedServer
from backbone.subjects import STATUS_BUCKET
from cli.faults.processes import Process
from cli.faults.readings import Readings, SpoolCounts, readings, spool_counts
from cli.faults.small_site import GATEWAY, UNIT, SmallSite
from cli.platform import gateway_users
from cli.site_files import load_registry
from domain.errors import LinkError
from domain.site import Registry
from simulators.cable import Cable, Cut

LOOK_S = 0.1
NEWS_S = 1.0
PATIENCE_S = 240.0
"""How long to wait for what must come; longer only makes a failure slower."""


class ImpatientError(LinkError):
    """What had to come did not come in time."""


@dataclass(slots=True)
class Bench:
    """A site that runs; made by `bench`."""

    folder: Path
    registry: Registry
    server: EmbeddedServer
    backbone: Backbone
    cables: Mapping[str, tuple[Cable, Cable]]
    processes: dict[str, Process] = field(default_factory=dict)

    @property
    def site(self) -> Path:
        """The folder of the site's files."""
        return self.folder / "site"

    @property
    def state(self) -> Path:
        """The folder of the site's state."""
        return self.folder / "state"

    def rewrite(self, site: SmallSite) -> None:
        """Put other site files into place; processes see them when they start again."""
        site.write(self.site)
        self.registry = load_registry(self.site)

    def process(self, *words: str, name: str, module: str = "cli", **environment: str) -> Process:
        """Return a process of the site, made at the first call and stopped when the bench ends."""
        if name not in self.processes:
            arguments = [*words, "--site", str(self.site), "--state", str(self.state)]
            log = self.folder / f"{name}.log"
            self.processes[name] = Process(arguments, log, module=module, environment=environment)
        return self.processes[name]

    def gateway_words(self, name: str) -> list[str]:
        """Return the arguments of a gateway's process; its way to the backbone is its cable."""
        nats, mqtt = self.cables[name]
        links = ["--link-nats", f"nats://127.0.0.1:{nats.port}", "--link-mqtt", str(mqtt.port)]
        return ["gateway", "--unit", UNIT, "--gateway", name, *links]

    def gateway(self, name: str = GATEWAY, **environment: str) -> Process:
        """Return a gateway's process."""
        return self.process(*self.gateway_words(name), name=name, **environment)

    def cut(self, how: Cut = Cut.REFUSE, name: str = GATEWAY) -> None:
        """Cut the uplink of a gateway: its connection to the backbone and that of its will."""
        for cable in self.cables[name]:
            cable.cut(how)

    def mend(self, name: str = GATEWAY) -> None:
        """Mend it."""
        for cable in self.cables[name]:
            cable.mend()

    async def status(self, name: str = GATEWAY) -> dict[str, Any]:
        """Return a gateway's status document, empty before its first."""
        return await self.document(f"gateway.{UNIT}.{name}")

    async def document(self, key: str) -> dict[str, Any]:
        """Return a process's status document by its key, empty before its first."""
        entry = await self.backbone.kv_get(STATUS_BUCKET, key)
        found: dict[str, Any] = json.loads(entry.value) if entry is not None else {}
        return found

    async def readings(self, name: str = GATEWAY) -> Readings:
        """Return what the log has of a gateway."""
        return await readings(self.backbone, self.registry.gateway_points(UNIT, name), UNIT, name)

    async def until_told(self, count: int, name: str = GATEWAY) -> None:
        """Wait until the log has ``count`` readings of a gateway."""

        async def enough() -> bool:
            await asyncio.sleep(LOOK_S)  # the whole log is read at each look
            return len(await self.readings(name)) >= count

        await until(enough, f"{count} readings of {name}")

    async def until_delivered(self, name: str = GATEWAY) -> None:
        """Wait until the row that a gateway stored first, of those that wait, has a reading of after this call.

        That is the time of its first *reading*, by the gateway's clock; a row does not tell when it was stored. The
        two are the same for these devices, which are read now. They differ where a clock jumps or a device tells times
        of its own: ahead, this may return too early; behind, it waits until such rows are gone, too. `settle` does not
        rest on it alone: what then still waits is counted, and the account of a scenario must come out even.

        How many rows wait says nothing: a gateway that reads on always has its newest ones there, as many as it
        stores between two removals.
        """
        began_s = time.time()

        async def delivered() -> bool:
            status = await self.status(name)
            if not status or status["time_ns"] / 1e9 <= began_s + NEWS_S:  # none of an earlier life
                return False
            oldest_ns = status["spool"]["oldest_ns"]
            return status["uplink"] == "up" and (oldest_ns is None or oldest_ns / 1e9 > began_s)

        await until(delivered, f"{name} to deliver what waits in its spool")

    async def settle(self, name: str = GATEWAY) -> SpoolCounts:
        """Wait until the gateway has delivered, stop it, and count its spool file."""
        await self.until_delivered(name)
        await self.gateway(name).stop()
        return self.spool(name)

    def spool_file(self, name: str = GATEWAY) -> Path:
        """Return a gateway's spool file."""
        return self.state / "gateway" / f"{UNIT}.{name}" / "spool.sqlite"

    def spool(self, name: str = GATEWAY) -> SpoolCounts:
        """Count the spool file of a gateway that does not run."""
        return spool_counts(self.spool_file(name))


@contextlib.asynccontextmanager
async def bench(folder: Path, site: SmallSite) -> AsyncIterator[Bench]:
    """Write the site into ``folder``, start its backbone and cables; stops all processes at the end."""
    site.write(folder / "site")
    registry = load_registry(folder / "site")
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(
            EmbeddedServer(folder / "state" / "nats", gateway_users(registry))
        )  # fmt: skip
        backbone = await stack.enter_async_context(
            await Backbone.connect(server.url, credentials=server.credentials["service"], name="bench")
        )
        await backbone.ensure_streams()
        cables = {}
        for name in site.gateways:
            pair = Cable("127.0.0.1", server.ports.client), Cable("127.0.0.1", server.mqtt_port)
            cables[name] = pair
            for cable in pair:
                await stack.enter_async_context(cable)
        made = Bench(folder, registry, server, backbone, cables)
        try:
            yield made
        finally:
            await asyncio.gather(*(process.stop() for process in made.processes.values()))


async def until(condition: Callable[[], Awaitable[bool]], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait until a condition holds; raises `ImpatientError` that says what did not come."""
    try:
        async with asyncio.timeout(patience_s):
            while not await condition():  # noqa: ASYNC110 -- other processes set no event of ours
                await asyncio.sleep(LOOK_S)
    except TimeoutError:
        raise ImpatientError(f"waited {patience_s:g} s for {what}") from None
