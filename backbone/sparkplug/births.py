"""Birth and death certificates, and the rebirth command (Sparkplug 3.0.0 §5, §6.4.13-§6.4.21)."""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.message import DecodeError

from backbone.sparkplug.sparkplug_b_pb2 import Metric, Payload
from domain.clock import NS_PER_MS
from domain.errors import WireError
from domain.quality import GOOD

INT32, INT64, DOUBLE, BOOLEAN, STRING = 3, 4, 10, 11, 12
REBIRTH = "Node Control/Rebirth"
BD_SEQ = "bdSeq"
MOST_PAYLOAD = 1_048_576

_NUMBER_PROPERTIES = ("limitLow", "limitHigh", "maxSilence")
_WORD_PROPERTIES = ("word", "zone", "labelZh", "labelEn")


@dataclass(frozen=True, slots=True, kw_only=True)
class BirthMetric:
    """One metric of a birth: everything a host must know before data with aliases make sense.

    ``quantity`` travels as ``engUnit``, the alarm limits as ``limitLow``/``limitHigh`` (canonical
    quantity), ``kind``, ``word`` and ``zone`` as they are, the labels as ``labelZh``/``labelEn``, the longest
    silence (seconds) as ``maxSilence``. ``value`` None means "not read yet" and travels as null.
    """

    name: str
    alias: int | None = None
    quantity: str = "none"
    kind: str = "measure"
    low: float | None = None
    high: float | None = None
    word: str = ""
    zone: str | None = None
    label_zh: str = ""
    label_en: str = ""
    max_silence_s: float | None = None
    value: float | bool | None = None
    time_ns: int = 0
    quality: int = GOOD


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """A certificate: NBIRTH when ``bd_seq`` is given, DBIRTH otherwise."""

    metrics: tuple[BirthMetric, ...]
    seq: int
    time_ns: int
    bd_seq: int | None = None


def encode_birth(birth: Birth) -> bytes:
    """Return the payload; an NBIRTH gets ``bdSeq`` and ``Node Control/Rebirth`` by itself."""
    payload = Payload(timestamp=birth.time_ns // NS_PER_MS)
    if birth.bd_seq is not None:
        payload.metrics.append(_bd_seq(birth.bd_seq, birth.time_ns))
        payload.metrics.add(name=REBIRTH, timestamp=birth.time_ns // NS_PER_MS, datatype=BOOLEAN, boolean_value=False)
    payload.metrics.extend(_metric(metric) for metric in birth.metrics)
    payload.seq = birth.seq
    return payload.SerializeToString()


def decode_birth(data: bytes) -> Birth:
    """Read a birth, ours or another maker's; raises WireError for junk."""
    payload = _payload(data)
    bd_seq = next((metric.long_value for metric in payload.metrics if metric.name == BD_SEQ), None)
    metrics = tuple(_read(metric) for metric in payload.metrics if metric.name not in (BD_SEQ, REBIRTH))
    return Birth(metrics=metrics, seq=payload.seq, time_ns=payload.timestamp * NS_PER_MS, bd_seq=bd_seq)


def encode_death(bd_seq: int, time_ns: int) -> bytes:
    """Return an NDEATH: bdSeq and nothing else, no seq (§6.4.21)."""
    payload = Payload(timestamp=time_ns // NS_PER_MS)
    payload.metrics.append(_bd_seq(bd_seq, time_ns))
    return payload.SerializeToString()


def decode_death(data: bytes) -> int | None:
    """Return the bdSeq of an NDEATH, None when it has none (a DDEATH); raises WireError for junk."""
    return next((metric.long_value for metric in _payload(data).metrics if metric.name == BD_SEQ), None)


def encode_rebirth(time_ns: int) -> bytes:
    """Return the NCMD that asks a node for its births."""
    payload = Payload(timestamp=time_ns // NS_PER_MS)
    payload.metrics.add(name=REBIRTH, timestamp=time_ns // NS_PER_MS, datatype=BOOLEAN, boolean_value=True)
    return payload.SerializeToString()


def is_rebirth(data: bytes) -> bool:
    """Tell whether an NCMD asks for births; raises WireError for junk."""
    return any(metric.name == REBIRTH and metric.boolean_value for metric in _payload(data).metrics)


def _payload(data: bytes) -> Payload:
    if len(data) > MOST_PAYLOAD:
        raise WireError(f"payload of {len(data)} bytes; at most {MOST_PAYLOAD}", data)
    try:
        return Payload.FromString(data)
    except DecodeError as error:
        raise WireError(f"no Sparkplug payload: {error}", data) from error


def _bd_seq(bd_seq: int, time_ns: int) -> Metric:
    return Metric(name=BD_SEQ, timestamp=time_ns // NS_PER_MS, datatype=INT64, long_value=bd_seq)


def _metric(birth: BirthMetric) -> Metric:
    is_flag = isinstance(birth.value, bool)
    metric = Metric(name=birth.name, datatype=BOOLEAN if is_flag else DOUBLE)
    metric.timestamp = birth.time_ns // NS_PER_MS
    if birth.alias is not None:
        metric.alias = birth.alias
    if birth.value is None:
        metric.is_null = True
    elif is_flag:
        metric.boolean_value = bool(birth.value)
    else:
        metric.double_value = birth.value
    _property(metric, "engUnit", birth.quantity)
    _property(metric, "kind", birth.kind)
    for name, words in zip(_WORD_PROPERTIES, (birth.word, birth.zone, birth.label_zh, birth.label_en), strict=True):
        if words:
            _property(metric, name, words)
    for name, number in zip(_NUMBER_PROPERTIES, (birth.low, birth.high, birth.max_silence_s), strict=True):
        if number is not None:
            _property(metric, name, number)
    if birth.quality != GOOD:
        metric.properties.keys.append("Quality")
        metric.properties.values.add(type=INT32, int_value=birth.quality)
    return metric


def _property(metric: Metric, name: str, value: str | float) -> None:
    metric.properties.keys.append(name)
    if isinstance(value, str):
        metric.properties.values.add(type=STRING, string_value=value)
    else:
        metric.properties.values.add(type=DOUBLE, double_value=value)


def _read(metric: Metric) -> BirthMetric:
    found = dict(zip(metric.properties.keys, metric.properties.values, strict=False))
    numbers = [found[name].double_value if name in found else None for name in _NUMBER_PROPERTIES]
    words = [found[name].string_value if name in found else "" for name in _WORD_PROPERTIES]
    which = None if metric.is_null else metric.WhichOneof("value")
    value = getattr(metric, which) if which not in (None, "string_value", "bytes_value") else None
    return BirthMetric(
        name=metric.name,
        alias=metric.alias if metric.HasField("alias") else None,
        quantity=found["engUnit"].string_value if "engUnit" in found else "none",
        kind=found["kind"].string_value if "kind" in found else "measure",
        low=numbers[0],
        high=numbers[1],
        word=words[0],
        zone=words[1] or None,
        label_zh=words[2],
        label_en=words[3],
        max_silence_s=numbers[2],
        value=value,
        time_ns=metric.timestamp * NS_PER_MS,
        quality=found["Quality"].int_value if "Quality" in found else GOOD,
    )
