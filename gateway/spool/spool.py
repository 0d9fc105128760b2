"""The spool: what was read is on disk before anybody hears of it, and stays until the log has it.

Many callers, one writer: whoever calls `emit` while a group is being written joins the next group, so
that a commit serves all who wait for it. SQLite runs in a thread of its own; the event loop never
waits for a disk.

| fault | what happens |
|---|---|
| spool full | measures thinned, then the oldest dropped; events never; all counted by reason |
| disk full | measures and a ballast file are given up, the group is tried again; then StoreError |
| file damaged | set aside as ``<name>.damaged-<time>``; fire, events and what was remembered go over to a new one |
| killed at any moment | groups that were committed are there, whole; the others never were |
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self, TypeVar

from domain.batch import ReadingBatch
from domain.clock import Clock
from domain.errors import StoreError
from domain.points import Point
from gateway.connectors.contract import DeadLetter
from gateway.losses import DROPPED, Drop
from gateway.spool.ballast import Ballast
from gateway.spool.cursors import Cursors
from gateway.spool.database import DamagedError, FullError
from gateway.spool.figures import SpoolFigures
from gateway.spool.forecast import Forecast
from gateway.spool.jobs import NO_COUNTS, Counts, Job, group_size, joined
from gateway.spool.letters import rejected
from gateway.spool.memories import Memories, Names, NodeRecord, Remembered
from gateway.spool.rows import EVENT, MEASURE, URGENT, SpoolRow, rows_of
from gateway.spool.salvage import Salvaged, inheritance, renamed, salvage
from gateway.spool.store import Group, SpoolFile, SpoolLimits

T = TypeVar("T")

REMOVAL_DELAY_S = 0.1
"""Removals of delivered rows wait so long for company: if they are lost, a row is only sent twice."""

FREED_SHARE = 0.05
"""Part of the limit that is given up when the disk is full."""


class Spool:
    """An open spool; a `gateway.connectors.contract.Sink`. Make it with `open`, end it with `close`."""

    def __init__(self, path: Path, limits: SpoolLimits, clock: Clock) -> None:
        """Use `open`."""
        self._path = path
        self._ballast = Ballast(path)
        self.limits = limits
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="spool")
        self._file: SpoolFile
        self._names = Names()
        self._points: list[Point] = []
        self._nodes: dict[tuple[str, str], NodeRecord] = {}
        self._learned: list[Point] = []
        self._jobs: list[Job] = []
        self._published: list[SpoolRow] = []
        self._leaving: list[SpoolRow] = []
        """Delivered rows whose removal is being committed."""
        self._wake = asyncio.Event()
        """Set when a group is to be written at once."""
        self._later: asyncio.TimerHandle | None = None
        """Wakes the writer for what nobody waits for."""
        self._taken: set[int] = set()
        self._cursors = Cursors()
        self._fire_waits = True
        """Tells whether there may be fire that nobody has taken."""
        self._forecast = Forecast()
        self._writer: asyncio.Task[None] | None = None
        self._closing = False
        self.turned_s, self.trouble = time.monotonic(), ""
        """When the writer last wrote a group or failed to (monotonic); why it failed, empty when it did not."""
        self.arrived = asyncio.Event()
        """Set whenever rows were stored; whoever waits for it clears it."""
        self.remembered: Remembered
        """What an earlier life left beside its rows."""

    @classmethod
    async def open(cls, path: Path, *, limits: SpoolLimits, clock: Clock) -> Self:
        """Open the file at ``path``, or a new one when it is damaged; raises StoreError."""
        spool = cls(path, limits, clock)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            await spool._in_thread(spool._open_file)
            spool._points += spool.remembered.points
            spool._nodes |= {(node.unit, node.gateway): node for node in spool.remembered.nodes}
        except StoreError:
            spool._thread.shutdown()
            raise
        spool._writer = asyncio.create_task(spool._write(), name="spool-writer")
        return spool

    async def close(self) -> None:
        """Write what waits, then close the file."""
        self._closing = True
        self._wake.set()
        if self._writer is not None:
            await asyncio.gather(self._writer, return_exceptions=True)
        await self._in_thread(self._file.close)
        self._thread.shutdown()

    @property
    def id(self) -> str:
        """Name of the file's contents, part of every message id: rows of two files are never confused."""
        return self._file.id

    async def failure(self) -> None:
        """Wait for the writer to end, which it does only by a defect or by `close`; raises what ended it."""
        assert self._writer is not None  # noqa: S101  # set by open
        await asyncio.shield(self._writer)

    async def emit(self, batch: ReadingBatch, *, names: Sequence[bytes] = (), counts: Counts = NO_COUNTS) -> None:
        """Store readings and the names of their messages; returns after the commit.

        ``counts`` raise persistent counters with it. Raises StoreError when they can't be stored.
        """
        if len(batch) or names:
            await self._submit(Job(self._future(), batch if len(batch) else None, names=names, counts=Counter(counts)))

    async def dead_letter(self, letter: DeadLetter, *, names: Sequence[bytes] = ()) -> None:
        """Store a message that could not be used, and its names; returns after the commit."""
        await self._submit(Job(self._future(), letter=letter, names=names))

    def is_taken(self, name: bytes) -> bool:
        """Tell whether a message of this name was committed, in this life or an earlier one."""
        return name in self._names

    def learn(self, points: Iterable[Point]) -> None:
        """Remember points with the next commit, which nobody has to wait for."""
        new = list(points)
        self._learned += new
        self._points += new
        self._write_later()

    @property
    def learned(self) -> Sequence[Point]:
        """All points that were learned, now and in earlier lives."""
        return self._points

    async def set_limits(self, limits: SpoolLimits) -> None:
        """Keep to other limits; what is stored already stays, however small they are."""
        self.limits = limits
        await self._in_thread(lambda: self._file.limit(limits))

    async def save_nodes(self, nodes: Sequence[NodeRecord]) -> None:
        """Remember sessions of hosted nodes; returns after the commit."""
        self._nodes |= {(node.unit, node.gateway): node for node in nodes}
        await self._submit(Job(self._future(), nodes=nodes))

    async def count(self, name: str) -> int:
        """Raise a persistent counter by one and return its value, after the commit."""
        await self._submit(Job(self._future(), counts=Counter({name: 1})))
        return self._file.counters[name]

    async def events(self, most: int) -> list[SpoolRow]:
        """Take the next events: fire, then the others, oldest first each.

        A row is taken once; `give_back` makes it available again.
        """
        return await self.fires(most) or await self._onward(EVENT, "lane = ?", (EVENT,), most)

    async def fires(self, most: int) -> list[SpoolRow]:
        """Take fire that waits, oldest first; asks no thread where there is none."""
        if not self._fire_waits:
            return []
        self._fire_waits = False
        rows = await self._onward(URGENT, "lane = ?", (URGENT,), most)
        self._fire_waits = self._fire_waits or bool(rows)
        return rows

    async def fresh(self, most: int, since_ns: int) -> list[SpoolRow]:
        """Take measures that were stored at ``since_ns`` or later, oldest first."""
        self._cursors.since(since_ns)
        return await self._onward(MEASURE, "lane = ? AND added_ns >= ?", (MEASURE, since_ns), most)

    async def backlog(self, most: int, before_ns: int) -> list[SpoolRow]:
        """Take measures that were stored before ``before_ns``, oldest first."""
        rows, _ = await self._take("lane = ? AND added_ns < ?", (MEASURE, before_ns), 0, most)
        return rows

    def give_back(self, rows: Iterable[SpoolRow]) -> None:
        """Make rows available again that could not be delivered."""
        for row in rows:
            self._taken.discard(row.id)
            self._cursors.back(row)
            self._fire_waits = self._fire_waits or row.lane == URGENT
        self.arrived.set()

    def published(self, rows: Iterable[SpoolRow]) -> None:
        """Let go of rows that the log has; they are removed with one of the next commits."""
        self._published += rows
        self._write_later()

    async def reject(self, row: SpoolRow, reason: Drop, detail: str) -> None:
        """Set a row aside that the log refuses for good: a dead letter, and its readings counted as dropped."""
        letter = rejected(row, reason, detail, self._clock.now_ns())
        counts = Counter({DROPPED + reason: row.readings, "published": -row.readings})
        self._published.append(row)
        await self._submit(Job(self._future(), letter=letter, counts=counts))

    async def figures(self) -> SpoolFigures:
        """Return the state now."""
        file = self._file
        oldest_ns = await self._in_thread(file.oldest_ns)
        return SpoolFigures(
            counters=Counter(file.counters),
            batches=sum(file.batches),
            waiting_events=file.batches[EVENT] + file.batches[URGENT],
            size=sum(file.size),
            oldest_ns=oldest_ns,
            forecast_s=self._forecast.seconds(self.limits.most_measure_bytes - file.size[MEASURE], time.monotonic()),
        )

    async def letters(self) -> list[DeadLetter]:
        """Return the dead letters that are kept, oldest first."""
        return await self._in_thread(self._file.letters)

    async def _submit(self, job: Job) -> None:
        if self._closing or self._writer is None or self._writer.done():
            raise StoreError("the spool is closed")
        self._jobs.append(job)
        self._wake.set()
        await job.done

    def _write_later(self) -> None:
        """Have removals and learned points written with the next group that comes, or without any soon."""
        if self._later is None:
            self._later = asyncio.get_running_loop().call_later(REMOVAL_DELAY_S, self._wake.set)

    async def _onward(self, lane: int, condition: str, values: Sequence[int], most: int) -> list[SpoolRow]:
        """Take rows after the lane's cursor, and move it; asks no thread where nothing was stored behind it."""
        mark = self._cursors.mark(lane)
        if mark[0] >= self._file.last_id:
            return []
        rows, seen = await self._take(condition, values, mark[0], most)
        self._cursors.moved(lane, mark, seen)
        return rows

    async def _take(self, condition: str, values: Sequence[int], after: int, most: int) -> tuple[list[SpoolRow], int]:
        return await self._guarded(lambda: self._select(condition, values, after, most))

    def _select(self, condition: str, values: Sequence[int], after: int, most: int) -> tuple[list[SpoolRow], int]:
        """In the thread, so that no commit can drop a row between its choice and its being taken.

        Returns the rows, and the id up to which every row was looked at.
        """
        while True:
            found, seen = self._file.select(f"{condition} AND id > ?", (*values, after), most)
            if self._file.lost:
                self._names.forget(self._file.lost)
                self._file.lost.clear()
            rows = [row for row in found if row.id not in self._taken]
            if rows or seen == self._file.last_id:
                self._taken.update(row.id for row in rows)
                return rows, seen
            after = seen

    async def _write(self) -> None:
        """Write groups for ever: everything that waits goes into the next one."""
        while not (self._closing and not self._jobs and not self._published and not self._learned):
            await self._wake.wait()
            self._wake.clear()
            if self._later is not None:
                self._later.cancel()
                self._later = None
            count = group_size(self._jobs)
            jobs, self._jobs = self._jobs[:count], self._jobs[count:]
            gone, self._published = self._published, []
            learned, self._learned = self._learned, []
            if self._jobs or self._closing:
                self._wake.set()
            await self._write_group(jobs, gone, learned)

    async def _write_group(self, jobs: Sequence[Job], gone: list[SpoolRow], learned: list[Point]) -> None:
        try:
            await self._in_thread(lambda: self._commit(jobs, gone, learned))
        except Exception as error:  # whatever it was, each caller waits for an answer and gets this one
            self._published += gone
            self._learned = learned + self._learned
            self.turned_s, self.trouble = time.monotonic(), str(error)
            for job in jobs:
                if not job.done.done():
                    job.done.set_exception(error)
            if not isinstance(error, StoreError):
                raise  # a defect: the callers know, and `failure` ends the process
            if self._closing:
                self._published.clear()  # they are sent once more after the next start, and known as second copies
                self._learned.clear()  # their devices will show them again
            return
        self.turned_s, self.trouble = time.monotonic(), ""
        self._taken.difference_update(row.id for row in gone if row.spool == self._file.id)
        for job in jobs:
            if not job.done.done():
                job.done.set_result(None)
        if any(job.batch is not None for job in jobs):
            self.arrived.set()

    def _commit(self, jobs: Sequence[Job], gone: list[SpoolRow], learned: list[Point]) -> None:
        """In the thread: write one group, giving up measures or the file itself where it must."""
        now_ns = self._clock.now_ns()
        group = Group(published=gone, memories=Memories(points=learned))
        batches = [job.batch for job in jobs if job.batch is not None]
        group.rows = rows_of(joined(batches), now_ns) if batches else []
        for job in jobs:
            group.letters += [job.letter] if job.letter is not None else []
            group.counts.update(job.counts)
            group.memories.names += job.names
            group.memories.nodes += job.nodes
        in_use = self._taken - {row.id for row in gone}
        self._leaving = gone
        try:
            span = self._file.commit(group, now_ns, in_use)
        except DamagedError:
            self._set_aside()
            span = self._file.commit(group, now_ns, frozenset())
        except FullError:
            self._ballast.give_up()
            self._file.free(FREED_SHARE, in_use)
            span = self._file.commit(group, now_ns, in_use)
            self._ballast.hold()
        self._leaving = []
        self._names.add(group.memories.names, span)
        self._fire_waits = self._fire_waits or any(row.lane == URGENT for row in group.rows)
        self._forecast.add(sum(row.size for row in group.rows if row.lane == MEASURE), time.monotonic())

    async def _guarded(self, work: Callable[[], T]) -> T:
        """Run a read in the thread; a damaged file is set aside and the new one is asked."""
        try:
            return await self._in_thread(work)
        except DamagedError:
            await self._in_thread(self._set_aside)
            return await self._in_thread(work)

    def _set_aside(self) -> None:
        """In the thread: start a new file with what the old one still gives, and all that is in memory."""
        old = self._file
        delivered = {row.id for row in [*self._published, *self._leaving] if row.spool == old.id}
        counters = Counter(old.counters)
        old.close()
        found = salvage(renamed(self._path, self._clock.now_ns()), delivered)
        found.named, found.points, found.nodes = list(self._names), list(self._points), list(self._nodes.values())
        found.counters = counters
        self._begin_anew(found)

    def _open_file(self) -> None:
        """In the thread: open the file; a damaged one is renamed, counted, and gives what it can."""
        try:
            self._file = SpoolFile(self._path, self.limits)
            try:
                self.remembered, self._names = self._file.remembered()
            except DamagedError:
                self._file.close()
                raise
        except DamagedError:
            self._begin_anew(salvage(renamed(self._path, self._clock.now_ns())))
        self._fire_waits = True
        self._ballast.hold()

    def _begin_anew(self, found: Salvaged) -> None:
        """In the thread: open a new file with what was salvaged."""
        now_ns = self._clock.now_ns()
        self._file = SpoolFile(self._path, self.limits)
        group = inheritance(found, now_ns)
        try:
            self._file.commit(group, now_ns, frozenset())
        except FullError:  # two files need more room than one
            self._ballast.give_up()
            self._file.commit(group, now_ns, frozenset())
        self.remembered, self._names = self._file.remembered()
        self._taken.clear()
        self._cursors.reset()
        self._fire_waits = True

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _future(self) -> asyncio.Future[None]:
        return asyncio.get_running_loop().create_future()
