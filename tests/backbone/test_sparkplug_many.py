"""Many payloads at once give what each gives by itself, and what is odd is said to be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backbone.sparkplug import decode_data, encode_batch, with_seq
from backbone.sparkplug.many import SMALL, decode_many
from domain.batch import ReadingBatch
from domain.clock import NS_PER_MS
from domain.errors import WireError
from domain.points import Point, PointTable
from domain.quality import GOOD, Reason, pack

T0_MS = 1_800_000_000_000
TABLE = PointTable([Point(unit="u1", gateway="g1", device="d1", name=f"p{n}") for n in range(9)])
EVERYDAY = [GOOD, pack(GOOD, historical=True)]

readings = st.tuples(
    st.integers(0, 8),
    st.integers(0, 10**6),
    st.floats(allow_nan=False, width=64),
    st.sampled_from([*EVERYDAY, pack(0, Reason.TIMEOUT)]),
)


def payload(rows: list[tuple[int, int, float, int]], seq: int = 200) -> bytes:
    """Return the payload of readings: (point, ms, value, quality)."""
    points, times, values, qualities = zip(*rows, strict=True) if rows else ((), (), (), ())
    batch = ReadingBatch.build(TABLE, [(T0_MS + at) * NS_PER_MS for at in times], points, values, qualities)
    return with_seq(encode_batch(batch, T0_MS * NS_PER_MS), seq)


def alone(data: bytes) -> list[tuple[int, int, float, int]] | None:
    """Return the rows that the general decoder finds, None for junk."""
    try:
        found = decode_data(data)
    except WireError:
        return None
    return list(
        zip(found.alias.tolist(), found.time_ns.tolist(), found.value.tolist(), found.quality.tolist(), strict=True)
    )


payloads = st.one_of(st.lists(readings, max_size=4).map(payload), st.binary(max_size=80))


@given(st.lists(payloads, max_size=10))
def test_what_is_in_the_columns_is_what_each_payload_gives_by_itself(sent: list[bytes]) -> None:
    many = decode_many(sent)
    assert not set(many.odd) & set(many.owner.tolist())
    for number, data in enumerate(sent):
        if number in many.odd:
            continue
        mine = many.owner == number
        columns = (many.alias, many.time_ns, many.value, many.quality)
        assert list(zip(*(column[mine].tolist() for column in columns), strict=True)) == alone(data)


@given(st.lists(readings, min_size=1, max_size=4), st.integers(0, 120), st.integers(0, 255))
def test_a_payload_with_one_spoiled_byte_reads_the_same_or_is_odd(
    rows: list[tuple[int, int, float, int]], at: int, byte: int
) -> None:
    whole = bytearray(payload(rows))
    whole[at % len(whole)] = byte
    many = decode_many([bytes(whole), payload([(1, 5, 2.0, GOOD)])])
    assert many.odd in ((), (0,))
    first = many.owner == 0
    if not many.odd:
        assert many.alias[first].tolist() == [row[0] for row in alone(bytes(whole)) or []]
    assert many.value[~first].tolist() == [2.0]


def test_everyday_payloads_are_not_odd_and_keep_their_order() -> None:
    mixed = [(0, 1, 1.0, EVERYDAY[0]), (1, 2, 2.0, EVERYDAY[1]), (2, 3, 3.0, EVERYDAY[0])]
    many = decode_many([payload(mixed), payload([(3, 4, 4.0, GOOD)])])
    assert many.odd == ()
    assert many.owner.tolist() == [0, 0, 0, 1]
    assert many.value.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert many.quality.tolist() == [EVERYDAY[0], EVERYDAY[1], EVERYDAY[0], GOOD]


def test_empty_bad_and_large_payloads_are_left_to_the_general_decoder() -> None:
    large = payload([(0, at, 1.0, GOOD) for at in range(60)])
    assert len(large) > SMALL
    bad = payload([(0, 1, 1.0, pack(0, Reason.TIMEOUT))])
    assert decode_many([b"", bad, large, payload([(0, 1, 1.0, GOOD)])]).odd == (0, 1, 2)
    assert decode_many([]).odd == ()
