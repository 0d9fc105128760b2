"""What consumers learn from births: whole points from ours, what can be read from other makers', junk refused."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path

import pysparkplug
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone import subjects
from backbone.sparkplug import Birth, BirthMetric, encode_birth
from backbone.sparkplug.learning import births, points_of_birth, points_of_message
from domain.errors import WireError
from domain.ids import alias_of
from domain.points import Point, PointKind
from domain.quantity import Quantity
from tests.servers import connected, embedded_server

T0_NS = 1_800_000_000_000_000_000

DETECTOR = Point(
    unit="hotel",
    gateway="utd",
    device="fas",
    name="c40-10-2",
    kind=PointKind.STATE,
    max_silence_s=86_400.0,
    label_zh="点型光电感烟火灾探测器 10-2",
    label_en="point photoelectric smoke detector 10-2",
    word="gb_component_state",
    zone="corridor_1",
)
PRESSURE = Point(
    unit="hotel", gateway="utd", device="fas", name="p", quantity=Quantity.KPA, low=250.0, high=1200.0, zone=None
)


def metric_of(point: Point) -> BirthMetric:
    return BirthMetric(
        name=point.name,
        alias=point.alias,
        quantity=point.quantity.value,
        kind=point.kind.value,
        low=point.low,
        high=point.high,
        word=point.word,
        zone=point.zone,
        label_zh=point.label_zh,
        label_en=point.label_en,
        max_silence_s=point.max_silence_s,
        time_ns=T0_NS,
    )


def birth_of(*points: Point) -> bytes:
    return encode_birth(Birth(metrics=tuple(map(metric_of, points)), seq=1, time_ns=T0_NS))


def test_a_birth_gives_back_the_points_that_it_lists() -> None:
    assert points_of_birth("hotel", "utd", "fas", birth_of(DETECTOR, PRESSURE)) == [DETECTOR, PRESSURE]


def test_of_another_makers_birth_the_metrics_that_data_can_be_read_of_are_points() -> None:
    good = alias_of("fas", "level")
    metrics = tuple(
        pysparkplug.Metric(timestamp=1, name=name, datatype=pysparkplug.DataType.DOUBLE, value=1.0, alias=alias)
        for name, alias in (("level", good), ("Fan/Speed", alias_of("fas", "Fan/Speed")), ("odd", 7))
    )
    foreign = pysparkplug.DBirth(timestamp=1, seq=3, metrics=metrics).encode(include_dtypes=True)
    assert points_of_birth("hotel", "utd", "fas", foreign) == [
        Point(unit="hotel", gateway="utd", device="fas", name="level")
    ]


def test_properties_that_make_no_sense_are_replaced_by_those_of_an_ordinary_point() -> None:
    odd = BirthMetric(
        name="x",
        alias=alias_of("fas", "x"),
        quantity="furlong",
        kind="mood",
        low=math.nan,
        high=math.inf,
        word="no word",
        zone="no zone",
        label_zh="烽" * 500,
        max_silence_s=-1.0,
    )
    [point] = points_of_birth("hotel", "utd", "fas", encode_birth(Birth(metrics=(odd, odd), seq=1, time_ns=T0_NS)))
    assert point == Point(unit="hotel", gateway="utd", device="fas", name="x", label_zh="烽" * 120)


def test_a_label_brings_nothing_that_a_terminal_obeys_or_that_turns_the_reading_direction() -> None:
    said = BirthMetric(
        name="x", alias=alias_of("fas", "x"), label_zh="三楼\x1b[2J\u202e烟感", label_en="floor\u30003\n[/]"
    )
    [point] = points_of_birth("hotel", "utd", "fas", encode_birth(Birth(metrics=(said,), seq=1, time_ns=T0_NS)))
    assert (point.label_zh, point.label_en) == ("三楼�[2J�烟感", "floor 3 [/]")


@pytest.mark.parametrize("kind", ["DDATA", "DDEATH"])
def test_other_messages_of_a_device_tell_of_no_points(kind: str) -> None:
    assert points_of_message(f"tel.0.hotel.{kind}.utd.fas", b"junk") == []


def test_ids_that_are_no_tokens_are_refused() -> None:
    with pytest.raises(WireError, match="no ids"):
        points_of_birth("hotel", "utd", "a b", birth_of())


@given(st.binary(max_size=200))
def test_junk_is_a_wire_error_or_points(junk: bytes) -> None:
    try:
        found = points_of_birth("hotel", "utd", "fas", junk)
    except WireError as error:
        assert error.raw == junk
    else:
        assert all(point.alias == alias_of("fas", point.name) for point in found)


async def test_the_stream_of_births_gives_the_newest_of_each_device_and_survives_junk(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        for device, payload in (
            ("fas", birth_of(PRESSURE)),
            ("junk", b"\xff\xff"),
            ("fas", birth_of(PRESSURE, DETECTOR)),
        ):
            await backbone.publish(subjects.telemetry("hotel", "DBIRTH", "utd", device), payload)
        async with asyncio.timeout(40):
            while await backbone.last_seq("BIRTHS") < 3:
                await asyncio.sleep(0.02)
        assert await births(backbone) == [PRESSURE, DETECTOR]
