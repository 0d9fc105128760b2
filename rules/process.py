"""The rules process: its share of the partitions by lease, one worker each, ticks into their logs, its status."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from backbone import subjects
from backbone.client import Backbone
from backbone.lease import DEFAULT_TTL_S, Lease
from backbone.subjects import STATUS_BUCKET
from domain.cancellation import heed_cancellation
from domain.errors import LinkError, RefusedError
from domain.site import Registry
from rules import report
from rules.clerk import Clerk
from rules.desk import Desk
from rules.ground import Ground
from rules.helper import Command
from rules.membership import PARTITION, Membership
from rules.model import RuleSet
from rules.report import STATUS_KEY
from rules.rollout import Reader, Rollout
from rules.sharing import given_up, taken
from rules.standing import EVERY_S, Standings, standing
from rules.worker import Ownership, Worker

__all__ = ["STATUS_KEY", "machine_name", "run"]

log = logging.getLogger(__name__)

RETRY_S = 0.25
TICK_S = 1.0


async def run(
    registry: Registry,
    backbone: Backbone,
    ruleset: RuleSet,
    *,
    stop: asyncio.Event,
    lease_ttl_s: float = DEFAULT_TTL_S,
    name: str = "",
    reader: Reader | None = None,
    helper: Command = (),
) -> None:
    """Own this process's share of the partitions until ``stop``; then write checkpoints and let go.

    One process owns them all. Several, on one machine or many, share them fairly: each partition has one owner, and
    another takes it over when the owner has not renewed its lease for ``lease_ttl_s``. ``name`` is what
    this one is called; the machine's name without. With a ``reader``, rules that are applied while it runs are taken
    without a restart (`rules.rollout`). ``helper`` starts a process for what would hold this one up (`rules.helper`).
    """
    await _retried(backbone.ensure_streams, stop)
    members = Membership(backbone, name or machine_name(), lease_ttl_s)
    await _retried(members.join, stop)
    if stop.is_set():
        return
    rollout = Rollout(ruleset, reader)
    await rollout.looked(backbone)
    process = _Process(_Grounds(registry, rollout, backbone.partitions), backbone, members, lease_ttl_s)
    async with asyncio.TaskGroup() as group:
        alive = group.create_task(members.run(), name="rules-member")
        telling = group.create_task(process.tell(), name="rules-status")
        following = group.create_task(process.follow(stop), name="rules-rollout")
        counting = group.create_task(process.count(), name="rules-standing")
        clerk = Clerk(backbone, rollout, lambda: members.speaks, helper)
        answering = group.create_task(clerk.run(), name="rules-clerk")
        await process.share(stop)
        for task in (alive, telling, following, counting, answering):
            task.cancel()
    await members.leave()
    with contextlib.suppress(LinkError, RefusedError):
        await backbone.kv_delete(STATUS_BUCKET, report.status_key(members.name))


def machine_name() -> str:
    """Return what this machine is called, as a token of a subject."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", socket.gethostname().partition(".")[0]) or "rules"


@dataclass(frozen=True, slots=True)
class _Grounds:
    """Makes the ground of a partition: the rules on its units."""

    registry: Registry
    rollout: Rollout
    partitions: int

    def of(self, partition: int) -> Ground:
        units = {unit for unit in self.registry.units if subjects.partition_of(unit, self.partitions) == partition}
        ground = Ground(self.registry, units, self.rollout.ruleset)
        ground.build()
        return ground


class _Process:
    """Takes and gives up partitions as is fair, and tells how they are."""

    def __init__(self, grounds: _Grounds, backbone: Backbone, members: Membership, ttl_s: float) -> None:
        self._grounds, self._backbone, self._members, self._ttl_s = grounds, backbone, members, ttl_s
        self._held: dict[int, _Holding] = {}
        self._free_since: dict[int, float] = {}
        self._standings = Standings(backbone)

    async def share(self, stop: asyncio.Event) -> None:
        """Hold what is ours until told to stop, then end all workers."""
        while not stop.is_set():
            try:
                await self._members.watch.look()
                await self._settle()
            except (LinkError, RefusedError) as error:
                log.debug("nobody knows who holds what: %s", error)
            await _pause(self._members.watch.pause_s, stop)
        await asyncio.gather(*(holding.end() for holding in self._held.values()))

    async def _settle(self) -> None:
        """Take what we should have, and let go of at most one that we should not."""
        for partition in [number for number, holding in self._held.items() if holding.over]:
            self._standings.forget(partition)
            await self._held.pop(partition).end()
        holders = self._members.holders(self._backbone.partitions)
        mine = {number for number, holder in holders.items() if holder == self._members.name}
        for partition in sorted(mine - self._held.keys()):  # from a life before, or a worker that failed
            await self._take(partition)
        self._note_free(holders)
        for partition in taken(self._members.name, self._members.members, holders, self._backbone.partitions):
            await self._take(partition)
        for partition in self._left_over():
            await self._take(partition)
        surplus = given_up(self._members.name, self._members.members, holders)
        if surplus in self._held and not any(holding.ending for holding in self._held.values()):
            log.info("partition %d: given up, so that all have the same", surplus)
            self._held[surplus].ask_to_end()

    def _note_free(self, holders: dict[int, str]) -> None:
        now_s = time.monotonic()
        free = [number for number in range(self._backbone.partitions) if number not in holders]
        self._free_since = {number: self._free_since.get(number, now_s) for number in free}

    def _left_over(self) -> list[int]:
        """Return the partitions that those whose turn it was did not take."""
        now_s = time.monotonic()
        return [number for number, since_s in self._free_since.items() if now_s - since_s > self._ttl_s]

    async def _take(self, partition: int) -> None:
        key = f"{PARTITION}{partition}"
        if partition in self._held:
            return
        lease = await Lease.take(self._backbone, key, self._members.name, self._members.watch.entries.get(key))
        if lease is not None:
            self._held[partition] = _Holding(self._grounds, self._backbone, lease, partition, self._ttl_s)

    async def follow(self, stop: asyncio.Event) -> None:
        """Look for rules that were applied, and bring every worker to them, also one that began meanwhile."""
        rollout = self._grounds.rollout
        while not stop.is_set():
            await rollout.looked(self._backbone)
            for holding in self._held.values():
                if holding.worker is not None and holding.worker.engine.plan.version != rollout.ruleset.version:
                    holding.worker.want(rollout.ruleset)
            await _pause(2 * RETRY_S, stop)

    async def count(self) -> None:
        """Write how the alarms of each rule stand, now and then."""
        while True:
            heed_cancellation()
            await asyncio.sleep(EVERY_S)
            for partition, holding in list(self._held.items()):
                worker = holding.worker
                if worker is None:
                    continue
                try:
                    if not holding.remembers:
                        worker.last = await self._standings.remembered(partition) | worker.last
                        holding.remembers = True
                    await self._standings.write(partition, standing(worker.engine, worker.last), time.time_ns())
                except (LinkError, RefusedError) as error:
                    log.debug("partition %d: no states of rules: %s", partition, error)

    async def tell(self) -> None:
        """Write our document every second, and that of all when it is ours to write."""
        while True:
            heed_cancellation()
            try:
                await self._tell()
            except (LinkError, RefusedError) as error:
                log.debug("no status: %s", error)
            await asyncio.sleep(1.0)

    async def _tell(self) -> None:
        statuses = [one.worker.status for _, one in sorted(self._held.items()) if one.worker is not None]
        name = self._members.name
        mine = await report.own_document(self._backbone, self._grounds.rollout, statuses)
        await self._backbone.put_status(report.status_key(name), mine)
        if self._members.speaks:
            others = [member for member in self._members.members if member != name]
            documents = {name: mine, **await report.documents_of(self._backbone, others)}
            now_s = time.monotonic()
            unowned_s = {number: now_s - since_s for number, since_s in self._free_since.items()}
            await self._backbone.put_status(STATUS_KEY, report.joint_document(documents, unowned_s))


class _Holding:
    """A partition that we hold, with its worker and its ticks, as long as we may."""

    def __init__(self, grounds: _Grounds, backbone: Backbone, lease: Lease, partition: int, ttl_s: float) -> None:
        self._grounds, self._backbone, self._lease = grounds, backbone, lease
        self._partition, self._ttl_s = partition, ttl_s
        self._one_at_a_time = asyncio.Lock()
        self._ended = asyncio.Event()
        self.worker: Worker | None = None
        self.remembers = False
        """Whether the worker knows the last transitions of the owner before it; for people, and so not waited for."""
        self._task = asyncio.create_task(self._run(), name=f"rules-partition-{partition}")

    @property
    def over(self) -> bool:
        """Tell whether it has ended, by itself or because it was asked."""
        return self._task.done()

    @property
    def ending(self) -> bool:
        """Tell whether it is to end."""
        return self._ended.is_set()

    def ask_to_end(self) -> None:
        """Let the worker write its checkpoint and give up the lease."""
        self._ended.set()

    async def end(self) -> None:
        """Wait until that is done; raises what the worker did not foresee."""
        self._ended.set()
        await self._task

    async def _run(self) -> None:
        try:
            await self._own()
        except (LinkError, RefusedError) as error:  # FencedError, too: the partition is somebody else's now
            log.warning("partition %d: %s", self._partition, error)

    async def _own(self) -> None:
        helpers = [asyncio.create_task(self._renew()), asyncio.create_task(self._tick())]
        try:
            worker = await asyncio.to_thread(self._make_worker)
            self.worker = worker
            async with Desk(self._backbone, worker, self._grounds.rollout, self._partition).open():
                await worker.run(Ownership(epoch=self._lease.epoch, still_ours=self._still_ours, ended=self._ended))
        finally:
            self.worker = None
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
        await self._lease.release()

    def _make_worker(self) -> Worker:
        """Compile for the partition's units; takes seconds for a million points, so not in the event loop."""
        return Worker(self._grounds.of(self._partition), self._backbone, partition=self._partition)

    async def _still_ours(self) -> bool:
        """Renew; one renewal at a time, because two at once would fence each other."""
        async with self._one_at_a_time:
            return await self._lease.renew()

    async def _renew(self) -> None:
        """Show signs of life. A link that is away is no loss: what we write without the lease is fenced."""
        while not self._ended.is_set():
            heed_cancellation()
            pause_s = self._ttl_s / 3
            try:
                if not await self._still_ours():
                    log.warning("partition %d: the lease is lost", self._partition)
                    self._ended.set()
            except (LinkError, RefusedError) as error:
                log.warning("partition %d: lease not renewed: %s", self._partition, error)
                pause_s = RETRY_S
            await asyncio.sleep(pause_s)

    async def _tick(self) -> None:
        """Write the log's second hand. A tick that can't be written is no tick: time that nobody could use."""
        while True:
            heed_cancellation()
            now_s = time.time()
            second = int(now_s)
            try:
                await self._backbone.publish(
                    subjects.tick(self._partition),
                    str(second).encode(),
                    message_id=f"tick-{self._partition}-{second}",
                    timeout_s=TICK_S,
                )
            except (LinkError, RefusedError) as error:
                log.debug("partition %d: no tick: %s", self._partition, error)
            await asyncio.sleep(max(0.05, TICK_S - (time.time() - second)))


async def _pause(seconds: float, stop: asyncio.Event) -> None:
    """Sleep, but not past ``stop``."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


async def _retried(action: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """Do something that needs the backbone until it works."""
    while not stop.is_set():
        try:
            return await action()
        except LinkError as error:
            log.warning("waiting for the backbone: %s", error)
            await _pause(RETRY_S, stop)
    return None
