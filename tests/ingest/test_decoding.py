"""From messages to readings: every kind of subject, junk bytes, and values that are no numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.messages import LogMessage
from backbone.sparkplug import encode_batch, encode_data
from domain.batch import ReadingBatch
from domain.quality import BAD, GOOD, Reason, pack
from ingest.dead_letters import LetterKind
from ingest.decoding import decode
from tests.ingest.ingest_site import START_NS, readings, site

SITE = site()
DDATA = "tel.1.hotel.DDATA.gw-east.pressure-1"


def message(subject: str, data: bytes = b"") -> LogMessage:
    return LogMessage(subject, data, seq=5, time_ns=START_NS)


def payload(batch: ReadingBatch) -> bytes:
    return encode_batch(batch, START_NS)


@pytest.mark.parametrize(
    "subject", [DDATA, "spBv1//0.hotel.DDATA.gw-east.pressure-1", "backfill.hotel.gw-east.pressure-1"]
)
def test_readings_come_out_as_they_went_in(subject: str) -> None:
    batch = readings(SITE, ["pressure-1/pressure", "pressure-1/level"], [0, 0.5], [600.5, 2.25])
    found = decode("TELEMETRY", message(subject, payload(batch)), SITE.points)
    assert found.batch is not None
    assert found.batch.value.tolist() == [600.5, 2.25]
    assert found.batch.time_ns.tolist() == batch.time_ns.tolist()
    assert found.letter is None
    assert found.is_device_data


@pytest.mark.parametrize(
    "subject", ["tick.3", "tel.1.hotel.DBIRTH.gw-east.pressure-1", "spBv1//0.hotel.NDEATH.gw-east"]
)
def test_messages_without_readings_are_passed_over(subject: str) -> None:
    found = decode("TELEMETRY", message(subject, b"\xff junk"), SITE.points)
    assert found.batch is None
    assert found.letter is None
    assert not found.is_device_data


def test_points_that_the_registry_does_not_know_are_counted() -> None:
    wider = site(devices=9)
    batch = readings(wider, ["pressure-1/pressure", "pressure-9/pressure"], [0, 0], [1, 2])
    found = decode("TELEMETRY", message(DDATA, payload(batch)), SITE.points)
    assert found.batch is not None
    assert found.batch.value.tolist() == [1]
    assert found.unknown_points == 1


def test_a_foreign_subject_becomes_a_letter() -> None:
    found = decode("TELEMETRY", message("who.knows", b"\x01"), SITE.points)
    assert found.letter is not None
    assert found.letter.kind is LetterKind.BAD_SUBJECT


@given(st.binary(max_size=300))
def test_junk_is_readings_or_a_letter_never_an_exception(junk: bytes) -> None:
    found = decode("TELEMETRY", message(DDATA, junk), SITE.points)
    assert (found.batch is None) == (found.letter is not None)
    if found.letter is not None:
        assert found.letter.kind is LetterKind.BAD_PAYLOAD
        assert (found.letter.seq, found.letter.subject) == (5, DDATA)


@given(st.integers(0, 200), st.binary(min_size=1, max_size=20))
def test_a_payload_that_was_cut_or_overwritten(at: int, junk: bytes) -> None:
    whole = payload(readings(SITE, ["pressure-1/pressure"] * 8, range(8), range(8)))
    for spoiled in (whole[:at], whole[:at] + junk + whole[at + len(junk) :]):
        found = decode("TELEMETRY", message(DDATA, spoiled), SITE.points)
        assert (found.batch is None) == (found.letter is not None)
        if found.batch is not None:
            assert not np.isinf(found.batch.value).any()


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
    batch = decode("TELEMETRY", message(DDATA, data), SITE.points).batch
    assert batch is not None
    assert np.isnan(batch.value).tolist() == [True, True, True, False, False]
    bad_value = pack(BAD, Reason.BAD_VALUE)
    assert batch.quality.tolist() == [bad_value, bad_value, out_of_range, out_of_range, GOOD]
