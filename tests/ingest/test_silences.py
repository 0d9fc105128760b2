"""Silences of a point against a slow reference: clipped, at the edges, and without any reading."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.duckdb_store import DuckDbStore
from ingest.silences import Span, silences_of
from tests.ingest.ingest_site import SECOND_NS, START_NS
from tests.ingest.reading_reference import Row
from tests.ingest.test_read_laws import POINT, SITE, written


def silent_seconds(heard: set[int], start: int, end: int, longer: int) -> set[int]:
    """Return the seconds (their begin) within ``start..end`` that lie in a silence longer than ``longer``."""
    found = set()
    for second in range(start, end):
        before = max((one for one in heard if start - longer <= one <= second), default=None)
        after = min((one for one in heard if second < one < end), default=end)
        begun_before = after < end or end - start > longer  # where nothing was heard before
        long_enough = after - before > longer if before is not None else begun_before
        if long_enough:
            found.add(second)
    return found


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    heard=st.sets(st.integers(0, 60), max_size=12),
    start=st.integers(0, 40),
    length=st.integers(1, 30),
    longer=st.integers(1, 20),
)
def test_silent_seconds_are_those_of_the_reference(
    tmp_path_factory: pytest.TempPathFactory, heard: set[int], start: int, length: int, longer: int
) -> None:
    store = DuckDbStore(SITE.points, tmp_path_factory.mktemp("silences") / "readings.duckdb")
    written(store, [Row(START_NS + second * SECOND_NS, 1.0, 192) for second in sorted(heard)])
    at = START_NS + start * SECOND_NS
    found = silences_of(store, POINT, Span(at, at + length * SECOND_NS, longer * SECOND_NS))
    store.close()
    seconds = {
        second
        for gap in found["gaps"]
        for second in range((gap["start_ns"] - START_NS) // SECOND_NS, (gap["end_ns"] - START_NS) // SECOND_NS)
    }
    assert seconds == silent_seconds(heard, start, start + length, longer)
    assert found["silent_s"] == len(seconds)
    assert found["share"] == pytest.approx(len(seconds) / length)
    assert [gap["ongoing"] for gap in found["gaps"][:-1]] == [False] * (len(found["gaps"]) - 1 if found["gaps"] else 0)


def test_a_silence_that_nothing_ended_goes_on(tmp_path: Path) -> None:
    store = DuckDbStore(SITE.points, tmp_path / "readings.duckdb")
    written(store, [Row(START_NS, 1.0, 192)])
    found = silences_of(store, POINT, Span(START_NS - SECOND_NS, START_NS + 60 * SECOND_NS, 10 * SECOND_NS))
    store.close()
    assert found["gaps"][-1] == {"start_ns": START_NS, "end_ns": START_NS + 60 * SECOND_NS, "ongoing": True}
