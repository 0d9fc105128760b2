"""Who is read first on a line that has more to do than time: states before measures, and nobody never."""

from __future__ import annotations

import asyncio
from itertools import groupby

from gateway.connectors.modbus_tcp.connector import ModbusTcpConnector
from gateway.connectors.modbus_tcp.plan import Layout
from gateway.connectors.modbus_tcp.planner import Cost
from simulators.devices.modbus import ModbusServer
from simulators.devices.modbus_pdu import RegisterBank
from simulators.faults import Fault, FaultKind
from tests.gateway.gateway_sites import LABELS, UNIT, ListSink, connection, device, registry_of, wiring_of

PANEL = 9
MEASURES = range(1, 9)


def profile(name: str, *points: dict[str, object]) -> dict[str, object]:
    return {
        "profile": name, "protocol": "modbus_tcp", "kind": name, "labels": LABELS, "source": "this test",
        "points": [{"labels": LABELS, **point} for point in points],
    }  # fmt: skip


METER = profile("meter", {"id": "level", "read": {"address": 0}})
STATES = profile("states", {"id": "state", "kind": "state", "read": {"address": 0}})
BOTH = profile(
    "both",
    {"id": "level", "read": {"address": 0}},
    {"id": "fire", "kind": "state", "read": {"address": 900}},
)


async def asked(*, panel_period_s: float, panel_delay_s: float, requests: int) -> list[int]:
    """Poll eight slow meters and a panel behind them; returns the units in the order in which they were asked."""
    order: list[int] = []

    def fault_of(unit: int) -> Fault:
        order.append(unit)
        return Fault(kind=FaultKind.DELAY, delay_s=panel_delay_s if unit == PANEL else 0.04)

    banks = {unit: RegisterBank(holding={0: 1}) for unit in (*MEASURES, PANEL)}
    async with ModbusServer(banks, fault_of=fault_of) as server:
        devices = [device(f"m{unit}", "meter", unit) for unit in MEASURES]
        panel = device("panel", "states", PANEL, period_s=panel_period_s)
        settings = {"host": "127.0.0.1", "port": server.port, "timeout_s": 2.0}
        line = connection("line", "modbus_tcp", settings, [*devices, panel], 0.4)
        connector = ModbusTcpConnector(wiring_of(registry_of(line, profiles=[METER, STATES])))
        task = asyncio.create_task(connector.run(ListSink()))
        async with asyncio.timeout(60):
            while len(order) < requests:
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return order


async def test_a_panel_does_not_wait_until_all_meters_of_its_line_are_read() -> None:
    order = await asked(panel_period_s=0.08, panel_delay_s=0.0, requests=120)
    runs = [len(list(run)) for unit, run in groupby(order, key=lambda unit: unit == PANEL) if not unit]
    assert sorted(runs)[len(runs) // 2] < len(MEASURES) / 2, "a busy machine may delay one of them, not half"


async def test_a_panel_that_fills_its_line_leaves_every_meter_its_turn() -> None:
    order = await asked(panel_period_s=0.03, panel_delay_s=0.05, requests=90)
    assert set(order) == {*MEASURES, PANEL}
    assert order.count(PANEL) > len(order) / 3


def test_blocks_with_states_are_read_before_the_others_of_their_unit() -> None:
    registry = registry_of(connection("line", "modbus_tcp", {"host": "h"}, [device("d", "both", 1)]), profiles=[BOTH])
    plan = Layout.of([registry.devices[f"{UNIT}/d"]]).plan(Cost(0.001, 0.001))
    assert [block.address for block in plan.blocks] == [900, 0]
