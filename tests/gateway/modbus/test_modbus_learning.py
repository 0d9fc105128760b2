"""What a unit refuses is found out once and remembered: bad registers, seams, lengths; pipelining; shared blocks."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.clock import SystemClock
from domain.errors import RefusedError
from domain.quality import GOOD, Reason
from gateway.connectors.modbus_tcp.connector import ModbusTcpConnector
from gateway.connectors.modbus_tcp.costs import RoundTrips, differs
from gateway.connectors.modbus_tcp.explorer import Explorer, chosen
from gateway.connectors.modbus_tcp.learned import RETRY_NS, Learned, Memory
from gateway.connectors.modbus_tcp.planner import Cost, Limits, Span, partition, size
from gateway.connectors.modbus_tcp.reads import Function
from simulators.devices.modbus import ModbusServer
from simulators.devices.modbus_pdu import RegisterBank
from simulators.faults import Fault, FaultKind
from tests.gateway.gateway_sites import LABELS, ListSink, connection, device, registry_of, wiring_of

TCP = Cost(0.005, 0.00002)
HOLDING = Function.HOLDING


class Registers:
    """A device as a function: which reads it answers. Counts what it was asked."""

    def __init__(self, *, bad: set[int], most: int = 125, seams: Sequence[int] = ()) -> None:
        self.bad, self.most, self.seams = bad, most, seams
        self.asked = 0

    def answers(self, first: int, count: int) -> bool:
        last = first + count - 1
        return (
            count <= self.most
            and not any(first <= at <= last for at in self.bad)
            and not any(first < seam <= last for seam in self.seams)
        )

    async def ask(self, table: Function, address: int, count: int) -> object:
        assert table is HOLDING
        self.asked += 1
        if not self.answers(address, count):
            raise RefusedError("exception 2", code=2)
        return b""


async def cycles_until_settled(device: Registers, spans: list[Span], most: int = 125) -> tuple[int, Learned]:
    """Poll as the gateway does until no block is refused; returns in how many cycles."""
    learned, fruitless = Learned(), 0
    for cycle in range(1, 20):
        wanted = [span for span in spans if not any(f <= span[1] and span[0] <= e for f, e in learned.bad_of(HOLDING))]
        found = learned.most_of(HOLDING)
        limits = Limits(
            most=min(most, max(found or most, *map(size, wanted))),
            bad=learned.bad_of(HOLDING),
            seams=learned.seams_of(HOLDING),
        )
        blocks = partition(wanted, TCP, limits)
        refused = [block for block in blocks if not device.answers(block[0], size(block))]
        if not refused:
            return cycle, learned
        inside = [[span for span in wanted if first <= span[0] and span[1] <= last] for first, last in refused]
        explorer = Explorer(device.ask, learned, 1, silent=False)
        proven = len(refused) < len(blocks)
        changed = await explorer.explore(HOLDING, inside[chosen(inside, fruitless)], proven=proven)
        fruitless = 0 if changed else fruitless + 1
    pytest.fail("never settled")


@given(st.sets(st.integers(0, 150), min_size=2, max_size=40), st.integers(0, 150), st.integers(8, 125))
@example({0, 63, 125}, 0, 8)
def test_all_good_points_come_back_within_five_cycles_of_an_illegal_address(
    wanted: set[int], bad: int, most: int
) -> None:
    device = Registers(bad={bad}, most=most)
    cycles, learned = asyncio.run(cycles_until_settled(device, [(at, at) for at in sorted(wanted)]))
    assert cycles <= 5
    lost = {at for first, last in learned.bad_of(HOLDING) for at in range(first, last + 1)} & wanted
    assert lost <= {bad}, "no good point is given up"


async def test_bad_register_in_a_gap_parts_the_block_there_only() -> None:
    device = Registers(bad={33})
    _, learned = await cycles_until_settled(device, [(0, 9), (20, 29), (40, 49), (60, 69)])
    assert learned.bad_of(HOLDING) == ((30, 39),)
    assert learned.most_of(HOLDING) is None


async def test_length_limit_is_found_exactly() -> None:
    device = Registers(bad=set(), most=50)
    _, learned = await cycles_until_settled(device, [(at, at) for at in range(100)])
    assert learned.most_of(HOLDING) == 50
    assert not learned.bad_of(HOLDING)
    assert device.asked < 20


async def test_seam_between_two_tables_is_no_length_limit() -> None:
    device = Registers(bad=set(), seams=[20])
    _, learned = await cycles_until_settled(device, [(at, at) for at in range(100)])
    assert learned.seams_of(HOLDING) == (20,)
    assert learned.most_of(HOLDING) is None


async def test_unit_that_refuses_everything_teaches_nothing() -> None:
    learned = Learned()
    device = Registers(bad=set(range(200)))
    assert not await Explorer(device.ask, learned, 1, silent=False).explore(HOLDING, [(0, 0), (5, 5)], proven=False)
    assert learned.count == 0


def test_findings_are_dated_kept_and_forgotten(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "modbus" / "line.json")
    memory.of(3).add_bad(HOLDING, (4, 5), 1_000)
    memory.of(3).set_most(Function.INPUT, 50, 2_000)
    memory.of(3).add_seam(HOLDING, 9, 3_000)
    memory.save()
    again = Memory(tmp_path / "modbus" / "line.json").of(3)
    assert (again.bad_of(HOLDING), again.most_of(Function.INPUT), again.seams_of(HOLDING)) == (((4, 5),), 50, (9,))
    assert not again.forget(RETRY_NS)
    assert again.forget(RETRY_NS + 2_000)
    assert (again.count, again.most_of(Function.INPUT)) == (1, None)
    assert again.forget(0), "a date in the future is a clock that was wrong"


@pytest.mark.parametrize("damage", [b"", b"[]", b'{"1": {"bad": [["holding", 1]]}}', b"\xff\x00", b"x" * (2 << 20)])
def test_damaged_memory_is_forgotten_not_fatal(tmp_path: Path, damage: bytes) -> None:
    file = tmp_path / "line.json"
    file.write_bytes(damage)
    assert Memory(file).units == {}


def test_costs_are_learned_from_round_trips() -> None:
    trips = RoundTrips(TCP)
    for registers in list(range(1, 120, 7)) * 5:
        trips.note(registers, 0.040 + 0.002 * registers)
    cost = trips.cost()
    assert cost.request_s == pytest.approx(0.040, rel=1e-6)
    assert cost.register_s == pytest.approx(0.002, rel=1e-6)
    assert differs(cost, TCP)
    assert not differs(cost, cost)


def test_equal_blocks_tell_nothing_about_the_cost_of_a_register() -> None:
    trips = RoundTrips(TCP)
    for _ in range(50):
        trips.note(10, 0.012)
    assert trips.cost().request_s == pytest.approx(0.0118)
    assert trips.cost().register_s == TCP.register_s


def many(name: str, addresses: Sequence[int], **options: Any) -> dict[str, Any]:
    points = [{"id": f"p{at}", "labels": LABELS, "read": {"address": at}} for at in addresses]
    return {
        "profile": name, "protocol": "modbus_tcp", "kind": name, "labels": LABELS, "source": "this test",
        "points": points, "options": options,
    }  # fmt: skip


@contextlib.asynccontextmanager
async def polled(
    banks: Mapping[int, RegisterBank],
    devices: Sequence[Mapping[str, Any]],
    profile: Mapping[str, Any],
    *,
    state: Path | None = None,
    faults: Mapping[int, Fault] | None = None,
    **settings: Any,
) -> AsyncIterator[tuple[ListSink, ModbusTcpConnector, ModbusServer]]:
    async with ModbusServer(banks, fault_of=(faults or {}).get) as server:
        where = {"host": "127.0.0.1", "port": server.port, "timeout_s": 1, **settings}
        registry = registry_of(connection("line", "modbus_tcp", where, devices, 0.1), profiles=[profile])
        connector = ModbusTcpConnector(replace(wiring_of(registry, SystemClock()), state_dir=state))
        sink = ListSink()
        task = asyncio.create_task(connector.run(sink))
        try:
            yield sink, connector, server
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def until(condition: Any) -> None:
    async with asyncio.timeout(40):
        while not condition():
            await asyncio.sleep(0.01)


async def test_points_around_an_illegal_address_are_read_and_it_is_remembered(tmp_path: Path) -> None:
    holding = {at: at for at in range(60) if at != 30}
    devices, profile = [device("d", "many", 1)], many("many", range(0, 60, 5))
    async with polled({1: RegisterBank(holding=holding)}, devices, profile, state=tmp_path) as (sink, _, _):
        await until(lambda: len(sink.of("d/p55")) >= 3)
    for at in range(0, 60, 5):
        first = sink.of(f"d/p{at}")[0]
        assert first[1:] == ((0, Reason.EXCEPTION) if at == 30 else (GOOD, Reason.NONE)), "from the first cycle on"
    document = json.loads((tmp_path / "modbus" / "line.json").read_text())
    assert [one[:3] for one in document["1"]["bad"]] == [["holding", 30, 30]]
    async with polled({1: RegisterBank(holding=holding)}, devices, profile, state=tmp_path) as (sink, again, _):
        await until(lambda: len(sink.of("d/p55")) >= 3)
        assert "exception_2" not in again.health().errors, "a restart does not knock again"


async def test_declared_bad_addresses_are_never_asked_for() -> None:
    holding = {at: at for at in range(60) if at != 32}
    profile = many("many", range(0, 60, 5), bad=[32])
    async with polled({1: RegisterBank(holding=holding)}, [device("d", "many", 1)], profile) as (sink, connector, _):
        await until(lambda: len(sink.of("d/p55")) >= 3)
        assert connector.health().errors == {}


async def test_one_block_feeds_many_devices_of_one_unit() -> None:
    devices = [device(f"d{n}", "two", f"1+{2 * n}" if n else 1) for n in range(13)]
    profile = many("two", (0, 1))
    async with polled({1: RegisterBank(holding={at: at for at in range(26)})}, devices, profile) as (
        sink,
        line,
        server,
    ):
        await until(lambda: len(sink.of("d12/p1")) >= 5)
        assert server.answered <= line.health().polls + 1, "one request a cycle for all thirteen"
    assert [sink.of(f"d{n}/p0")[0][0] for n in range(13)] == [2.0 * n for n in range(13)]


async def test_several_requests_under_way_are_answered_in_any_order_of_units() -> None:
    banks = {unit: RegisterBank(holding={0: unit, 300: 10 * unit}) for unit in range(1, 9)}
    devices = [device(f"d{unit}", "apart", unit) for unit in banks]
    faults = {3: Fault(kind=FaultKind.FOREIGN_FRAME), 5: Fault(kind=FaultKind.WRONG_TRANSACTION)}
    async with polled(banks, devices, many("apart", (0, 300)), faults=faults, in_flight=4) as (sink, line, _):
        await until(lambda: all(len(sink.of(f"d{unit}/p300")) >= 3 for unit in (1, 2, 4, 6, 7, 8)))
        errors = line.health().errors
    for unit in (1, 2, 4, 6, 7, 8):
        assert {value for value, quality, _ in sink.of(f"d{unit}/p300") if quality == GOOD} == {10.0 * unit}
    assert all(quality != GOOD for unit in (3, 5) for _, quality, _ in sink.of(f"d{unit}/p0"))
    assert errors["foreign"] >= 1
    assert errors["late"] >= 1


async def test_mailbox_is_selected_and_read_in_one_step() -> None:
    """Zone states behind one register, as on gateways of panels that are asked by writing a zone number."""

    class Mailbox(dict[int, int]):
        def __getitem__(self, address: int) -> int:
            return 100 + super().__getitem__(10) if address == 20 else super().__getitem__(address)

    bank = RegisterBank(holding=Mailbox({10: 0, 20: 0}), writable=True)
    profile = many("zones", (20,))
    read = {"address": 20}
    profile["points"] = [
        {"id": f"zone{zone}", "labels": LABELS, "read": {**read, "select": {"address": 10, "value": zone}}}
        for zone in (1, 2, 3)
    ]
    async with polled({1: bank}, [device("d", "zones", 1)], profile, in_flight=4) as (sink, _, _):
        await until(lambda: len(sink.of("d/zone3")) >= 3)
    for zone in (1, 2, 3):
        assert {value for value, _, _ in sink.of(f"d/zone{zone}")} == {100.0 + zone}
