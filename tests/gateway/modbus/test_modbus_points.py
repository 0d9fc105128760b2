"""Points with rates, reports and units of their own, on real sockets; the peers' bugs as cases.

TB is thingsboard-gateway, HA is home-assistant; numbers are those of their issues.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest

from domain.errors import LinkError
from domain.quality import BAD, GOOD, STALE, Reason
from gateway.connectors.modbus_tcp.config import ModbusTcpSettings
from gateway.connectors.modbus_tcp.connector import ModbusTcpConnector
from gateway.connectors.modbus_tcp.learned import RETRY_NS, Memory
from gateway.connectors.modbus_tcp.plan import grouped
from gateway.connectors.modbus_tcp.reader import BlockReader
from gateway.connectors.modbus_tcp.reads import Function
from gateway.schedule import spread
from simulators.devices.modbus import ModbusServer
from simulators.devices.modbus_pdu import RegisterBank
from simulators.faults import Fault, FaultKind
from tests.gateway.gateway_sites import LABELS, UNIT, ListSink, connection, device, registry_of, wiring_of

QUICK = {"timeout_s": 0.3, "retry_s": 0.1, "longest_retry_s": 0.2, "heartbeat_s": 0.3}


class Watched(dict[int, int]):
    """Registers that count how often each was read."""

    def __init__(self, values: Mapping[int, int]) -> None:
        super().__init__(values)
        self.reads: Counter[int] = Counter()

    def __getitem__(self, at: int) -> int:
        self.reads[at] += 1
        return super().__getitem__(at)


def profile(*points: dict[str, Any], **more: Any) -> dict[str, Any]:
    named = [{"labels": LABELS, **point} for point in points]
    return {"profile": "p", "protocol": "modbus_tcp", "kind": "k", "labels": LABELS, "source": "a test",
            "options": {"gap_fill": 0}, **more, "points": named}  # fmt: skip


class Bench:
    """One simulated line, and what a connector made of it."""

    def __init__(self, units: Mapping[int, Mapping[int, int]]) -> None:
        self.tables = {unit: Watched(values) for unit, values in units.items()}
        self.faults: dict[int, Fault] = {}
        banks = {unit: RegisterBank(holding=table) for unit, table in self.tables.items()}
        self.server = ModbusServer(banks, fault_of=self._fault)
        self.asked_ns: list[int] = []
        self.sink = ListSink()

    def _fault(self, unit: int) -> Fault | None:
        self.asked_ns.append(time.time_ns())
        return self.faults.get(unit)

    @contextlib.asynccontextmanager
    async def read(
        self, made: dict[str, Any], *devices: dict[str, Any], period_s: float = 0.05, **settings: Any
    ) -> AsyncIterator[ModbusTcpConnector]:
        where = {"host": "127.0.0.1", "port": self.server.port, **QUICK, **settings}
        registry = registry_of(connection("line", "modbus_tcp", where, devices, period_s), profiles=[made])
        connector = ModbusTcpConnector(wiring_of(registry))
        task = asyncio.create_task(connector.run(self.sink))
        try:
            yield connector
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def until(self, condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(40):
            while not condition():
                await asyncio.sleep(0.01)

    def values(self, point: str) -> list[float]:
        return [value for value, quality, _ in self.sink.of(point) if quality == GOOD]

    def reasons(self, point: str) -> set[Reason]:
        return {reason for _, quality, reason in self.sink.of(point) if quality != GOOD}


async def test_tb_2119_and_2065_a_lost_line_never_sends_its_last_value_with_a_new_time() -> None:
    """Not by the heartbeat, not by the period, not by reconnecting: what is sent without a reading has no value."""
    bench = Bench({1: {0: 7, 1: 7, 2: 7}})
    made = profile(
        {"id": "calm", "read": {"address": 0}, "report": {"on_change": True, "heartbeat_s": 0.1}},
        {"id": "slow", "read": {"address": 1}, "report": {"period_s": 0.1}},
        {"id": "state", "kind": "state", "read": {"address": 2}},
    )
    names = ("d/calm", "d/slow", "d/state")
    async with bench.server:
        async with bench.read(made, device("d", "p", 1)) as connector:
            await bench.until(lambda: all(len(bench.values(name)) >= 3 for name in names))
            bench.faults[1] = Fault(kind=FaultKind.SILENT)
            await bench.until(lambda: all(bench.reasons(name) for name in names))
            good = {name: len(bench.values(name)) for name in names}
            await bench.until(lambda: connector.health().errors["timeout"] >= 4)
        await bench.server.stop()
        with pytest.raises(LinkError):
            await connector.run(bench.sink)
    for name in names:
        assert len(bench.values(name)) == good[name]
        assert bench.reasons(name) <= {Reason.TIMEOUT, Reason.LINK_DOWN}
        assert all(math.isnan(value) for value, quality, _ in bench.sink.of(name) if quality != GOOD)
        assert len(set(bench.sink.times(name))) == len(bench.sink.times(name))


async def test_ha_51103_a_busy_device_is_busy_and_never_zero_whatever_the_deadband() -> None:
    bench = Bench({1: {0: 5, 1: 5}})
    made = profile(
        {"id": "level", "read": {"address": 0}, "report": {"deadband": 100, "period_s": 60}, "max_silence_s": 90},
        {"id": "fire", "kind": "state", "read": {"address": 1}},
    )
    async with bench.server, bench.read(made, device("d", "p", 1)):
        await bench.until(lambda: bench.values("d/level") and bench.values("d/fire"))
        bench.faults[1] = Fault(kind=FaultKind.EXCEPTION, code=6)
        await bench.until(lambda: bench.reasons("d/level") and bench.reasons("d/fire"))
        del bench.faults[1]
        await bench.until(lambda: len(bench.values("d/level")) >= 2 and len(bench.values("d/fire")) >= 2)
    for point in ("d/level", "d/fire"):
        assert bench.reasons(point) == {Reason.BUSY}
        assert set(bench.values(point)) == {5.0}
        assert 0.0 not in [value for value, _, _ in bench.sink.of(point)]


async def test_an_unchanged_measure_comes_at_its_heartbeat_with_the_time_of_that_reading() -> None:
    bench = Bench({1: {0: 7, 1: 7}})
    made = profile(
        {"id": "every", "read": {"address": 0}},
        {"id": "calm", "read": {"address": 1}, "report": {"deadband": 2}},
    )
    async with bench.server, bench.read(made, device("d", "p", 1)):
        await bench.until(lambda: len(bench.values("d/calm")) >= 3)
    times = bench.sink.times("d/calm")
    assert set(times) <= set(bench.sink.times("d/every")), "one block: one time"
    assert len(bench.values("d/every")) >= 3 * len(times)
    gaps_s = [(later - earlier) / 1e9 for earlier, later in itertools.pairwise(times)]
    assert min(gaps_s) > 0.2


async def test_a_device_says_otherwise_than_its_profile() -> None:
    bench = Bench({unit: {0: 7, 1: 7} for unit in (1, 2, 3)})
    made = profile(
        {"id": "a", "read": {"address": 0}},
        {"id": "b", "read": {"address": 1}},
        report={"on_change": True, "heartbeat_s": 50},
    )
    devices = [
        device("d1", "p", 1),
        device("d2", "p", 2, points={"*": {"report": {"on_change": False}}}),
        device("d3", "p", 3, points={"b": {"report": {"on_change": False}}}),
    ]
    async with bench.server, bench.read(made, *devices):
        await bench.until(lambda: len(bench.values("d2/a")) >= 6 and len(bench.values("d3/b")) >= 6)
    counts = {f"{d}/{p}": len(bench.values(f"{d}/{p}")) for d in ("d1", "d2", "d3") for p in ("a", "b")}
    assert [counts[name] for name in ("d1/a", "d1/b", "d3/a")] == [1, 1, 1]
    assert counts["d2/b"] >= 6


async def test_tb_952_points_of_one_device_are_read_at_rates_of_their_own() -> None:
    bench = Bench({1: {at: at for at in range(12)}})
    made = profile(
        *({"id": f"fast{at}", "read": {"address": at}} for at in range(4)),
        *({"id": f"mid{at}", "period_s": 0.2, "read": {"address": at}} for at in range(4, 8)),
        *({"id": f"slow{at}", "read": {"address": at}} for at in range(8, 12)),
    )
    slow = {f"slow{at}": {"period_s": 30} for at in range(8, 12)}
    async with bench.server, bench.read(made, device("d", "p", 1, points=slow), period_s=0.05) as connector:
        await bench.until(lambda: bench.tables[1].reads[0] >= 24)
        assert connector.health().lost == frozenset()
    reads = bench.tables[1].reads
    assert len({reads[at] for at in range(4)}) == 1, "one block a rate"
    assert reads[11] <= 2, "read at once, in its turn, and then not for half a minute"
    assert 3 <= reads[4] <= reads[0] / 2
    for name, at in (("fast0", 0), ("mid4", 4), ("slow8", 8)):
        assert set(bench.values(f"d/{name}")) == {float(at)}


def test_slow_points_of_many_units_take_turns_and_all_have_a_first_value_at_once() -> None:
    grids = spread("line", [1.0, *[10.0] * 20, 1.0], 100.0)
    assert len({grid.due_s for grid in grids}) == 1
    first_s = grids[0].due_s
    for grid in grids:
        grid.take(first_s)
    slow = Counter(round(grid.due_s - first_s) for grid in grids[1:-1])
    assert set(slow.values()) == {2}, "two of the twenty in each of the ten slots"
    assert grids[0].due_s == grids[-1].due_s == first_s + 1


async def test_one_block_of_one_unit_feeds_thirteen_devices() -> None:
    """TB 2127: 42 registers of one unit, 13 logical devices; the poll time must not be 13-fold."""
    bench = Bench({1: {at: 1000 + at for at in range(42)}})
    made = profile(*({"id": f"p{at}", "read": {"address": at}} for at in range(3)), options={})
    devices = [device(f"d{at}", "p", f"1+{3 * at}") for at in range(13)]
    async with bench.server, bench.read(made, *devices) as connector:
        await bench.until(lambda: len(bench.values("d12/p2")) >= 3)
        polls = connector.health().polls
        assert bench.server.answered <= polls + 1, "one request a poll"
    assert bench.values("d0/p0")[0] == 1000.0
    assert bench.values("d12/p2")[0] == 1038.0


async def test_one_device_has_its_points_from_several_units_and_says_which_of_them_is_dead() -> None:
    bench = Bench({3: {0: 30, 1: 31}, 7: {0: 70}, 9: {45: 95}})
    made = profile(
        {"id": "flow", "read": {"address": 0}},
        {"id": "pump", "part": "pump", "read": {"address": 0}},
        {"id": "level", "read": {"address": 1}},
        {"id": "tank", "part": "tank", "read": {"address": 5}},
    )
    one = device("station", "p", 3, parts={"pump": 7, "tank": "9+40"})
    async with bench.server, bench.read(made, one) as connector:
        await bench.until(lambda: all(bench.values(f"station/{name}") for name in ("flow", "pump", "level", "tank")))
        assert {name: bench.values(f"station/{name}")[0] for name in ("flow", "pump", "level", "tank")} == {
            "flow": 30.0, "pump": 70.0, "level": 31.0, "tank": 95.0
        }  # fmt: skip
        bench.faults[7] = Fault(kind=FaultKind.SILENT)
        await bench.until(lambda: connector.health().lost == {"station"})
        seen = len(bench.values("station/tank"))
        await bench.until(lambda: len(bench.values("station/tank")) > seen + 3)
    assert bench.reasons("station/pump") == {Reason.TIMEOUT}
    assert not bench.reasons("station/flow")


def test_parts_and_devices_of_one_unit_share_its_block() -> None:
    made = profile(
        {"id": "own", "read": {"address": 0}},
        {"id": "shared", "part": "panel", "read": {"address": 10}},
    )
    devices = [device(f"d{at}", "p", at, parts={"panel": f"9+{at}"}) for at in (1, 2)]
    settings = {"host": "127.0.0.1"}
    registry = registry_of(connection("line", "modbus_tcp", settings, devices), profiles=[made])
    together = grouped([registry.devices[f"{UNIT}/d{at}"] for at in (1, 2)])
    assert [unit for unit, _ in together] == [1, 9, 2]
    assert [(part.device.settings.id, part.shift, part.points) for part in together[9, 0.1]] == [
        ("d1", 1, (1,)), ("d2", 2, (1,))
    ]  # fmt: skip


async def test_a_reading_has_the_time_of_the_middle_of_its_read() -> None:
    """The slower the answer, the further the stamp is from both its ends."""
    bench = Bench({1: {0: 7}})
    bench.faults[1] = Fault(kind=FaultKind.DELAY, delay_s=0.6)
    made = profile({"id": "level", "read": {"address": 0}})
    async with bench.server, bench.read(made, device("d", "p", 1), period_s=1, timeout_s=10):
        await bench.until(lambda: bench.tables[1].reads[0])
        answered_ns = time.time_ns()
        await bench.until(lambda: bench.values("d/level"))
    stamp_ns = bench.sink.times("d/level")[0]
    assert stamp_ns - bench.asked_ns[0] >= 0.15e9
    assert answered_ns - stamp_ns >= 0.15e9


def test_what_one_rate_of_a_unit_finds_out_or_forgets_the_others_know() -> None:
    made = profile({"id": "fast", "read": {"address": 0}}, {"id": "slow", "period_s": 5, "read": {"address": 1}})
    registry = registry_of(connection("line", "modbus_tcp", {"host": "plc"}, [device("d", "p", 1)]), profiles=[made])
    memory = Memory(None)
    fast, slow = (
        BlockReader(parts, ModbusTcpSettings(host="plc"), memory, 1)
        for parts in grouped([registry.devices[f"{UNIT}/d"]]).values()
    )
    memory.of(1).add_bad(Function.HOLDING, (1, 1), now_ns=1)
    slow.refresh(2)
    assert list(slow.plan.unread) == [0]
    fast.refresh(RETRY_NS + 1)
    slow.refresh(RETRY_NS + 2)
    assert list(slow.plan.unread) == []
    assert [(block.address, block.count) for block in slow.plan.blocks] == [(1, 1)]


async def test_a_point_that_the_line_has_no_time_for_is_stale_without_a_value_and_good_when_read_again() -> None:
    bench = Bench({1: {0: 7}, 2: {0: 8}})
    made = profile({"id": "level", "read": {"address": 0}}, max_silence_s=1.2)
    async with bench.server, bench.read(made, device("d1", "p", 1), device("d2", "p", 2), timeout_s=8):
        await bench.until(lambda: bench.values("d1/level") and bench.values("d2/level"))
        bench.faults[1] = Fault(kind=FaultKind.DELAY, delay_s=1.8)  # the whole line waits for this one
        await bench.until(lambda: (STALE, Reason.SILENT) in [one[1:] for one in bench.sink.of("d2/level")])
        bench.faults.clear()
        count = len(bench.values("d2/level"))
        await bench.until(lambda: len(bench.values("d2/level")) > count)
    told = [one for one in bench.sink.of("d2/level") if one[1] != GOOD]
    assert {(quality, reason) for _, quality, reason in told} == {(STALE, Reason.SILENT)}
    assert all(math.isnan(value) for value, _, _ in told)
    assert BAD not in [quality for _, quality, _ in bench.sink.of("d2/level")]
