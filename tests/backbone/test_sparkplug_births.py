"""Births, deaths and the rebirth command against an independent implementation."""

from __future__ import annotations

import pysparkplug
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.sparkplug import (
    Birth,
    BirthMetric,
    decode_birth,
    decode_death,
    encode_birth,
    encode_death,
    encode_rebirth,
    is_rebirth,
)
from domain.errors import WireError

T0_NS = 1_800_000_000_000_000_000
T0_MS = T0_NS // 1_000_000


def test_a_birth_keeps_all_that_a_point_holds() -> None:
    metrics = (
        BirthMetric(name="pressure", alias=1 << 30, quantity="kPa", low=250.0, high=1200.0, value=412.5, time_ns=T0_NS),
        BirthMetric(name="state", alias=1 << 29, kind="state", value=None, time_ns=T0_NS, quality=0),
        BirthMetric(
            name="c40-10-2",
            alias=1 << 28,
            kind="state",
            word="gb_component_state",
            zone="corridor_1",
            label_zh="走廊烟感",
            label_en="corridor smoke",
            max_silence_s=86_400.0,
            value=2.0,
            time_ns=T0_NS,
        ),
    )
    birth = Birth(metrics=metrics, seq=1, time_ns=T0_NS)
    assert decode_birth(encode_birth(birth)) == birth


def test_an_nbirth_carries_bdseq_and_the_rebirth_control_as_the_specification_asks() -> None:
    payload = encode_birth(Birth(metrics=(), seq=0, time_ns=T0_NS, bd_seq=7))
    foreign = pysparkplug.NBirth.decode(payload)
    named = {metric.name: metric for metric in foreign.metrics}
    assert named["bdSeq"].value == 7
    assert named["bdSeq"].datatype is pysparkplug.DataType.INT64
    assert named["Node Control/Rebirth"].value is False
    assert foreign.seq == 0
    assert decode_birth(payload).bd_seq == 7


def test_a_host_of_another_maker_reads_our_device_birth() -> None:
    metrics = (BirthMetric(name="pressure", alias=1 << 30, quantity="kPa", value=412.5, time_ns=T0_NS),)
    foreign = pysparkplug.DBirth.decode(encode_birth(Birth(metrics=metrics, seq=3, time_ns=T0_NS)))
    assert [(metric.name, metric.alias, metric.value) for metric in foreign.metrics] == [("pressure", 1 << 30, 412.5)]


def test_ndeath_bytes_equal_those_of_an_independent_encoder() -> None:
    bd_seq = pysparkplug.Metric(timestamp=T0_MS, name="bdSeq", datatype=pysparkplug.DataType.INT64, value=7)
    foreign = pysparkplug.NDeath(timestamp=T0_MS, bd_seq_metric=bd_seq).encode(include_dtypes=True)
    assert decode_death(foreign) == 7
    assert decode_death(encode_death(7, T0_NS)) == 7
    assert encode_death(7, T0_NS) == foreign


def test_rebirth_is_recognised_from_us_and_from_others() -> None:
    control = pysparkplug.Metric(
        timestamp=T0_MS, name="Node Control/Rebirth", datatype=pysparkplug.DataType.BOOLEAN, value=True
    )
    foreign = pysparkplug.NCmd(timestamp=T0_MS, metrics=(control,)).encode(include_dtypes=True)
    assert is_rebirth(foreign)
    assert is_rebirth(encode_rebirth(T0_NS))
    assert not is_rebirth(encode_death(1, T0_NS))


@given(st.binary(max_size=120))
def test_junk_is_a_wire_error_or_a_birth(junk: bytes) -> None:
    for reader in (decode_birth, decode_death, is_rebirth):
        try:
            reader(junk)
        except WireError as error:
            assert error.raw == junk


def test_an_oversized_birth_is_refused() -> None:
    with pytest.raises(WireError, match="at most"):
        decode_birth(bytes(1_048_577))
