"""Values in words: absent and old data are unknown, never normal."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.console.devices.device_words import Look, number, open_words, shown
from dashboards.console.texts import Language
from dashboards.live.board import Reading
from domain.alarm import AlarmClass
from domain.clock import NS_PER_S
from domain.points import Point, PointKind
from domain.quality import BAD, GOOD, STALE, Reason, pack
from domain.quantity import Quantity
from tests.dashboards.board_makers import NOW_NS

ZH, EN = Language.ZH, Language.EN
PRESSURE = Point(
    unit="hotel",
    gateway="gw",
    device="p",
    name="pressure",
    quantity=Quantity.KPA,
    low=250,
    high=1200,
    max_silence_s=10,
)
STATE = Point(unit="hotel", gateway="gw", device="panel", name="state", kind=PointKind.STATE, max_silence_s=10)
COMPONENT = Point(unit="hotel", gateway="gw", device="panel", name="l1p01", kind=PointKind.STATE, max_silence_s=10)
BEHAVIOUR = Point(unit="hotel", gateway="gw", device="cam", name="behaviour", kind=PointKind.STATE)


def good(value: float | None, age_s: float = 1.0, text: str | None = None) -> Reading:
    return Reading(NOW_NS - int(age_s * NS_PER_S), value, GOOD, text)


def test_a_calm_measure_shows_number_and_symbol() -> None:
    found = shown(PRESSURE, "pressure_transmitter", good(652.04), NOW_NS, ZH)
    assert (found.value, found.look, found.detail) == ("652.0 kPa", Look.CALM, "良好")


@pytest.mark.parametrize(("value", "words"), [(249.0, "低于下限"), (1300.0, "高于上限")])
def test_a_measure_beyond_its_limit_says_which(value: float, words: str) -> None:
    found = shown(PRESSURE, "pressure_transmitter", good(value), NOW_NS, ZH)
    assert (found.look, found.detail) == (Look.ALARM, words)


@pytest.mark.parametrize(
    ("reading", "value", "detail"),
    [
        (None, "无数据", ""),
        (good(652.0, age_s=11), "未知", "静默超时"),
        (Reading(NOW_NS, None, pack(BAD, Reason.TIMEOUT), None), "未知", "读取超时"),
        (Reading(NOW_NS, 652.0, pack(STALE, Reason.LINK_DOWN), None), "未知", "链路中断"),
        (Reading(NOW_NS, None, GOOD, None), "未知", "无效"),
        (Reading(NOW_NS, math.inf, GOOD, None), "未知", "无效"),
    ],
)
def test_what_is_not_known_is_unknown(reading: Reading | None, value: str, detail: str) -> None:
    found = shown(PRESSURE, "pressure_transmitter", reading, NOW_NS, ZH)
    assert (found.value, found.look, found.detail) == (value, Look.UNKNOWN, detail)


def test_nothing_behind_a_gateway_that_is_away_looks_known() -> None:
    found = shown(STATE, "fire_panel", good(1), NOW_NS, ZH, reachable=False)
    assert (found.value, found.look, found.detail) == ("未知", Look.UNKNOWN, "链路中断")


def test_a_late_reading_says_so() -> None:
    reading = Reading(NOW_NS, 652.0, pack(GOOD, historical=True), None)
    assert shown(PRESSURE, "pressure_transmitter", reading, NOW_NS, EN).detail == "Good · late"


@pytest.mark.parametrize(
    ("word", "zh", "look"),
    [
        (0b1, "正常", Look.CALM),
        (0b11, "火警", Look.ALARM),
        (0b101, "故障", Look.CAUTION),
        (0b0, "测试状态", Look.CAUTION),
        (0b10, "火警 测试状态", Look.ALARM),
        (0b1_0000_0001, "主电故障", Look.CAUTION),
    ],
)
def test_a_panel_word_is_read_bit_by_bit_and_test_hides_nothing(word: int, zh: str, look: Look) -> None:
    found = shown(STATE, "fire_panel", good(word), NOW_NS, ZH)
    assert (found.value, found.look) == (zh, look)


def test_a_component_has_its_own_bits() -> None:
    assert shown(COMPONENT, "fire_panel", good(0b1_0000_0001), NOW_NS, ZH).value == "电源故障"


def test_an_enum_shows_its_word_and_an_unlisted_one_its_number() -> None:
    assert shown(BEHAVIOUR, "camera", good(3), NOW_NS, ZH).value == "充电"
    assert shown(BEHAVIOUR, "camera", good(9), NOW_NS, ZH).value == "9"
    assert shown(STATE, "foreign_panel", good(3), NOW_NS, ZH).value == "3"


def test_a_text_of_a_device_is_shown_as_it_is() -> None:
    assert shown(STATE, "camera", good(1, text="<b>x</b>"), NOW_NS, ZH).value == "<b>x</b>"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0"),
        (12.0, "12"),
        (0.98, "0.9800"),
        (652.04, "652.0"),
        (-3.5, "-3.500"),
        (1e-9, "0.0000"),
        (math.nan, "—"),
    ],
)
def test_numbers_have_four_digits_and_no_powers_of_ten(value: float, words: str) -> None:
    assert number(value) == words


@given(st.floats(allow_nan=True, allow_infinity=True) | st.none(), st.integers(0, 65535), st.floats(-1e6, 1e6))
def test_no_reading_breaks_the_table(value: float | None, quality: int, age_s: float) -> None:
    reading = Reading(NOW_NS - int(age_s * NS_PER_S), value, quality, None)
    for point in (PRESSURE, STATE):
        found = shown(point, "fire_panel", reading, NOW_NS, ZH)
        assert found.value
        usable = quality & 0x3FF == GOOD and value is not None and math.isfinite(value) and age_s <= 10
        assert usable or found.look is Look.UNKNOWN


WORDED = Point(unit="u", gateway="t", device="fas", name="c40", kind=PointKind.STATE, word="gb_component_state")


@pytest.mark.parametrize(
    ("word", "value", "zh", "en", "look"),
    [
        ("gb_component_state", 1, "正常运行", "Normal running", Look.CALM),
        ("gb_component_state", 6, "火警、故障", "Fire alarm, fault", Look.ALARM),
        ("gb_component_state", 5, "故障", "Fault", Look.CAUTION),
        ("gb_component_state", 0, "测试状态", "Test state", Look.CAUTION),
        ("gb_component_state", 1 << 12, "Bit 12", "Bit 12", Look.CALM),
        ("gb_system_state", 1 | 1 << 8, "主电故障", "Mains fault", Look.CAUTION),
        ("gb_transmitter_state", 1 | 1 << 5, "与监控中心通信信道故障", "Channel to the centre faulty", Look.CAUTION),
        ("gb_system_operation", 4, "手动报警", "Manual alarm", Look.ALARM),
        ("gb_system_operation", 0, "0", "0", Look.CALM),
        ("gb_transmitter_operation", 32, "查岗应答", "Roll-call answer", Look.CALM),
        ("roll_call", 3, "无人应答", "No answer", Look.ALARM),
        ("roll_call", 4, "线路中断", "Line down", Look.CAUTION),
        ("roll_call", 9, "9", "9", Look.CALM),
    ],
)
def test_a_word_is_spelled_out_by_its_code_table(word: str, value: int, zh: str, en: str, look: Look) -> None:
    point = replace(WORDED, word=word)
    for language, wanted in ((Language.ZH, zh), (Language.EN, en)):
        found = shown(point, "facility_system", Reading(NOW_NS, float(value), GOOD), NOW_NS, language)
        assert (found.value, found.look) == (wanted, look)


def test_the_text_of_a_worded_reading_stands_beside_its_words() -> None:
    found = shown(WORDED, "facility_system", Reading(NOW_NS, 2.0, GOOD, "Ａ区１层走廊"), NOW_NS, Language.ZH)
    assert (found.value, found.detail) == ("火警", "Ａ区１层走廊")


@pytest.mark.parametrize(
    ("classes", "zh", "en"),
    [
        ((AlarmClass.FIRE,), "火警 1", "Fire 1"),
        ((AlarmClass.FIRE, AlarmClass.FAULT, AlarmClass.FAULT), "火警 1，另 2", "Fire 1, 2 others"),
        ((AlarmClass.FAULT, AlarmClass.FAULT), "故障 2", "Fault 2"),
    ],
)
def test_open_alarms_are_counted_by_their_own_class(classes: tuple[AlarmClass, ...], zh: str, en: str) -> None:
    assert (open_words(classes, ZH), open_words(classes, EN)) == (zh, en)
