"""A few readings read byte by byte are what the general decoder finds, or left to it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from backbone.sparkplug import decode_data, encode_batch
from backbone.sparkplug.few import FEW_BYTES, few_as_historical, read_few
from domain.batch import ReadingBatch
from domain.clock import NS_PER_MS
from domain.points import Point, PointTable
from domain.quality import GOOD, HISTORICAL, Reason, pack

T0_MS = 1_800_000_000_000
TABLE = PointTable([Point(unit="u1", gateway="g1", device="d1", name=f"p{n}") for n in range(9)])
EVERYDAY = [GOOD, pack(GOOD, historical=True)]
Row = tuple[int, int, float, int]

rows = st.lists(
    st.tuples(
        st.integers(0, 8), st.integers(0, 10**9), st.floats(allow_nan=False, width=64), st.sampled_from(EVERYDAY)
    ),
    min_size=1,
    max_size=10,
)


def payload(told: list[Row], text: dict[int, str] | None = None) -> bytes:
    points, times, values, qualities = zip(*told, strict=True)
    whole_ns = [(T0_MS + at) * NS_PER_MS for at in times]
    batch = ReadingBatch.build(TABLE, whole_ns, points, values, qualities, text=text)
    return encode_batch(batch, T0_MS * NS_PER_MS)


def columns(data: bytes) -> list[list[float]]:
    found = decode_data(data)
    return [column.tolist() for column in (found.alias, found.time_ns, found.value, found.quality)]


@given(rows)
def test_everyday_readings_are_read_as_the_general_decoder_reads_them(told: list[Row]) -> None:
    few = read_few(payload(told))
    assert few is not None
    assert [*few] == columns(payload(told))


@given(rows)
def test_everyday_readings_become_historical_and_are_otherwise_as_they_were(told: list[Row]) -> None:
    late = few_as_historical(payload(told))
    assert late is not None
    before, after = decode_data(payload(told)), decode_data(late)
    assert columns(late)[:3] == columns(payload(told))[:3]
    assert (after.quality == before.quality | np.uint16(HISTORICAL)).all()
    assert (after.payload_time_ns, after.seq) == (before.payload_time_ns, None)


def test_what_is_not_everyday_is_left_to_the_general_decoder() -> None:
    good = (0, 1, 2.0, GOOD)
    odd = [
        payload([good, (1, 1, 2.0, pack(0, Reason.TIMEOUT))]),
        payload([good, (1, 1, float("nan"), GOOD)]),
        payload([good], {0: "words"}),
        payload([good] * 20),
    ]
    assert len(odd[-1]) > FEW_BYTES
    assert [(read_few(one), few_as_historical(one)) for one in odd] == [(None, None)] * len(odd)


@given(st.one_of(st.binary(max_size=90), st.tuples(rows.map(payload), st.integers(0, 60), st.integers(0, 255)).map(
    lambda made: made[0][: made[1]] + bytes((made[2],)) + made[0][made[1] + 1 :]
)))  # fmt: skip
def test_no_bytes_raise_and_none_are_read_that_the_general_decoder_refuses(data: bytes) -> None:
    few, late = read_few(data), few_as_historical(data)
    assert (few is None) == (late is None)
    if few is not None and few[0]:
        assert repr([*few]) == repr(columns(data))  # a value may be NaN here
