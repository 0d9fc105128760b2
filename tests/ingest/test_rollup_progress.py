"""How far roll-ups have come: nothing that is late is forgotten, whatever happens in between."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.site.models import RetentionSettings
from ingest.aggregate import Aggregate
from ingest.rollup_progress import FILE_NAME, Progress
from ingest.rollups import HOUR_NS, MINUTE_NS, Tier, parts_of, tier_for, tiers_of
from ingest.store import RangeQuery

TIERS = tiers_of(RetentionSettings())
MINUTE, HOUR = TIERS


def times(*hours: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([round(hour * HOUR_NS) for hour in hours], np.int64)


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    made = Progress(tmp_path, "here")
    made.advance(MINUTE, 10 * HOUR_NS)
    return made


def test_a_late_hour_is_on_disk_before_the_reading_is_stored(progress: Progress, tmp_path: Path) -> None:
    with progress.writing(times(3.5, 9.2, 11)):
        assert Progress(tmp_path, "here").late == 2


def test_an_hour_is_not_made_while_somebody_writes_to_it(progress: Progress) -> None:
    with progress.writing(times(3.5)):
        assert progress.late_hour() is None
    assert progress.late_hour() == 3


def test_an_hour_that_a_late_reading_came_to_meanwhile_is_made_once_more(progress: Progress) -> None:
    with progress.writing(times(3.5)):
        pass
    assert progress.late_hour() == 3
    with progress.writing(times(3.7)):
        pass
    progress.made(3)
    assert progress.late_hour() == 3
    progress.made(3)
    assert progress.late_hour() is None


def test_a_tier_is_not_made_past_what_is_being_stored(progress: Progress) -> None:
    with progress.writing(times(10.5)):
        assert progress.claim(MINUTE, 11 * HOUR_NS) == round(10.5 * HOUR_NS)
    assert progress.claim(MINUTE, 11 * HOUR_NS) == 11 * HOUR_NS
    with progress.writing(times(10.7)):
        assert progress.late == 1, "what was claimed counts as made"


def test_a_write_that_fails_leaves_the_hour_to_be_made(progress: Progress) -> None:
    with pytest.raises(RuntimeError), progress.writing(times(3.5)):
        raise RuntimeError
    assert progress.late_hour() == 3


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"store": "here"}', '{"store": "there", "until": {"1m": 5}, "late": []}']
)
def test_a_file_that_is_damaged_or_of_another_store_means_that_nothing_is_known(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    assert Progress(tmp_path, "here").until(MINUTE) is None


@given(st.binary(max_size=60))
def test_any_file_can_be_read(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / FILE_NAME).write_bytes(content)
    assert Progress(folder, "here").late == 0


def test_complete_spans_leave_late_hours_out(progress: Progress) -> None:
    with progress.writing(times(3.5, 4.1, 7)):
        pass
    assert [(a / HOUR_NS, b / HOUR_NS) for a, b in progress.whole(MINUTE, HOUR_NS)] == [(1, 3), (5, 7), (8, 10)]
    assert progress.whole(HOUR) == []


def asked(start: float, end: float, minutes: float, aggregate: Aggregate = Aggregate.MEAN) -> RangeQuery:
    return RangeQuery(
        points=(0,),
        start_ns=round(start * HOUR_NS),
        end_ns=round(end * HOUR_NS),
        resolution_ns=round(minutes * MINUTE_NS),
        aggregate=aggregate,
    )


@pytest.mark.parametrize(
    ("minutes", "aggregate", "tier"),
    [
        (0, Aggregate.MEAN, None), (0.5, Aggregate.MEAN, None), (1.5, Aggregate.MEAN, None),
        (1, Aggregate.MEAN, MINUTE), (90, Aggregate.MAX, MINUTE), (120, Aggregate.SUM, HOUR),
        (60, Aggregate.FIRST, None),
    ],
)  # fmt: skip
def test_the_coarsest_tier_that_makes_the_buckets_is_chosen(
    minutes: float, aggregate: Aggregate, tier: Tier | None
) -> None:
    assert tier_for(asked(0, 5, minutes, aggregate), TIERS) is tier


spans = st.lists(st.integers(0, 600), max_size=12, unique=True).map(sorted)


@given(spans, st.integers(0, 300), st.integers(1, 400), st.integers(1, 90), st.none() | st.integers(0, 700))
def test_parts_cover_a_range_once_and_cut_it_between_buckets(
    edges: list[int], start: int, length: int, minutes: int, raw_from: int | None
) -> None:
    whole = [(a * MINUTE_NS, b * MINUTE_NS) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    query = asked(start / 60, (start + length) / 60, minutes)
    parts = parts_of(query, MINUTE, whole, None if raw_from is None else raw_from * MINUTE_NS)
    assert [parts[0].start_ns, parts[-1].end_ns] == [query.start_ns, query.end_ns]
    for one, two in pairwise(parts):
        assert one.end_ns == two.start_ns
        assert one.end_ns % query.resolution_ns == 0
    for part in parts:
        inside = any(first <= part.start_ns and part.end_ns <= last for first, last in whole)
        gone = raw_from is not None and part.start_ns < raw_from * MINUTE_NS
        assert part.tier is None or inside or gone
