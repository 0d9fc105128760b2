"""The hotel of the console's tests as a site folder, with the ingest and rules processes that its console would have.

Helpers of the rules process are real ones: they read the folder and find the backbone by its state.
"""

from __future__ import annotations

import asyncio
import copy
import math
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from backbone import subjects
from backbone.client import Backbone
from backbone.sparkplug import encode_batch, with_seq
from cli.rule_files import bundle_reader, load_ruleset
from cli.rules_helper import helper_command
from cli.site_files import load_registry
from domain.alarm import AlarmClass, EntityKind, Level, Place, Transition, TransitionKind
from domain.batch import ReadingBatch
from domain.clock import NS_PER_S
from domain.ids import stable_id
from domain.site import Registry
from ingest import process as ingesting
from rules import process as ruling
from tests.dashboards import premises
from tests.rules.rules_traffic import until

PRESSURE = "hotel/pressure/pressure"
PUMP = Place(
    unit="hotel",
    building="east",
    floor=-1,
    zone="pump",
    zone_kind="pump_room",
    gateway="gw-east",
    device="pressure",
    point="pressure",
)
EVERY_S = 2


def site_folder(folder: Path) -> Path:
    """Write the hotel's files, with what a gateway would have to know beside what a console shows."""
    site, gateway, profiles = copy.deepcopy(premises.files())
    gateway["connections"][0]["settings"] = {"host": "127.0.0.1", "heartbeat_s": 5}
    for profile in profiles:
        for at, point in enumerate(profile["points"]):
            point["read"] = {"address": at}
    _write(folder / "site.yaml", site)
    _write(folder / "gateways" / "gw-east.yaml", gateway)
    for profile in profiles:
        _write(folder / "profiles" / f"{profile['profile']}.yaml", profile)
    return folder


def _write(path: Path, data: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")


@asynccontextmanager
async def rules_running(site: Path, state: Path, backbone: Backbone, *names: str) -> AsyncIterator[Registry]:
    """Run rules processes of these names within this one, with helpers of their own, until all is owned."""
    registry = load_registry(site)
    stop = asyncio.Event()
    tasks = [
        asyncio.create_task(
            ruling.run(
                registry,
                backbone,
                load_ruleset(registry, site / "rules"),
                stop=stop,
                name=name,
                reader=bundle_reader(registry),
                helper=helper_command(site, state),
            )
        )
        for name in names or ("one",)
    ]
    try:
        await until(lambda: _owned(backbone))
        yield registry
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def _owned(backbone: Backbone) -> bool:
    status = (await backbone.statuses()).get("rules.main", {})
    return len(status.get("by_partition", ())) == backbone.partitions


@asynccontextmanager
async def store_running(registry: Registry, backbone: Backbone, folder: Path) -> AsyncIterator[None]:
    """Run ingest within this process."""
    stop = asyncio.Event()
    task = asyncio.create_task(ingesting.run(registry, backbone, data_dir=folder, stop=stop))
    try:
        yield
    finally:
        stop.set()
        await task


def dips(registry: Registry, start_ns: int, minutes: int, at: Sequence[int]) -> ReadingBatch:
    """Return water pressure [kPa] every two seconds: a slow wave, and half a minute at 180 from minutes ``at`` on."""
    seconds = np.arange(0, minutes * 60, EVERY_S)
    value = 600 + 40 * np.sin(seconds * math.tau / 900)
    for minute in at:
        value[(seconds >= minute * 60) & (seconds < minute * 60 + 30)] = 180.0
    point = registry.points.index(PRESSURE)
    return ReadingBatch.build(registry.points, start_ns + seconds * NS_PER_S, [point] * len(seconds), value)


async def keep(backbone: Backbone, registry: Registry, start_ns: int, minutes: int, at: Sequence[int]) -> None:
    """Bring history into the store by the way of what was spooled, ten minutes at a time."""
    batch = dips(registry, start_ns, minutes, at)
    step = 600 // EVERY_S
    for begins in range(0, len(batch.time_ns), step):
        part = slice(begins, begins + step)
        some = ReadingBatch.build(registry.points, batch.time_ns[part], batch.point[part], batch.value[part])
        payload = with_seq(encode_batch(some, time.time_ns()), 0)
        await backbone.publish(subjects.backfill("hotel", "gw-east", "pressure"), payload)
    await until(lambda: _stored(backbone, len(batch.time_ns)))


async def _stored(backbone: Backbone, wanted: int) -> bool:
    return int((await backbone.statuses()).get("ingest.main", {}).get("stored", 0)) >= wanted


async def really_raised(backbone: Backbone, time_ns: int, lasting_s: int = 40) -> None:
    """Write into ALARMS what a rules process said back then: pressure low, and over again."""
    for kind, at_ns in ((TransitionKind.RAISED, time_ns), (TransitionKind.CLEARED, time_ns + lasting_s * NS_PER_S)):
        said = Transition(
            id=stable_id("desk-scene", kind.value, at_ns, 0),
            kind=kind,
            rule="pressure_low",
            rule_version="1",
            alarm_class=AlarmClass.FAULT,
            level=Level.WARNING,
            entity_kind=EntityKind.POINT,
            entity=PRESSURE,
            place=PUMP,
            partition=subjects.partition_of("hotel", backbone.partitions),
            input_seq=at_ns // NS_PER_S,
            event_time_ns=at_ns,
            log_time_ns=at_ns,
            value=180.0,
            latched=False,
            text_zh="水压过低",
            text_en="Water pressure low",
        )
        subject = subjects.alarm(said.partition, "hotel", said.alarm_class, said.rule)
        await backbone.publish(subject, said.model_dump_json().encode(), message_id=said.id)
