"""The gateway as a Sparkplug edge node: births, deaths, and one sequence over everything it says.

| message | when | seq |
|---|---|---|
| NBIRTH | a session begins, or a host asks for rebirth | 0 |
| DBIRTH | after NBIRTH for every device that is not lost; when a lost device is back | next |
| DDATA | a row of the spool | next |
| NDATA | every ten seconds: figures about the gateway itself | next |
| DDEATH | a device's breaker opened, or its connection is away | next |
| NDEATH | a clean stop; otherwise the broker sends it, as the will of `gateway.presence` | none |

seq counts 0..255 over all messages of the node, in the order in which they are handed to the
publisher; one lock holds number and hand-over together. Births carry the last value that the log
already has, so a birth never runs ahead of events that still wait in the spool.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

import numpy as np

from backbone import subjects
from backbone.messages import Ack
from backbone.sparkplug import Birth, BirthMetric, decode_batch, encode_birth, encode_data, encode_death, with_seq
from domain.clock import Clock, floor_ms
from domain.ids import alias_of
from domain.points import PointTable
from domain.quality import GOOD, STALE, base_of

SEQ_VALUES = 256


class Publishes(Protocol):
    """What a session needs of a publisher: order kept, retried until acknowledged."""

    async def submit(self, subject: str, payload: bytes, *, message_id: str) -> asyncio.Future[Ack]:
        """Send one message; the future gives its ack."""


class Session:
    """Speaks for one gateway; `attach` a publisher, `birth`, then data."""

    def __init__(
        self,
        table: PointTable,
        *,
        unit: str,
        gateway: str,
        spool_id: str,
        clock: Clock,
        figures: Mapping[str, float] | None = None,
    ) -> None:
        """``table`` holds the gateway's points; ``figures`` are the node's own metrics as they stand now."""
        self.alive = asyncio.Event()
        """Set while a session is open: born, and not known to be dead."""
        self.bd_seq = 0
        self._table = table
        self._unit = unit
        self._gateway = gateway
        self._spool_id = spool_id
        self._clock = clock
        self._devices = tuple(dict.fromkeys(point.device for point in table))
        self._lost: frozenset[str] = frozenset()
        self._lock = asyncio.Lock()
        self._publisher: Publishes | None = None
        self._seq = 0
        self._sent = 0
        self._figures = dict(figures or {})
        self._time_ns = np.zeros(len(table), np.int64)
        self._value = np.full(len(table), np.nan)
        self._quality = np.full(len(table), STALE, np.uint16)

    def attach(self, publisher: Publishes) -> None:
        """Speak through this publisher from now on."""
        self._publisher = publisher

    async def birth(self, bd_seq: int) -> None:
        """Open a session, or repeat its births: NBIRTH and a DBIRTH of every device that is there."""
        async with self._lock:
            self.bd_seq = bd_seq
            self._seq = 0
            await self._send("NBIRTH", None, self._node_birth())
            for device in self._devices:
                if device not in self._lost:
                    await self._send("DBIRTH", device, self._device_birth(device))
            self.alive.set()

    async def data(self, device: str, body: bytes, message_id: str) -> asyncio.Future[Ack]:
        """Send a row of the spool on the live lane; returns the future of its ack."""
        batch, _ = decode_batch(body, self._table, self._unit, self._gateway)
        newer = batch.time_ns >= self._time_ns[batch.point]
        points = batch.point[newer]
        self._time_ns[points] = batch.time_ns[newer]
        self._value[points] = batch.value[newer]
        self._quality[points] = batch.quality[newer]
        async with self._lock:
            return await self._send("DDATA", device, with_seq(body, self._seq), message_id)

    async def node_data(self, figures: Mapping[str, float]) -> None:
        """Send figures about the gateway itself; their names are those of the last NBIRTH."""
        async with self._lock:
            self._figures = dict(figures)
            await self._send("NDATA", None, with_seq(self._figure_payload(), self._seq))

    async def set_lost(self, lost: frozenset[str]) -> None:
        """Say which devices are lost: a DDEATH for each new one, a DBIRTH for each that is back."""
        async with self._lock:
            gone, back = lost - self._lost, self._lost - lost
            self._lost = lost
            if not self.alive.is_set():
                return  # the births to come will say it
            for device in sorted(gone):
                await self._send("DDEATH", device, with_seq(self._empty(), self._seq))
            for device in sorted(back):
                await self._send("DBIRTH", device, self._device_birth(device))

    def death(self) -> tuple[str, bytes]:
        """Return subject and payload of the NDEATH of this session."""
        return subjects.telemetry(self._unit, "NDEATH", self._gateway), encode_death(self.bd_seq, self._clock.now_ns())

    async def _send(
        self, kind: str, device: str | None, payload: bytes, message_id: str | None = None
    ) -> asyncio.Future[Ack]:
        """Hand one message over, in the lock; the sequence moves on only when it was taken."""
        assert self._publisher is not None  # noqa: S101  # attached before anything is sent
        self._sent += 1
        name = message_id or f"{self._gateway}-{self._spool_id}-{kind}-{self._clock.now_ns()}-{self._sent}"
        future = await self._publisher.submit(
            subjects.telemetry(self._unit, kind, self._gateway, device), payload, message_id=name
        )
        self._seq = (self._seq + 1) % SEQ_VALUES
        return future

    def _node_birth(self) -> bytes:
        now_ns = floor_ms(self._clock.now_ns())
        metrics = tuple(
            BirthMetric(name=name, alias=alias_of(self._gateway, name), value=value, time_ns=now_ns)
            for name, value in self._figures.items()
        )
        return encode_birth(Birth(metrics=metrics, seq=self._seq, time_ns=now_ns, bd_seq=self.bd_seq))

    def _device_birth(self, device: str) -> bytes:
        now_ns = floor_ms(self._clock.now_ns())
        metrics = tuple(self._metric(int(row), now_ns) for row in self._table.of_device(self._unit, device))
        return encode_birth(Birth(metrics=metrics, seq=self._seq, time_ns=now_ns))

    def _metric(self, row: int, now_ns: int) -> BirthMetric:
        point = self._table[row]
        value = float(self._value[row])
        return BirthMetric(
            name=point.name,
            alias=point.alias,
            quantity=point.quantity.value,
            kind=point.kind.value,
            low=point.low,
            high=point.high,
            word=point.word,
            zone=point.zone,
            label_zh=point.label_zh,
            label_en=point.label_en,
            max_silence_s=point.max_silence_s,
            value=None if np.isnan(value) else value,
            time_ns=int(self._time_ns[row]) or now_ns,
            quality=base_of(int(self._quality[row])),
        )

    def _figure_payload(self) -> bytes:
        now_ns = self._clock.now_ns()
        count = len(self._figures)
        return encode_data(
            np.array([alias_of(self._gateway, name) for name in self._figures], np.uint32),
            np.full(count, now_ns, np.int64),
            np.array(list(self._figures.values()), np.float64),
            np.full(count, GOOD, np.uint16),
            text={},
            payload_time_ns=now_ns,
        )

    def _empty(self) -> bytes:
        nothing = np.empty(0, np.int64)
        return encode_data(
            nothing.astype(np.uint32), nothing, nothing.astype(np.float64), nothing.astype(np.uint16),
            text={}, payload_time_ns=self._clock.now_ns(),
        )  # fmt: skip
