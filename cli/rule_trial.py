"""One rule over one unit's past: the store's readings, or the log where the rule asks for a gateway's silence."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from backbone import subjects
from backbone.client import Backbone
from backbone.layout import ALARMS, TELEMETRY
from backbone.sparkplug.learning import births
from cli.backtest_sources import Progress, columns_of
from domain.alarm import Transition
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from domain.site import Registry
from ingest.aggregate import Aggregate
from ingest.face import QueryFace
from rules import RuleSet
from rules.backtest import LogReplay, StoreReplay, without_gateways
from rules.backtest_report import report
from rules.site_index import SiteIndex
from rules.trial import Past, limits_at, memory_s, points_read, points_to_draw, result_of
from rules.trials_face import Backtest, BacktestResult, Curve

LONG_PART_S, SHORT_PART_S = 3600, 60
READ_AT_ONCE = 20 * 3600
"""Points times seconds of one stretch: a million readings at most, were each told every second by twenty points."""
BUCKETS = 300
READ_SHARE = 0.97
"""Of the progress; the rest is for curves and the record."""


async def try_rule(
    backbone: Backbone, registry: Registry, ruleset: RuleSet, asked: Backtest, progress: Progress
) -> BacktestResult:
    """Return what a rule would have said; raises RefusedError for a unit or rule that is not there."""
    if asked.unit not in registry.units:
        raise RefusedError(f"没有单位 {asked.unit} / no such unit: {asked.unit}")
    rule = ruleset.rules[asked.rule]
    partition = subjects.partition_of(asked.unit, backbone.partitions)
    born = [point for point in await births(backbone, partition) if point.unit == asked.unit]
    site = SiteIndex(registry.grown(born), {asked.unit}, declared=len(registry.points))
    alone = ruleset.only([rule.id])
    replay = StoreReplay(site, alone)
    begin_ns = max(0, asked.start_ns - round(memory_s(rule) * NS_PER_S))
    span = (begin_ns, asked.end_ns)

    def read(share: float) -> None:
        progress(share * READ_SHARE)

    if len(without_gateways(alone)):
        source, keys = "store", points_read(rule, replay.engine.plan)
        said, readings = await _from_store(backbone, replay, keys, span, read)
    else:
        source, keys = "log", []
        replaying = LogReplay(registry, {asked.unit}, alone, born, (partition, backbone.partitions))
        said, readings = await _from_log(backbone, replaying, partition, asked, read)
    found = report(await _record(backbone, asked), said, asked.start_ns, asked.end_ns)
    drawn = points_to_draw(rule, replay.engine.plan, keys, found.after)
    curves = await _curves(QueryFace(backbone), replay, drawn, asked)
    return result_of(rule, Past(source, readings, said, found), curves, ZoneInfo(registry.site.timezone))


async def _from_store(
    backbone: Backbone, replay: StoreReplay, keys: Sequence[str], span: tuple[int, int], progress: Progress
) -> tuple[list[Transition], int]:
    """Feed the readings of some points, stretch by stretch."""
    face, said, readings = QueryFace(backbone), list[Transition](), 0
    part_ns = max(SHORT_PART_S, min(LONG_PART_S, READ_AT_ONCE // max(1, len(keys)))) * NS_PER_S
    start_ns, end_ns = span
    for begins in range(start_ns, end_ns, part_ns):
        ends = min(end_ns, begins + part_ns)
        columns = await columns_of(face, replay.engine.plan.site, keys, begins, ends)
        said += replay.feed(columns, begins, ends)
        readings += len(columns.time_ns)
        progress((ends - start_ns) / (end_ns - start_ns))
    return said, readings


async def _from_log(
    backbone: Backbone, replay: LogReplay, partition: int, asked: Backtest, progress: Progress
) -> tuple[list[Transition], int]:
    """Feed the partition's log from its start, so that its states are the true ones, up to the end of the span."""
    filters = [f"tel.{partition}.{asked.unit}.>", *subjects.partition_subjects(partition)[1:]]
    last = max([await backbone.last_seq(TELEMETRY, one) for one in filters])
    said: list[Transition] = []
    if not last:
        return said, 0
    batches = backbone.reader(TELEMETRY, subjects=filters, start_seq=1)
    begins = None
    async for batch in batches:
        if begins is None:
            begins = batch[0].seq
            if batch[0].time_ns > asked.start_ns:
                raise RefusedError(
                    "此规则问的是网关是否失联，只能用通信日志回测，而日志没有那么早 / this rule asks for a gateway's "
                    "silence, which only the log knows, and the log does not go back so far"
                )
        part = [message for message in batch if message.time_ns < asked.end_ns]
        said += replay.feed(part)
        progress((batch[-1].seq - begins + 1) / max(1, last - begins + 1))
        if batch[-1].seq >= last or len(part) < len(batch):
            break
    await batches.aclose()  # type: ignore[attr-defined]  # it is an async generator
    return said, replay.engine.counts.readings


async def _record(backbone: Backbone, asked: Backtest) -> list[Transition]:
    """Return what was really said of the rule in the unit from the begin of the span on."""
    found = await backbone.messages(
        ALARMS,
        subjects=[f"alarm.*.{asked.unit}.*.{asked.rule}"],
        start_seq=await backbone.first_seq_since(ALARMS, asked.start_ns),
    )
    said = []
    for message in found:
        try:
            said.append(Transition.model_validate_json(message.data))
        except ValueError:
            continue  # what is no transition was never an alarm
    return said


async def _curves(face: QueryFace, replay: StoreReplay, keys: Sequence[str], asked: Backtest) -> list[Curve]:
    """Return least and greatest value of each bucket of the span."""
    if not keys:
        return []
    step_s = max(1.0, round((asked.end_ns - asked.start_ns) / NS_PER_S / BUCKETS, 3))
    ask = (list(keys), asked.start_ns, asked.end_ns)
    least = await face.range(*ask, resolution_s=step_s, aggregate=Aggregate.MIN)
    greatest = await face.range(*ask, resolution_s=step_s, aggregate=Aggregate.MAX)
    site = replay.engine.plan.site
    curves = []
    for low, high in zip(least, greatest, strict=True):
        row = site.table.index(low.point)
        tops = dict(zip(high.time_ns, high.value, strict=True))
        curves.append(
            Curve(
                point=low.point,
                quantity=site.table[row].quantity.value,
                time_ns=low.time_ns,
                least=low.value,
                greatest=tuple(tops.get(at) for at in low.time_ns),
                limits=limits_at(replay.engine.plan, row),
            )
        )
    return curves
