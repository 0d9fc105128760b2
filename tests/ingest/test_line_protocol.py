"""Line protocol: round trip through a parser that shares nothing with the encoder, and through InfluxDB."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from line_protocol_parser import parse_line  # type: ignore[import-untyped]  # it has no types

from domain.batch import ReadingBatch
from domain.points import Point, PointTable
from domain.quality import BAD, GOOD, HISTORICAL, STALE, Reason, pack
from ingest.influx_endpoint import literal, quoted, version_1
from ingest.influx_http import InfluxHttp
from ingest.line_protocol import Names, encode, point_names
from tests.ingest.store_servers import influxd

TABLE = PointTable(Point(unit="u", gateway="g", device="d", name=f"p{n}") for n in range(3))
PLAIN = Names.of([point_names("kind", {"unit": "u", "device": "d"}, f"p{n}") for n in range(3)])
TIMEOUT = pack(BAD, Reason.TIMEOUT)


def parse(line: bytes) -> tuple[str, dict[str, str], dict[str, Any], int]:
    """Read one line as the InfluxDB reference says, from left to right."""
    text = line.decode()
    measurement, at = _name(text, 0, stops=", ", escapes=", ")
    tags: dict[str, str] = {}
    while text[at] == ",":
        key, at = _name(text, at + 1, stops="=")
        tags[key], at = _name(text, at + 1, stops=", ")
    fields: dict[str, Any] = {}
    while True:
        key, at = _name(text, at + 1, stops="=")
        fields[key], at = _value(text, at + 1)
        if text[at] == " ":
            return measurement, tags, fields, int(text[at + 1 :])


def _name(text: str, at: int, *, stops: str, escapes: str = ",= ") -> tuple[str, int]:
    """Return the name that begins at ``at``, unescaped, and where its stop stands."""
    found = ""
    while text[at] not in stops:
        if text[at] == "\\" and text[at + 1] in escapes:
            at += 1
        found += text[at]
        at += 1
    return found, at


def _value(text: str, at: int) -> tuple[float | int | str, int]:
    """Return the field value that begins at ``at`` and where its stop stands."""
    if text[at] != '"':
        word, at = _name(text, at, stops=", ")
        return (int(word[:-1]) if word.endswith("i") else float(word)), at
    found, at = "", at + 1
    while text[at] != '"':
        if text[at] == "\\":
            at += 1
        found += text[at]
        at += 1
    return found, at + 1


letters = st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\t") | st.sampled_from('\\ ,="')
names = st.text(letters, min_size=1, max_size=12)


def meant(name: str) -> str:
    """Return what a name reads as: a backslash that can't be written is a slash."""
    return "".join(
        "/" if letter == "\\" and after in ",= " else letter for letter, after in zip(name, f"{name[1:]} ", strict=True)
    )


@given(measurement=names, tags=st.dictionaries(names, names, max_size=4), field=names)
def test_any_name_comes_back(measurement: str, tags: dict[str, str], field: str) -> None:
    batch = ReadingBatch.build(TABLE, [7], [0], [1.5])
    line = encode(batch, Names.of([point_names(measurement, tags, field)] * 3)).line(0)
    kept = {meant(key): meant(value) for key, value in sorted(tags.items())}
    assert parse(line) == (meant(measurement), kept, {meant(field): 1.5}, 7)


foreign_names = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\\") | st.sampled_from(' ,="'),
    min_size=1,
    max_size=12,
)
"""Names without backslashes: the foreign parser reads those by rules of its own, InfluxDB itself is asked below."""
kinds = foreign_names.filter(lambda name: not name.startswith("#"))
"""A line that begins with # is a comment; kinds of devices are ids, which have none."""


@given(
    measurement=kinds,
    tags=st.dictionaries(foreign_names, foreign_names, max_size=4),
    field=foreign_names,
    value=st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False),  # it takes those for an error
    quality=st.sampled_from([GOOD, TIMEOUT, STALE]),
    words=st.none() | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20),
)
def test_a_foreign_parser_reads_what_was_meant(  # noqa: PLR0917  # a reading with all its names
    measurement: str, tags: dict[str, str], field: str, value: float, quality: int, words: str | None
) -> None:
    text = {} if words is None else {0: words}
    batch = ReadingBatch.build(TABLE, [1_800_000_000_000_000_001], [0], [value], [quality], text=text)
    line = encode(batch, Names.of([point_names(measurement, tags, field)] * 3)).line(0)
    found = parse_line(line.decode())
    fields: dict[str, Any] = {field: value}
    fields |= {} if quality == GOOD else {f"{field}.quality": quality}
    fields |= {} if words is None else {f"{field}.text": words}
    assert found == {"measurement": measurement, "tags": tags, "fields": fields, "time": 1_800_000_000_000_000_001}


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_words_come_back_and_never_break_a_line(words: str) -> None:
    batch = ReadingBatch.build(TABLE, [7], [0], [1.0], text={0: words})
    lines = encode(batch, PLAIN).lines()
    assert len(lines) == 1
    assert b"\n" not in lines[0]
    assert b"\r" not in lines[0]
    blank = words.replace("\n", " ").replace("\r", " ").replace("\t", " ")
    assert parse(lines[0])[2] == {"p0": 1.0, "p0.text": blank}


readings = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(0, 3),
        st.floats(),
        st.sampled_from([GOOD, GOOD | HISTORICAL, TIMEOUT, STALE, TIMEOUT | HISTORICAL]),
    ),
    max_size=20,
)


@given(readings)
def test_no_reading_is_lost_and_no_line_has_anything_but_numbers(rows: list[tuple[int, int, float, int]]) -> None:
    points, times, values, qualities = zip(*rows, strict=True) if rows else ((), (), (), ())
    batch = ReadingBatch.build(TABLE, times, points, values, qualities)
    encoded = encode(batch, PLAIN)
    assert encoded.first_row[-1] == len(rows)
    assert len(encoded.first_row) == len(encoded) + 1
    for line, (start, end) in zip(encoded.lines(), pairwise(encoded.first_row.tolist()), strict=True):
        _, _, fields, time_ns = parse(line)
        assert all(math.isfinite(value) for value in fields.values())
        for point, time, value, quality in rows[start:end]:
            assert time == time_ns
            assert f"p{point}" in fields or f"p{point}.quality" in fields
            assert math.isfinite(value) or f"p{point}.quality" in fields
            good = quality & ~HISTORICAL == GOOD
            assert good or f"p{point}.quality" in fields


def test_readings_of_one_device_and_time_share_a_line() -> None:
    batch = ReadingBatch.build(TABLE, [5, 5, 6], [0, 1, 0], [1.0, 2.5, 3e-7])
    assert encode(batch, PLAIN).lines() == [b"kind,device=d,unit=u p0=1.0,p1=2.5 5", b"kind,device=d,unit=u p0=3e-7 6"]


def test_a_reading_without_value_is_only_its_reason() -> None:
    batch = ReadingBatch.build(TABLE, [5, 6], [0, 0], [math.nan, 7.0], [TIMEOUT, STALE])
    assert encode(batch, PLAIN).lines() == [
        f"kind,device=d,unit=u p0.quality={TIMEOUT}i 5".encode(),
        b"kind,device=d,unit=u p0=7.0,p0.quality=500i 6",
    ]


def test_empty_tags_are_left_out_and_ends_that_would_escape_are_changed() -> None:
    found = point_names("a\\", {"zone": "", "unit": "x\\", "device": "line\nfeed"}, "p")
    assert found.series == "a/,device=line\\ feed,unit=x/"


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with influxd(tmp_path_factory.mktemp("influxd")) as url:
        opened = InfluxHttp(version_1(url, "escapes"))
        yield opened
        opened.close()


NASTY: list[Mapping[str, str]] = [
    {"measurement": "a b,c=d", "key": "k,e y=", "value": "v=a,l u", "field": "f i,e=ld"},
    {"measurement": 'quo"te', "key": 'k"', "value": '"v"', "field": 'f"'},
    {"measurement": "烽燧", "key": "部位", "value": "东楼 1 楼, 出口=A", "field": "温度"},
    {"measurement": "a\\b", "key": "k\\k", "value": "v\\v", "field": "f\\f"},
    {"measurement": "m\\,", "key": "k\\=", "value": "v\\ v", "field": "f\\,f"},
]


@pytest.mark.parametrize("case", NASTY)
def test_influxdb_reads_the_names_that_were_meant(http: InfluxHttp, case: Mapping[str, str]) -> None:
    batch = ReadingBatch.build(TABLE, [1_000_000], [0], [1.5], text={0: 'say "東\\"'})
    names_of_case = Names.of([point_names(case["measurement"], {case["key"]: case["value"]}, case["field"])] * 3)
    assert http.write(encode(batch, names_of_case)) == {}
    field = meant(case["field"])
    columns = f"{quoted(field)}, {quoted(field + '.text')}"
    where = f"{quoted(meant(case['key']))} = {literal(meant(case['value']))}"
    statement = f"SELECT {columns} FROM {quoted(meant(case['measurement']))} WHERE {where}"  # noqa: S608  # quoted
    (series,) = http.query([statement])[0]
    assert series["values"] == [[1_000_000, 1.5, 'say "東\\"']]


@pytest.mark.parametrize("value", [0.0, -0.0, 5e-324, 1.7976931348623157e308, 1e16, 0.1, 123456789.123456789, -1e-7])
def test_influxdb_reads_the_very_same_number(http: InfluxHttp, value: float, tmp_path: Path) -> None:
    measurement = tmp_path.name
    batch = ReadingBatch.build(TABLE, [5], [0], [value])
    assert http.write(encode(batch, Names.of([point_names(measurement, {}, "p")] * 3))) == {}
    (series,) = http.query([f"SELECT p FROM {quoted(measurement)}"])[0]  # noqa: S608  # quoted
    assert series["values"][0][1] == value
    assert np.isfinite(series["values"][0][1])
