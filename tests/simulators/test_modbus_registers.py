"""Register words worked out by hand from the devices' maps, not by the encoders' own arithmetic."""

from __future__ import annotations

import math

import pytest

from simulators.devices import registers
from simulators.devices.modbus_devices import FirePanel, PowerMeter, PressureTransmitter, ResidualCurrentBreaker
from simulators.devices.words import COMPONENT_BITS, panel_word
from simulators.errors import UnknownNameError


@pytest.mark.parametrize(
    ("value", "words"),
    [(1.0, (0x3F80, 0)), (230.0, (0x4366, 0)), (-2.5, (0xC020, 0)), (0.18, (0x3E38, 0x51EC)), (1e39, (0x7F80, 0))],
)
def test_singles_have_their_high_word_first(value: float, words: tuple[int, int]) -> None:
    assert registers.f32(value) == words


def test_words_stay_at_the_end_of_their_scale_rather_than_wrap() -> None:
    assert registers.u16(70_000) == 0xFFFF
    assert registers.u16(-3) == 0
    assert registers.i16(-1) == 0xFFFF
    assert registers.i16(40_000) == 0x7FFF
    assert registers.u16(math.nan) == registers.i16(math.nan) == 0


@pytest.mark.parametrize(
    ("unit", "decimals", "code", "raw"),
    [("kPa", 1, 10, 4806), ("MPa", 3, 9, 481), ("bar", 2, 12, 481), ("Pa", 0, 11, 0x7FFF), ("mbar", 0, 13, 4806)],
)
def test_pressure_of_480_6_kpa_in_the_transmitters_units(unit: str, decimals: int, code: int, raw: int) -> None:
    words = registers.qdy30a({"pressure": 480.6}, unit=unit, decimals=decimals)
    assert (words[2], words[3], words[4]) == (code, decimals, raw)


def test_a_vacuum_is_a_negative_word() -> None:
    assert registers.qdy30a({"pressure": -12.3})[4] == 0x10000 - 123


def test_meter_speaks_kilowatts_at_the_published_addresses() -> None:
    meter = PowerMeter("meter", 1)
    for name, value in {"voltage": 230.0, "power": 180.0, "frequency": 50.0, "energy": 1.0}.items():
        meter.set(name, value)
    words = registers.ddsu666(meter.values(0.0) | {"voltage": 230.0, "power": 180.0, "frequency": 50.0, "energy": 1.0})
    assert (words[0x2000], words[0x2001]) == (0x4366, 0)
    assert (words[0x2004], words[0x2005]) == (0x3E38, 0x51EC)
    assert (words[0x200E], words[0x200F]) == (0x4248, 0)
    assert (words[0x4000], words[0x4001]) == (0x3F80, 0)


def test_breaker_keeps_its_values_in_input_registers() -> None:
    breaker = ResidualCurrentBreaker("rcd", 1)
    for name, value in {"frequency": 50.0, "residual_current": 312.0, "current_a": 6.3, "power_total": 3900.0}.items():
        breaker.set(name, value)
        breaker._signals[name].swing = 0
    breaker.refresh(0.0)
    assert breaker.bank.holding == {}
    assert [breaker.bank.inputs[at] for at in (0x04, 0x05, 0x09, 0x22)] == [500, 312, 63, 3900]


def test_panel_components_lie_at_loop_times_256_plus_point() -> None:
    panel = FirePanel("panel", 1)
    panel.set("l1p07", "fire")
    panel.set("l1p24", ["fault", "shielded"])
    panel.refresh(0.0)
    assert panel.bank.holding[0x0101] == 0b1
    assert panel.bank.holding[0x0107] == 0b11
    assert panel.bank.holding[0x0118] == 0b1101
    assert panel.bank.holding[0] == 0b1111, "the system word sums fire, fault and shielded up"
    assert sorted(panel.bank.holding) == [0, *range(0x0101, 0x0119)]


def test_a_panel_in_test_still_tells_its_fire() -> None:
    panel = FirePanel("panel", 1)
    panel.set("state", "test")
    panel.set("l1p07", "fire")
    panel.refresh(0.0)
    assert panel.bank.holding[0] == 0b10, "bit 0 off, fire on"


def test_a_power_fault_of_a_component_is_a_fault_of_the_system() -> None:
    panel = FirePanel("panel", 1)
    panel.set("l1p01", "power_fault")
    assert int(panel.values(0.0)["state"]) == 0b101


@pytest.mark.parametrize(
    ("written", "word"), [("normal", 1), ("test", 0), ("fire", 3), (["test", "fire"], 2), (37, 37), ([], 1)]
)
def test_panel_words(written: object, word: int) -> None:
    assert panel_word(written, COMPONENT_BITS) == word


def test_an_unknown_word_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'fire'"):
        panel_word("fier", COMPONENT_BITS)


def test_transmitters_differ_in_unit_as_on_sites() -> None:
    units = []
    for unit_id in (1, 2, 3):
        transmitter = PressureTransmitter("pressure", unit_id)
        transmitter.refresh(0.0)
        units.append(transmitter.bank.holding[2])
    assert units == [10, 10, 9]
