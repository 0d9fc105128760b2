"""`TransmitterLine`: all transmitters of a connection of the site, calling the gateway that listens for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import tzinfo

from domain.clock import Clock
from domain.site import Connection, TransmitterSettings
from simulators.devices.model import DeviceModel
from simulators.faults import Fault
from simulators.gb26875.dialect import dialect_of
from simulators.gb26875.equipment import equipment_of
from simulators.gb26875.link import CentreAddress, Link
from simulators.gb26875.transmitter import Transmitter
from simulators.lines import LineStatus

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- what a gateway may listen on, not we
"""Where to call a gateway that listens on all addresses of this machine."""

SPREAD_S = 0.01
"""Between the first calls of two transmitters: a whole site must not call in one moment."""


class TransmitterLine:
    """The transmitters that one listening connection names, each with a line of its own."""

    def __init__(
        self,
        connection: Connection,
        *,
        zone: tzinfo,
        fault_of: Callable[[str], Fault | None],
        clock: Clock,
        seed: int,
    ) -> None:
        """Raises KeyError or ValueError for a connection without a port or an address that can't be written."""
        host, port = str(connection.settings.get("host", "127.0.0.1")), int(connection.settings["port"])
        udp = connection.settings.get("transport") == "udp"
        self.devices: Mapping[str, DeviceModel] = {}
        self.links = {
            f"{settings.unit}/{settings.id}": _link(
                settings,
                CentreAddress(host=EVERYWHERE.get(host, host), port=port, udp=udp, local=settings.peer),
                zone=zone,
                fault_of=fault_of,
                clock=clock,
                seed=seed,
            )
            for settings in connection.transmitters
        }
        self._where = f"{EVERYWHERE.get(host, host)}:{port}"

    async def start(self) -> None:
        """Nothing to open: the gateway may come later."""

    async def run(self) -> None:
        """Keep every transmitter connected, for ever."""
        async with asyncio.TaskGroup() as tasks:
            for key, link in self.links.items():
                tasks.create_task(link.run(), name=f"transmitter {key}")
                await asyncio.sleep(SPREAD_S)

    async def stop(self) -> None:
        """Nothing to close: `run` closes the lines when it is cancelled."""

    def changed(self, device: str) -> None:
        """Let a transmitter look at once what it has to do."""
        self.links[device].wake()

    def status(self) -> LineStatus:
        """Return how many are connected, what the centre has confirmed and what it has not."""
        links = self.links.values()
        up = sum(link.connected for link in links)
        boxes = [link.transmitter.outbox for link in links]
        return LineStatus(
            where=f"{self._where} ({up}/{len(boxes)})",
            connected=up > 0,
            sent=sum(box.counts.confirmed for box in boxes),
            waiting=sum(len(box) for box in boxes),
            dropped=sum(box.counts.dropped for box in boxes),
            trouble=next((link.trouble for link in links if link.trouble), ""),
        )


def _link(
    settings: TransmitterSettings,
    centre: CentreAddress,
    *,
    zone: tzinfo,
    fault_of: Callable[[str], Fault | None],
    clock: Clock,
    seed: int,
) -> Link:
    key = f"{settings.unit}/{settings.id}"
    dialect = dialect_of(settings.profile)
    transmitter = Transmitter(key, settings.address, equipment_of(settings), dialect, clock=clock, zone=zone)
    return Link(transmitter, centre, fault_of=lambda: fault_of(key), seed=seed)
