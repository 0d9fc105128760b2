"""DDATA payloads: round trips, the foreign encoder's bytes, junk."""

from __future__ import annotations

import numpy as np
import pysparkplug
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backbone.sparkplug import decode_batch, decode_data, encode_batch, with_seq
from backbone.sparkplug.sparkplug_b_pb2 import Payload
from domain.batch import ReadingBatch
from domain.clock import NS_PER_MS
from domain.errors import WireError
from domain.points import Point, PointTable
from domain.quality import GOOD, Reason, pack

T0_MS = 1_800_000_000_000
TABLE = PointTable([Point(unit="u1", gateway="g1", device="d1", name=f"p{n}") for n in range(300)])
QUALITIES = [GOOD, pack(GOOD, historical=True), pack(0, Reason.TIMEOUT), pack(500, Reason.SILENT, historical=True)]

readings = st.lists(
    st.tuples(
        st.integers(0, 299),
        st.integers(0, 10**6) | st.just(-T0_MS),
        st.floats(allow_nan=True, width=64),
        st.sampled_from(QUALITIES),
        st.none() | st.text(max_size=20),
    ),
    max_size=60,
)


def batch_of(rows: list[tuple[int, int, float, int, str | None]]) -> ReadingBatch:
    return ReadingBatch.build(
        TABLE,
        [(T0_MS + row[1]) * NS_PER_MS for row in rows],
        [row[0] for row in rows],
        [row[2] for row in rows],
        quality=[row[3] for row in rows],
        text={at: row[4] for at, row in enumerate(rows) if row[4] is not None},
    )


@given(readings, st.integers(0, 255))
def test_decode_of_encode_gives_the_same_columns(rows: list[tuple[int, int, float, int, str | None]], seq: int) -> None:
    batch = batch_of(rows)
    payload = with_seq(encode_batch(batch, T0_MS * NS_PER_MS), seq)
    back, unknown = decode_batch(payload, TABLE, "u1", "g1")
    assert unknown == 0
    assert back.time_ns.tolist() == batch.time_ns.tolist()
    assert back.point.tolist() == batch.point.tolist()
    assert np.array_equal(back.value, batch.value, equal_nan=True)
    assert back.quality.tolist() == batch.quality.tolist()
    assert dict(back.text) == dict(batch.text)
    assert decode_data(payload).seq == seq
    assert decode_data(payload).payload_time_ns == T0_MS * NS_PER_MS


@given(readings)
def test_protobuf_itself_reads_what_the_matrices_wrote(rows: list[tuple[int, int, float, int, str | None]]) -> None:
    batch = batch_of(rows)
    payload = Payload.FromString(encode_batch(batch, 0))
    assert [metric.alias for metric in payload.metrics] == TABLE.aliases[batch.point].tolist()
    assert [metric.timestamp for metric in payload.metrics] == (batch.time_ns // NS_PER_MS).tolist()


@pytest.mark.parametrize("historical", [False, True])
def test_bytes_equal_those_of_an_independent_encoder(*, historical: bool) -> None:
    quality = pack(GOOD, historical=historical)
    batch = batch_of([(n, n * 1000, n / 7 - 3, quality, None) for n in range(300)])
    metrics = tuple(
        pysparkplug.Metric(
            timestamp=T0_MS + n * 1000,
            name=None,
            datatype=pysparkplug.DataType.DOUBLE,
            value=n / 7 - 3,
            alias=TABLE[n].alias,
            is_historical=historical,
        )
        for n in range(300)
    )
    foreign = pysparkplug.DData(timestamp=T0_MS, seq=200, metrics=metrics).encode(include_dtypes=False)
    assert with_seq(encode_batch(batch, T0_MS * NS_PER_MS), 200) == foreign


def test_null_metric_equals_the_independent_encoders_and_is_never_zero() -> None:
    metric = pysparkplug.Metric(
        timestamp=T0_MS, name=None, datatype=pysparkplug.DataType.DOUBLE, value=None, alias=TABLE[0].alias, is_null=True
    )
    foreign = pysparkplug.DData(timestamp=T0_MS, seq=1, metrics=(metric,)).encode()
    back, unknown = decode_batch(foreign, TABLE, "u1", "g1")
    assert unknown == 0
    assert np.isnan(back.value).all()


def test_readings_of_unknown_points_are_counted_not_guessed() -> None:
    payload = encode_batch(batch_of([(0, 0, 1.0, GOOD, None), (1, 0, 2.0, GOOD, None)]), 0)
    known = PointTable([TABLE[1]])
    back, unknown = decode_batch(payload, known, "u1", "g1")
    assert (back.value.tolist(), unknown) == ([2.0], 1)
    assert decode_batch(payload, TABLE, "u1", "other-gateway")[1] == 2


def test_metrics_with_names_only_or_words_are_skipped_and_counted() -> None:
    payload = Payload(timestamp=T0_MS)
    payload.metrics.add(name="by name only", double_value=1.0)
    payload.metrics.add(alias=TABLE[0].alias, timestamp=T0_MS, string_value="words")
    payload.metrics.add(alias=TABLE[2].alias, timestamp=T0_MS, int_value=7)
    data = decode_data(payload.SerializeToString())
    assert (data.skipped, data.value.tolist()) == (2, [7.0])


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_junk_is_refused_or_read_but_never_crashes(junk: bytes) -> None:
    try:
        data = decode_data(junk)
    except WireError as error:
        assert error.raw == junk[:256]
    else:
        assert len(data.alias) == len(data.time_ns) == len(data.value) == len(data.quality)


@settings(max_examples=200)
@given(readings, st.data())
def test_a_damaged_payload_is_refused_or_read_but_never_crashes(
    rows: list[tuple[int, int, float, int, str | None]], data: st.DataObject
) -> None:
    payload = bytearray(encode_batch(batch_of(rows), T0_MS * NS_PER_MS))
    at = data.draw(st.integers(0, len(payload) - 1))
    payload[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(payload)))
    try:
        decode_data(bytes(payload[:cut]))
    except WireError as error:
        assert str(error)


def test_a_payload_over_the_limit_is_refused_by_size() -> None:
    with pytest.raises(WireError, match="at most 1048576"):
        decode_data(bytes(1_048_577))


@pytest.mark.parametrize("seq", [-1, 256])
def test_seq_outside_a_byte_is_our_mistake(seq: int) -> None:
    with pytest.raises(ValueError, match=r"0\.\.255"):
        with_seq(b"", seq)
