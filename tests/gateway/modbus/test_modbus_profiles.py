"""Built-in register maps against worked values and published frames of their devices."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Mapping

import pytest

from domain.quality import GOOD, Reason, reason_of
from gateway.connectors.modbus_tcp.plan import Layout, UnitPlan
from gateway.connectors.modbus_tcp.planner import Cost
from gateway.connectors.modbus_tcp.wire import find_rtu, payload_of
from simulators.devices.modbus_pdu import RegisterBank
from tests.gateway.gateway_sites import UNIT, connection, device, registry_of
from tests.gateway.modbus.polling import polled_values


def f32(number: float) -> tuple[int, int]:
    high, low = struct.unpack(">HH", struct.pack(">f", number))
    return high, low


def words_at(*placed: tuple[int, tuple[int, ...]]) -> dict[int, int]:
    return {address + at: word for address, words in placed for at, word in enumerate(words)}


WORKED = [
    ("sfjk200_gas", words_at((0x07C2, (1, 3, 4, 8))), {"d01_state": 1, "d02_state": 3, "d03_state": 4, "d04_state": 8}),
    ("sfjk200_gas", {0x0BA2: 0x015A, 0x0F82: 0x3330, 0x0F8A: 8}, {"d01_gas": 34.6, "supply": 0x33, "controller": 8}),
    ("pressure_mpa", {4: 482}, {"pressure": 482.0}),
    ("level_absolute", words_at((0, (2, 9993 + 0)), (2, (2150,))), {"level": (2 * 65536 + 9993 - 101665) / 9800}),
    ("level_absolute", words_at((0, (1, 36129)), (2, (0xFF38,))), {"level": 0.0, "temperature": -2.0}),
    ("adw300_meter", words_at((20, (2301, 0, 0)), (26, (512,)), (36, (0xFFFF, 0xFC18)), (62, (1, 0))),
     {"voltage_a": 230.1, "current_a": 5.12, "power": -1000.0, "energy": 655.36}),
    ("dtsu666_meter", words_at((8198, f32(229.5)), (8260, f32(49.99)), (16414, f32(1234.5))),
     {"voltage_a": 229.5, "frequency": 49.99, "energy": 1234.5}),
    ("pzem014_meter", words_at((0, (2302, 0xE240, 0x0001, 1234, 0, 5000, 0, 500, 98))),
     {"voltage": 230.2, "current": 123.456, "power": 123.4, "energy": 5.0, "frequency": 50.0, "power_factor": 0.98}),
    ("temperature_humidity", {0: 0xFF9C, 1: 655}, {"temperature": -10.0, "humidity": 65.5}),
    ("kstar_ups", {100: 995, 101: 42, 110: 2304, 123: 317},
     {"battery": 99.5, "time_left": 2520.0, "input_voltage_a": 230.4, "load_a": 31.7}),
    ("row_power_cabinet", words_at((275, (2301,)), (523, (157,)), (637, (12,)), (872, (1, 0)), (186, (0x8001,))),
     {"voltage_1": 230.1, "current_21": 15.7, "power_17": 1200.0, "energy_13": 6553.6, "switch_17": 1.0}),
    ("midas_gas", words_at((0, (0x0080,)), (2, f32(12.5)[::-1]), (5, (17,)), (7, (25,)), (14, f32(50.0)[::-1])),
     {"state": 0x80, "gas": 12.5, "fault": 17, "temperature": 25.0, "high_threshold": 50.0}),
]  # fmt: skip


def plan_of(profile: str) -> tuple[UnitPlan, list[str]]:
    registry = registry_of(connection("line", "modbus_tcp", {"host": "h"}, [device("d", profile, 1)]))
    names = [point.id for point in registry.profiles[profile].points]
    return Layout.of([registry.devices[f"{UNIT}/d"]]).plan(Cost(0.01, 0.002)), names


def decoded(profile: str, table: Mapping[int, int]) -> dict[str, tuple[float, int]]:
    plan, names = plan_of(profile)
    found: dict[str, tuple[float, int]] = {}
    for block, decoder in zip(plan.blocks, plan.decoders, strict=True):
        words = [table.get(block.address + at, 0) for at in range(block.count)]
        value, quality = decoder.decode(struct.pack(f">{block.count}H", *words))
        found |= {names[row]: (float(value[at]), int(quality[at])) for at, row in enumerate(block.rows)}
    return found


@pytest.mark.parametrize(("profile", "table", "expected"), WORKED)
def test_profile_reads_worked_values(profile: str, table: Mapping[int, int], expected: Mapping[str, float]) -> None:
    found = decoded(profile, table)
    assert {name: found[name][0] for name in expected} == pytest.approx(expected, rel=1e-6, abs=1e-9)
    assert all(found[name][1] == GOOD for name in expected)


def test_published_concentration_of_the_sfjk_200_is_34_6_percent_lel() -> None:
    pdu = find_rtu(bytes.fromhex("01 03 02 01 5A 39 EF"), 1, 3)
    assert pdu is not None
    word = int.from_bytes(payload_of(pdu, 3, 1), "big")
    assert decoded("sfjk200_gas", {0x0BA2: word})["d01_gas"] == (34.6, GOOD)


def test_published_states_of_the_sfjk_200_are_low_alarm_both_fault_and_shielded() -> None:
    pdu = find_rtu(bytes.fromhex("01 03 08 00 01 00 03 00 04 00 08 81 10"), 1, 3)
    assert pdu is not None
    words = struct.unpack(">4H", payload_of(pdu, 3, 4))
    found = decoded("sfjk200_gas", words_at((0x07C4, words)))
    assert [found[f"d0{at}_state"][0] for at in (3, 4, 5, 6)] == [1, 3, 4, 8]


def test_sfjk_200_is_read_in_as_few_requests_as_its_pause_allows() -> None:
    plan, _ = plan_of("sfjk200_gas")
    assert [(block.address, block.count) for block in plan.blocks] == [(0x07C2, 8), (0x0F82, 9), (0x0BA2, 8)]
    assert plan.predicted_s() > 3.0, "a second after each"


def test_sensor_without_its_float_is_a_bad_value() -> None:
    table = words_at((2, (0x0000, 0x7FC0)))
    assert reason_of(decoded("midas_gas", table)["gas"][1]) is Reason.BAD_VALUE


async def test_pause_of_a_device_is_kept_between_its_requests() -> None:
    asked_s = await polled_values({1: RegisterBank(holding={0: 1, 900: 2})}, pause_s=0.12)
    gaps = [later - earlier for earlier, later in itertools.pairwise(asked_s)]
    assert min(gaps) >= 0.11
