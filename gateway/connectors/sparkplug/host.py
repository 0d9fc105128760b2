"""All edges of one broker: whose a message is, what of it is stored, who has to be asked for births, who is down."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.errors import WireError
from domain.site import Transmitter
from domain.wording import printable
from gateway.connectors.contract import MOST_RAW_BYTES, DeadLetter, Hosting, Sink, Wiring
from gateway.connectors.json_listener import Harvest
from gateway.connectors.sparkplug.config import SparkplugSettings
from gateway.connectors.sparkplug.edge import Device, EdgeSession, Heard
from gateway.connectors.sparkplug.points import EdgePoints
from gateway.connectors.sparkplug.protocol import Kind, Message, MessageType, Topic, decode, topic_of
from gateway.connectors.sparkplug.readings import GONE, Recorder
from gateway.connectors.unregistered import Unregistered

SLOWEST_REBIRTH_S = 300.0
"""Longest pause between two requests for births to an edge that does not answer them."""

SILENT_S = 30.0
"""How long an edge may take to be born, or a device after its edge, once it was asked; assumption."""

VOUCH_S = 30.0
"""How often an edge that is up counts as heard: it speaks when something changes, and its broker tells its death."""

QUIET = frozenset({"datatype", "no_room", "birth_name", "alias_twice", "no_seq"})
"""What stands in every birth of an edge that has it: one dead letter for each is enough."""

NO_VALUES = frozenset({"late_death"})
"""What holds nothing that anybody could miss: counted only."""

MOST_SAID = 200

MOST_NAMED = 12
"""Metrics of an unregistered edge's birth that are shown."""


@dataclass(slots=True)
class _Edge:
    """An edge that the site names."""

    registered: Transmitter
    points: EdgePoints
    session: EdgeSession = field(default_factory=EdgeSession)
    is_up: bool = False
    """Tells whether the log has it alive."""
    confirmed: bool = False
    """Tells whether it has spoken since the broker is there."""
    since_s: float = 0.0
    rebirth_s: float | None = None
    wait_s: float = 0.0
    messages: int = 0
    gaps: int = 0
    aside: int = 0
    told: tuple[int, int] = (-1, -1)
    vouched_s: float = 0.0
    not_before_s: float = 0.0
    alive: set[str] = field(default_factory=set)
    leaving: set[str] = field(default_factory=set)
    """Devices that are gone, and the disk does not have it yet."""
    awaited: dict[str, float] = field(default_factory=dict)
    said: set[tuple[str, str]] = field(default_factory=set)
    last_ns: int = 0

    @property
    def key(self) -> str:
        return self.registered.key

    @property
    def group(self) -> str:
        return str(self.registered.settings.address).partition("/")[0]

    @property
    def edge(self) -> str:
        return str(self.registered.settings.address).partition("/")[2]


class Host:
    """Takes messages; `store` returns after the commit."""

    def __init__(self, wiring: Wiring, hosting: Hosting, settings: SparkplugSettings, errors: Counter[str]) -> None:
        """Know the edges that ``wiring`` hosts; count in ``errors`` what is wrong."""
        self._wiring = wiring
        self._hosting = hosting
        self._settings = settings
        self._errors = errors
        self._recorder = Recorder(hosting, wiring.clock, settings.clock_tolerance_s, errors)
        self.unregistered = Unregistered()
        self.messages = 0
        self._edges: dict[str, _Edge] = {}
        for one in wiring.transmitters:
            node = (one.settings.unit, one.settings.id)
            devices = [
                device for device in wiring.hosted_devices if (device.gateway.unit, device.gateway.gateway) == node
            ]
            self._edges[str(one.settings.address)] = _Edge(one, EdgePoints(one, devices, hosting))

    def begin(self, now_s: float) -> None:
        """The broker is there: ask every edge for its births, for nobody knows what was said meanwhile."""
        for edge in self._edges.values():
            edge.session.missed()
            edge.confirmed, edge.since_s = False, now_s
            self._want(edge, anew=True)

    def all_down(self) -> None:
        """The broker is away for good: no edge can be heard."""
        for edge in self._edges.values():
            self._down(edge)

    async def store(self, messages: Sequence[tuple[str, bytes]], sink: Sink) -> None:
        """Take messages, topic and payload; returns when all that they said is on disk."""
        harvest = Harvest()
        for topic, payload in messages:
            self._one(topic, payload, harvest)
        await self._commit(harvest, sink)

    async def tend(self, now_s: float, sink: Sink) -> None:
        """Say what time alone tells: who does not come back, whose devices do not, what was counted."""
        harvest = Harvest()
        for edge in self._edges.values():
            if edge.is_up and not edge.confirmed and now_s - edge.since_s > SILENT_S:
                self._errors["did_not_return"] += 1
                self._down(edge)
            for device in [device for device, until_s in edge.awaited.items() if now_s > until_s]:
                self._device_gone(edge, device, harvest)
            if edge.is_up and edge.confirmed and now_s - edge.vouched_s >= VOUCH_S:
                edge.vouched_s = now_s
                self._hosting.heard(edge.key)
                self._tell_counts(edge, harvest)
        await self._commit(harvest, sink)

    def due_for_rebirth(self, now_s: float) -> Iterator[_Edge]:
        """Yield the edges to ask for their births now; each again after twice the time, until it is born."""
        for edge in self._edges.values():
            if edge.rebirth_s is not None and now_s >= edge.rebirth_s:
                edge.not_before_s = edge.rebirth_s = now_s + edge.wait_s
                edge.wait_s = min(edge.wait_s * 2, SLOWEST_REBIRTH_S)
                self._errors["rebirth_asked"] += 1
                yield edge

    def figures(self) -> dict[str, float]:
        """Return the connection's own figures for the status document."""
        up = sum(edge.is_up for edge in self._edges.values())
        return {
            "edges": float(len(self._edges)),
            "edges_up": float(up),
            "unregistered": float(len(self.unregistered)),
            "seq_gaps": float(sum(edge.gaps for edge in self._edges.values())),
        }

    def documents(self) -> list[dict[str, Any]]:
        """Return the state of each edge."""
        return [
            {
                "unit": edge.registered.settings.unit,
                "id": edge.registered.settings.id,
                "address": str(edge.registered.settings.address),
                "state": "up" if edge.is_up else "down" if edge.messages else "never",
                "bd_seq": edge.session.bd_seq,
                "devices": edge.session.devices,
                "messages": edge.messages,
                "seq_gaps": edge.gaps,
                "set_aside": edge.aside,
                "last_ns": edge.last_ns or None,
            }
            for edge in self._edges.values()
        ]

    async def _commit(self, harvest: Harvest, sink: Sink) -> None:
        try:
            if harvest.point:
                await sink.emit(harvest.batch(self._hosting.table))
            for letter in harvest.letters:
                await sink.dead_letter(letter)
        except BaseException:  # not stored: the births that follow must be readings again
            self._recorder.forget(harvest.point)
            for edge in self._edges.values():
                edge.alive |= edge.leaving
            raise
        finally:
            for edge in self._edges.values():
                edge.leaving.clear()

    def _one(self, topic: str, payload: bytes, harvest: Harvest) -> None:
        found = topic_of(topic)
        if found is None:
            return  # commands, states, and what is not Sparkplug's
        edge = self._edges.get(found.address)
        try:
            message = decode(payload)
        except WireError as error:
            self._errors["not_sparkplug"] += 1
            if edge is not None:
                edge.aside += 1
                self._letter(harvest, "not_sparkplug", f"{topic}: {error.reason}", payload)
            return
        if edge is None:
            self._stranger(found, message)
            return
        self.messages += 1
        edge.messages += 1
        edge.last_ns = self._wiring.clock.now_ns()
        heard = edge.session.take(found, message)
        self._heard(edge, found, message, heard, harvest)
        self._set_aside(edge, found, heard, payload, harvest)

    def _heard(self, edge: _Edge, topic: Topic, message: Message, heard: Heard, harvest: Harvest) -> None:
        """Do what a message of a registered edge means."""
        edge.confirmed = True
        edge.gaps += heard.gap
        if topic.type is MessageType.NBIRTH:
            self._born(edge, anew=heard.came_up)
        elif topic.type is MessageType.NDEATH and not edge.session.is_up:
            self._down(edge)
        for device in heard.born:
            edge.points.forget(device)
            if device is not None:
                self._device_born(edge, device, harvest)
        self._values(edge, message, heard, harvest)
        for device in heard.died:
            self._device_gone(edge, device, harvest)
        if heard.rebirth:
            self._want(edge)

    def _born(self, edge: _Edge, *, anew: bool) -> None:
        """An edge is there; its devices have a while to follow."""
        edge.rebirth_s = None
        until_s = _loop_s() + SILENT_S
        edge.awaited = dict.fromkeys(edge.alive, until_s)
        if anew or not edge.is_up:
            edge.is_up = True
            self._hosting.up(edge.key)
        self._hosting.heard(edge.key)

    def _down(self, edge: _Edge) -> None:
        """An edge is dead; its devices with it, which its node's death says for all of them."""
        edge.session.gone()
        edge.awaited = {}
        if edge.is_up:
            edge.is_up = False
            self._hosting.down(edge.key)

    def _device_born(self, edge: _Edge, device: str, harvest: Harvest) -> None:
        edge.awaited.pop(device, None)
        edge.alive.add(device)
        point = edge.points.alive(device)
        if point is not None and not self._recorder.says(point, 1.0):
            self._recorder.now(point, 1.0, harvest)

    def _device_gone(self, edge: _Edge, device: Device, harvest: Harvest) -> None:
        """A device is dead, or did not follow its edge: what it told is not known any more."""
        if device is None or device not in edge.alive:
            return
        edge.awaited.pop(device, None)
        edge.alive.discard(device)
        edge.leaving.add(device)
        point = edge.points.alive(device)
        if point is not None:
            self._recorder.now(point, 0.0, harvest)
        for one in edge.points.seen_of(device):
            self._recorder.now(one, math.nan, harvest, GONE)

    def _values(self, edge: _Edge, message: Message, heard: Heard, harvest: Harvest) -> None:
        """Make readings of what can be read; what can't is counted by its kind."""
        for device, metric in heard.values:
            if metric.kind is Kind.OTHER:
                heard.aside.append(("datatype", f"'{metric.name[:80]}' has datatype {metric.datatype}"))
                continue
            place = edge.points.place(device, metric)
            if place is None:
                heard.aside.append(("no_room", f"no room for a point '{metric.name[:80]}'"))
                continue
            self._recorder.tell(place, metric, message, harvest, birth=heard.is_birth)

    def _set_aside(self, edge: _Edge, topic: Topic, heard: Heard, payload: bytes, harvest: Harvest) -> None:
        """Count what was set aside; one dead letter a message tells of all that a person can mend."""
        self._errors.update(code for code, _ in heard.aside)
        values = [one for one in heard.aside if one[0] not in NO_VALUES]
        edge.aside += len(values)
        telling = [one for one in values if one[0] not in QUIET or one not in edge.said]
        edge.said.update(telling[: MOST_SAID - len(edge.said)])
        if telling:
            code, words = telling[0]
            more = f" (and {len(telling) - 1} more)" if len(telling) > 1 else ""
            where = f"{topic.address}{'' if topic.device is None else '/' + topic.device}"
            self._letter(harvest, code, f"{where}: {words}{more}", payload)

    def _letter(self, harvest: Harvest, reason: str, detail: str, payload: bytes) -> None:
        harvest.letters.append(
            DeadLetter(
                time_ns=self._wiring.clock.now_ns(),
                connection=self._wiring.connection.id,
                reason=reason,
                detail=printable(detail)[:500],
                raw=payload[:MOST_RAW_BYTES],
            )
        )

    def _stranger(self, topic: Topic, message: Message) -> None:
        """Show an edge that nobody registered; nothing of it is taken, and nothing is asked of it."""
        self._errors["unregistered"] += 1
        names = ", ".join(metric.name for metric in message.metrics[:MOST_NAMED] if metric.name)
        said = f"{topic.type} {topic.device or ''}: {len(message.metrics)} metrics {names}"
        now_ns = self._wiring.clock.now_ns()
        self.unregistered.heard(topic.address, now_ns, printable(said), group=topic.group, edge=topic.edge)

    def _want(self, edge: _Edge, *, anew: bool = False) -> None:
        """Ask an edge for its births, unless that is under way."""
        if anew or edge.rebirth_s is None:
            edge.rebirth_s = max(_loop_s(), edge.not_before_s) if not anew else _loop_s()
            edge.wait_s = self._settings.rebirth_s

    def _tell_counts(self, edge: _Edge, harvest: Harvest) -> None:
        """Tell what was counted of an edge, when it changed."""
        counts = (edge.gaps, edge.aside)
        if counts == edge.told:
            return
        edge.told = counts
        for name, count in zip(("seq_gaps", "set_aside"), counts, strict=True):
            point = edge.points.own(name)
            if point is not None:
                self._recorder.now(point, float(count), harvest)


def _loop_s() -> float:
    return asyncio.get_running_loop().time()
