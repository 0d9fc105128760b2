"""Births make the catalogue grow: those that pass, those that are kept, and one that is asked for.

In TELEMETRY a birth stands before the data that need it. History comes by another stream, which may be read
ahead of it: data that nobody can name are a reason to look for their device's birth before they are given up.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from backbone.client import Backbone
from backbone.layout import BIRTHS, TELEMETRY
from backbone.messages import LogMessage
from backbone.sparkplug import learning
from backbone.subjects import TelemetrySubject, partition_of
from domain.errors import FengsuiError, WireError
from domain.points import Point
from ingest.catalogue import Catalogue
from ingest.decoding import Decoded

log = logging.getLogger(__name__)

BIRTH = ".DBIRTH."
MOST_ASKED = 20
"""Devices asked for one by one; when more are unknown, all births are read at once."""


class Teacher:
    """Feeds a `Catalogue` from a backbone."""

    def __init__(self, backbone: Backbone, catalogue: Catalogue) -> None:
        """Teach ``catalogue``."""
        self._backbone = backbone
        self._catalogue = catalogue
        self._asked: dict[TelemetrySubject, int] = {}

    async def read_newest(self) -> None:
        """Take the newest birth of every device; raises LinkError or RefusedError."""
        new = self._catalogue.learn(await learning.births(self._backbone))
        if new:
            log.info("%d points learned from births", new)

    def listen(self, messages: Iterable[LogMessage]) -> None:
        """Take the births among some messages of TELEMETRY."""
        points = [point for message in messages if BIRTH in message.subject for point in _told(message)]
        if points:
            self._catalogue.learn(points)

    async def explain(self, items: Sequence[Decoded]) -> bool:
        """Look for the births of devices that sent what nobody can name; tells whether something was learned.

        A device whose newest birth was looked at before is not read again.
        """
        devices = {item.source for item in items if item.unknown_points and item.source and self._is_ours(item.source)}
        if not devices:
            return False
        try:
            found = await learning.births(self._backbone) if len(devices) > MOST_ASKED else await self._ask(devices)
        except FengsuiError as error:
            log.warning("no births of devices whose data nobody can name: %s", error)
            return False
        return self._catalogue.learn(found) > 0

    def _is_ours(self, source: TelemetrySubject) -> bool:
        """Tell whether a point of the device could be learned at all."""
        device = self._catalogue.registry.devices.get(f"{source.unit}/{source.device}")
        return device is not None and device.gateway.gateway == source.gateway

    async def _ask(self, devices: Iterable[TelemetrySubject]) -> list[Point]:
        points: list[Point] = []
        for device in devices:
            subject = self._birth_subject(device)
            seq = await self._backbone.last_seq(TELEMETRY, subject)
            if seq and self._asked.get(device) == seq:
                continue
            self._asked[device] = seq
            # what has expired from the log was copied to the kept births long ago
            stream, start = (TELEMETRY, seq) if seq else (BIRTHS, 1)
            for message in await self._backbone.messages(stream, subjects=[subject], start_seq=start):
                points += _told(message)
        return points

    def _birth_subject(self, device: TelemetrySubject) -> str:
        partition = partition_of(device.unit, self._backbone.partitions)
        return f"tel.{partition}.{device.unit}.DBIRTH.{device.gateway}.{device.device}"


def _told(message: LogMessage) -> list[Point]:
    try:
        return learning.points_of_message(message.subject, message.data)
    except WireError as error:
        log.warning("birth %d on %s teaches nothing: %s", message.seq, message.subject, error.reason)
        return []
