"""One partition, from its lease to its last checkpoint.

    checkpoint ─▶ read on in order ─▶ engine ─▶ publish what is new, fenced ─▶ checkpoint …

Exactly once, whatever happens in between: the engine makes the same transitions with the same ids from
the same log, a checkpoint is written only after everything before it is in ALARMS, and a new owner reads
what stands in ALARMS after its checkpoint and leaves those ids out. So the outage may be longer than the
server's duplicate window. Each write is refused unless the last transition of the partition is the one
this owner knows: an owner that was asleep can't write among those of its successor.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from backbone import subjects
from backbone.client import Backbone
from backbone.errors import FencedError
from backbone.layout import ALARMS, TELEMETRY
from backbone.messages import LogMessage
from backbone.sparkplug.learning import births
from domain.alarm import Transition
from domain.errors import LinkError, RefusedError, WireError
from domain.points import Point
from rules.decoding import Decoder
from rules.engine import Engine
from rules.ground import Ground, Learned, births_in, points_born
from rules.identity import Identity
from rules.model import RuleSet
from rules.rule_change import RuleChange
from rules.snapshot import Place, Restored, fingerprint_of, restore, save
from rules.standing import Last, note
from rules.worker_status import Growth, WorkerStatus

log = logging.getLogger(__name__)

CHECKPOINT_EVERY_S = 5.0
RETRY_S = 0.25
WRITE_S = 2.0
"""How long an answer to a write may take: longer than a disk, shorter than an election's end would cost a fire."""
BEHIND_S = 20.0
"""How long a node that was elected a moment ago may need until it knows the log's end (assumption)."""
A_PART = 100
"""Messages evaluated at a stretch: 100 ticks of a million points take 0.4 s, a lease lives 3 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """A partition's lease as its worker sees it: the epoch, a question, and the end."""

    epoch: int
    still_ours: Callable[[], Awaitable[bool]]
    ended: asyncio.Event


class Worker:
    """Owns one partition as long as it holds the lease."""

    def __init__(self, ground: Ground, backbone: Backbone, *, partition: int) -> None:
        """Work on some ground, which has been built."""
        self._backbone = backbone
        self._partition = partition
        self._ground = ground
        self._decoder = Decoder(ground.plan.site, partition, backbone.partitions)
        self._engine = Engine(ground.plan, partition)
        self._identity_is_stored = False
        self._key_names = [f"{self._name}-keys-a", f"{self._name}-keys-b"]
        self._growth = Growth()
        self._change = RuleChange()
        self._seq = 0
        self._log = ""
        self._alarm_seq = 0
        self._saved_seq = -1
        self._saved_at = 0.0
        self._covered_alarm_seq = 0
        self._written: dict[str, int] = {}
        self._skipped = 0
        self.last: Last = {}

    @property
    def status(self) -> WorkerStatus:
        """Figures for the status document."""
        counts, unused, site = self._engine.counts, self._decoder.counts, self._engine.plan.site
        return WorkerStatus(
            partition=self._partition,
            seq=self._seq,
            log_ns=self._engine.clock.last_ns or 0,
            readings=counts.readings,
            transitions=counts.transitions,
            late=counts.late,
            ahead=counts.ahead,
            unusable=counts.unusable,
            unknown_points=unused.unknown_points,
            unknown_devices=unused.unknown_devices + unused.unknown_gateways,
            unreadable=unused.unreadable,
            skipped=self._skipped,
            open_alarms=self._engine.slots.open_count(),
            learned=int(np.count_nonzero(site.learned & ~site.spare)),
            grown=self._growth.times,
            growing_ms=round(self._growth.seconds * 1000),
            rules=self._engine.plan.version,
            change=self._change.told,
        )

    @property
    def engine(self) -> Engine:
        """The engine as it stands between two messages; to look at."""
        return self._engine

    @property
    def ground(self) -> Ground:
        """The site and rules under the engine."""
        return self._ground

    def want(self, ruleset: RuleSet) -> None:
        """Go over to other rules after the batch at hand, in the state that keeps its meaning."""
        self._change.wanted = ruleset

    async def run(self, ownership: Ownership) -> None:
        """Work until ``ownership.ended`` is set, then write a last checkpoint.

        Raises FencedError when another owner has written, LinkError or RefusedError when the backbone
        can't be used; whoever calls starts a new worker, or lets go.
        """
        await self._take_over()
        log.info("partition %d: from sequence %d, epoch %d", self._partition, self._seq + 1, ownership.epoch)
        batches = self._backbone.reader(
            TELEMETRY, subjects=subjects.partition_subjects(self._partition), start_seq=self._seq + 1, began=self._log
        )
        ended = asyncio.create_task(ownership.ended.wait())
        try:
            while (batch := await _next_or(batches, ended)) is not None:
                if batch[0].seq <= self._seq:
                    raise LinkError("TELEMETRY was made anew")
                await self._take(batch, ownership)
                await self._take_rules()
                await self._checkpoint(ownership, at_least_every_s=CHECKPOINT_EVERY_S)
            await self._checkpoint(ownership)
        finally:
            ended.cancel()
            await batches.aclose()  # type: ignore[attr-defined]  # it is an async generator

    async def _take(self, batch: Sequence[LogMessage], ownership: Ownership) -> None:
        """Evaluate a batch and write what it says, fire first; an alarm's own order stays.

        What the births of the batch tell of is learned all at once; growing may take seconds, so what stands
        before the first new birth does not wait for it.
        """
        if told := births_in(batch):
            born = await asyncio.to_thread(points_born, told)
            news = self._ground.first_news(batch, born)
            if news < len(batch):
                await self._evaluate(batch[:news], ownership)
                batch = batch[news:]
            await self._learn([point for points in born.values() for point in points])
        await self._evaluate(batch, ownership)

    async def _evaluate(self, batch: Sequence[LogMessage], ownership: Ownership) -> None:
        """Evaluate in parts, so that a long replay leaves the event loop time to renew the lease."""
        for start in range(0, len(batch), A_PART):
            part = batch[start : start + A_PART]
            said = self._engine.feed(self._decoder.decode(part))
            for transition in sorted(said, key=lambda one: one.alarm_class.priority):
                await self._write(transition, ownership)
                note(self.last, transition)
            self._seq = part[-1].seq
            await asyncio.sleep(0)

    async def _learn(self, points: Sequence[Point]) -> None:
        """Go on with the same state on grown ground."""
        began = time.perf_counter()
        learned = self._ground.learn(points)
        if learned is Learned.NOTHING:
            return
        if learned is Learned.ANEW:
            self._engine = await asyncio.to_thread(self._ground.grow, self._engine)
            self._decoder = self._decoder.on(self._engine.plan.site)
            self._growth.times += 1
        self._identity_is_stored = False
        self._growth.seconds += time.perf_counter() - began

    async def _take_rules(self) -> None:
        """Go over to other rules when somebody wants that; what stands in the log before was said by the old ones."""
        changed = await self._change.take(self._ground, self._engine)
        if changed is None:
            return
        self._ground, self._engine, restored = changed
        self._decoder = self._decoder.on(self._engine.plan.site)
        self._identity_is_stored, self._saved_seq = False, -1
        self._report(restored)

    async def _write(self, transition: Transition, ownership: Ownership) -> None:
        """Publish one transition, unless it is there already; waits while the backbone is away."""
        subject = subjects.alarm(self._partition, transition.place.unit, transition.alarm_class.value, transition.rule)
        payload = transition.model_dump_json().encode()
        while transition.id not in self._written:
            try:
                ack = await self._backbone.publish(
                    subject,
                    payload,
                    message_id=transition.id,
                    expect_last=(self._filter, self._alarm_seq),
                    timeout_s=WRITE_S,
                )
            except LinkError as error:
                if ownership.ended.is_set():
                    raise
                log.warning("partition %d: %s waits for the backbone: %s", self._partition, transition.rule, error)
                await asyncio.sleep(RETRY_S)
            except FencedError:
                if not await ownership.still_ours():
                    raise
                # still ours: what stands there is our own write whose answer was lost, or that of the
                # owner before us, who made it from the same log and so under the same id; in a cluster
                # it may still be on its way
                if not await self._read_written():
                    await asyncio.sleep(RETRY_S)
            else:
                self._alarm_seq = max(self._alarm_seq, ack.seq)
                return
        self._skipped += 1

    @property
    def _filter(self) -> str:
        return f"alarm.{self._partition}.>"

    async def _take_over(self) -> None:
        """Load the last checkpoint and learn what was written after it."""
        try:
            data = await self._backbone.load_checkpoint(self._name)
        except WireError:
            log.exception("partition %d: the checkpoint can't be read", self._partition)
            data = None
        await self._restore(data)
        if not await self._is_same_log():
            log.warning("partition %d: TELEMETRY ends before the checkpoint: it is a new stream", self._partition)
            self._begin_anew()
        await self._read_written()

    async def _is_same_log(self) -> bool:
        """Tell whether the checkpoint is one of this log; a log that ends too early gets time to find its end."""
        began = await self._backbone.log_began(TELEMETRY)
        is_known, self._log = self._log, began
        if is_known not in ("", began):
            return False
        give_up_s = asyncio.get_running_loop().time() + (BEHIND_S if is_known else 0.0)
        while self._seq > await self._backbone.last_seq(TELEMETRY):
            if asyncio.get_running_loop().time() >= give_up_s:
                return False
            await asyncio.sleep(RETRY_S)
        return True

    def _begin_anew(self) -> None:
        """Forget all state: the log is read from its start."""
        self._engine = Engine(self._ground.plan, self._partition)
        self._seq = self._alarm_seq = self._covered_alarm_seq = 0

    async def _restore(self, data: bytes | None) -> None:
        """Learn what births tell, and bring the engine to a checkpoint, if there is one.

        A damaged one costs a replay of the whole log, nothing else.
        """
        theirs = None if data is None else await self._keys_of(data)
        known = theirs.learned if theirs else ()
        await self._learn([*await births(self._backbone, self._partition), *known])
        if data is None or theirs is None:
            return
        try:
            place, restored = restore(self._engine, data, self._ground.identity, theirs)
        except WireError:
            log.exception("partition %d: the checkpoint can't be used; the log is read from its start", self._partition)
            self._begin_anew()
            return
        self._seq, self._alarm_seq, self._covered_alarm_seq = place.seq, place.alarm_seq, place.alarm_seq
        self._log = place.log
        self._identity_is_stored = restored.same_plan
        self._report(restored)

    async def _keys_of(self, data: bytes) -> Identity | None:
        """Return the keys that a checkpoint was made with, None (and a word about it) when they can't be had."""
        try:
            wanted = fingerprint_of(data)
            for name in tuple(self._key_names):
                stored = await self._backbone.load_checkpoint(name)
                if stored is not None and (theirs := Identity.decode(stored)).fingerprint == wanted:
                    self._key_names.sort(key=name.__eq__)  # the other one is written next
                    return theirs
        except WireError:
            log.exception("partition %d: the checkpoint can't be read", self._partition)
        log.warning("partition %d: the checkpoint can't be used; the log is read from its start", self._partition)
        return None

    def _report(self, restored: Restored) -> None:
        """Say what a change of rules or site did to open alarms."""
        if restored.same_plan:
            return
        log.log(
            logging.WARNING if restored.restarted or restored.orphans else logging.INFO,
            "partition %d: rules or points changed; %d alarms keep their state, %d open ones are judged anew: %s",
            self._partition,
            restored.kept,
            len(restored.restarted),
            ", ".join(restored.restarted) or "none",
        )
        if restored.orphans:
            log.warning(
                "partition %d: open alarms without a rule or entity now, left to the people who handle them: %s",
                self._partition,
                ", ".join(restored.orphans),
            )

    async def _read_written(self) -> bool:
        """Learn the ids that stand in ALARMS after the last one we know, and which is the last; tell if that is new."""
        last = await self._backbone.last_seq(ALARMS, self._filter)
        found = await self._backbone.messages(
            ALARMS, subjects=[self._filter], start_seq=self._alarm_seq + 1, end_seq=last
        )
        for message in found:
            try:
                written = _transition(message)
            except WireError as error:
                log.warning("partition %d: %s; passed over", self._partition, error)
                continue
            self._written[written.id] = written.input_seq
        before, self._alarm_seq = self._alarm_seq, last  # 0 when all have aged out: then a write expects that
        return last != before

    async def _checkpoint(self, ownership: Ownership, at_least_every_s: float = 0.0) -> None:
        """Save the state; all that it said is in ALARMS by now. A failure is tried again next time."""
        now = asyncio.get_running_loop().time()
        if self._seq == self._saved_seq or now - self._saved_at < at_least_every_s:
            return
        self._forget_written()
        place = Place(seq=self._seq, alarm_seq=self._covered_alarm_seq, epoch=ownership.epoch, log=self._log)
        identity = self._ground.identity
        try:
            if not await ownership.still_ours():
                return  # a sleeper's checkpoint would send its successor's successor back in the log
            if not self._identity_is_stored:
                await self._backbone.save_checkpoint(self._key_names[0], await asyncio.to_thread(identity.encode))
            await self._backbone.save_checkpoint(self._name, save(self._engine, place, identity.fingerprint))
        except (LinkError, RefusedError) as error:
            log.warning("partition %d: no checkpoint: %s", self._partition, error)
            return
        self._saved_seq, self._saved_at = self._seq, now
        if not self._identity_is_stored:
            self._identity_is_stored = True
            self._key_names.reverse()  # the checkpoint in store needs these; the next ones are written elsewhere

    def _forget_written(self) -> None:
        """Let go of ids whose input lies behind us.

        While a replay has not passed all that was written before, a checkpoint must lead its reader to
        those ids again: it names the transition up to which ALARMS is explained by the state it holds.
        """
        self._written = {name: seq for name, seq in self._written.items() if seq > self._seq}
        if not self._written:
            self._covered_alarm_seq = self._alarm_seq

    @property
    def _name(self) -> str:
        return f"rules-{self._partition}"


async def _next_or(
    batches: AsyncIterator[list[LogMessage]], ended: asyncio.Task[Literal[True]]
) -> list[LogMessage] | None:
    """Return the next batch, or None as soon as ``ended`` is done."""
    coming = asyncio.ensure_future(anext(batches))
    try:
        await asyncio.wait({coming, ended}, return_when=asyncio.FIRST_COMPLETED)
        return None if ended.done() else coming.result()
    finally:
        if not coming.done():
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)


def _transition(message: LogMessage) -> Transition:
    """Read a stored transition; raises WireError for anything else."""
    try:
        return Transition.model_validate_json(message.data)
    except ValueError as error:
        raise WireError(f"message {message.seq} of ALARMS is no transition", message.data) from error
