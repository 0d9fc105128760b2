"""The gateway process: connectors → spool → uplink, and what it says about itself.

Reading never waits for the backbone: connectors and spool run from the first moment; the uplink
connects when it can. A clean stop ends the connectors, says NDEATH and leaves the rest in the spool.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from backbone.client import Backbone
from backbone.credentials import Credentials
from backbone.tls import TlsFiles
from domain.cancellation import heed_cancellation
from domain.clock import Clock
from domain.errors import LinkError, RefusedError
from domain.site import GatewaySettings, Registry
from gateway.backoff import Backoff
from gateway.commands import Commands
from gateway.connectors.contract import Health
from gateway.diagnosis import Diagnosis, Taps
from gateway.garbage import long_lived
from gateway.hosting import Hosting
from gateway.lines import Lines, maker
from gateway.nodes import Nodes
from gateway.observing.watch import Watch
from gateway.presence import MqttListener, Presence
from gateway.reload.configuration import Configuration
from gateway.reload.desk import Desk
from gateway.reload.health import Look, look
from gateway.reload.plan import Plan
from gateway.reload.reloader import Reload, Reloader
from gateway.reload.remote import Follower
from gateway.report import node_figures, status_document
from gateway.session import Session, Voice
from gateway.spool import Spool, SpoolFigures, SpoolLimits
from gateway.uplink import BACKFILL_WINDOW, LIVE_WINDOW, Uplink
from gateway.values import Values

log = logging.getLogger(__name__)

SWITCH_S = 0.0005
"""How long the spool's thread may keep the interpreter from the event loop: at Python's 5 ms each confirm waits
for it at every system call (measured: half the latency at 1,500 frames/s)."""

REPORT_S = 1.0
NODE_DATA_EVERY = 10
"""Reports between two NDATA."""

FAREWELL_S = 4.0
"""How long a clean stop may take to say that thousands of nodes are dead: the supervisor waits twelve seconds."""

LAST_WORDS_S = 2.0
DRAIN_S, DRAIN_LOOK_S = 3.0, 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where the backbone is, and as whom the gateway comes."""

    nats_url: str
    credentials: Credentials | None
    mqtt_host: str
    mqtt_port: int
    tls: TlsFiles | None = None


async def run(
    registry: Registry,
    *,
    unit: str,
    gateway: str,
    link: Link,
    state_dir: Path,
    clock: Clock,
    stop: asyncio.Event,
    reload: Reload | None = None,
) -> None:
    """Run one gateway until ``stop`` is set; raises StoreError when its spool can't be opened.

    With ``reload`` it takes other configurations while it runs.
    """
    sys.setswitchinterval(SWITCH_S)
    settings = registry.gateways[f"{unit}/{gateway}"]
    spool = await Spool.open(state_dir / "spool.sqlite", limits=_limits(settings), clock=clock)
    try:
        gateway_ = _Gateway(registry, settings, link, spool, clock=clock, state_dir=state_dir)
        with long_lived():
            await gateway_.run(stop, reload)
    except ExceptionGroup as group:
        raise _first(group) from group
    finally:
        await spool.close()


class _Gateway:
    """Everything of one gateway that lives as long as its spool is open."""

    def __init__(
        self, registry: Registry, settings: GatewaySettings, link: Link, spool: Spool, *, clock: Clock, state_dir: Path
    ) -> None:
        self._unit, self._gateway = settings.unit, settings.gateway
        self._link = link
        self._spool = spool
        self._clock = clock
        self._state_dir = state_dir
        table = registry.gateway_points(settings.unit, settings.gateway)
        values = Values(table)
        self._voice = Voice(self._gateway, clock)
        session = Session(self._voice, values, unit=self._unit, node=self._gateway, devices=_own(registry, settings))
        self._nodes = Nodes(session, self._voice, values, spool)
        self._hosting = Hosting(
            registry, unit=self._unit, gateway=self._gateway, spool=spool, nodes=self._nodes, values=values
        )
        self._lines = Lines(self._hosting)
        self._taps = Taps(clock)
        make = maker(registry, settings, self._hosting, clock, state_dir, taps=self._taps)
        self._lines.build([one.id for one in settings.connections], make)
        self._reloader: Reloader | None = None
        self._watch = Watch(settings, spool, hosting=self._hosting, clock=clock, health=self._health)
        self._speaking = False
        """Tells whether the uplink has a backbone to deliver to."""

    async def run(self, stop: asyncio.Event, reload: Reload | None = None) -> None:
        """Read and deliver until ``stop`` is set."""
        async with asyncio.TaskGroup() as group:
            self._lines.start()
            helpers = []
            if reload is not None:
                self._reloader = Reloader(reload, self, unit=self._unit, gateway=self._gateway, clock=self._clock)
                helpers.append(group.create_task(self._reloader.run(), name="reload"))
            delivering = group.create_task(self._deliver(), name="deliver")
            helpers.append(group.create_task(self._spool.failure(), name="spool-failure"))
            self._watch.start(group, lambda: [delivering, *helpers, *self._lines.tasks])
            try:
                await stop.wait()
                self._watch.stopping()
            finally:
                await self._lines.close()
            await self._drain()
            self._watch.stop()
            for task in (delivering, *helpers):
                task.cancel()

    def looks(self) -> Mapping[str, Look]:
        """Return how each line fares; see `gateway.reload.reloader.House`."""
        return {name: look(one) for name, one in self._health().items()}

    async def switch(self, after: Configuration, plan: Plan) -> None:
        """Go over to another configuration; only the lines that differ notice it."""
        settings = after.registry.gateways[f"{self._unit}/{self._gateway}"]
        prepare = partial(self._hosting.prepare, after.registry, self._unit, self._gateway)
        adoption = await asyncio.to_thread(prepare)
        await self._lines.stop(plan.stopped)
        altered = self._hosting.adopt(adoption)
        if altered is None:  # something was learned meanwhile: once more, and this time nothing can come in between
            altered = self._hosting.adopt(prepare())
        self._nodes.own.assign(_own(after.registry, settings), altered or ())
        await self._spool.set_limits(_limits(settings))
        make = maker(after.registry, settings, self._hosting, self._clock, self._state_dir, taps=self._taps)
        self._lines.build(plan.started, make)
        self._lines.start()

    async def _drain(self) -> None:
        """Give the uplink a moment to deliver what was read last; what it can't stays in the spool."""
        deadline = asyncio.get_running_loop().time() + DRAIN_S
        while self._speaking and asyncio.get_running_loop().time() < deadline:
            if (await self._spool.figures()).batches == 0:
                return
            await asyncio.sleep(DRAIN_LOOK_S)

    async def _deliver(self) -> None:
        """Connect to the backbone, however long it takes, and deliver until cancelled."""
        backoff = Backoff(first_s=0.5, longest_s=10.0)
        while True:
            try:
                backbone = await Backbone.connect(
                    self._link.nats_url,
                    credentials=self._link.credentials,
                    name=f"gateway-{self._unit}-{self._gateway}",
                    tls=self._link.tls,
                )
            except (LinkError, RefusedError) as error:
                log.warning("backbone: %s; reading and spooling on", error)
                await asyncio.sleep(backoff.next_s())
                continue
            async with backbone:
                heed_cancellation()
                self._speaking = True
                try:
                    await self._speak(backbone)
                finally:
                    self._speaking = False

    async def _speak(self, backbone: Backbone) -> None:
        """Hold Sparkplug sessions over ``backbone``; the client reconnects by itself from here on."""
        session = self._nodes.own
        session.begin_with(await self._figures(uplink=False))
        link = self._link
        listener = MqttListener(host=link.mqtt_host, port=link.mqtt_port, credentials=link.credentials, tls=link.tls)
        presence = Presence(self._nodes, self._voice, self._spool, listener)
        uplink = Uplink(self._spool, self._nodes, self._voice, lanes=self._watch.observer.lanes)
        self._watch.linked(lambda: backbone.connected and self._voice.alive.is_set(), lambda: len(backbone.forbidden))
        desk = None if self._reloader is None else Desk(self._reloader)
        commands = Commands(
            self._nodes, self._lines.connectors, self._spool, hosts=lambda: self._hosts, desk=desk,
            diagnosis=Diagnosis(self._lines.connectors, self._taps, self._watch.observer),
        )  # fmt: skip
        live, history = backbone.publisher(window=LIVE_WINDOW), backbone.publisher(window=BACKFILL_WINDOW)
        self._voice.attach(live)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(presence.run(lambda: backbone.connected), name="presence")
                group.create_task(uplink.run(backbone, history), name="uplink")
                group.create_task(self._nodes.run(), name="nodes")
                group.create_task(commands.run(backbone), name="commands")
                group.create_task(self._report(backbone, session), name="report")
                if self._reloader is not None:
                    follower = Follower(self._reloader, self._unit, self._gateway)
                    group.create_task(follower.run(backbone), name="config")
        finally:
            await self._farewell(backbone)
            await live.close()
            await history.close()
            await self._last_words(backbone, session)
            self._voice.alive.clear()
            self._watch.linked(lambda: False, lambda: 0)

    async def _figures(self, *, uplink: bool) -> dict[str, float]:
        return node_figures(await self._spool.figures(), self._health(), uplink=uplink, now_ns=self._clock.now_ns())

    async def _farewell(self, backbone: Backbone) -> None:
        """Say NDEATH for the hosted nodes; those that there is no time for are said at the next start."""
        if self._voice.alive.is_set() and backbone.connected:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FAREWELL_S):
                    await self._nodes.farewell()

    async def _report(self, backbone: Backbone, session: Session) -> None:
        """Say how the gateway fares: devices lost and back, NDATA, the status document."""
        count = 0
        while True:
            health = self._health()
            figures = await self._spool.figures()
            up = backbone.connected and self._voice.alive.is_set()
            await session.set_lost(frozenset().union(*(one.lost for one in health.values())))
            if up and count % NODE_DATA_EVERY == 0:
                await session.node_data(node_figures(figures, health, uplink=up, now_ns=self._clock.now_ns()))
            if backbone.connected:
                with contextlib.suppress(LinkError, RefusedError):  # the next one comes in a second
                    await self._put_status(backbone, figures, uplink=up)
            heed_cancellation()
            count += up
            await asyncio.sleep(REPORT_S)

    async def _put_status(self, backbone: Backbone, figures: SpoolFigures, *, uplink: bool) -> None:
        key = f"gateway.{self._unit}.{self._gateway}"
        hosting = self._hosting.figures() if self._hosts else None
        document = status_document(
            figures, self._health(), uplink=uplink, hosting=hosting, refused=backbone.forbidden, http=self._watch.where
        )  # fmt: skip
        if self._reloader is not None:
            document["config"] = self._reloader.document()
        await backbone.put_status(key, document)

    async def _last_words(self, backbone: Backbone, session: Session) -> None:
        """Say NDEATH and the last figures at a clean end: nobody should have to find out by silence."""
        if not (self._voice.alive.is_set() and backbone.connected):
            return
        subject, payload = session.death()
        with contextlib.suppress(LinkError, RefusedError):
            await backbone.publish(subject, payload, timeout_s=LAST_WORDS_S)
            await self._put_status(backbone, await self._spool.figures(), uplink=False)

    @property
    def _hosts(self) -> bool:
        """Tell whether this process speaks for others' nodes."""
        return self._nodes.known > 0

    def _health(self) -> Mapping[str, Health]:
        return self._lines.health()


def _first(group: ExceptionGroup[Exception]) -> Exception:
    """Return the first real exception of nested groups: what ended the process."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, ExceptionGroup) else error


def _own(registry: Registry, settings: GatewaySettings) -> list[str]:
    """Return the devices of a gateway's own node, what it is itself among them."""
    home = settings.unit, settings.gateway
    return [one.settings.id for one in registry.devices.values() if (one.gateway.unit, one.gateway.gateway) == home]


def _limits(settings: GatewaySettings) -> SpoolLimits:
    return SpoolLimits(most_bytes=settings.spool_bytes, most_age_s=settings.spool_age_s)
