"""A Sparkplug edge node: births, deaths, and one sequence over everything that it says.

| message | when | seq |
|---|---|---|
| NBIRTH | a session begins, or a host asks for rebirth | 0 |
| DBIRTH | after NBIRTH for every device not lost; when a lost one is back; before data of new points | next |
| DDATA | a row of the spool | next |
| NDATA | figures of the gateway itself, every ten seconds; a hosted node's sign of life | next |
| DDEATH | a device's breaker opened, or its connection is away; after a DBIRTH that a lost one's row needed | next |
| NDEATH | a clean stop; a hosted node's link is away; else the server's, as will of `gateway.presence` | none |

seq counts 0..255 over all messages of the node, in the order in which they are handed to the
publisher; one lock, common to all nodes of the process, holds number and hand-over together. Births carry
the last value that the log already has, so a birth never runs ahead of events that still wait in the spool.
"""

from __future__ import annotations

import asyncio
import math
import uuid
from collections.abc import Iterable, Mapping
from typing import Protocol

import numpy as np

from backbone import subjects
from backbone.messages import Ack
from backbone.sparkplug import Birth, BirthMetric, encode_birth, encode_data, encode_death, head, with_seq
from domain.clock import Clock, floor_ms
from domain.ids import alias_of
from domain.quality import GOOD
from gateway.values import Told, Values

SEQ_VALUES = 256


class Publishes(Protocol):
    """What a session needs of a publisher: order kept, retried until acknowledged."""

    async def submit(self, subject: str, payload: bytes, *, message_id: str) -> asyncio.Future[Ack]:
        """Send one message; the future gives its ack."""


class Voice:
    """What all nodes of a process speak through; `attach` a publisher before anything is said."""

    def __init__(self, gateway: str, clock: Clock) -> None:
        """``gateway`` begins the message ids; no other life of this gateway uses them."""
        self.alive = asyncio.Event()
        """Set while the process's own node has a session: born, and not known to be dead."""
        self.lock = asyncio.Lock()
        self.clock = clock
        self._life = f"{gateway}-{uuid.uuid4().hex[:16]}"
        self._publisher: Publishes | None = None
        self._said = 0

    def attach(self, publisher: Publishes) -> None:
        """Speak through this publisher from now on."""
        self._publisher = publisher

    async def say(self, subject: str, payload: bytes, message_id: str | None = None) -> asyncio.Future[Ack]:
        """Hand one message over, in the lock; the future gives its ack."""
        assert self._publisher is not None  # noqa: S101  # attached before anything is sent
        self._said += 1
        name = message_id or f"{self._life}-{self._said}"
        return await self._publisher.submit(subject, payload, message_id=name)


class Session:
    """One node: `birth`, then data, and a death."""

    __slots__ = (
        "_devices",
        "_due",
        "_figures",
        "_gone",
        "_lost",
        "_seq",
        "_told",
        "_told_before",
        "_told_s",
        "_values",
        "_voice",
        "bd_seq",
        "born",
        "node",
        "said_s",
        "unit",
    )  # fmt: skip

    def __init__(
        self,
        voice: Voice,
        values: Values,
        *,
        unit: str,
        node: str,
        devices: Iterable[str],
    ) -> None:
        """A node without figures of its own; see `begin_with`."""
        self.unit = unit
        self.node = node
        self.bd_seq = 0
        self.born = False
        """Tells whether the log has a birth of this node that no death follows."""
        self.said_s = 0.0
        """When it last said something, in the event loop's time."""
        self._voice = voice
        self._values = values
        self._devices = tuple(devices)
        self._due: set[str] = set()
        """Devices whose birth is to be said (again): they are new, or some of their points are."""
        self._gone: set[str] = set()
        """Devices whose death is to be said: the configuration has them no more."""
        self._lost: frozenset[str] = frozenset()
        self._figures: dict[str, float] | None = None
        self._seq = 0
        self._told: dict[str, int] = {}
        self._told_before: dict[str, int] = {}
        """For each device the table's length at its last birth: points before that were in it."""
        self._told_s: dict[str, float] = {}

    def assign(self, devices: Iterable[str], altered: Iterable[str] = ()) -> None:
        """Have these devices from now on; ``altered`` are those whose births say something else than before.

        Births and deaths are said with the next `set_lost`, or before the next data of such a device.
        """
        before, self._devices = self._devices, tuple(dict.fromkeys(devices))
        self._gone = (self._gone | (set(before) - self._lost)) - set(self._devices)
        self._due = (self._due | set(altered) | (set(self._devices) - set(before))) & set(self._devices)
        self._lost &= frozenset(self._devices)
        for device in self._due:  # no data of it before its birth
            self._told.pop(device, None)
            self._told_before.pop(device, None)

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices that it has now."""
        return self._devices

    def begin_with(self, figures: Mapping[str, float]) -> None:
        """Set the node's own metrics as they stand before its first birth."""
        self._figures = dict(figures)

    async def birth(self, bd_seq: int) -> asyncio.Future[Ack]:
        """Open a session, or repeat its births: NBIRTH and a DBIRTH of every device that is there.

        Returns the future of the last one's ack.
        """
        async with self._voice.lock:
            self._seq = 0
            last = await self._say("NBIRTH", None, self._node_birth(bd_seq))
            self.bd_seq, self.born = bd_seq, True  # the log has it, also where what follows is cancelled
            for device in self._devices:
                if device not in self._lost:
                    last = await self._say("DBIRTH", device, self._device_birth(device))
            return last

    async def data(self, device: str, body: bytes, message_id: str, told: Told) -> asyncio.Future[Ack] | None:
        """Send a row of the spool on the live lane, after a DBIRTH if it may tell of new points.

        A device that is lost is born for its row only: nobody may take it for alive. Returns the future of the
        row's ack; None, and nothing was sent, when the node is dead.
        """
        async with self._voice.lock:
            if not self.born:
                return None
            introduced = not self.covers(device, told)
            if introduced:
                await self._say("DBIRTH", device, self._device_birth(device))
                if device not in self._devices:
                    self._gone.add(device)  # rows of a device that is gone already: born for them only
            self._values.note(self.unit, self.node, told)
            sent = await self._say("DDATA", device, with_seq(body, self._seq), message_id)
            if introduced and device in self._lost:
                await self._say("DDEATH", device, with_seq(head(self._voice.clock.now_ns()), self._seq))
            return sent

    def knows(self, device: str) -> bool:
        """Tell whether a birth of this process has listed all points of a device."""
        return self._told.get(device, 0) >= self._values.count(self.unit, device)

    def covers(self, device: str, told: Told) -> bool:
        """Tell whether a birth of this process has listed all points that a row tells of."""
        before = self._told_before.get(device)
        if before is None:
            return self.knows(device)
        points = (self._values.table.by_alias(self.unit, self.node, alias) for alias in told.alias)
        return all(point is None or point < before for point in points)

    def since_birth_s(self, device: str) -> float:
        """Return how long ago the last birth of a device was said; infinite before the first."""
        return asyncio.get_running_loop().time() - self._told_s.get(device, -math.inf)

    async def node_data(self, figures: Mapping[str, float] | None = None) -> asyncio.Future[Ack] | None:
        """Send figures about the node, by the names of its NBIRTH, or just a sign of life; None when it is dead."""
        async with self._voice.lock:
            if not self.born:
                return None
            if figures is not None:
                self._figures = dict(figures)
            payload = head(self._voice.clock.now_ns()) if figures is None else self._figure_payload(figures)
            return await self._say("NDATA", None, with_seq(payload, self._seq))

    async def set_lost(self, lost: frozenset[str]) -> None:
        """Say which devices are lost: a DDEATH for each new one, a DBIRTH for each that is back.

        The same for devices that were taken out of the configuration, or put in, or altered; see `assign`.
        """
        async with self._voice.lock:
            lost &= frozenset(self._devices)
            gone, back = lost - self._lost, self._lost - lost
            self._lost = lost
            if not self._voice.alive.is_set():
                return  # the births to come will say it, and the next call what they don't
            gone |= self._gone
            back |= self._due - lost
            self._gone, self._due = set(), self._due & lost
            for device in sorted(gone):
                await self._say("DDEATH", device, with_seq(head(self._voice.clock.now_ns()), self._seq))
            for device in sorted(back):
                await self._say("DBIRTH", device, self._device_birth(device))

    async def die(self) -> asyncio.Future[Ack] | None:
        """Send the NDEATH of this session; None when it is dead already."""
        async with self._voice.lock:
            if not self.born:
                return None
            subject, payload = self.death()
            future = await self._voice.say(subject, payload)
            self.born = False
            return future

    def death(self) -> tuple[str, bytes]:
        """Return subject and payload of the NDEATH of this session."""
        return subjects.telemetry(self.unit, "NDEATH", self.node), encode_death(self.bd_seq, self._voice.clock.now_ns())

    async def _say(
        self, kind: str, device: str | None, payload: bytes, message_id: str | None = None
    ) -> asyncio.Future[Ack]:
        """Hand one message over, in the lock; the sequence moves on only when it was taken."""
        future = await self._voice.say(subjects.telemetry(self.unit, kind, self.node, device), payload, message_id)
        self._seq = (self._seq + 1) % SEQ_VALUES
        self.said_s = asyncio.get_running_loop().time()
        return future

    def _node_birth(self, bd_seq: int) -> bytes:
        now_ns = floor_ms(self._voice.clock.now_ns())
        metrics = tuple(
            BirthMetric(name=name, alias=alias_of(self.node, name), value=value, time_ns=now_ns)
            for name, value in (self._figures or {}).items()
        )
        return encode_birth(Birth(metrics=metrics, seq=self._seq, time_ns=now_ns, bd_seq=bd_seq))

    def _device_birth(self, device: str) -> bytes:
        now_ns = floor_ms(self._voice.clock.now_ns())
        metrics = self._values.metrics(self.unit, device, now_ns)
        self._due.discard(device)
        self._told[device] = self._values.count(self.unit, device)
        self._told_before[device] = len(self._values.table)
        self._told_s[device] = asyncio.get_running_loop().time()
        return encode_birth(Birth(metrics=metrics, seq=self._seq, time_ns=now_ns))

    def _figure_payload(self, figures: Mapping[str, float]) -> bytes:
        now_ns = self._voice.clock.now_ns()
        return encode_data(
            np.array([alias_of(self.node, name) for name in figures], np.uint32),
            np.full(len(figures), now_ns, np.int64),
            np.array(list(figures.values()), np.float64),
            np.full(len(figures), GOOD, np.uint16),
            text={},
            payload_time_ns=now_ns,
        )
