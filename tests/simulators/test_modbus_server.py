"""The Modbus server against clients that are not ours: pymodbus, and mbpoll where it is installed."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusIOException

from domain.errors import WireError
from simulators.devices.modbus import ModbusServer
from simulators.devices.modbus_devices import FirePanel, PressureTransmitter
from simulators.devices.modbus_pdu import MBAP, RegisterBank, answer, take_request
from simulators.faults import Fault, FaultKind, FaultPlan
from tests.servers import require


def line() -> dict[int, RegisterBank]:
    panel, transmitter = FirePanel("panel-1", 1), PressureTransmitter("pressure-1", 2)
    panel.refresh(0.0)
    transmitter.refresh(0.0)
    writable = RegisterBank(
        coils=dict.fromkeys(range(1, 20), 0),
        holding=dict.fromkeys(range(5), 7),
        discrete={0: 1, 1: 0, 2: 1},
        writable=True,
    )
    return {1: panel.bank, 2: transmitter.bank, 9: writable}


@asynccontextmanager
async def client_of(server: ModbusServer, timeout_s: float = 3.0) -> AsyncIterator[AsyncModbusTcpClient]:
    client = AsyncModbusTcpClient("127.0.0.1", port=server.port, timeout=timeout_s, retries=0, reconnect_delay=0)
    assert await client.connect()
    try:
        yield client
    finally:
        client.close()


async def test_pymodbus_reads_many_units_on_one_socket() -> None:
    async with ModbusServer(line()) as server, client_of(server) as client:
        panel = await client.read_holding_registers(0x0101, count=24, device_id=1)
        pressure = await client.read_holding_registers(2, count=3, device_id=2)
        assert panel.registers == [1] * 24
        assert pressure.registers[:2] == [10, 1]
        assert 4740 <= pressure.registers[2] <= 4860
        assert server.answered == 2


async def test_pymodbus_reads_and_writes_bits_and_words() -> None:
    async with ModbusServer(line()) as server, client_of(server) as client:
        assert (await client.read_discrete_inputs(0, count=3, device_id=9)).bits[:3] == [True, False, True]
        assert not (await client.write_coil(3, value=True, device_id=9)).isError()
        assert not (await client.write_coils(10, [True, False, True] * 3, device_id=9)).isError()
        coils = (await client.read_coils(1, count=18, device_id=9)).bits[:18]
        assert [at for at, on in enumerate(coils, start=1) if on] == [3, 10, 12, 13, 15, 16, 18]
        assert not (await client.write_register(0, 500, device_id=9)).isError()
        assert not (await client.write_registers(1, [1, 2, 3], device_id=9)).isError()
        assert (await client.read_holding_registers(0, count=5, device_id=9)).registers == [500, 1, 2, 3, 7]


@pytest.mark.parametrize(
    ("address", "count", "unit", "code"),
    [
        pytest.param(0x0119, 1, 1, 2, id="past the last component"),
        pytest.param(0, 2, 1, 2, id="across a gap"),
        pytest.param(0x0101, 51, 1, 3, id="more than the panel allows"),
        pytest.param(0, 1, 77, 11, id="a unit that nobody has"),
    ],
)
async def test_refusals_have_their_exception_code(address: int, count: int, unit: int, code: int) -> None:
    async with ModbusServer(line()) as server, client_of(server) as client:
        reply = await client.read_holding_registers(address, count=count, device_id=unit)
        assert reply.isError()
        assert reply.exception_code == code


async def test_panels_can_not_be_written() -> None:
    async with ModbusServer(line()) as server, client_of(server) as client:
        reply = await client.write_register(0x0101, 3, device_id=1)
        assert reply.exception_code == 1


async def test_mbpoll_reads_the_same_words() -> None:
    mbpoll = require("mbpoll")
    async with ModbusServer(line()) as server:
        process = await asyncio.create_subprocess_exec(
            *(mbpoll, "-m", "tcp", "-p", str(server.port), "-a", "2", "-0", "-r", "2", "-c", "2", "-1", "127.0.0.1"),
            stdout=asyncio.subprocess.PIPE,
        )
        output = (await process.communicate())[0].decode()
    assert process.returncode == 0, output
    assert "[2]: \t10" in output
    assert "[3]: \t1" in output


def faulty(kind: FaultKind, *, code: int = 4, delay_s: float = 1.0) -> ModbusServer:
    plan = FaultPlan()
    plan.strike("2", Fault(kind=kind, code=code, delay_s=delay_s), now_s=0.0)
    return ModbusServer(line(), fault_of=lambda unit: plan.active(str(unit), 0.0))


@pytest.mark.parametrize(
    "kind",
    [FaultKind.SILENT, FaultKind.DROP, FaultKind.FOREIGN_FRAME, FaultKind.WRONG_TRANSACTION, FaultKind.GARBAGE],
)
async def test_a_broken_device_gives_no_usable_answer(kind: FaultKind) -> None:
    async with faulty(kind) as server, client_of(server, 0.3) as client:
        with pytest.raises(ModbusIOException):
            await client.read_holding_registers(2, count=3, device_id=2)


@pytest.mark.parametrize("kind", [FaultKind.SILENT, FaultKind.DROP, FaultKind.GARBAGE])
async def test_its_neighbours_answer_all_the_same(kind: FaultKind) -> None:
    async with faulty(kind) as server:
        async with client_of(server, 0.3) as client:
            with pytest.raises(ModbusIOException):
                await client.read_holding_registers(2, count=3, device_id=2)
        async with client_of(server) as client:
            assert (await client.read_holding_registers(0, count=1, device_id=1)).registers == [1]


async def test_an_exception_fault_gives_its_code() -> None:
    async with faulty(FaultKind.EXCEPTION, code=6) as server, client_of(server) as client:
        assert (await client.read_holding_registers(2, count=3, device_id=2)).exception_code == 6


async def test_a_late_device_answers_late_but_right() -> None:
    async with faulty(FaultKind.DELAY, delay_s=0.4) as server, client_of(server) as client:
        before = asyncio.get_running_loop().time()
        reply = await client.read_holding_registers(2, count=1, device_id=2)
        assert reply.registers == [10]
        assert asyncio.get_running_loop().time() - before >= 0.4


async def exchange(server: ModbusServer, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request)
    try:
        async with asyncio.timeout(40):
            return await reader.read(512)
    finally:
        writer.close()
        await writer.wait_closed()


READ_3 = MBAP.pack(0x1234, 0, 6, 2) + struct.pack(">BHH", 3, 2, 3)


async def test_faulty_frames_byte_for_byte() -> None:
    async with faulty(FaultKind.SHORT_FRAME) as server:
        short = await exchange(server, READ_3)
    assert short[:9] == bytes.fromhex("1234 0000 0008 02 03 06"), "length says 8, byte count still 6"
    assert len(short) == 14, "one byte is missing, and the header knows it"
    async with faulty(FaultKind.FOREIGN_FRAME) as server:
        assert (await exchange(server, READ_3))[:8] == bytes.fromhex("1234 0000 0009 03 03")
    async with faulty(FaultKind.WRONG_TRANSACTION) as server:
        assert (await exchange(server, READ_3))[:8] == bytes.fromhex("4761 0000 0009 02 03")


async def test_requests_that_arrive_byte_by_byte_or_together_are_answered() -> None:
    async with ModbusServer(line()) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for at in range(len(READ_3)):
            writer.write(READ_3[at : at + 1])
            await writer.drain()
        async with asyncio.timeout(40):
            first = await reader.readexactly(15)
            writer.write(READ_3 + READ_3)
            assert await reader.readexactly(30) == first + first
        writer.close()
        await writer.wait_closed()


async def test_junk_ends_its_connection_and_nothing_else() -> None:
    async with ModbusServer(line()) as server:
        assert await exchange(server, b"GET / HTTP/1.1\r\n\r\n") == b""
        assert (await exchange(server, READ_3))[:2] == b"\x12\x34"
        assert server.refused_bytes == 18


async def test_stopping_takes_open_connections_along() -> None:
    server = ModbusServer(line())
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(READ_3)
    await reader.readexactly(15)
    async with asyncio.timeout(40):
        await server.stop()
        assert await reader.read(1) == b"", "the peer sees the end"
    writer.close()
    await server.stop()


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_fuzz_any_bytes_are_requests_or_a_refusal(data: bytes) -> None:
    buffer = bytearray(data)
    try:
        while request := take_request(buffer):
            assert 2 <= len(answer(RegisterBank(writable=True), request.pdu)) <= 253
    except WireError:
        assert buffer, "the offending bytes are still there to be counted"


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([1, 2, 3, 4, 5, 6, 15, 16, 99]), st.binary(max_size=252))
def test_fuzz_any_pdu_gets_an_answer_of_its_function(function: int, body: bytes) -> None:
    bank = RegisterBank(
        coils=dict.fromkeys(range(300), 0), holding=dict.fromkeys(range(300), 0), inputs={0: 1}, writable=True
    )
    reply = answer(bank, bytes((function,)) + body)
    assert reply[0] in {function, function | 0x80}
    assert len(reply) <= 253


async def test_a_device_of_one_session_turns_others_away_and_counts_what_it_is_asked() -> None:
    async with ModbusServer(line(), most_sessions=1, turnaround_s=0.01) as server, client_of(server) as client:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        await client.read_holding_registers(2, count=3, device_id=2)
        writer.close()
        assert (server.sessions, server.turned_away, server.requests[2]) == (1, 1, 1)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        assert await reader.read() == b""
        writer.close()


async def test_requests_that_come_before_the_answer_are_overlaps() -> None:
    async with ModbusServer(line(), turnaround_s=0.05) as server:
        streams = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(2)]
        for _, writer in streams:
            writer.write(bytes.fromhex("000100000006020300020001"))
        for reader, writer in streams:
            await reader.readexactly(11)
            writer.close()
    assert server.overlaps == 1


def test_a_silent_or_broken_address_spoils_the_read_over_it() -> None:
    request = bytes.fromhex("0300000003")
    bank = RegisterBank(holding={0: 1, 2: 3}, illegal=None)
    assert answer(bank, request) == b""
    assert answer(RegisterBank(holding={0: 1, 2: 3}), request) == b"\x83\x02"
    assert answer(RegisterBank(holding=dict.fromkeys(range(3), 1), broken={1: 4}), request) == b"\x83\x04"


async def test_a_stray_frame_comes_before_the_right_answer() -> None:
    stray = Fault(kind=FaultKind.STRAY_FRAME)
    async with ModbusServer(line(), fault_of=lambda _unit: stray) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(bytes.fromhex("000100000006020300020001"))
        frames = [await reader.readexactly(11) for _ in range(2)]
        writer.close()
    assert [frame[6] for frame in frames] == [3, 2]
