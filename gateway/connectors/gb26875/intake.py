"""From waiting frames to the disk, and from the disk to the confirms: all that wait share one commit.

A confirm says that the centre has the information, so it leaves only after the sink has returned. Frames
that come while commits run wait for the next one, together: a storm makes commits larger, not slower. Frames that
come within 10 ms of the last group wait for each other, unless one says fire. A few
groups may be with the sink at once, in order: the disk's latency is waited for once, not once for each group.

When more wait than fit into a commit, fire goes first. The frames of one transmitter never overtake each
other: those before its fire go with it, so that an old state can't be stored after a newer one.

Frames that answer a roll-call are a group of their own, one at a time: their answers go on record, which is another
file, before they are confirmed. However slow that file is, nobody else waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from domain.batch import ReadingBatch
from domain.errors import StoreError
from gateway.connectors.contract import Hosting, Sink
from gateway.connectors.gb26875.config import PeerLimits
from gateway.connectors.gb26875.mapping import Harvest
from gateway.connectors.gb26875.session import Session, Waiting
from gateway.connectors.gb26875.tally import Tally

log = logging.getLogger(__name__)

MOST_TOGETHER = 400
"""Frames in one commit: more would keep the event loop from hearing others for too long; assumption."""

GATHER_S = 0.01
"""A group that is not the first for so long waits for company; one with fire does not. A group costs as much as
four frames (measured), and 10 ms are little of the 100 ms in which a confirm is due."""

MOST_COMMITS = 4
"""Groups that are with the sink at one time: a slow disk joins them into one write, and mapping goes on; assumption."""

MOST_ANSWERS, MOST_ANSWERS_OF_ONE = 1000, 8
"""Frames that wait with answers to roll-calls, of everybody and of one transmitter; assumption: a call has one."""

MOST_ASIDES = 1000
"""What of our own, and of strangers, may wait for a commit; assumption."""

REFUSED_PAUSE_S = 1.0
"""Wait after the disk refused a commit."""


@dataclass(frozen=True, slots=True)
class Aside:
    """Something of our own for the next commit: ``add`` puts it there, ``done`` hears when it is stored."""

    add: Callable[[Harvest], None]
    done: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Group:
    """What is stored together; ``ended`` hears when nothing of it is under way any more."""

    frames: list[Waiting]
    asides: list[Aside]
    ended: Callable[[], None]


class Queue:
    """Frames that wait, by transmitter; fire first."""

    def __init__(self, limits: PeerLimits) -> None:
        """Hold at most as many as ``limits`` say."""
        self._limits = limits
        self._urgent: dict[Session, None] = {}
        self._usual: dict[Session, None] = {}
        self._count = 0

    def __len__(self) -> int:
        """Return how many frames wait."""
        return self._count

    @property
    def has_fire(self) -> bool:
        """Tell whether a fire waits."""
        return bool(self._urgent)

    def put(self, waiting: Waiting) -> bool:
        """Add a frame; tells whether there was room. A fire finds room where others don't, up to twice the limit."""
        session = waiting.session
        factor = 2 if waiting.fire else 1
        if len(session.waiting) >= factor * self._limits.waiting_per_transmitter:
            return False
        if self._count >= factor * self._limits.waiting:
            return False
        session.waiting.append(waiting)
        self._count += 1
        if waiting.fire:
            self._usual.pop(session, None)
            self._urgent[session] = None
        elif session not in self._urgent:
            self._usual[session] = None
        return True

    def take(self, most: int) -> list[Waiting]:
        """Take the frames of the next commit: those up to the last fire of each transmitter, then the others."""
        taken: list[Waiting] = []
        while self._urgent and len(taken) < most:
            session = next(iter(self._urgent))
            last = max(at for at, one in enumerate(session.waiting) if one.fire)
            self._move(session, min(last + 1, most - len(taken)), taken)
            if not any(one.fire for one in session.waiting):
                del self._urgent[session]
                if session.waiting:
                    self._usual[session] = None
        while self._usual and len(taken) < most:
            session = next(iter(self._usual))
            self._move(session, most - len(taken), taken)
            if not session.waiting:
                del self._usual[session]
        return taken

    def _move(self, session: Session, count: int, taken: list[Waiting]) -> None:
        taken += session.waiting[:count]
        self._count -= len(session.waiting[:count])
        del session.waiting[:count]


class Answers:
    """Frames that answer roll-calls and wait; the next go when the last are done."""

    def __init__(self) -> None:
        """Begin without any."""
        self._waiting: list[Waiting] = []
        self.busy = False

    def __len__(self) -> int:
        """Return how many frames wait."""
        return len(self._waiting)

    def put(self, waiting: Waiting) -> bool:
        """Add a frame; tells whether there was room."""
        own = sum(one.session is waiting.session for one in self._waiting)
        if own >= MOST_ANSWERS_OF_ONE or len(self._waiting) >= MOST_ANSWERS:
            return False
        self._waiting.append(waiting)
        return True

    def take(self, most: int) -> list[Waiting]:
        """Take the frames of the next group; none while one is under way."""
        if self.busy:
            return []
        taken, self._waiting = self._waiting[:most], self._waiting[most:]
        self.busy = bool(taken)
        return taken


class Intake:
    """Maps, stores and confirms what waits, one group after the other."""

    def __init__(
        self,
        hosting: Hosting,
        limits: PeerLimits,
        tally: Tally,
        *,
        gather: Callable[[Sequence[Waiting], Harvest], None],
        hear: Callable[[Harvest], Awaitable[None]],
        stored: Callable[[Sequence[Waiting]], None],
        refused: Callable[[Sequence[Waiting]], None],
    ) -> None:
        """``gather`` maps frames; ``stored`` hears when they are on disk, ``refused`` when they can't be.

        ``hear`` records what frames answer before their names are stored: one whose name is stored is a copy when
        it comes again, and would tell nothing more after a crash in between.
        """
        self._hosting = hosting
        self._gather, self._hear, self._stored, self._refused = gather, hear, stored, refused
        self._queue = Queue(limits)
        self._answers = Answers()
        self._asides: list[Aside] = []
        self._wake = asyncio.Event()
        self._alarm = asyncio.Event()
        """Set when a fire comes: it does not wait for company."""
        self._begun_s = -math.inf
        self._room = asyncio.Semaphore(MOST_COMMITS)
        self._tally = tally

    def __len__(self) -> int:
        """Return how many frames wait."""
        return len(self._queue) + len(self._answers)

    def put(self, waiting: Waiting) -> bool:
        """Add a frame; tells whether there was room."""
        self._wake.set()
        if waiting.fire:
            self._alarm.set()
        return self._answers.put(waiting) if waiting.answers else self._queue.put(waiting)

    def put_aside(self, aside: Aside) -> bool:
        """Add something to the next commit; tells whether there was room."""
        if len(self._asides) >= MOST_ASIDES:
            return False
        self._asides.append(aside)
        self._wake.set()
        return True

    async def run(self, sink: Sink) -> None:
        """Store and confirm until cancelled; a sink that can't store is tried again with what comes then."""
        async with asyncio.TaskGroup() as commits:
            while True:
                await self._room.acquire()
                await self._wake.wait()
                await self._gather_company()
                group, asides = self._queue.take(MOST_TOGETHER), self._asides
                self._asides = []
                if not len(self._queue):
                    self._wake.clear()
                await self._begin(commits, sink, Group(group, asides, self._room.release))
                answers = self._answers.take(MOST_TOGETHER)
                if answers:
                    await self._begin(commits, sink, Group(answers, [], self._answered))

    async def _gather_company(self) -> None:
        """Let more frames come when the last group is young, unless a fire waits or a group is full."""
        loop = asyncio.get_running_loop()
        pause_s = self._begun_s + GATHER_S - loop.time()
        if pause_s > 0 and len(self._queue) < MOST_TOGETHER and not self._queue.has_fire:
            self._alarm.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._alarm.wait()
        self._begun_s = loop.time()

    async def _begin(self, commits: asyncio.TaskGroup, sink: Sink, group: Group) -> None:
        """Map a group and start to store it; returns when the next may be mapped."""
        harvest, handed_over = Harvest(), asyncio.Event()
        for aside in group.asides:
            aside.add(harvest)
        self._gather(group.frames, harvest)
        commits.create_task(self._commit(sink, group, harvest, handed_over))
        await handed_over.wait()

    def _answered(self) -> None:
        """Let the next answers go."""
        self._answers.busy = False
        if len(self._answers):
            self._wake.set()

    async def _commit(self, sink: Sink, group: Group, harvest: Harvest, handed_over: asyncio.Event) -> None:
        """Store one group, then confirm it, or let its frames come again."""
        try:
            await self._store(sink, harvest, handed_over)
        except StoreError as error:
            log.warning("%d frames not confirmed: %s", len(group.frames), error)
            self._refused(group.frames)
            await asyncio.sleep(REFUSED_PAUSE_S)
            self._asides[:0] = group.asides
            self._wake.set()
        else:
            self._confirm(group)
        finally:
            handed_over.set()
            group.ended()

    async def _store(self, sink: Sink, harvest: Harvest, handed_over: asyncio.Event) -> None:
        """Return when dead letters, readings and names are on disk.

        ``handed_over`` is set in the very step in which the sink takes the readings: the next group may be
        mapped from then on, because the newest time of each point is known. Readings wait for nothing. Where there
        are dead letters or answers, names go last, alone: a frame of which something was lost comes again.
        """
        batch = harvest.batch(self._hosting.table)
        if not harvest.letters and not any(one.answers_roll_call for one in harvest.operations):
            handed_over.set()
            if len(batch) or harvest.names:
                await sink.emit(batch, names=harvest.names)
            return

        async def readings() -> None:
            handed_over.set()
            if len(batch):
                await sink.emit(batch)

        await asyncio.gather(readings(), self._hear(harvest), *(sink.dead_letter(letter) for letter in harvest.letters))
        if harvest.names:
            await sink.emit(ReadingBatch.empty(batch.table), names=harvest.names)

    def _confirm(self, group: Group) -> None:
        self._stored(group.frames)
        for aside in group.asides:
            aside.done()
        now_s = asyncio.get_running_loop().time()
        self._tally.latencies_s.extend(now_s - one.received_s for one in group.frames if one.confirm)
