"""The Modbus connector against servers that answer, refuse, mumble, hang up and die."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import math
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from domain.errors import LinkError
from domain.quality import GOOD, Reason
from gateway.connectors.modbus_tcp.connector import ModbusTcpConnector
from simulators.devices.modbus import ModbusServer
from simulators.devices.modbus_pdu import RegisterBank
from simulators.faults import Fault, FaultKind
from simulators.listener import Listener
from tests.gateway.gateway_sites import LABELS, ListSink, connection, device, registry_of, wiring_of

PAIR = {
    "profile": "pair",
    "protocol": "modbus_tcp",
    "kind": "pair",
    "labels": LABELS,
    "source": "this test",
    "points": [
        {"id": "state", "kind": "state", "labels": LABELS, "read": {"address": 0}},
        {"id": "level", "labels": LABELS, "read": {"address": 1, "type": "i16", "scale": 0.1}},
        {"id": "far", "labels": LABELS, "read": {"address": 500}},
    ],
}

QUICK = {"timeout_s": 0.08, "heartbeat_s": 0.3, "retry_s": 0.1, "longest_retry_s": 0.2}


class Line:
    """A simulated line of units 1..n, each with state 1, level 20.5 and far 9."""

    def __init__(self, units: int) -> None:
        self.faults: dict[int, Fault] = {}
        self.banks = {unit: RegisterBank(holding={0: 1, 1: 205, 500: 9}) for unit in range(1, units + 1)}
        self.server = ModbusServer(self.banks, fault_of=self.faults.get)
        self.sink = ListSink()

    def connector(self, port: int | None = None, period_s: float = 0.2, **settings: object) -> ModbusTcpConnector:
        devices = [device(f"d{unit}", "pair", unit) for unit in self.banks]
        where = {"host": "127.0.0.1", "port": port or self.server.port}
        line = connection("line", "modbus_tcp", {**where, **QUICK, **settings}, devices, period_s)
        return ModbusTcpConnector(wiring_of(registry_of(line, profiles=[PAIR])))

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(40):
            while not condition():
                await asyncio.sleep(0.01)

    def good(self, point: str) -> int:
        return sum(quality == GOOD for _, quality, _ in self.sink.of(point))

    def reasons(self, point: str) -> Counter[Reason]:
        return Counter(reason for _, _, reason in self.sink.of(point))


@contextlib.asynccontextmanager
async def running(line: Line, connector: ModbusTcpConnector) -> AsyncIterator[None]:
    task = asyncio.create_task(connector.run(line.sink))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def polled(units: int, **settings: object) -> AsyncIterator[tuple[Line, ModbusTcpConnector]]:
    line = Line(units)
    async with line.server:
        connector = line.connector(**settings)  # type: ignore[arg-type]  # keyword settings of a test
        async with running(line, connector):
            await line.until(lambda: line.good(f"d{units}/level") >= 2)
            yield line, connector


async def test_reads_values_in_few_requests() -> None:
    async with polled(1) as (line, connector):
        assert line.sink.of("d1/level")[0] == (20.5, GOOD, Reason.NONE)
        assert line.sink.of("d1/state")[0] == (1.0, GOOD, Reason.NONE)
        assert line.sink.of("d1/far")[0] == (9.0, GOOD, Reason.NONE)
        assert line.server.answered <= 2 * connector.health().polls
        assert connector.health().ok


async def test_state_is_reported_on_change_and_at_each_heartbeat_measures_always() -> None:
    async with polled(1, period_s=0.05) as (line, _):
        await line.until(lambda: len(line.sink.of("d1/level")) >= 12)
        states, measures = len(line.sink.of("d1/state")), len(line.sink.of("d1/level"))
        assert states < measures / 2
        line.banks[1].holding[0] = 3
        await line.until(lambda: (3.0, GOOD, Reason.NONE) in line.sink.of("d1/state"))
        await line.until(lambda: line.sink.of("d1/state").count((3.0, GOOD, Reason.NONE)) >= 2)


async def test_times_of_a_point_are_whole_milliseconds_and_strictly_increasing() -> None:
    async with polled(1, period_s=0.001) as (line, _):
        await line.until(lambda: len(line.sink.times("d1/level")) > 50)
        times = line.sink.times("d1/level")
    assert all(later > earlier for earlier, later in itertools.pairwise(times))
    assert all(time_ns % 1_000_000 == 0 for time_ns in times)


FAULTS = [
    (Fault(kind=FaultKind.SILENT), Reason.TIMEOUT, "timeout"),
    (Fault(kind=FaultKind.DELAY, delay_s=0.12), Reason.TIMEOUT, "timeout"),
    (Fault(kind=FaultKind.FOREIGN_FRAME), Reason.TIMEOUT, "timeout"),
    (Fault(kind=FaultKind.WRONG_TRANSACTION), Reason.TIMEOUT, "timeout"),
    (Fault(kind=FaultKind.SHORT_FRAME), Reason.BAD_FRAME, "bad_frame"),
    (Fault(kind=FaultKind.DROP), Reason.LINK_DOWN, "link_down"),
    (Fault(kind=FaultKind.EXCEPTION, code=2), Reason.EXCEPTION, "exception_2"),
    (Fault(kind=FaultKind.EXCEPTION, code=6), Reason.BUSY, "exception_6"),
    (Fault(kind=FaultKind.EXCEPTION, code=11), Reason.EXCEPTION, "exception_11"),
]


async def test_failing_unit_says_why_on_all_points_and_the_others_go_on() -> None:
    """Nine lines at once, each with another fault on one of its three units."""
    await asyncio.gather(*(_one_unit_fails(*case) for case in FAULTS))


async def _one_unit_fails(fault: Fault, reason: Reason, counter: str) -> None:
    async with polled(3) as (line, connector):
        line.faults[2] = fault
        await line.until(lambda: line.reasons("d2/level")[reason] >= 2)
        for point in ("state", "level", "far"):
            values = [value for value, _, why in line.sink.of(f"d2/{point}") if why is not Reason.NONE]
            assert values, fault
            assert all(math.isnan(value) for value in values), fault
        before = line.good("d1/level"), line.good("d3/level")
        await line.until(lambda: line.good("d1/level") > before[0] + 2 and line.good("d3/level") > before[1] + 2)
        assert connector.health().errors[counter] >= 2, fault
        assert set(line.reasons("d1/level")) == {Reason.NONE}, fault
        del line.faults[2]
        seen = line.good("d2/level")
        await line.until(lambda: line.good("d2/level") > seen + 2)
        assert connector.health().lost == frozenset(), fault


async def test_garbage_is_a_bad_frame_or_a_time_out_never_a_number() -> None:
    async with polled(2) as (line, connector):
        line.faults[1] = Fault(kind=FaultKind.GARBAGE)
        await line.until(lambda: sum(connector.health().errors.values()) >= 5)
        assert {value for value, _, _ in line.sink.of("d1/level") if not math.isnan(value)} == {20.5}
        seen = line.good("d2/level")
        await line.until(lambda: line.good("d2/level") > seen + 3)


async def test_dead_units_are_backed_off_and_reported_lost() -> None:
    async with polled(4, period_s=0.15, retry_s=0.5, longest_retry_s=1.0) as (line, connector):
        line.faults |= {2: Fault(kind=FaultKind.SILENT), 3: Fault(kind=FaultKind.SILENT)}
        await line.until(lambda: connector.health().lost == {"d2", "d3"})
        misses, polls = connector.health().errors["timeout"], line.good("d1/level")
        await line.until(lambda: line.good("d1/level") >= polls + 15)
        assert connector.health().errors["timeout"] - misses < 15


async def test_exception_on_one_block_spoils_only_that_block() -> None:
    async with polled(1) as (line, connector):
        del line.banks[1].holding[500]
        await line.until(lambda: line.reasons("d1/far")[Reason.EXCEPTION] >= 2)
        assert set(line.reasons("d1/level")) == {Reason.NONE}
        assert connector.health().lost == frozenset()


async def test_lost_line_is_an_error_for_the_supervisor_after_all_points_say_so() -> None:
    line = Line(2)
    async with line.server:
        connector = line.connector()
        task = asyncio.create_task(connector.run(line.sink))
        await line.until(lambda: line.good("d2/far") >= 1)
    with pytest.raises(LinkError, match="no Modbus server"):
        await asyncio.wait_for(task, 40)
    for point in ("d1/state", "d1/level", "d2/far"):
        assert line.sink.of(point)[-1][1:] == (0, Reason.LINK_DOWN)
    assert not connector.health().ok
    assert connector.health().lost == {"d1", "d2"}


async def test_same_connector_runs_again_after_the_line_came_back() -> None:
    line = Line(1)
    async with line.server:
        port = line.server.port
    connector = line.connector(port=port)
    with pytest.raises(LinkError):
        await connector.run(line.sink)
    server = ModbusServer(line.banks)
    await server.start(port=port)
    async with server, running(line, connector):
        await line.until(lambda: line.good("d1/level") >= 2)
        assert connector.health().lost == frozenset()


Reply = Callable[[bytes], bytes]


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def listening(serve: Serve) -> AsyncIterator[int]:
    """A TCP server whose connections end with it; yields its port."""
    listener = Listener(serve)
    await listener.start()
    try:
        yield listener.port
    finally:
        await listener.stop()


@contextlib.asynccontextmanager
async def answering(reply: Reply) -> AsyncIterator[int]:
    """A server of raw bytes: every request is answered with what ``reply`` makes of it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while request := await reader.read(1024):
                writer.write(reply(request))
                await writer.drain()

    async with listening(serve) as port:
        yield port


def _head(request: bytes, pdu: bytes, *, protocol: int = 0, length: int | None = None) -> bytes:
    size = len(pdu) + 1 if length is None else length
    return request[:2] + protocol.to_bytes(2, "big") + size.to_bytes(2, "big") + request[6:7] + pdu


def _right(request: bytes) -> bytes:
    count = int.from_bytes(request[10:12], "big")
    return _head(request, bytes([3, 2 * count]) + b"\x00\x07" * count)


@pytest.mark.parametrize(
    "reply",
    [
        lambda request: _head(request, b"\x03\x04\x00\x01\x00\x02", protocol=7),
        lambda request: _head(request, b"\x03\x04\x00\x01\x00\x02", length=0),
        lambda request: _head(request, b"\x03\x04\x00\x01\x00\x02", length=60000),
        lambda request: _head(request, b"\x03\x02\x00\x01"),  # one register where two were asked for
        lambda request: _head(request, b"\x03\x06" + b"\x00\x01" * 3),
        lambda request: _head(request, b"\x04\x04\x00\x01\x00\x02"),  # another function
        lambda request: _head(request, b"\x03\xff\x00\x01"),  # byte count beyond the frame
        lambda request: _head(request, b"\x03"),
        lambda request: _head(request, b"\x6b\x01\x02"),  # no such function
        lambda _request: b"HTTP/1.1 400 Bad Request\r\n\r\n",
    ],
)
async def test_reply_that_is_no_answer_is_a_bad_frame(reply: Reply) -> None:
    line = Line(1)
    async with answering(reply) as port, running(line, line.connector(port=port)):
        await line.until(lambda: line.reasons("d1/level")[Reason.BAD_FRAME] >= 2)
    assert all(math.isnan(value) for value, _, _ in line.sink.of("d1/level"))


@pytest.mark.parametrize("before", [b"", b"\x00\x99\x00\x00\x00\x05\x01\x03\x02\xab\xcd"])
async def test_answer_that_comes_byte_by_byte_or_after_a_foreign_frame_is_read(before: bytes) -> None:
    line = Line(1)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await reader.read(1024):
            for byte in before + _right(request):
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0)

    async with listening(serve) as port, running(line, line.connector(port=port, timeout_s=2)):
        await line.until(lambda: line.good("d1/far") >= 2)
    assert {value for value, _, _ in line.sink.of("d1/far")} == {7.0}


async def test_line_that_hangs_without_closing_is_opened_again() -> None:
    connections: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        while request := await reader.read(1024):
            if len(connections) > 1:  # the first connection swallows everything
                writer.write(_right(request))

    line = Line(2)
    async with listening(serve) as port, running(line, line.connector(port=port)):
        await line.until(lambda: line.good("d1/level") >= 1 and line.good("d2/level") >= 1)
    assert len(connections) >= 2


async def test_cancelling_at_any_moment_ends_it() -> None:
    """Also in the very turn in which an answer comes, when `asyncio.wait_for` forgets the cancellation."""
    line = Line(2)
    async with line.server:
        for turns in range(60):
            task = asyncio.create_task(line.connector(period_s=0.001).run(line.sink))
            await asyncio.sleep(0.005)
            for _ in range(turns % 30):
                await asyncio.sleep(0)
            task.cancel()
            done, _ = await asyncio.wait([task], timeout=10)
            assert done
