"""``fengsui modbus scan|read|plan`` as an installer types it; and mbpoll on our serial line."""

from __future__ import annotations

import asyncio
import json
import struct
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from cli.modbus_scan_command import parse_units
from cli.modbus_target import settings_of
from gateway.connectors.modbus_tcp.interpret import meanings
from simulators.devices.modbus import ModbusServer
from simulators.devices.modbus_devices import PowerMeter, PressureTransmitter
from simulators.devices.modbus_pdu import RegisterBank
from simulators.devices.modbus_rtu import RtuDevices, SerialLine
from tests.servers import require

pytestmark = pytest.mark.timeout(300)
"""A test runs up to four commands, each a process that a busy machine takes long to start."""

HOTEL = Path(__file__).resolve().parents[2] / "examples" / "hotel"


async def fengsui(*words: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "modbus", *words), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


def units() -> dict[int, RegisterBank]:
    meter, transmitter = PowerMeter("meter", 3), PressureTransmitter("pressure", 7)
    meter.refresh(0.0)
    transmitter.refresh(0.0)
    return {3: meter.bank, 7: transmitter.bank}


async def test_scan_finds_the_units_of_a_host_also_those_that_refuse_the_register() -> None:
    async with ModbusServer(units()) as server:
        code, out, _ = await fengsui("scan", f"127.0.0.1:{server.port}", "--units", "1-8", "--json")
    assert code == 0
    assert [(one["unit"], one["said"]) for one in json.loads(out)] == [(3, "exception 2"), (7, "0 = 0")]


async def test_scan_finds_the_units_of_a_serial_line_at_each_speed_that_is_asked_for() -> None:
    async with SerialLine(RtuDevices(units())) as line:
        words = ("--units", "2-7", "--baud", "9600,19200", "--parity", "none,even", "--timeout", "0.3", "--json")
        code, out, _ = await fengsui("scan", line.path, *words)
    assert code == 0
    found = [(one["unit"], one["baud"], one["parity"]) for one in json.loads(out)]
    assert found == [(unit, baud, parity) for baud in (9600, 19200) for parity in ("none", "even") for unit in (3, 7)]


async def test_scan_of_a_port_that_nobody_listens_on_says_so() -> None:
    code, _, err = await fengsui("scan", "/dev/no-such-port")
    assert code == 1
    assert "/dev/no-such-port: No such file" in err


async def test_read_shows_every_order_and_which_looks_right() -> None:
    async with ModbusServer(units()) as server:
        target = f"127.0.0.1:{server.port}"
        words = ("--unit", "3", "--at", "8192", "--count", "4")
        code, out, _ = await fengsui("read", target, *words, "--json")
        shown = await fengsui("read", target, *words, "--lang", "en")
    first = json.loads(out)[0]
    assert code == shown[0] == 0
    assert 225 < first["orders"]["ABCD"]["f32"] < 235
    assert first["hints"][0] == "f32 ABCD"
    assert "(408193)" in shown[1], "the number of a manual that counts from 1"


async def test_read_of_a_refused_register_says_the_exception() -> None:
    async with ModbusServer(units()) as server:
        code, _, err = await fengsui("read", f"127.0.0.1:{server.port}", "--unit", "3", "--at", "0")
    assert code == 1
    assert "#3: exception 2" in err


async def test_plan_of_the_hotel_predicts_every_line() -> None:
    code, out, _ = await fengsui("plan", str(HOTEL), "--json")
    rows = json.loads(out)
    assert code == 0
    assert {row["connection"] for row in rows} == {"water-line", "panel-line", "power-line"}
    assert all(row["predicted_s"] > 0 and row["measured_s"] is None and row["count"] <= 125 for row in rows)


async def test_plan_measures_a_running_line(tmp_path: Path) -> None:
    async with ModbusServer(units()) as server:
        site = tmp_path / "site"
        (site / "gateways").mkdir(parents=True)
        (site / "site.yaml").write_text(SITE)
        (site / "gateways" / "gw.yaml").write_text(GATEWAY.format(port=server.port))
        code, out, err = await fengsui("plan", str(site), "--measure", "--json")
        table = await fengsui("plan", str(site), "--measure", "--lang", "en")
    assert code == 0, err
    assert all(row["measured_s"] > 0 for row in json.loads(out))
    assert "as measured" in table[1]


SITE = """
site: inn
labels: {zh: 客栈, en: Inn}
units:
  - id: inn
    labels: {zh: 客栈, en: Inn}
    buildings:
      - id: main
        labels: {zh: 主楼, en: Main}
        zones: [{id: room, kind: room, floor: 1, labels: {zh: 房间, en: Room}}]
"""

GATEWAY = """
gateway: gw
unit: inn
labels: {{zh: 网关, en: Gateway}}
connections:
  - id: line
    protocol: modbus_tcp
    settings: {{host: 127.0.0.1, port: {port}}}
    devices:
      - {{id: meter, profile: ddsu666_meter, address: 3, zone: room, labels: {{zh: 电表, en: Meter}}}}
      - {{id: press, profile: qdy30a_pressure, address: 7, zone: room, labels: {{zh: 压力, en: Pressure}}}}
"""


@pytest.mark.parametrize(
    ("payload", "hint"),
    [
        (struct.pack(">f", 230.2), "f32 ABCD"),
        (struct.pack("<f", 230.2), "f32 DCBA"),
        (struct.pack(">HH", 0xE240, 0x0001), "u32 CDAB"),
        (struct.pack(">d", 49.98), "f64 ABCD"),
        (b"\x09\xc4", "u16"),
        (b"\xff\x9c", "i16"),
        (b"\xff\xff", "0 or not installed"),
    ],
)
def test_the_hint_names_what_the_device_meant(payload: bytes, hint: str) -> None:
    assert hint in meanings(0, payload)[0].hints


def test_units_are_written_as_people_write_them() -> None:
    assert parse_units("1,5,9-12,5") == [1, 5, 9, 10, 11, 12]
    for wrong in ("", "0-256", "9-5", "a", "1;2"):
        with pytest.raises(typer.BadParameter):
            parse_units(wrong)


@pytest.mark.parametrize(
    ("target", "where"),
    [
        ("10.0.0.9", "10.0.0.9:502"),
        ("plc:1502", "plc:1502"),
        ("[fd00::1]:503", "fd00::1:503"),
        ("fd00::1", "fd00::1:502"),
    ],
)
def test_targets(target: str, where: str) -> None:
    assert settings_of(target).where == where
    more: dict[str, Any] = {"baud": 1234}
    with pytest.raises(typer.BadParameter, match="no such speed"):
        settings_of("/dev/ttyUSB0", **more)


async def test_mbpoll_reads_our_serial_line() -> None:
    mbpoll = require("mbpoll")
    async with SerialLine(RtuDevices(units()), baud=9600) as line:
        words = ("-m", "rtu", "-b", "9600", "-P", "none", "-a", "7", "-0", "-r", "2", "-c", "2", "-1", line.path)
        process = await asyncio.create_subprocess_exec(mbpoll, *words, stdout=asyncio.subprocess.PIPE)
        output = (await process.communicate())[0].decode()
    assert process.returncode == 0, output
    assert "[2]: \t10" in output


async def test_a_scan_that_finds_nobody_says_what_to_try() -> None:
    async with SerialLine(RtuDevices(units())) as line:
        code, out, err = await fengsui("scan", line.path, "--units", "20-22", "--timeout", "0.03")
    assert (code, out) == (1, "")
    assert "没有单元应答" in err
    assert "--parity none,even" in err


async def test_a_refusal_is_told_in_words_with_the_address_beside_it_that_answers() -> None:
    async with ModbusServer(units()) as server:
        target = f"127.0.0.1:{server.port}"
        found = await fengsui("scan", target, "--units", "3-3")
        code, _, err = await fengsui("read", target, "--unit", "3", "--at", "8191", "--count", "2")
        english = await fengsui("read", target, "--unit", "3", "--at", "8191", "--count", "2", "--lang", "en")
        nobody = await fengsui("read", target, "--unit", "9", "--timeout", "0.1", "--lang", "en")
    assert "没有该地址" in found[1]
    assert code == 1
    assert "exception 2（没有该地址）" in err
    assert "--at 8192" in err
    assert "address 8192 answers: the manual may count from 1" in english[2]
    assert "nobody answered behind the converter" in nobody[2]
