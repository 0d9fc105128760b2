"""Sparkplug B 3.0.0 topics and payloads of other makers → plain records; pure, and never a crash whatever comes.

| datatype (§6.4.15) | value |
|---|---|
| Int8…Int64, UInt8…UInt64, DateTime | a number; negative ones stand as two's complement in unsigned fields |
| Float, Double | a number |
| Boolean | 1 or 0 |
| String, Text, UUID | text |
| DataSet, Template, Bytes, File, PropertySet, arrays | not read: `Kind.OTHER` |

A metric without a datatype, as data may have it, is read again with the one of its birth: `as_datatype`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from enum import StrEnum

from google.protobuf.message import DecodeError

from backbone.sparkplug.births import BD_SEQ, REBIRTH
from backbone.sparkplug.sparkplug_b_pb2 import Metric as WireMetric
from backbone.sparkplug.sparkplug_b_pb2 import Payload as WirePayload
from domain.errors import WireError

NAMESPACE = "spBv1.0"
MOST_PAYLOAD = 1_048_576
MOST_METRICS = 10_000
MOST_NAME = 200
"""Characters of a group, an edge, a device (assumption: the specification has no limit)."""
MOST_METRIC_NAME = 400
MOST_MS = 1 << 42
MOST_TEXT = 1024

_SIGNED_BITS = {1: 8, 2: 16, 3: 32, 4: 64}
_UNSIGNED = frozenset({5, 6, 7, 8, 13})
_FLOATS = frozenset({9, 10})
_BOOLEAN = 11
_TEXTS = frozenset({12, 14, 15})
NODE_CONTROL = "Node Control/"


class MessageType(StrEnum):
    """Messages of edges that a host reads."""

    NBIRTH = "NBIRTH"
    NDATA = "NDATA"
    NDEATH = "NDEATH"
    DBIRTH = "DBIRTH"
    DDATA = "DDATA"
    DDEATH = "DDEATH"


class Kind(StrEnum):
    """What a metric's value is to us."""

    NUMBER = "number"
    FLAG = "flag"
    TEXT = "text"
    NULL = "null"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Topic:
    """``spBv1.0/<group>/<type>/<edge>[/<device>]``, taken apart."""

    group: str
    type: MessageType
    edge: str
    device: str | None

    @property
    def address(self) -> str:
        """The edge's name on its broker."""
        return f"{self.group}/{self.edge}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One value; ``raw`` is an integer as it stood in its field, for `as_datatype`. ``quality`` None: none told."""

    name: str = ""
    alias: int | None = None
    time_ms: int | None = None
    datatype: int | None = None
    kind: Kind = Kind.NULL
    number: float = 0.0
    text: str = ""
    raw: int | None = None
    historical: bool = False
    quality: int | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A payload; ``seq`` and ``bd_seq`` None where it has none."""

    time_ms: int | None
    seq: int | None
    bd_seq: int | None
    metrics: tuple[Metric, ...]


def topic_of(topic: str) -> Topic | None:
    """Take a topic of an edge apart; None for any other."""
    parts = topic.split("/")
    if len(parts) not in {4, 5} or parts[0] != NAMESPACE or parts[2] not in MessageType.__members__:
        return None
    group, edge, device = parts[1], parts[3], parts[4] if len(parts) == 5 else None
    about_device = parts[2].startswith("D")
    names = (group, edge) if device is None else (group, edge, device)
    if about_device != (device is not None) or not all(0 < len(name) <= MOST_NAME for name in names):
        return None
    return Topic(group, MessageType(parts[2]), edge, device)


def state_topic(host: str) -> str:
    """Return where a host says whether it is there (§5.2.1 of 3.0.0)."""
    return f"{NAMESPACE}/STATE/{host}"


def state_payload(*, online: bool, time_ms: int) -> bytes:
    """Return what a host says of itself."""
    return json.dumps({"online": online, "timestamp": time_ms}).encode()


def says_offline(payload: bytes) -> bool:
    """Tell whether a STATE message says that its host is away."""
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and said.get("online") is False


def decode(payload: bytes) -> Message:
    """Return a payload as records; raises WireError for bytes that are none."""
    if len(payload) > MOST_PAYLOAD:
        raise WireError(f"payload of {len(payload)} bytes; at most {MOST_PAYLOAD}", payload)
    try:
        found = WirePayload.FromString(payload)
        if len(found.metrics) > MOST_METRICS:
            raise WireError(f"{len(found.metrics)} metrics; at most {MOST_METRICS}", payload)
        bd_seq = next((_whole(metric) for metric in found.metrics if metric.name == BD_SEQ), None)
        metrics = tuple(_metric(one) for one in found.metrics if not _is_control(one.name))
    except (DecodeError, UnicodeDecodeError) as error:
        raise WireError(f"no Sparkplug payload: {error}", payload) from error
    return Message(
        time_ms=found.timestamp if found.HasField("timestamp") and found.timestamp < MOST_MS else None,
        seq=found.seq if found.HasField("seq") else None,
        bd_seq=None if bd_seq is None else bd_seq % 256,
        metrics=metrics,
    )


def as_datatype(metric: Metric, datatype: int | None) -> Metric:
    """Return a metric as its birth's datatype reads it, where it has none of its own."""
    if metric.datatype is not None or datatype is None or metric.kind is Kind.NULL:
        return metric
    if metric.raw is None:
        return replace(metric, datatype=datatype)
    kind, number = _integer(metric.raw, datatype)
    return replace(metric, datatype=datatype, kind=kind, number=number)


def kind_of(datatype: int | None) -> Kind:
    """Return what values of a datatype are; a number where nothing is said."""
    if datatype == _BOOLEAN:
        return Kind.FLAG
    if datatype in _TEXTS:
        return Kind.TEXT
    known = datatype is None or datatype in _SIGNED_BITS or datatype in _UNSIGNED or datatype in _FLOATS
    return Kind.NUMBER if known else Kind.OTHER


def _is_control(name: str) -> bool:
    """Tell whether a metric is about the session: no value of the edge."""
    return name in {BD_SEQ, REBIRTH} or name.startswith(NODE_CONTROL)


def _whole(metric: WireMetric) -> int | None:
    which = metric.WhichOneof("value")
    return int(getattr(metric, which)) if which in {"int_value", "long_value"} else None


def _metric(wire: WireMetric) -> Metric:
    found = dict(zip(wire.properties.keys, wire.properties.values, strict=False))
    quality = found["Quality"].int_value if "Quality" in found else None
    unit = found["engUnit"].string_value if "engUnit" in found else ""
    datatype = wire.datatype if wire.HasField("datatype") and wire.datatype else None
    kind, number, text, raw = _value(wire, datatype)
    return Metric(
        name=wire.name if len(wire.name) <= MOST_METRIC_NAME else "",
        alias=wire.alias if wire.HasField("alias") else None,
        time_ms=wire.timestamp if wire.HasField("timestamp") and wire.timestamp < MOST_MS else None,
        datatype=datatype,
        kind=kind,
        number=number,
        text=text,
        raw=raw,
        historical=wire.is_historical,
        quality=quality,
        unit=unit[:MOST_NAME],
    )


def _value(wire: WireMetric, datatype: int | None) -> tuple[Kind, float, str, int | None]:
    """Return kind, number, text and the integer as it stood."""
    if wire.is_null:
        return (Kind.NULL if kind_of(datatype) is not Kind.OTHER else Kind.OTHER), 0.0, "", None
    match wire.WhichOneof("value"):
        case "int_value" | "long_value" as which:
            raw = int(getattr(wire, which))
            return *_integer(raw, datatype), "", raw
        case "float_value" | "double_value" as which if datatype is None or datatype in _FLOATS:
            return Kind.NUMBER, float(getattr(wire, which)), "", None
        case "boolean_value" if datatype in {None, _BOOLEAN}:
            return Kind.FLAG, float(wire.boolean_value), "", None
        case "string_value" if datatype is None or datatype in _TEXTS:
            return Kind.TEXT, 1.0, wire.string_value[:MOST_TEXT], None
        case _:
            return Kind.OTHER, 0.0, "", None


def _integer(raw: int, datatype: int | None) -> tuple[Kind, float]:
    """Return what an integer field says under a datatype."""
    bits = _SIGNED_BITS.get(datatype or 0)
    if bits is not None:
        number = raw & ((1 << bits) - 1)
        return Kind.NUMBER, float(number - (1 << bits) if number >> (bits - 1) else number)
    if datatype == _BOOLEAN and raw in {0, 1}:
        return Kind.FLAG, float(raw)
    return (Kind.NUMBER, float(raw)) if datatype is None or datatype in _UNSIGNED else (Kind.OTHER, 0.0)
