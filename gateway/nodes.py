"""All edge nodes of one process: its own, and those whose links it hosts.

| what happens | what the log hears |
|---|---|
| a link comes up | NBIRTH with the next bdSeq, a DBIRTH of each device |
| a link goes away | NDEATH |
| a host asks a node for rebirth; the process's own session begins anew | births of nodes that are up, same bdSeq |
| a row was in the log already (its ack was lost with an earlier life), or was refused | the same: seq has a hole |
| a row of a node whose link is away | NBIRTH, DBIRTH, the row, NDEATH: no dead node speaks, and no row waits |
| the process was killed and starts again | NDEATH of each node that was up: its link is away until it comes again |

The last needs a mark on disk: a node's bdSeq and "born" are committed before its NBIRTH is sent. Births could
not take its place, for a transmitter that never returns would stay alive in the log for ever.

Thousands of births after an outage go out a few at a time, each lot acknowledged before the next, so that an
event never has more than one lot before it; a node without a session that has an event to tell is born at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from backbone.messages import Ack
from backbone.publisher import ACK_TIMEOUT_S
from domain.errors import StoreError
from gateway.session import Session, Voice
from gateway.spool import NodeRecord, Spool, SpoolRow
from gateway.values import Told, Values

log = logging.getLogger(__name__)

AT_ONCE = 32
"""Nodes attended to before the log's acks are awaited."""

SIGN_OF_LIFE_S = 60.0
"""A node that is heard and has nothing to tell says so this often (assumption: a third of the 180 s after which
a transmitter counts as silent)."""

BIRTH_PAUSE_S = 1.0
"""Between two births of a device for new points, none of them fire (assumption): a thousand have few births then."""

BD_SEQ_VALUES = 256

Key = str
"""``unit/id`` of a node."""


@dataclass(slots=True)
class _Node:
    """A hosted node: ``up`` with its link, ``stale`` when a birth is due, ``renew`` when that takes a new bdSeq.

    ``visits``: it was born for a row only, and dies after it. ``released``: the configuration has it no more, but
    the spool may still have rows of it.
    """

    session: Session
    up: bool = False
    stale: bool = True
    renew: bool = True
    visits: bool = False
    released: bool = False

    @property
    def key(self) -> Key:
        return f"{self.session.unit}/{self.session.node}"

    @property
    def must_be_born(self) -> bool:
        return self.stale or not self.session.born

    @property
    def has_no_session(self) -> bool:
        """Tells whether it may say nothing; a birth that was only asked for comes in its turn."""
        return self.renew or not self.session.born

    @property
    def must_die(self) -> bool:
        return self.session.born and not self.up and not self.visits


class UnknownNodeError(LookupError):
    """A row of a node that the site no longer has."""


class Nodes:
    """The sessions of a process; `run` says what is due."""

    def __init__(self, own: Session, voice: Voice, values: Values, spool: Spool) -> None:
        """Know the process's own node only; see `host`."""
        self.own = own
        self._own_key = f"{own.unit}/{own.node}"
        self._voice = voice
        self._values = values
        self._spool = spool
        self._nodes: dict[Key, _Node] = {}
        self._due: dict[Key, None] = {}
        self._own_due = False
        self._visitors: list[_Node] = []
        self._wake = asyncio.Event()
        self._changing = asyncio.Lock()
        """Held while nodes are born or die: uplink and `run` both do it."""

    def host(self, nodes: Mapping[Key, Collection[str]], records: Iterable[NodeRecord]) -> None:
        """Host these nodes, with their devices; ``records`` are those of an earlier life."""
        for key, devices in nodes.items():
            unit, _, node = key.partition("/")
            self._nodes[key] = _Node(Session(self._voice, self._values, unit=unit, node=node, devices=devices))
        for record in records:
            found = self._nodes.get(f"{record.unit}/{record.gateway}")
            if found is not None:
                found.session.bd_seq = record.bd_seq
                found.session.born = record.born
                self._attend_to(found)

    def rehost(self, nodes: Mapping[Key, Collection[str]]) -> None:
        """Host these nodes from now on, and no others: those that are not among them die when they are born.

        Rows of theirs that wait in the spool are still told, as those of a node whose link is away.
        """
        new = {key: devices for key, devices in nodes.items() if key not in self._nodes}
        self.host(new, [one for one in self._spool.remembered.nodes if f"{one.unit}/{one.gateway}" in new])
        for key, node in self._nodes.items():
            node.released = key not in nodes
            if node.released:
                self.down(key)
            elif tuple(nodes[key]) != node.session.devices:
                node.session.assign(nodes[key])
                self.repeat_births([key])

    @property
    def known(self) -> int:
        """Return how many nodes are hosted."""
        return sum(not node.released for node in self._nodes.values())

    @property
    def up_now(self) -> int:
        """Return how many links are up."""
        return sum(node.up for node in self._nodes.values())

    def up(self, key: Key) -> None:
        """A link came up, perhaps in place of an old one; raises KeyError for a node that is not hosted."""
        node = self._nodes[key]
        node.up = node.stale = node.renew = True
        self._attend_to(node)

    def down(self, key: Key) -> None:
        """A link is away; raises KeyError for a node that is not hosted."""
        node = self._nodes[key]
        node.up = False
        self._attend_to(node)

    def heard(self, key: Key) -> None:
        """A node gave a sign of life; raises KeyError for a node that is not hosted."""
        if self._is_quiet(self._nodes[key]):
            self._attend_to(self._nodes[key])

    def repeat_births(self, keys: Iterable[Key] | None = None) -> None:
        """Let nodes be born again under the same bdSeq: those of ``keys``, or all hosted ones; the dead stay dead."""
        for key in self._nodes if keys is None else keys:
            node = self._nodes.get(key)
            if node is not None and node.up:
                node.stale = True
                self._attend_to(node)
            elif key == self._own_key:
                self._own_due = True
                self._wake.set()

    def mend(self, row: SpoolRow) -> None:
        """Close the gap in a node's sequence that a row left which the log had already, or did not take."""
        self.repeat_births([f"{row.unit}/{row.gateway}" if row.gateway else self._own_key])

    async def data(self, row: SpoolRow, body: bytes, message_id: str, told: Told) -> asyncio.Future[Ack]:
        """Send a row, its node being born first where it must be; raises UnknownNodeError."""
        node = self._of(row)
        if node is None:
            sent = await self.own.data(row.device, body, message_id, told)
            assert sent is not None  # noqa: S101  # our own node dies with this process only
            return sent
        while True:
            if node.has_no_session:
                await self._bear([node])
            sent = await node.session.data(row.device, body, message_id, told)
            if sent is not None:
                return sent

    def may_wait(self, row: SpoolRow, told: Told) -> bool:
        """Tell whether a row would cost a birth of a device that had one less than `BIRTH_PAUSE_S` ago."""
        node = self._nodes.get(f"{row.unit}/{row.gateway}")
        session = self.own if node is None else node.session
        recent = session.born and session.since_birth_s(row.device) < BIRTH_PAUSE_S
        return recent and not session.covers(row.device, told)

    async def bear_for(self, rows: Iterable[SpoolRow]) -> None:
        """Let the nodes of a few rows be born that have no session, with one commit for all of them."""
        nodes = {key: node for row in rows if (node := self._nodes.get(key := f"{row.unit}/{row.gateway}")) is not None}
        unborn = [node for node in nodes.values() if node.has_no_session]
        if len(unborn) > 1:
            await self._bear(unborn)

    async def introduce(self, row: SpoolRow) -> None:
        """See to it that the log has a birth with all points of the row's device, for a row that goes to history."""
        node = self._of(row)
        if node is not None and not node.session.knows(row.device):
            node.stale = True
            await _heard_by_log(await self._bear([node]))

    async def end_visits(self) -> None:
        """Let those die that were born for a row only."""
        if not self._visitors:
            return
        async with self._changing:
            visitors, self._visitors = self._visitors, []
            for node in visitors:
                node.visits = False
            await self._bury(visitors)

    async def run(self) -> None:
        """Say births, deaths and signs of life as they fall due; for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._voice.alive.wait()
            if self._own_due:
                self._own_due = False
                await self.own.birth(self.own.bd_seq)
            while self._due:
                await self._voice.alive.wait()
                lot = [self._nodes[key] for key in islice(self._due, AT_ONCE)]
                for node in lot:
                    del self._due[node.key]
                await self._attend(lot)

    async def farewell(self) -> None:
        """Say NDEATH for all that are born, at a clean end; returns when the log has them."""
        async with self._changing:
            futures = await self._bury([node for node in self._nodes.values() if node.session.born], anyway=True)
        await _heard_by_log(futures)

    def _of(self, row: SpoolRow) -> _Node | None:
        """Return the hosted node of a row, None for our own."""
        key = f"{row.unit}/{row.gateway}"
        if not row.gateway or key == self._own_key:
            return None
        node = self._nodes.get(key)
        if node is None:
            raise UnknownNodeError(f"the site has no {key}")
        return node

    def _attend_to(self, node: _Node) -> None:
        self._due[node.key] = None
        self._wake.set()

    def _is_quiet(self, node: _Node) -> bool:
        quiet_s = asyncio.get_running_loop().time() - node.session.said_s
        return node.up and node.session.born and quiet_s >= SIGN_OF_LIFE_S

    async def _attend(self, lot: list[_Node]) -> None:
        """Say what is due for a few nodes, and wait until the log has it."""
        futures = await self._bear([node for node in lot if node.up and node.must_be_born])
        async with self._changing:
            futures += await self._bury(lot)
        for node in lot:
            if self._is_quiet(node):
                sign = await node.session.node_data()
                futures += [sign] if sign is not None else []
        await _heard_by_log(futures, ACK_TIMEOUT_S)  # one lot that has no answer must not keep all others silent

    async def _bear(self, nodes: list[_Node]) -> list[asyncio.Future[Ack]]:
        """Bear those that must be, after their sessions are on disk; returns the futures of their last acks."""
        async with self._changing:
            nodes = [node for node in nodes if node.must_be_born]
            anew = [node for node in nodes if node.has_no_session]
            was_born = {node.key: node.session.born for node in anew}
            for node in anew:
                node.session.born = False  # nothing more in the old session, whose seq may be another life's
            for node in nodes:
                if not node.up:
                    node.visits = True
                    self._visitors.append(node)
                node.stale = node.renew = False
            futures: list[asyncio.Future[Ack]] = []
            try:
                await self._save(anew, born=True, bd_seq_step=1)
                for node in nodes:
                    bd_seq = node.session.bd_seq + (node.key in was_born)
                    futures.append(await node.session.birth(bd_seq % BD_SEQ_VALUES))
                    was_born.pop(node.key, None)
                    await asyncio.sleep(0)  # a panel of a thousand components has a long birth; others share this loop
            finally:  # cancelled on the way: the log still has the old session, and `farewell` must end it
                for key, born in was_born.items():
                    self._nodes[key].session.born |= born
            return futures

    async def _bury(self, nodes: list[_Node], *, anyway: bool = False) -> list[asyncio.Future[Ack]]:
        """Say NDEATH for those that must die, in the lock; returns the futures of their acks."""
        dying = [node for node in nodes if node.must_die or anyway]
        deaths = [await node.session.die() for node in dying]
        for node in dying:
            node.stale = node.renew = True
        if dying:
            await self._save(dying, born=False)
        return [death for death in deaths if death is not None]

    async def _save(self, nodes: list[_Node], *, born: bool, bd_seq_step: int = 0) -> None:
        if not nodes:
            return
        records = [
            NodeRecord(one.unit, one.node, (one.bd_seq + bd_seq_step) % BD_SEQ_VALUES, born)
            for one in (node.session for node in nodes)
        ]
        try:
            await self._spool.save_nodes(records)
        except StoreError as error:  # an alarm must not wait for a disk; after a kill a bdSeq may come twice
            log.warning("sessions of %d nodes not noted: %s", len(nodes), error)


async def _heard_by_log(futures: Collection[asyncio.Future[Ack]], most_s: float | None = None) -> None:
    """Wait until the log has answered, at most ``most_s``; what it refused is logged."""
    if not futures:
        return
    answered, _ = await asyncio.wait(futures, timeout=most_s)
    for answer in answered:
        if not answer.cancelled() and (error := answer.exception()) is not None:
            log.warning("the log refused a birth, a death or a sign of life: %s", error)
