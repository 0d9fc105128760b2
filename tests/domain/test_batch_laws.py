"""Laws of `ReadingBatch`: read-only equal columns, concat ∘ split = identity, text follows its row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from domain.batch import ReadingBatch, concat
from domain.points import Point, PointKind, PointTable
from domain.quality import BAD, GOOD, HISTORICAL, Reason, base_of, is_historical, pack

KINDS = (PointKind.MEASURE, PointKind.STATE, PointKind.EVENT)
TABLE = PointTable(
    Point(unit="u", gateway="g", device=f"d{at // 3}", name=f"p{at}", kind=KINDS[at % 3]) for at in range(9)
)
INT64 = st.integers(-(2**63), 2**63 - 1)


@st.composite
def batches(draw: st.DrawFn, most: int = 40) -> ReadingBatch:
    """Draw a batch with any times, values (also NaN and infinities), qualities and a little text."""
    size = draw(st.integers(0, most))

    def column(elements: st.SearchStrategy[int] | st.SearchStrategy[float]) -> list[int | float]:
        return draw(st.lists(elements, min_size=size, max_size=size))

    rows = st.integers(0, size - 1) if size else st.nothing()
    return ReadingBatch.build(
        TABLE,
        np.array(column(INT64), np.int64),
        column(st.integers(0, len(TABLE) - 1)),
        column(st.floats()),
        np.array(column(st.integers(0, 2**16 - 1)), np.uint16),
        text=draw(st.dictionaries(rows, st.text(max_size=8), max_size=min(size, 5))),
    )


def same(left: ReadingBatch, right: ReadingBatch) -> bool:
    """Tell whether two batches say the same; NaN equals NaN."""
    return (
        np.array_equal(left.time_ns, right.time_ns)
        and np.array_equal(left.point, right.point)
        and np.array_equal(left.value, right.value, equal_nan=True)
        and np.array_equal(left.quality, right.quality)
        and dict(left.text) == dict(right.text)
    )


@given(batches())
def test_columns_are_read_only_flat_typed_and_equally_long(batch: ReadingBatch) -> None:
    columns: tuple[NDArray[np.generic], ...] = (batch.time_ns, batch.point, batch.value, batch.quality)
    assert [column.dtype.name for column in columns] == ["int64", "int32", "float64", "uint16"]
    for column in columns:
        assert column.shape == (len(batch),)
        with pytest.raises(ValueError, match="read-only"):
            column[...] = 0


@given(batches(), st.integers(1, 50))
def test_concat_of_split_is_the_batch(batch: ReadingBatch, most: int) -> None:
    parts = batch.split(most)
    assert all(1 <= len(part) <= most for part in parts)
    assert same(concat([ReadingBatch.empty(TABLE), *parts]), batch)


@given(batches(), batches(), batches())
def test_concat_is_associative(one: ReadingBatch, two: ReadingBatch, three: ReadingBatch) -> None:
    assert same(concat([concat([one, two]), three]), concat([one, concat([two, three])]))


@given(batches(), st.data())
def test_take_takes_rows_with_their_text_in_the_asked_order(batch: ReadingBatch, data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, len(batch) - 1), max_size=30) if len(batch) else st.just([]))
    taken = batch.take(np.array(rows, np.intp))
    assert taken.time_ns.tolist() == [batch.time_ns[row] for row in rows]
    assert taken.point.tolist() == [batch.point[row] for row in rows]
    assert taken.quality.tolist() == [batch.quality[row] for row in rows]
    assert dict(taken.text) == {new: batch.text[old] for new, old in enumerate(rows) if old in batch.text}


@given(batches(), st.data())
def test_take_of_take_is_one_take(batch: ReadingBatch, data: st.DataObject) -> None:
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(batch), max_size=len(batch))), np.bool_)
    kept = np.flatnonzero(mask)
    assert same(batch.take(mask), batch.take(kept))
    assert same(batch.take(mask).take(slice(None, None, -1)), batch.take(kept[::-1]))
    assert same(batch.take(slice(None)), batch)


@given(batches())
def test_historical_marks_and_changes_nothing_else(batch: ReadingBatch) -> None:
    late = batch.as_historical()
    assert all(is_historical(int(quality)) for quality in late.quality)
    assert (late.quality & ~np.uint16(HISTORICAL)).tolist() == (batch.quality & ~np.uint16(HISTORICAL)).tolist()
    assert np.array_equal(late.value, batch.value, equal_nan=True)
    assert late.time_ns.tolist() == batch.time_ns.tolist()
    assert dict(late.text) == dict(batch.text)


def test_build_copies_so_that_the_caller_may_reuse_its_arrays() -> None:
    time_ns = np.array([1, 2], np.int64)
    batch = ReadingBatch.build(TABLE, time_ns, [0, 1], [1.0, 2.0])
    time_ns[0] = 99
    assert batch.time_ns.tolist() == [1, 2]
    assert batch.quality.tolist() == [GOOD, GOOD]


@pytest.mark.parametrize(
    ("time_ns", "point", "value", "quality"),
    [([1], [0, 0], [1.0], None), ([1, 2], [0], [1.0], None), ([1], [0], [], None), ([1], [0], [1.0], [192, 192])],
)
def test_unequal_columns_are_refused(
    time_ns: list[int], point: list[int], value: list[float], quality: list[int] | None
) -> None:
    with pytest.raises(ValueError, match="equally long"):
        ReadingBatch.build(TABLE, time_ns, point, value, quality)


@pytest.mark.parametrize("point", [-1, 9, 2**31, 2**32, -(2**32)])
def test_a_point_outside_the_table_is_refused_and_never_wraps_around(point: int) -> None:
    with pytest.raises(ValueError, match=r"must be in 0\.\.8"):
        ReadingBatch.build(TABLE, [1], np.array([point], np.int64), [1.0])


def test_columns_of_another_type_are_refused() -> None:
    good = ReadingBatch.build(TABLE, [1], [0], [1.0])
    with pytest.raises(ValueError, match="must be"):
        ReadingBatch(TABLE, good.time_ns, good.point.astype(np.int64), good.value, good.quality)


@pytest.mark.parametrize("row", [-1, 1])
def test_text_without_a_row_is_refused(row: int) -> None:
    with pytest.raises(ValueError, match="must belong to rows"):
        ReadingBatch.build(TABLE, [1], [0], [1.0], text={row: "lost"})


def test_batches_of_different_tables_do_not_join() -> None:
    other = PointTable([Point(unit="u", gateway="g", device="d", name="p")])
    with pytest.raises(ValueError, match="different point tables"):
        concat([ReadingBatch.empty(TABLE), ReadingBatch.empty(other)])
    with pytest.raises(ValueError, match="at least one"):
        concat([])
    with pytest.raises(ValueError, match="parts of 0"):
        ReadingBatch.empty(TABLE).split(0)


def test_a_timed_out_reading_is_nan_with_a_reason() -> None:
    batch = ReadingBatch.build(TABLE, [1], [0], [np.nan], [pack(BAD, Reason.TIMEOUT)])
    assert np.isnan(batch.value[0])
    assert base_of(int(batch.quality[0])) == BAD
