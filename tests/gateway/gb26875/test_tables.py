"""Code tables: complete, named in both languages, honest about what the standard leaves open."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.quantity import Quantity
from gateway.connectors.gb26875.components import COMPONENT_TYPES
from gateway.connectors.gb26875.layouts import LAYOUTS
from gateway.connectors.gb26875.tables import (
    ANALOG_TYPES,
    COMMANDS,
    SYSTEM_TYPES,
    TYPES,
    analog_type_name,
    bit_count,
    bit_names,
    command_name,
    component_type_name,
    system_type_name,
    type_name,
)

NAMES = (command_name, type_name, system_type_name, component_type_name, analog_type_name)


def test_tables_have_the_codes_of_the_standard_and_no_other() -> None:
    assert list(COMMANDS) == [1, 2, 3, 4, 5, 6]
    assert list(SYSTEM_TYPES) == [0, 1, *range(10, 25)]
    assert set(TYPES) == set(LAYOUTS)
    assert list(ANALOG_TYPES) == list(range(1, 13))
    assert list(COMPONENT_TYPES) == [
        0, 1, 10, 11, 12, 13, 16, 17, 18, 21, 22, 23, 24, 25, 30, 31, 32, 33, 34, 35, 36, 37, 40, 41, 42, 43, 44, 50,
        51, 52, 53, 61, 62, 69, 74, 78, 79, 81, 82, 83, 84, 85, 86, 87, 88, 91, 92, 95, 96, 97, 98, 99, 101, 102, 103,
        104, 105, 106, 111, 113, 114, 115, 116, 117, 118, 121,
    ]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_code_has_a_name_of_its_own(name: Callable[[int, str], str], language: str) -> None:
    assert len({name(code, language) for code in range(256)}) == 256


@pytest.mark.parametrize(
    ("name", "code", "zh", "en"),
    [
        (system_type_name, 23, "消防电源", "fire power supply"),
        (system_type_name, 9, "保留 9", "reserved 9"),
        (system_type_name, 200, "用户自定义 200", "user-defined 200"),
        (component_type_name, 42, "点型光电感烟火灾探测器", "point photoelectric smoke detector"),
        (component_type_name, 128, "用户自定义 128", "user-defined 128"),
        (type_name, 91, "查岗命令", "duty roll-call"),
        (type_name, 22, "保留 22", "reserved 22"),
        (type_name, 255, "未定义 255", "undefined 255"),
        (analog_type_name, 0, "未用", "unused"),
        (analog_type_name, 13, "保留 13", "reserved 13"),
        (command_name, 7, "保留 7", "reserved 7"),
        (command_name, 254, "用户自定义 254", "user-defined 254"),
    ],
)
def test_names_in_both_languages(name: Callable[[int, str], str], code: int, zh: str, en: str) -> None:
    assert (name(code, "zh"), name(code, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("code", "count", "value", "quantity"),
    [
        (1, 3, 3.0, Quantity.COUNT),
        (2, 325, 3.25, Quantity.METRE),
        (3, -53, -5.3, Quantity.CELSIUS),
        (4, 5, 500.0, Quantity.KPA),
        (5, 4805, 480.5, Quantity.KPA),
        (6, 253, 25.3, Quantity.PERCENT_LEL),
        (7, 60, 60.0, Quantity.SECOND),
        (8, 2203, 220.3, Quantity.VOLT),
        (9, 3, 0.3, Quantity.AMPERE),
        (10, 207, 20.7, Quantity.LITRE_PER_SECOND),
        (11, 6, 10.0, Quantity.LITRE_PER_SECOND),
        (12, 7, 7.0, Quantity.METRE_PER_SECOND),
    ],
)
def test_counts_become_values_in_the_canonical_quantity(
    code: int, count: int, value: float, quantity: Quantity
) -> None:
    analog = ANALOG_TYPES[code]
    assert (analog.value(count), analog.quantity) == (value, quantity)


@given(st.sampled_from(sorted(ANALOG_TYPES)), st.integers(-0x8000, 0x7FFF))
def test_a_value_comes_back_to_its_count(code: int, count: int) -> None:
    assert ANALOG_TYPES[code].count(ANALOG_TYPES[code].value(count)) == count


def test_a_value_beyond_sixteen_bits_is_refused_with_the_range() -> None:
    with pytest.raises(ValueError, match=r"value 3276\.8 does not fit two bytes → write -3276\.8 to 3276\.7"):
        ANALOG_TYPES[3].count(3276.8)


@pytest.mark.parametrize(("flag", "bits"), [(1, 14), (2, 9), (4, 7), (21, 7), (24, 7)])
def test_words_have_as_many_named_bits_as_the_standard_gives(flag: int, bits: int) -> None:
    assert bit_count(flag) == bits


def test_fire_with_bit_0_clear_says_test_and_fire_as_in_al_01() -> None:
    assert bit_names(2, 0x0002, "zh") == ["测试", "火警"]
    assert bit_names(2, 0x0003, "en") == ["normal running", "fire alarm"]


def test_operations_have_no_test_polarity_and_reserved_bits_keep_their_number() -> None:
    assert bit_names(24, 1 << 5, "zh") == ["查岗应答"]
    assert bit_names(4, 1 << 5, "en") == ["confirm"]
    assert bit_names(24, 0, "en") == []
    assert bit_names(21, 0b1000_0001, "en") == ["normal monitoring", "bit 7"]
