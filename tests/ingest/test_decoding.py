"""From messages to readings: every kind of subject, junk bytes, and values that are no numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.messages import LogMessage
from backbone.sparkplug import encode_batch, encode_data
from domain.batch import ReadingBatch
from domain.quality import BAD, GOOD, HISTORICAL, Reason, pack
from ingest.dead_letters import LetterKind
from ingest.decoding import Chunk, Decoded, decode
from tests.ingest.ingest_site import START_NS, readings, site

SITE = site()
WIDER = site(devices=9)
DDATA = "tel.1.hotel.DDATA.gw-east.pressure-1"


def message(subject: str, data: bytes = b"") -> LogMessage:
    return LogMessage(subject, data, seq=5, time_ns=START_NS)


def take(data: LogMessage) -> tuple[Decoded, ReadingBatch]:
    """Take one message apart."""
    chunk = decode("TELEMETRY", [data], SITE.points)
    (item,) = chunk.items
    assert chunk.owner.tolist() == [0] * len(chunk.rows)
    return item, chunk.rows


def payload(batch: ReadingBatch) -> bytes:
    return encode_batch(batch, START_NS)


@pytest.mark.parametrize(
    "subject", [DDATA, "spBv1//0.hotel.DDATA.gw-east.pressure-1", "backfill.hotel.gw-east.pressure-1"]
)
def test_readings_come_out_as_they_went_in(subject: str) -> None:
    batch = readings(SITE, ["pressure-1/pressure", "pressure-1/level"], [0, 0.5], [600.5, 2.25])
    found, rows = take(message(subject, payload(batch)))
    assert rows.value.tolist() == [600.5, 2.25]
    assert rows.time_ns.tolist() == batch.time_ns.tolist()
    assert found.letter is None
    assert found.is_device_data


@pytest.mark.parametrize(
    "subject", ["tick.3", "tel.1.hotel.DBIRTH.gw-east.pressure-1", "spBv1//0.hotel.NDEATH.gw-east"]
)
def test_messages_without_readings_are_passed_over(subject: str) -> None:
    found, rows = take(message(subject, b"\xff junk"))
    assert len(rows) == 0
    assert found.letter is None
    assert not found.is_device_data


def test_points_that_the_registry_does_not_know_are_counted() -> None:
    batch = readings(WIDER, ["pressure-1/pressure", "pressure-9/pressure"], [0, 0], [1, 2])
    found, rows = take(message(DDATA, payload(batch)))
    assert rows.value.tolist() == [1]
    assert found.unknown_points == 1


def test_a_foreign_subject_becomes_a_letter() -> None:
    found, _ = take(message("who.knows", b"\x01"))
    assert found.letter is not None
    assert found.letter.kind is LetterKind.BAD_SUBJECT


@given(st.binary(max_size=300))
def test_junk_is_readings_or_a_letter_never_an_exception(junk: bytes) -> None:
    found, rows = take(message(DDATA, junk))
    assert found.is_device_data
    if found.letter is not None:
        assert len(rows) == 0
        assert found.letter.kind is LetterKind.BAD_PAYLOAD
        assert (found.letter.seq, found.letter.subject) == (5, DDATA)


@given(st.integers(0, 200), st.binary(min_size=1, max_size=20))
def test_a_payload_that_was_cut_or_overwritten(at: int, junk: bytes) -> None:
    whole = payload(readings(SITE, ["pressure-1/pressure"] * 8, range(8), range(8)))
    for spoiled in (whole[:at], whole[:at] + junk + whole[at + len(junk) :]):
        found, rows = take(message(DDATA, spoiled))
        assert found.letter is None or len(rows) == 0
        assert not np.isinf(rows.value).any()


def test_infinity_and_a_good_nan_become_bad_values_and_a_bad_value_stays() -> None:
    point = SITE.points[0]
    out_of_range = pack(BAD, Reason.OUT_OF_RANGE)
    data = encode_data(
        np.full(5, point.alias, np.uint32),
        START_NS + np.arange(5) * 1_000_000,
        np.array([np.inf, np.nan, -np.inf, 65535.0, 5.0]),
        np.array([GOOD, GOOD, out_of_range, out_of_range, GOOD], np.uint16),
        text={},
        payload_time_ns=START_NS,
    )
    _, batch = take(message(DDATA, data))
    assert np.isnan(batch.value).tolist() == [True, True, True, False, False]
    bad_value = pack(BAD, Reason.BAD_VALUE)
    assert batch.quality.tolist() == [bad_value, bad_value, out_of_range, out_of_range, GOOD]


def sampled(rows: list[tuple[int, int, int, bool]]) -> bytes:
    """Return the payload of readings of a site that is wider than the table: (point, second, quality, late)."""
    keys = ["pressure-1/pressure", "pressure-1/level", "camera-1/image", "pressure-9/pressure"]
    qualities = [quality | HISTORICAL * late for _, _, quality, late in rows]
    text = {row: "words" for row, (point, *_) in enumerate(rows) if point == 2}
    batch = readings(
        WIDER,
        [keys[point] for point, *_ in rows],
        [at for _, at, *_ in rows],
        range(len(rows)),
        quality=qualities,
        text=text,
    )
    return payload(batch)


samples = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 5), st.sampled_from([GOOD, pack(BAD, Reason.TIMEOUT)]), st.booleans()),
    max_size=3,
)
contents = st.one_of(
    st.tuples(st.just(DDATA), samples.map(sampled)),
    st.tuples(st.sampled_from([DDATA, "tick.0", "who.knows"]), st.binary(max_size=40)),
)


@given(st.lists(contents, max_size=12))
def test_messages_taken_apart_together_are_those_taken_apart_one_by_one(sent: list[tuple[str, bytes]]) -> None:
    messages = [LogMessage(subject, data, seq, START_NS) for seq, (subject, data) in enumerate(sent, 1)]
    together = decode("TELEMETRY", messages, SITE.points)
    alone = [decode("TELEMETRY", [one], SITE.points) for one in messages]
    assert together.items == [item for chunk in alone for item in chunk.items]
    assert together.owner.tolist() == [at for at, chunk in enumerate(alone) for _ in chunk.owner]
    assert facts(together) == [fact for chunk in alone for fact in facts(chunk)]


def facts(chunk: Chunk) -> list[tuple[object, ...]]:
    """Return the rows as values that can be compared."""
    rows = chunk.rows
    columns = (rows.point.tolist(), rows.time_ns.tolist(), map(repr, rows.value.tolist()), rows.quality.tolist())
    return [(*fact, rows.text.get(at)) for at, fact in enumerate(zip(*columns, strict=True))]


def test_only_the_rows_of_wanted_messages_are_taken() -> None:
    one = payload(readings(SITE, ["pressure-1/pressure"] * 2, [0, 1], [1, 2]))
    two = payload(readings(SITE, ["pressure-1/pressure"], [2], [3]))
    chunk = decode("TELEMETRY", [message(DDATA, one), message("tick.0"), message(DDATA, two)], SITE.points)
    assert chunk.rows_of(np.array([False, True, True])).value.tolist() == [3]
    assert chunk.rows_of(np.array([True, True, True])) is chunk.rows
