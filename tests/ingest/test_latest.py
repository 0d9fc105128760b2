"""The newest reading of every point, against a plain dictionary."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from domain.batch import ReadingBatch
from domain.points import Point, PointTable
from domain.quality import BAD, Reason, pack
from ingest.latest import LatestValues, Newest

TABLE = PointTable(Point(unit="u", gateway="g", device="d", name=f"p{n}") for n in range(4))
TIMEOUT = pack(BAD, Reason.TIMEOUT)

rows = st.tuples(st.integers(0, 3), st.integers(0, 9), st.none() | st.sampled_from(["a", "b"]))


@given(st.lists(st.lists(rows, max_size=8), max_size=6))
def test_newest_by_time_and_among_equals_the_last(parts: list[list[tuple[int, int, str | None]]]) -> None:
    latest, expected, value = LatestValues(TABLE), dict[str, Newest](), 0.0
    for part in parts:
        values = [value + row for row in range(len(part))]
        value += len(part)
        text = {row: words for row, (_, _, words) in enumerate(part) if words is not None}
        latest.update(
            ReadingBatch.build(TABLE, [time for _, time, _ in part], [p for p, _, _ in part], values, text=text)
        )
        for (point, time_ns, words), number in zip(part, values, strict=True):
            known = expected.get(TABLE[point].key)
            if known is None or time_ns >= known.time_ns:
                expected[TABLE[point].key] = Newest(time_ns, number, 192, words)
    assert latest.of(range(4)) == expected


def test_a_reading_without_value_is_told_as_such() -> None:
    latest = LatestValues(TABLE)
    latest.update(ReadingBatch.build(TABLE, [1, 2], [0, 0], [5.0, math.nan], [192, TIMEOUT]))
    assert latest.of([0, 1]) == {"u/d/p0": Newest(2, None, TIMEOUT, None)}
