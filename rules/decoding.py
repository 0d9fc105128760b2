"""Messages of the log → `rules.inputs.Message`: subjects and payloads in, indexes and columns out.

Nothing here is fatal: what can't be read, or is about something that the registry does not know, is
counted and shows up in the status document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backbone import sparkplug, subjects
from backbone.messages import LogMessage
from domain.errors import WireError
from rules.inputs import Message, MessageKind, Readings
from rules.liveness import NO_SESSION
from rules.site_index import SiteIndex

_KINDS = {
    "NBIRTH": MessageKind.BIRTH,
    "NDEATH": MessageKind.DEATH,
    "NDATA": MessageKind.HEARD,
    "DBIRTH": MessageKind.HEARD,
    "DDATA": MessageKind.DATA,
    "DDEATH": MessageKind.DEVICE_DEATH,
}


@dataclass(slots=True)
class DecodingCounts:
    """What was not used, since this process began."""

    unreadable: int = 0
    unknown_gateways: int = 0
    unknown_devices: int = 0
    unknown_points: int = 0


class Decoder:
    """Reads the messages of one partition."""

    def __init__(self, site: SiteIndex, partition: int, partitions: int) -> None:
        """Know the partition's points; messages of other partitions only move the clock, or are of hosts of ours."""
        self._site, self._partition, self._partitions = site, partition, partitions
        self._tick = subjects.tick(partition)
        self._aliases: dict[int, tuple[NDArray[np.uint64], NDArray[np.int32]]] = {}
        self.counts = DecodingCounts()

    def on(self, site: SiteIndex) -> Decoder:
        """Return a decoder that knows more points and goes on counting."""
        fresh = Decoder(site, self._partition, self._partitions)
        fresh.counts = self.counts
        return fresh

    def decode(self, messages: Sequence[LogMessage]) -> list[Message]:
        """Return one message for each, in order."""
        return [self._one(message) for message in messages]

    def _one(self, message: LogMessage) -> Message:
        if message.subject == self._tick:
            return Message(kind=MessageKind.TICK, seq=message.seq, time_ns=message.time_ns)
        try:
            return self._sparkplug(message)
        except WireError:
            self.counts.unreadable += 1
            return _other(message)

    def _sparkplug(self, message: LogMessage) -> Message:
        subject = subjects.parse(message.subject)
        gateway = self._site.gateway(subject.unit, subject.gateway)
        if gateway is None:
            self.counts.unknown_gateways += subjects.partition_of(subject.unit, self._partitions) == self._partition
            return _other(message)
        kind, device, readings, session = _KINDS.get(subject.type, MessageKind.HEARD), -1, None, NO_SESSION
        if subject.device is not None:
            found = self._site.device(subject.unit, subject.device)
            if found is None or self._site.gateway_of[found] != gateway:
                self.counts.unknown_devices += 1
                kind = MessageKind.HEARD
            else:
                device = found
        if kind is MessageKind.DATA:
            readings = self._readings(message.data, gateway)
        elif kind in (MessageKind.BIRTH, MessageKind.DEATH):
            session = _session(kind, message.data)
        return Message(
            kind=kind,
            seq=message.seq,
            time_ns=message.time_ns,
            gateway=gateway,
            device=device,
            session=session,
            readings=readings,
        )

    def _points(self, gateway: int) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
        """Return a gateway's wire aliases, rising, with their points; the registry makes new ones when it grows."""
        unit, _, name = self._site.gateways[gateway].partition("/")
        aliases, numbers = self._site.registry.points.sorted_aliases(unit, name)
        known = self._aliases.get(gateway)
        if known is None or known[0] is not aliases:
            known = self._aliases[gateway] = aliases, self._site.row_of[numbers]
        return known

    def _readings(self, payload: bytes, gateway: int) -> Readings:
        data = sparkplug.decode_data(payload)
        aliases, points = self._points(gateway)
        at = np.searchsorted(aliases, data.alias)
        at[at == len(aliases)] = 0
        known = aliases[at] == data.alias if len(aliases) else np.zeros(len(at), np.bool_)
        if known.all():
            self.counts.unknown_points += data.skipped
            return Readings(points[at], data.time_ns, data.value, data.quality, data.text)
        self.counts.unknown_points += data.skipped + int(np.count_nonzero(~known))
        rows = np.flatnonzero(known)
        text = {new: data.text[old] for new, old in enumerate(rows.tolist()) if old in data.text}
        return Readings(points[at[rows]], data.time_ns[rows], data.value[rows], data.quality[rows], text)


def _session(kind: MessageKind, payload: bytes) -> int:
    read = sparkplug.decode_birth(payload).bd_seq if kind is MessageKind.BIRTH else sparkplug.decode_death(payload)
    if read is None:
        return NO_SESSION
    if not 0 <= read < 2**63:
        raise WireError(f"bdSeq {read} is no session number", payload)
    return read


def _other(message: LogMessage) -> Message:
    return Message(kind=MessageKind.OTHER, seq=message.seq, time_ns=message.time_ns)
