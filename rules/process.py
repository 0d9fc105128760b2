"""The rules process: partitions by lease, ticks into their logs, one worker each, a status every second."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from backbone import subjects
from backbone.client import Backbone
from backbone.layout import TELEMETRY
from backbone.lease import DEFAULT_TTL_S, Lease
from domain.clock import NS_PER_S
from domain.errors import LinkError, RefusedError
from domain.site import Registry
from rules.desk import Desk
from rules.ground import Ground
from rules.model import RuleSet
from rules.rollout import Reader, Rollout
from rules.worker import Ownership, Worker
from rules.worker_status import WorkerStatus

log = logging.getLogger(__name__)

STATUS_KEY = "rules.main"
RETRY_S = 0.5
TICK_S = 1.0


async def run(
    registry: Registry,
    backbone: Backbone,
    ruleset: RuleSet,
    *,
    stop: asyncio.Event,
    lease_ttl_s: float = DEFAULT_TTL_S,
    reader: Reader | None = None,
) -> None:
    """Own as many partitions as nobody else does, until ``stop``; then write checkpoints and let go.

    Several processes may run at once: each partition has one owner, and another takes it over when the
    owner has not renewed its lease for ``lease_ttl_s``. With a ``reader``, rules that are applied while it runs are
    taken without a restart (`rules.rollout`).
    """
    await _retried(backbone.ensure_streams, stop)
    rollout = Rollout(ruleset, reader)
    await rollout.looked(backbone)
    owner = f"rules-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    grounds = _Grounds(registry, rollout, backbone.partitions)
    keepers = [_Keeper(grounds, backbone, _Claim(number, owner, lease_ttl_s)) for number in range(backbone.partitions)]
    async with asyncio.TaskGroup() as group:
        for keeper in keepers:
            group.create_task(keeper.run(stop), name=f"rules-partition-{keeper.partition}")
        group.create_task(_report(backbone, rollout, keepers, stop), name="rules-status")
        group.create_task(_follow(backbone, rollout, keepers, stop), name="rules-rollout")


@dataclass(frozen=True, slots=True)
class _Claim:
    """Who wants which partition, and for how long a lease lives."""

    partition: int
    owner: str
    ttl_s: float


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


class _Keeper:
    """Gets the lease of one partition and keeps it, with its worker and its ticks, as long as it may."""

    def __init__(self, grounds: _Grounds, backbone: Backbone, claim: _Claim) -> None:
        self._grounds, self._backbone, self._claim = grounds, backbone, claim
        self.partition = claim.partition
        self._one_at_a_time = asyncio.Lock()
        self.worker: Worker | None = None

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                lease = await Lease.acquire(
                    self._backbone, f"rules-{self.partition}", self._claim.owner, self._claim.ttl_s
                )
                if lease is not None:
                    await self._own(lease, stop)
            except (LinkError, RefusedError) as error:  # FencedError, too: the partition is somebody else's now
                log.warning("partition %d: %s", self.partition, error)
            await _pause(RETRY_S, stop)

    async def _own(self, lease: Lease, stop: asyncio.Event) -> None:
        ended = asyncio.Event()
        helpers = [
            asyncio.create_task(self._renew(lease, ended)),
            asyncio.create_task(self._tick()),
            asyncio.create_task(_forward(stop, ended)),
        ]
        try:
            worker = await asyncio.to_thread(self._make_worker)
            self.worker = worker
            ownership = Ownership(epoch=lease.epoch, still_ours=lambda: self._still_ours(lease), ended=ended)
            async with Desk(self._backbone, worker, self._grounds.rollout, self.partition).open():
                await worker.run(ownership)
        finally:
            self.worker = None
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
        await lease.release()

    def _make_worker(self) -> Worker:
        """Compile for the partition's units; takes seconds for a million points, so not in the event loop."""
        return Worker(self._grounds.of(self.partition), self._backbone, partition=self.partition)

    async def _still_ours(self, lease: Lease) -> bool:
        """Renew; one renewal at a time, because two at once would fence each other."""
        async with self._one_at_a_time:
            return await lease.renew()

    async def _renew(self, lease: Lease, ended: asyncio.Event) -> None:
        """Show signs of life. A link that is away is no loss: what we write without the lease is fenced."""
        while not ended.is_set():
            await asyncio.sleep(self._claim.ttl_s / 3)
            try:
                if not await self._still_ours(lease):
                    log.warning("partition %d: the lease is lost", self.partition)
                    ended.set()
            except (LinkError, RefusedError) as error:
                log.warning("partition %d: lease not renewed: %s", self.partition, error)

    async def _tick(self) -> None:
        """Write the log's second hand. A tick that can't be written is no tick: time that nobody could use."""
        while True:
            now_s = time.time()
            second = int(now_s)
            try:
                await self._backbone.publish(
                    subjects.tick(self.partition),
                    str(second).encode(),
                    message_id=f"tick-{self.partition}-{second}",
                    timeout_s=TICK_S,
                )
            except (LinkError, RefusedError) as error:
                log.debug("partition %d: no tick: %s", self.partition, error)
            await asyncio.sleep(max(0.05, TICK_S - (time.time() - second)))


async def _follow(backbone: Backbone, rollout: Rollout, keepers: Iterable[_Keeper], stop: asyncio.Event) -> None:
    """Look for rules that were applied, and bring every worker to those that count, also one that began meanwhile."""
    while not stop.is_set():
        await rollout.looked(backbone)
        for keeper in keepers:
            if keeper.worker is not None and keeper.worker.engine.plan.version != rollout.ruleset.version:
                keeper.worker.want(rollout.ruleset)
        await _pause(RETRY_S, stop)


async def _report(backbone: Backbone, rollout: Rollout, keepers: Iterable[_Keeper], stop: asyncio.Event) -> None:
    """Write the status document every second, the last one included."""
    while not stop.is_set():
        statuses = [keeper.worker.status for keeper in keepers if keeper.worker is not None]
        try:
            lags = [await _lag(backbone, status) for status in statuses]
            await backbone.put_status(STATUS_KEY, _document(rollout, statuses, lags))
        except (LinkError, RefusedError) as error:
            log.debug("no status: %s", error)
        await _pause(1.0, stop)


async def _lag(backbone: Backbone, status: WorkerStatus) -> int:
    """Return how far a partition is behind: sequences from its last message to that of its newest data."""
    newest = await backbone.last_seq(TELEMETRY, f"tel.{status.partition}.>")
    return max(0, newest - status.seq)


def _document(rollout: Rollout, statuses: list[WorkerStatus], lags: list[int]) -> dict[str, Any]:
    """Add up the partitions; they stand one by one as well."""
    summed = ("readings", "transitions", "late", "ahead", "unusable", "unknown_points", "unknown_devices", "unreadable")
    grown = ("learned", "grown", "growing_ms", "open_alarms")
    oldest_ns = min((status.log_ns for status in statuses), default=0)
    return {
        **{name: sum(getattr(status, name) for status in statuses) for name in (*summed, *grown)},
        "lag": sum(lags),
        "lag_s": round((time.time_ns() - oldest_ns) / NS_PER_S, 3) if oldest_ns else None,
        "partitions": [status.partition for status in statuses],
        "rules": len(rollout.ruleset),
        "version": rollout.ruleset.version,
        "rollout": rollout.status(),
        "by_partition": [asdict(status) for status in statuses],
    }


async def _forward(stop: asyncio.Event, ended: asyncio.Event) -> None:
    await stop.wait()
    ended.set()


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
