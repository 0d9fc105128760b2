"""Polls simulated units for a while and tells when each request came."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from gateway.connectors.modbus_tcp.connector import ModbusTcpConnector
from simulators.devices.modbus import ModbusServer
from simulators.devices.modbus_pdu import RegisterBank
from tests.gateway.gateway_sites import LABELS, ListSink, connection, device, registry_of, wiring_of


async def polled_values(banks: Mapping[int, RegisterBank], *, requests: int = 6, **options: Any) -> list[float]:
    """Poll two far registers of unit 1 until ``requests`` have come; returns their times, seconds."""
    asked_s: list[float] = []
    loop = asyncio.get_running_loop()
    profile = {
        "profile": "far", "protocol": "modbus_tcp", "kind": "far", "labels": LABELS, "source": "a test",
        "options": options,
        "points": [{"id": f"p{at}", "labels": LABELS, "read": {"address": at}} for at in (0, 900)],
    }  # fmt: skip
    async with ModbusServer(banks, fault_of=lambda _unit: asked_s.append(loop.time())) as server:
        settings = {"host": "127.0.0.1", "port": server.port}
        registry = registry_of(
            connection("line", "modbus_tcp", settings, [device("d", "far", 1)], 0.05), profiles=[profile]
        )
        task = asyncio.create_task(ModbusTcpConnector(wiring_of(registry)).run(ListSink()))
        async with asyncio.timeout(40):
            while len(asked_s) < requests:
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return asked_s
