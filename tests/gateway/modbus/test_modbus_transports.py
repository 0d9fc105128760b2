"""The same devices over every transport: TCP, TLS with certificates, a serial line, a converter; strangers too."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from pymodbus import FramerType
from pymodbus.datastore import ModbusDeviceContext as DeviceContext
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext
from pymodbus.server import ModbusTcpServer, ModbusTlsServer

from domain.errors import LinkError, WireError
from domain.quality import GOOD, Reason
from gateway.connectors.modbus_tcp.config import ModbusTcpSettings
from gateway.connectors.modbus_tcp.connector import ModbusTcpConnector
from gateway.connectors.modbus_tcp.link import ModbusLink
from gateway.connectors.modbus_tcp.reads import Function, Select
from simulators.devices.modbus_pdu import RegisterBank
from simulators.devices.modbus_rtu import RtuDevices, RtuOverTcp, SerialLine
from simulators.faults import Fault, FaultKind
from tests.gateway.gateway_sites import LABELS, ListSink, connection, device, registry_of, wiring_of
from tests.servers import require

TWO = {
    "profile": "two",
    "protocol": "modbus_tcp",
    "kind": "two",
    "labels": LABELS,
    "source": "this test",
    "points": [
        {"id": "level", "labels": LABELS, "read": {"address": 1, "type": "i16", "scale": 0.1}},
        {"id": "pump", "kind": "state", "labels": LABELS, "read": {"function": "coil", "address": 3}},
        {"id": "door", "kind": "state", "labels": LABELS, "read": {"function": "discrete", "address": 9}},
        {"id": "serial", "kind": "event", "labels": LABELS, "read": {"address": 10, "type": "text", "registers": 3}},
    ],
}


def bank() -> RegisterBank:
    return RegisterBank(
        holding={0: 1, 1: 205, 10: 0x534E, 11: 0x2D37, 12: 0x2020},
        coils={3: 1},
        discrete={9: 1},
        writable=True,
    )


def connector_of(settings: dict[str, Any], units: int = 1) -> ModbusTcpConnector:
    devices = [device(f"d{unit}", "two", unit) for unit in range(1, units + 1)]
    line = connection("line", "modbus_tcp", {"timeout_s": 1, "retry_s": 0.1, **settings}, devices, 0.1)
    return ModbusTcpConnector(wiring_of(registry_of(line, profiles=[TWO])))


@contextlib.asynccontextmanager
async def running(connector: ModbusTcpConnector) -> AsyncIterator[ListSink]:
    sink = ListSink()
    task = asyncio.create_task(connector.run(sink))
    try:
        yield sink
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(40):
        while not condition():
            await asyncio.sleep(0.01)


async def all_values_come(settings: dict[str, Any]) -> None:
    async with running(connector_of(settings)) as sink:
        await until(lambda: len(sink.of("d1/level")) >= 2)
    assert sink.of("d1/level")[0] == (20.5, GOOD, Reason.NONE)
    assert sink.of("d1/pump")[0] == sink.of("d1/door")[0] == (1.0, GOOD, Reason.NONE)
    texts = [words for batch in sink.batches for words in batch.text.values()]
    assert texts == ["SN-7"], "a text that does not change is told once"


async def test_serial_line() -> None:
    async with SerialLine(RtuDevices({1: bank()})) as line:
        await all_values_come({"transport": "serial", "device": line.path})


async def test_rtu_behind_a_converter() -> None:
    async with RtuOverTcp(RtuDevices({1: bank()})) as server:
        await all_values_come({"transport": "rtu_over_tcp", "host": "127.0.0.1", "port": server.port})


def pymodbus_context() -> ModbusServerContext:
    words = [0] * 20
    words[0:2], words[10:13] = [1, 205], [0x534E, 0x2D37, 0x2020]
    block: Any = ModbusSequentialDataBlock  # it has no annotations
    tables = DeviceContext(
        hr=block(1, words), co=block(1, [False, False, False, True]), di=block(1, [False] * 9 + [True])
    )
    return ModbusServerContext(devices=tables, single=True)


@contextlib.asynccontextmanager
async def served(server: Any) -> AsyncIterator[int]:
    await server.listen()
    try:
        yield server.transport.sockets[0].getsockname()[1]
    finally:
        await server.shutdown()


@pytest.mark.parametrize(("transport", "framer"), [("tcp", FramerType.SOCKET), ("rtu_over_tcp", FramerType.RTU)])
async def test_a_server_that_is_not_ours(transport: str, framer: FramerType) -> None:
    async with served(ModbusTcpServer(pymodbus_context(), framer=framer, address=("127.0.0.1", 0))) as port:
        await all_values_come({"transport": transport, "host": "127.0.0.1", "port": port})


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority, and certificates of a server called localhost and of a client that it signed."""
    openssl, folder = require("openssl"), tmp_path_factory.mktemp("certificates")

    def run(*words: str) -> None:
        subprocess.run([openssl, *words], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    for name in ("ca", "stranger"):
        run("req", "-x509", *key, "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}", "-days", "2")
    for name in ("localhost", "gateway"):
        run("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        (folder / "names").write_text(f"subjectAltName=DNS:{name}")
        signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names", "-days", "2")
        run("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.pem", *signed)
    return folder


@contextlib.asynccontextmanager
async def tls_server(folder: Path) -> AsyncIterator[int]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=folder / "ca.pem")
    context.load_cert_chain(folder / "localhost.pem", folder / "localhost.key")
    context.verify_mode = ssl.CERT_REQUIRED
    server = ModbusTlsServer(pymodbus_context(), address=("127.0.0.1", 0), sslctx=context)
    async with served(server) as port:
        yield port


def tls(folder: Path, port: int, **more: Any) -> dict[str, Any]:
    own = {"cert_file": folder / "gateway.pem", "key_file": folder / "gateway.key"}
    named = {"host": "127.0.0.1", "port": port, "server_name": "localhost", "ca_file": folder / "ca.pem"}
    return {"transport": "tls", **named, **own, **more}


async def test_tls_with_a_certificate_on_both_sides(certificates: Path) -> None:
    async with tls_server(certificates) as port:
        await all_values_come(tls(certificates, port))


@pytest.mark.parametrize(
    "wrong", [{"ca_file": "stranger.pem"}, {"server_name": "elsewhere"}], ids=["unknown authority", "another name"]
)
async def test_tls_server_that_can_not_prove_its_name_is_not_read(certificates: Path, wrong: dict[str, str]) -> None:
    more: dict[str, Any] = {key: certificates / name if key == "ca_file" else name for key, name in wrong.items()}
    async with tls_server(certificates) as port:
        link = ModbusLink(ModbusTcpSettings.model_validate(tls(certificates, port, **more)))
        with pytest.raises(LinkError, match="certificate verify failed"):
            await link.open()


async def test_a_line_that_is_pulled_out_is_a_lost_link_and_comes_back() -> None:
    async with SerialLine(RtuDevices({1: bank()})) as line:
        connector = connector_of({"transport": "serial", "device": line.path})
        task = asyncio.create_task(connector.run(sink := ListSink()))
        await until(lambda: len(sink.of("d1/level")) >= 1)
    async with asyncio.timeout(40):
        with pytest.raises(LinkError, match="serial port"):
            await task
    assert sink.of("d1/level")[-1][2] is Reason.LINK_DOWN


async def test_a_serial_line_has_one_owner() -> None:
    async with SerialLine(RtuDevices({1: bank()})) as line:
        settings = ModbusTcpSettings.model_validate({"transport": "serial", "device": line.path})
        first, second = ModbusLink(settings), ModbusLink(settings)
        await first.open()
        with pytest.raises(LinkError, match="in use by another program"):
            await second.open()
        first.close()
        await second.open()
        second.close()


async def test_missing_port_says_so() -> None:
    link = ModbusLink(ModbusTcpSettings.model_validate({"transport": "serial", "device": "/dev/no-such-port"}))
    with pytest.raises(LinkError, match="/dev/no-such-port: No such file"):
        await link.open()


@contextlib.asynccontextmanager
async def serial_link(faults: dict[int, Fault]) -> AsyncIterator[tuple[ModbusLink, SerialLine]]:
    async with SerialLine(RtuDevices({1: bank(), 2: bank()}, fault_of=faults.get)) as line:
        link = ModbusLink(
            ModbusTcpSettings.model_validate({"transport": "serial", "device": line.path, "timeout_s": 0.4})
        )
        await link.open()
        try:
            yield link, line
        finally:
            link.close()


async def test_noise_and_wrong_checksums_are_wire_errors_and_the_next_read_is_right() -> None:
    faults = {1: Fault(kind=FaultKind.GARBAGE)}
    async with serial_link(faults) as (link, line):
        with pytest.raises(WireError, match="checksum"):
            await link.read(1, Function.HOLDING, 0, 2)
        line.noise(b"\x00\xffnoise")
        faults.clear()
        assert await link.read(1, Function.HOLDING, 0, 2) == b"\x00\x01\x00\xcd"


async def test_silent_serial_unit_times_out_and_its_neighbour_answers() -> None:
    async with serial_link({1: Fault(kind=FaultKind.SILENT)}) as (link, _):
        with pytest.raises(TimeoutError):
            await link.read(1, Function.HOLDING, 0, 1)
        assert await link.read(2, Function.HOLDING, 0, 1) == b"\x00\x01"


async def test_late_serial_answer_is_not_taken_for_the_next_one() -> None:
    """RTU has no transaction id: register 0 (1), asked first, must not be read as register 1 (205)."""
    faults = {1: Fault(kind=FaultKind.DELAY, delay_s=0.5)}
    async with serial_link(faults) as (link, _):
        with pytest.raises(TimeoutError):
            await link.read(1, Function.HOLDING, 0, 1)
        faults.clear()
        assert await link.read(1, Function.HOLDING, 1, 1) == b"\x00\xcd"
        assert link.counts["late"] == 1


async def test_a_select_is_written_before_its_read_and_confirmed() -> None:
    own = bank()
    async with RtuOverTcp(RtuDevices({1: own})) as server:
        settings = {"transport": "rtu_over_tcp", "host": "127.0.0.1", "port": server.port}
        link = ModbusLink(ModbusTcpSettings.model_validate(settings))
        await link.open()
        await link.select(1, Select(address=0, value=77))
        await link.select(1, Select(address=3, value=0, function="coil"))
        link.close()
    assert (own.holding[0], own.coils[3]) == (77, 0)
