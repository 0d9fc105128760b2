"""DDATA payloads from and to columns.

Runs of everyday readings use `rows`; a reading with a bad quality, a text, NaN or an odd time goes
through protobuf. Both may stand in one payload, in the order of the readings: serialised protobuf
messages of one type may be joined, and repeated fields keep their order.

The value of a reading that is not good may be NaN: it travels as ``is_null``. Its quality travels
as the property ``Quality`` (Sparkplug 3.0.0 §6.4.11) and our reason as ``Reason``. Times on the wire
are whole milliseconds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from backbone.sparkplug import rows
from backbone.sparkplug.sparkplug_b_pb2 import Metric, Payload
from domain.batch import ReadingBatch
from domain.clock import NS_PER_MS
from domain.errors import WireError
from domain.points import PointTable
from domain.quality import BASE_MASK, GOOD, HISTORICAL, REASON_MASK, REASON_SHIFT

MOST_PAYLOAD = 1_048_576
MOST_TEXT = 1024
INT32, STRING = 3, 12
QUALITY, REASON, TEXT = "Quality", "Reason", "text"
METRIC_TAG, SEQ_TAG = 0x12, b"\x18"

_WIDTHS = np.array([0, rows.LIVE.width, rows.HISTORICAL.width], np.int64)


@dataclass(frozen=True, slots=True)
class Data:
    """The columns of a data payload, each of shape (n,); ``skipped`` metrics had no alias or no number."""

    alias: NDArray[np.uint64]
    time_ns: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint16]
    text: Mapping[int, str] = field(default_factory=dict)
    payload_time_ns: int = 0
    seq: int | None = None
    skipped: int = 0


def encode_batch(batch: ReadingBatch, payload_time_ns: int) -> bytes:
    """Return the payload (without seq) of readings of one device."""
    aliases = batch.table.aliases[batch.point]
    return encode_data(
        aliases, batch.time_ns, batch.value, batch.quality, text=batch.text, payload_time_ns=payload_time_ns
    )


def encode_data(
    alias: NDArray[np.uint32],
    time_ns: NDArray[np.int64],
    value: NDArray[np.float64],
    quality: NDArray[np.uint16],
    *,
    text: Mapping[int, str],
    payload_time_ns: int,
) -> bytes:
    """Return the payload (without seq) of n readings; columns of shape (n,), in the readings' order."""
    return head(payload_time_ns) + encode_metrics(alias, time_ns, value, quality, text=text)[0]


def head(payload_time_ns: int) -> bytes:
    """Return how a payload begins; any run of `encode_metrics` may follow."""
    return Payload(timestamp=payload_time_ns // NS_PER_MS).SerializeToString()


def without_head(payload: bytes) -> bytes:
    """Return the metrics of a payload that we made, and has no seq yet: such runs may be joined and read in one go."""
    at = 1
    while payload[at] >= 0x80:
        at += 1
    return payload[at + 1 :]


def encode_metrics(
    alias: NDArray[np.uint32],
    time_ns: NDArray[np.int64],
    value: NDArray[np.float64],
    quality: NDArray[np.uint16],
    *,
    text: Mapping[int, str],
) -> tuple[bytes, NDArray[np.int64]]:
    """Return n readings as metrics, one after the other, and where each begins and the last ends, shape (n + 1,).

    Many small payloads are cut out of one encoding: the columns cost the same for one reading as for a hundred.
    """
    time_ms = time_ns // NS_PER_MS
    everyday = ((quality & ~np.uint16(HISTORICAL)) == GOOD) & ~np.isnan(value)
    everyday &= (time_ms >= rows.MS_FLOOR) & (time_ms < rows.MS_CEILING) & (alias >= 1 << 28)
    everyday[list(text)] = False
    # 0: through protobuf, 1: live layout, 2: historical layout
    kind = np.where(everyday, np.where(quality & HISTORICAL, 2, 1), 0)
    width = _WIDTHS[kind]
    parts: list[bytes] = []
    cuts = np.flatnonzero(np.diff(kind)) + 1
    for start, end in zip([0, *cuts], [*cuts, len(kind)], strict=True):
        if start == end:
            continue
        if kind[start]:
            layout = rows.HISTORICAL if kind[start] == 2 else rows.LIVE
            parts.append(rows.encode_rows(layout, alias[start:end], time_ms[start:end], value[start:end]))
        else:
            metrics = [
                _one_metric(int(alias[at]), int(time_ms[at]), float(value[at]), int(quality[at]), text.get(at))
                for at in range(start, end)
            ]
            width[start:end] = [len(metric) for metric in metrics]
            parts += metrics
    return b"".join(parts), np.concatenate([[0], np.cumsum(width)])


def with_seq(body: bytes, seq: int) -> bytes:
    """Append the node's sequence number (0..255) to a payload that was encoded without one."""
    if not 0 <= seq <= 255:
        msg = f"seq {seq} is outside 0..255"
        raise ValueError(msg)
    return body + SEQ_TAG + (bytes([seq]) if seq < 0x80 else bytes([seq & 0x7F | 0x80, seq >> 7]))


def decode_batch(payload: bytes, table: PointTable, unit: str, gateway: str) -> tuple[ReadingBatch, int]:
    """Return the readings of points that ``table`` knows, and how many others there were.

    Raises WireError for bytes that are no payload.
    """
    data = decode_data(payload)
    aliases, indexes = table.sorted_aliases(unit, gateway)
    if not len(aliases):
        return ReadingBatch.empty(table), len(data.alias) + data.skipped
    slot = np.searchsorted(aliases, data.alias)
    slot[slot == len(aliases)] = 0
    known = aliases[slot] == data.alias
    whole = ReadingBatch.build(table, data.time_ns, indexes[slot], data.value, quality=data.quality, text=data.text)
    if known.all():
        return whole, data.skipped
    return whole.take(known), data.skipped + int(np.count_nonzero(~known))


def decode_data(payload: bytes) -> Data:
    """Return the columns of a payload, ours or another maker's; raises WireError for junk."""
    if len(payload) > MOST_PAYLOAD:
        raise WireError(f"payload of {len(payload)} bytes; at most {MOST_PAYLOAD}", payload)
    reader = _Reader(payload)
    try:
        return reader.read()
    except (DecodeError, IndexError) as error:
        raise WireError(f"no Sparkplug payload: {error}", payload) from error


class _Reader:
    """Walks over the fields of a payload, collecting columns run by run."""

    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self._bytes = np.frombuffer(payload, np.uint8)
        self._at = 0
        self._columns: list[tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.float64], NDArray[np.uint16]]] = []
        self._count = 0
        self._text: dict[int, str] = {}
        self._skipped = 0
        self._rest = bytearray()

    def read(self) -> Data:
        while self._at < len(self._payload):
            if not self._fixed_run():
                self._general_run()
        frame = Payload.FromString(bytes(self._rest))
        joined = [np.concatenate(column) for column in zip(*self._columns, strict=True)] if self._columns else None
        alias, time_ms, value, quality = joined or (
            np.empty(0, np.uint64), np.empty(0, np.int64), np.empty(0), np.empty(0, np.uint16)
        )  # fmt: skip
        return Data(
            alias,
            time_ms * NS_PER_MS,
            value,
            quality,
            self._text,
            frame.timestamp * NS_PER_MS,
            frame.seq if frame.HasField("seq") else None,
            self._skipped,
        )

    def _fixed_run(self) -> bool:
        """Take as many metrics of one fixed layout as stand here; False when there is none."""
        if self._payload[self._at] != METRIC_TAG or self._at + 1 >= len(self._payload):
            return False
        layout = rows.BY_LENGTH.get(self._bytes[self._at + 1])
        if layout is None:
            return False
        here = self._bytes[self._at :]
        count = rows.run_length(layout, here) if len(here) >= layout.width else 0
        if count == 0:
            return False
        alias, time_ms, value = rows.decode_rows(layout, here, count)
        quality = np.full(count, GOOD | (HISTORICAL if layout.historical else 0), np.uint16)
        self._add(alias, time_ms, value, quality)
        self._at += count * layout.width
        return True

    def _general_run(self) -> None:
        """Take the one field that stands here: a metric by protobuf, anything else set aside."""
        end = _field_end(self._payload, self._at)
        piece = self._payload[self._at : end]
        self._at = end
        if piece[0] != METRIC_TAG:
            self._rest += piece
            return
        for metric in Payload.FromString(piece).metrics:
            self._metric(metric)

    def _metric(self, metric: Metric) -> None:
        number = _number(metric)
        if not metric.HasField("alias") or number is None or metric.timestamp >= rows.MS_CEILING:
            self._skipped += 1
            return
        quality, text = _properties(metric)
        if text is not None:
            self._text[self._count] = text[:MOST_TEXT]
        self._add(
            np.full(1, metric.alias, np.uint64),
            np.full(1, metric.timestamp, np.int64),
            np.full(1, number, np.float64),
            np.full(1, quality, np.uint16),
        )

    def _add(
        self,
        alias: NDArray[np.uint64],
        time_ms: NDArray[np.int64],
        value: NDArray[np.float64],
        quality: NDArray[np.uint16],
    ) -> None:
        self._columns.append((alias, time_ms, value, quality))
        self._count += len(alias)


def _one_metric(alias: int, time_ms: int, value: float, quality: int, text: str | None) -> bytes:
    """Return one metric that does not fit a fixed layout, with its tag and length."""
    metric = Metric(alias=alias, timestamp=time_ms)
    if quality & HISTORICAL:
        metric.is_historical = True
    if math.isnan(value):
        metric.is_null = True
    else:
        metric.double_value = value
    base, reason = quality & BASE_MASK, quality >> REASON_SHIFT & REASON_MASK
    if base != GOOD or reason:
        metric.properties.keys.extend([QUALITY, REASON])
        metric.properties.values.add(type=INT32, int_value=base)
        metric.properties.values.add(type=INT32, int_value=reason)
    if text is not None:
        metric.properties.keys.append(TEXT)
        metric.properties.values.add(type=STRING, string_value=text[:MOST_TEXT])
    return Payload(metrics=[metric]).SerializeToString()


def _number(metric: Metric) -> float | None:
    """Return a metric's value as a number, NaN for null, None for words and bytes."""
    if metric.is_null:
        return math.nan
    which = metric.WhichOneof("value")
    if which in (None, "string_value", "bytes_value"):
        return None
    return float(getattr(metric, which))


def _properties(metric: Metric) -> tuple[int, str | None]:
    """Return the packed quality and the text of a metric."""
    found = dict(zip(metric.properties.keys, metric.properties.values, strict=False))
    base = found[QUALITY].int_value if QUALITY in found else GOOD
    reason = found[REASON].int_value if REASON in found else 0
    quality = base & BASE_MASK | (reason & REASON_MASK) << REASON_SHIFT
    text = found[TEXT].string_value if TEXT in found else None
    return quality | (HISTORICAL if metric.is_historical else 0), text


def _field_end(payload: bytes, at: int) -> int:
    """Return where the protobuf field that begins at ``at`` ends; raises WireError or IndexError."""
    wire_type = payload[at] & 7
    tag, at = _varint(payload, at)
    if wire_type == 0:
        end = _varint(payload, at)[1]
    elif wire_type == 1:
        end = at + 8
    elif wire_type == 2:
        length, at = _varint(payload, at)
        end = at + length
    elif wire_type == 5:
        end = at + 4
    else:
        raise WireError(f"field {tag >> 3} has a wire type of {wire_type}", payload)
    if end > len(payload):
        raise WireError("payload ends within a field", payload)
    return end


def _varint(payload: bytes, at: int) -> tuple[int, int]:
    """Return the varint at ``at`` and where it ends."""
    number = 0
    for shift in range(0, 70, 7):
        byte = payload[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
    raise WireError("varint longer than ten bytes", payload)
