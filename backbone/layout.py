"""The streams and buckets, as data, and how they are made: idempotent, safe to run in every process.

Retention is by age and by size; a stream that is full drops its oldest messages, never refuses new
ones. Numbers are assumptions until a site says otherwise: a week of telemetry, a year of alarms and
alerts (GB 50440-2007, records ≥ 1 year, secondary source).

The modules that are fed have durable consumers of a reserved name on ALERTS and FACTS, made with the streams: their
position is the server's, from the first message on, whether or not the module has been started yet.
"""

from __future__ import annotations

from dataclasses import dataclass

from nats.js import JetStreamContext, api
from nats.js.errors import BadRequestError, NotFoundError

from backbone.durable import durable_config
from backbone.subjects import (
    CHECKPOINT_BUCKET,
    CONFIG_BUCKET,
    DEVICE_TYPES,
    LEASE_BUCKET,
    NODE_TYPES,
    RULES_BUCKET,
    SPARKPLUG,
    STATUS_BUCKET,
)

TELEMETRY = "TELEMETRY"
BIRTHS = "BIRTHS"
BACKFILL = "BACKFILL"
ALARMS = "ALARMS"
ALERTS = "ALERTS"
FACTS = "FACTS"

FED = ("units", "risk")
"""Reserved names of durable consumers: the modules that are fed."""

FED_STREAMS = (ALERTS, FACTS)
"""Where each of them has a consumer."""

DAY_S = 86_400.0
DUPLICATE_WINDOW_S = 600.0
CONFIGURATIONS_KEPT = 10
"""Bundles of each gateway that stay readable: who pushed what, and when."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What differs between a laptop and a province."""

    partitions: int = 4
    replicas: int = 1
    telemetry_age_s: float = 7 * DAY_S
    telemetry_bytes: int = 8 * 2**30
    record_age_s: float = 400 * DAY_S

    def streams(self) -> list[api.StreamConfig]:
        """Return the configurations in the order in which they must be made (sources first)."""
        stored = f"tel.{{{{partition({self.partitions},1)}}}}." + ".".join(
            f"{{{{wildcard({n})}}}}" for n in (1, 2, 3, 4)
        )
        node = [f"{SPARKPLUG}.*.{kind}.*" for kind in NODE_TYPES]
        device = [f"{SPARKPLUG}.*.{kind}.*.*" for kind in DEVICE_TYPES]
        births = api.StreamSource(name=TELEMETRY, filter_subject="tel.*.*.DBIRTH.>")
        return [
            self._stream(
                TELEMETRY,
                [*node, *device, "tick.*"],
                self.telemetry_age_s,
                subject_transform=api.SubjectTransform(src=f"{SPARKPLUG}.*.*.*.*", dest=stored),
                max_bytes=self.telemetry_bytes,
            ),
            self._stream(BIRTHS, None, self.record_age_s, sources=[births], max_msgs_per_subject=1),
            self._stream(BACKFILL, ["backfill.>"], self.telemetry_age_s, max_bytes=self.telemetry_bytes),
            self._stream(ALARMS, ["alarm.>"], self.record_age_s),
            self._stream(ALERTS, ["alert.>"], self.record_age_s),
            self._stream(FACTS, ["fact.>"], self.record_age_s, max_msgs_per_subject=1),
        ]

    def _stream(self, name: str, subjects: list[str] | None, age_s: float, **more: object) -> api.StreamConfig:
        return api.StreamConfig(
            name=name,
            subjects=subjects,
            max_age=age_s,
            storage=api.StorageType.FILE,
            num_replicas=self.replicas,
            duplicate_window=DUPLICATE_WINDOW_S,
            discard=api.DiscardPolicy.OLD,
            **more,  # type: ignore[arg-type]  # nats-py types each field, we pass two or three of them
        )


async def ensure_layout(js: JetStreamContext, layout: Layout) -> None:
    """Create what is missing and leave what is there; raises nats errors when the server refuses."""
    for config in layout.streams():
        assert config.name is not None  # noqa: S101  # ours, two lines above
        try:
            await js.stream_info(config.name)
        except NotFoundError:
            await _tolerating_race(js.add_stream(config))
    await _ensure_consumers(js)
    kept = {CONFIG_BUCKET: CONFIGURATIONS_KEPT, RULES_BUCKET: CONFIGURATIONS_KEPT}
    for bucket in (STATUS_BUCKET, LEASE_BUCKET, CONFIG_BUCKET, RULES_BUCKET):
        history = kept.get(bucket, 1)
        direct = bucket == CONFIG_BUCKET
        config_kv = api.KeyValueConfig(bucket=bucket, history=history, replicas=layout.replicas, direct=direct)
        try:
            await js.stream_info(f"KV_{bucket}")
        except NotFoundError:
            await _tolerating_race(js.create_key_value(config_kv))
    try:
        await js.stream_info(f"OBJ_{CHECKPOINT_BUCKET}")
    except NotFoundError:
        await _tolerating_race(
            js.create_object_store(CHECKPOINT_BUCKET, api.ObjectStoreConfig(replicas=layout.replicas))
        )


async def _ensure_consumers(js: JetStreamContext) -> None:
    """Make the consumers of the modules that are fed; those that are there keep their position and settings."""
    for stream in FED_STREAMS:
        for name in FED:
            try:
                await js.consumer_info(stream, name)
            except NotFoundError:
                await _tolerating_race(js.add_consumer(stream, durable_config(name)))


async def _tolerating_race(creation: object) -> None:
    """Await a creation that another process may have done a moment ago, with the same settings."""
    try:
        await creation  # type: ignore[misc]  # three different coroutine types, results unused
    except BadRequestError as error:
        already_there = {10058, 10065, 10013, 10105, 10148}
        if error.err_code not in already_there:
            raise
