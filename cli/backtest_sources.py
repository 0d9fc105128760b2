"""Where a backtest reads: the log TELEMETRY as far as it goes back, or the store by its query face."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from backbone import subjects
from backbone.client import Backbone
from backbone.layout import TELEMETRY
from backbone.messages import LogMessage
from backbone.sparkplug.learning import births
from domain.alarm import Transition
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from domain.site import Registry
from ingest.face import MOST_POINTS, QueryFace
from rules import RuleSet
from rules.backtest import Columns, LogReplay, StoreReplay
from rules.site_index import SiteIndex

Progress = Callable[[float], None]
"""Called with the share that is done, 0 to 1."""
PART_S = 600
"""Seconds of one question to the store for up to 50 points: 30 readings a second of all of them fit a reply."""


async def log_begins_ns(backbone: Backbone) -> int | None:
    """Return the receive time of the first message of the log, None for an empty one."""
    async for batch in backbone.reader(TELEMETRY, start_seq=1):
        return batch[0].time_ns
    return None


async def from_log(
    backbone: Backbone, registry: Registry, rulesets: Sequence[RuleSet], end_ns: int, progress: Progress
) -> list[list[Transition]]:
    """Feed the log up to ``end_ns`` to each set of rules; from its start, so that its states are the true ones."""
    said: list[list[Transition]] = [[] for _ in rulesets]
    partitions = backbone.partitions
    for number in range(partitions):
        units = {unit for unit in registry.units if subjects.partition_of(unit, partitions) == number}
        filters = subjects.partition_subjects(number)
        last = max([await backbone.last_seq(TELEMETRY, one) for one in filters])
        if not units or not last:
            continue
        born = await births(backbone, number)
        replays = [LogReplay(registry, units, one, born, (number, partitions)) for one in rulesets]
        begins = None
        async for batch in backbone.reader(TELEMETRY, subjects=filters, start_seq=1):
            begins = batch[0].seq if begins is None else begins
            part = [message for message in batch if message.time_ns < end_ns]
            _feed(replays, part, said)
            at = batch[-1].seq
            progress((number + (at - begins + 1) / max(1, last - begins + 1)) / partitions)
            if at >= last or len(part) < len(batch):
                break
    for one in said:
        one.sort(key=lambda transition: transition.log_time_ns)
    return said


def _feed(replays: Sequence[LogReplay], part: Sequence[LogMessage], said: list[list[Transition]]) -> None:
    for replay, found in zip(replays, said, strict=True):
        found.extend(replay.feed(part))


async def from_store(
    backbone: Backbone,
    registry: Registry,
    rulesets: Sequence[RuleSet],
    span: tuple[int, int],
    progress: Progress,
) -> list[list[Transition]]:
    """Feed the store's readings of a span [ns] to each set of rules, without those about silent gateways."""
    site = SiteIndex(registry)
    replays = [StoreReplay(site, one) for one in rulesets]
    said: list[list[Transition]] = [[] for _ in rulesets]
    face = QueryFace(backbone)
    start_ns, end_ns = span
    for begins in range(start_ns, end_ns, PART_S * NS_PER_S):
        ends = min(end_ns, begins + PART_S * NS_PER_S)
        columns = await columns_of(face, site, list(site.keys), begins, ends)
        for replay, found in zip(replays, said, strict=True):
            found.extend(replay.feed(columns, begins, ends))
        progress((ends - start_ns) / (end_ns - start_ns))
    return said


async def columns_of(face: QueryFace, site: SiteIndex, keys: Sequence[str], start_ns: int, end_ns: int) -> Columns:
    """Read a stretch of some points, halving the time where a reply would be too large."""
    parts: list[tuple[int, Sequence[int], Sequence[float | None], Sequence[int]]] = []
    for at in range(0, len(keys), MOST_POINTS):
        stretches = [(start_ns, end_ns)]
        while stretches:
            begins, ends = stretches.pop()
            try:
                reply = await face.range(keys[at : at + MOST_POINTS], begins, ends)
            except RefusedError:
                if ends - begins <= NS_PER_S:
                    raise
                middle = (begins + ends) // 2
                stretches += [(begins, middle), (middle, ends)]
                continue
            parts += [(site.table.index(one.point), one.time_ns, one.value, one.quality) for one in reply]
    if not parts:
        empty = np.empty(0, np.int64)
        return Columns(empty, empty.astype(np.int32), np.empty(0), empty.astype(np.uint16))
    time_ns = np.concatenate([np.array(one[1], np.int64) for one in parts])
    order = np.argsort(time_ns, kind="stable")
    point = np.concatenate([np.full(len(one[1]), one[0], np.int32) for one in parts])
    value = np.concatenate(
        [np.array([np.nan if each is None else each for each in one[2]], np.float64) for one in parts]
    )
    quality = np.concatenate([np.array(one[3], np.uint16) for one in parts])
    return Columns(time_ns[order], point[order], value[order], quality[order])
