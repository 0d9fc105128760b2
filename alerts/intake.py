"""ALARMS → facts: reads in order from the stored position, and stores the position with what it did.

Two lanes read the same log. The main lane reads all of it; the fire lane only the fires, so that
a fire does not wait behind a storm of faults. Both are in order and every transition is applied once by
its id, so it does not matter which lane comes first: what is applied of one alarm is always its beginning.

Up to `BATCH` transitions share a transaction and one flush of the disk. A message that is no transition
is set aside with its reason, by the main lane.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from alerts import transitions
from alerts.database import UnstorableError
from alerts.desk import Desk
from alerts.office import Office
from alerts.schema import Position, SetAside
from backbone.client import Backbone
from backbone.layout import ALARMS
from backbone.messages import LogMessage
from domain.alarm import AlarmClass, Transition
from domain.errors import StoreError, WireError

log = logging.getLogger(__name__)

BATCH = 64
RETRY_S = 1.0
GATHER_S, BUSY_S = 0.01, 0.1
"""A transaction costs 9 ms of work besides 1 ms for each alarm in it: one batch soon after another gathers first."""
MOST_MESSAGE = 256 * 1024
SAMPLE_BYTES = 256
_INT64 = range(-(2**63), 2**63)
_INT32 = range(-(2**31), 2**31)


def parse(data: bytes) -> Transition:
    """Read a transition; raises WireError for anything that is none or does not fit the record."""
    if len(data) > MOST_MESSAGE:
        raise WireError(f"message of {len(data)} bytes; at most {MOST_MESSAGE}", data)
    try:
        transition = Transition.model_validate_json(data)
    except ValueError as error:
        raise WireError(f"no transition: {error}", data) from error
    times = (transition.event_time_ns, transition.log_time_ns, transition.input_seq)
    if any(number not in _INT64 for number in times) or (transition.place.floor or 0) not in _INT32:
        raise WireError("a number is too large", data)
    if not 0 < len(transition.entity) <= 200:
        raise WireError("entity is empty or longer than 200 characters", data)
    return transition


@dataclass(frozen=True, slots=True)
class Lane:
    """A way through the log, with a position of its own; all subjects when none are named."""

    position: str
    subjects: tuple[str, ...] = ()
    sets_aside: bool = True


MAIN = Lane(ALARMS)
FIRE = Lane(f"{ALARMS}/fire", (f"alarm.*.*.{AlarmClass.FIRE}.*",), sets_aside=False)


async def read_alarms(office: Office, backbone: Backbone, lane: Lane) -> None:
    """Apply a lane of ALARMS for ever."""
    position = await _start_position(office, backbone, lane)
    last_s = float("-inf")
    async for messages in backbone.reader(ALARMS, subjects=lane.subjects, start_seq=position + 1):
        for start in range(0, len(messages), BATCH):
            await take(office, messages[start : start + BATCH], lane)
        busy, last_s = time.monotonic() - last_s < BUSY_S, time.monotonic()
        if busy and lane is MAIN and len(messages) < BATCH:
            await asyncio.sleep(GATHER_S)


async def take(office: Office, messages: Sequence[LogMessage], lane: Lane = MAIN) -> None:
    """Apply a batch in one transaction, trying until the database can; a content it refuses is set aside."""
    try:
        await _persist(office, lambda desk: _apply(desk, messages, lane))
    except UnstorableError as error:
        reason = str(error)
        office.fail("intake", error)
    else:
        return
    if len(messages) > 1:
        for message in messages:
            await take(office, [message], lane)
    else:
        await _persist(office, lambda desk: _set_aside(desk, messages[0], reason, lane))


async def _persist(office: Office, work: Callable[[Desk], None]) -> None:
    """Do ``work``; while the database is away (disk full, locked, server gone), wait and try again."""
    while True:
        try:
            await office.change(work)
        except StoreError as error:
            if not error.retryable:
                raise
            office.fail("intake", error)
            log.warning("intake waits: %s", error)
            await asyncio.sleep(RETRY_S)
        else:
            return


async def _start_position(office: Office, backbone: Backbone, lane: Lane) -> int:
    """Return the last sequence applied; 0 when the stream is a new one, shorter than what was read.

    Reading again is harmless: every transition is applied once by its id.
    """
    stored = await office.database.read(lambda session: session.get(Position, lane.position))
    if stored is None:
        return 0
    if await backbone.last_seq(ALARMS) < stored.seq:
        log.warning("ALARMS ends before the stored position %d: reading it from its beginning", stored.seq)
        return 0
    return stored.seq


def _apply(desk: Desk, messages: Sequence[LogMessage], lane: Lane) -> None:
    changes: list[tuple[int, Transition]] = []
    for message in messages:
        try:
            changes.append((message.seq, parse(message.data)))
        except WireError as error:
            _reject(desk, message, error.reason, lane)
    transitions.apply(desk, changes)
    desk.session.merge(Position(lane=lane.position, seq=messages[-1].seq))


def _set_aside(desk: Desk, message: LogMessage, reason: str, lane: Lane) -> None:
    _reject(desk, message, reason, lane)
    desk.session.merge(Position(lane=lane.position, seq=message.seq))


def _reject(desk: Desk, message: LogMessage, reason: str, lane: Lane) -> None:
    if not lane.sets_aside:
        return
    log.warning("message %d of ALARMS is set aside: %s", message.seq, reason)
    desk.session.add(
        SetAside(
            seq=message.seq,
            subject=message.subject,
            reason=reason[:2000],
            sample_hex=message.data[:SAMPLE_BYTES].hex(),
            at_ns=desk.now_ns,
        )
    )
    desk.write(None, "set_aside", seq=message.seq, reason=reason[:200])
