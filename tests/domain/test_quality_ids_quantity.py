"""Laws of the small pieces: quality words, aliases and tokens, quantities, times, the point table."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import NS_PER_MS, FakeClock, SystemClock, floor_ms, to_iso
from domain.ids import ALIAS_FLOOR, alias_of, is_token, point_key, stable_id
from domain.points import Point, PointKind, PointTable
from domain.quality import (
    BAD,
    BASE_MASK,
    GOOD,
    STALE,
    Reason,
    base_of,
    good_mask,
    is_historical,
    pack,
    reason_of,
)
from domain.quantity import Quantity, known_symbols, symbol, to_canonical

COLLIDING = ("5963-19581", "26133-41020")
"""Point names of a device ``d`` that have one alias, found by search."""

TOKENS = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)


@given(st.integers(0, BASE_MASK), st.sampled_from(Reason), st.booleans())
def test_quality_unpacks_to_what_was_packed(base: int, reason: Reason, historical: bool) -> None:  # noqa: FBT001 - drawn
    quality = pack(base, reason, historical=historical)
    assert 0 <= quality < 2**16
    assert (base_of(quality), reason_of(quality), is_historical(quality)) == (base, reason, historical)


@given(st.integers(0, 2**16 - 1))
def test_any_quality_word_of_a_peer_can_be_read(quality: int) -> None:
    assert reason_of(quality) in list(Reason)
    assert good_mask(np.array([quality], np.uint16))[0] == (base_of(quality) == GOOD)


@pytest.mark.parametrize("base", [-1, BASE_MASK + 1, 2**16])
def test_a_base_that_is_no_ten_bits_is_refused(base: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        pack(base)


def test_reason_numbers_stand_on_the_wire_and_never_change() -> None:
    assert [(reason.name, reason.value) for reason in Reason] == [
        ("NONE", 0),
        ("TIMEOUT", 1),
        ("EXCEPTION", 2),
        ("OUT_OF_RANGE", 3),
        ("SUBSTITUTED", 4),
        ("CLOCK", 5),
        ("TEST_MODE", 6),
        ("NOT_INSTALLED", 7),
        ("BAD_FRAME", 8),
        ("BAD_VALUE", 9),
        ("BUSY", 10),
        ("LINK_DOWN", 11),
        ("SILENT", 12),
    ]
    assert (GOOD, BAD, STALE) == (192, 0, 500)


@given(TOKENS, TOKENS)
def test_aliases_are_five_byte_varints_and_functions_of_names(device: str, point: str) -> None:
    alias = alias_of(device, point)
    assert ALIAS_FLOOR <= alias < 2**32
    assert math.ceil(alias.bit_length() / 7) == 5
    assert alias == alias_of(device, point)


def test_the_alias_of_a_name_never_changes() -> None:
    assert alias_of("pressure-1", "pressure") == 2983693691


@given(st.text(max_size=80))
def test_a_token_is_safe_everywhere(text: str) -> None:
    safe = 1 <= len(text) <= 64 and all(letter.isascii() and (letter.isalnum() or letter in "_-") for letter in text)
    assert is_token(text) == safe


@given(st.lists(st.text(alphabet=st.characters(exclude_characters="\x1f")), max_size=4), st.data())
def test_stable_ids_depend_on_every_part(parts: list[str], data: st.DataObject) -> None:
    other = data.draw(st.lists(st.text(alphabet=st.characters(exclude_characters="\x1f")), max_size=4))
    assert len(stable_id(*parts)) == 32
    # Nothing and one empty part look the same; nobody makes an id of nothing.
    assert (stable_id(*parts) == stable_id(*other)) == ((parts or [""]) == (other or [""]))


def test_stable_ids_take_halves_of_characters_too() -> None:
    assert len(stable_id("\ud800")) == 32


@pytest.mark.parametrize(
    ("source", "raw", "quantity", "canonical"),
    [
        ("MPa", 0.4, Quantity.KPA, 400.0),
        ("bar", 1.0, Quantity.KPA, 100.0),
        ("mbar", 1000.0, Quantity.KPA, 100.0),
        ("psi", 14.503773773020921, Quantity.KPA, 100.0),
        ("kgf_per_cm2", 1.0, Quantity.KPA, 98.0665),
        ("mH2O", 10.0, Quantity.KPA, 98.0665),
        ("mmH2O", 1000.0, Quantity.KPA, 9.80665),
        ("Pa", 101325.0, Quantity.KPA, 101.325),
        ("degF", 212.0, Quantity.CELSIUS, 100.0),
        ("degF", 32.0, Quantity.CELSIUS, 0.0),
        ("cm", 250.0, Quantity.METRE, 2.5),
        ("mm", 2500.0, Quantity.METRE, 2.5),
        ("kW", 1.5, Quantity.WATT, 1500.0),
        ("kvar", 1.5, Quantity.VAR, 1500.0),
        ("Wh", 2500.0, Quantity.KILOWATT_HOUR, 2.5),
        ("degC", 21.5, Quantity.CELSIUS, 21.5),
    ],
)
def test_conversion_to_the_canonical_quantity(source: str, raw: float, quantity: Quantity, canonical: float) -> None:
    found, factor, offset = to_canonical(source)
    assert found is quantity
    assert raw * factor + offset == pytest.approx(canonical, abs=1e-9)


def test_every_known_symbol_converts_and_no_other() -> None:
    for source in known_symbols():
        quantity, factor, offset = to_canonical(source)
        assert quantity in list(Quantity)
        assert factor > 0
        assert math.isfinite(offset)
    with pytest.raises(KeyError):
        to_canonical("furlong")
    assert symbol(Quantity.CELSIUS) == "°C"
    assert symbol(Quantity.KPA) == "kPa"


@given(st.integers(-(2**63), 2**63 - 1))
def test_any_int64_time_can_be_shown_and_cut_to_milliseconds(time_ns: int) -> None:
    cut = floor_ms(time_ns)
    assert cut % NS_PER_MS == 0
    assert 0 <= time_ns - cut < NS_PER_MS
    assert to_iso(cut) == to_iso(time_ns)
    assert to_iso(time_ns).endswith("Z")


def test_iso_times_by_hand() -> None:
    assert to_iso(0) == "1970-01-01T00:00:00.000Z"
    assert to_iso(1_800_000_000_123_456_789) == "2027-01-15T08:00:00.123Z"


def test_clocks_move() -> None:
    fake = FakeClock()
    fake.advance(1.5)
    assert fake.now_ns() == 1_800_000_001_500_000_000
    assert SystemClock().now_ns() > 1_700_000_000_000_000_000


def test_a_point_table_indexes_by_key_alias_and_device() -> None:
    points = [Point(unit="u", gateway="g", device=f"d{at % 2}", name=f"p{at}", kind=PointKind.STATE) for at in range(6)]
    table = PointTable(points)
    assert [table.index(point.key) for point in points] == list(range(6))
    assert table.of_device("u", "d1").tolist() == [1, 3, 5]
    assert table.of_device("u", "nobody").tolist() == []
    assert table.get("u/d9/p9") is None
    assert table.by_alias("u", "g", points[4].alias) == 4
    assert table.by_alias("u", "other", points[4].alias) is None
    assert table.aliases.tolist() == [point.alias for point in points]
    assert table.event_lane.all()
    assert point_key("u", "d0", "p0") == points[0].key == next(iter(table)).key


def test_a_point_table_refuses_equal_names_and_colliding_aliases() -> None:
    point = Point(unit="u", gateway="g", device="d", name="p")
    with pytest.raises(ValueError, match="named twice: u/d/p"):
        PointTable([point, point])
    one, two = COLLIDING
    assert alias_of("d", one) == alias_of("d", two)
    with pytest.raises(ValueError, match="share a wire alias"):
        PointTable(Point(unit="u", gateway="g", device="d", name=name) for name in (one, two))
    PointTable(Point(unit="u", gateway=f"g-{name}", device="d", name=name) for name in (one, two))  # other gateways may
