"""What the killed gateways read: a Modbus unit that counts its reads, and a sensor that counts its messages.

Everything that they say can be told apart, so that afterwards each can be asked for by its number.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import aiomqtt

from cli.faults.small_site import (
    device,
    modbus,
    modbus_profile,
    register,
    sensor_profile,
    sensors,
    state,
)
from cli.faults.small_site import (
    field as json_field,
)
from simulators.devices.modbus import ModbusServer
from simulators.devices.modbus_pdu import RegisterBank
from simulators.faults import Fault

PERIOD_S = 0.05
LONG_ENOUGH_S = 1.5
"""A state that one life of the gateway has read twice so far apart has lasted long enough to be told."""

MESSAGE_S = 0.05
COUNTING = modbus_profile("counting", [register("reads", 0, type="u32"), state("state", 2)])


@dataclass(frozen=True, slots=True)
class Read:
    """One answer: which life of the gateway asked, when, and what it was told."""

    life: int
    at_s: float
    count: int
    state: int


@dataclass
class CountingUnit:
    """Answers each read with its number, and with a state that moves on when it has lasted for a while."""

    life: int = 0
    """Which life of the gateway reads; the test counts them."""
    reads: list[Read] = field(default_factory=list)
    _state: int = 1
    _since_s: float = field(default_factory=time.monotonic)
    _hold_s: float = 0.5
    _chance: random.Random = field(default_factory=lambda: random.Random(7))

    def __post_init__(self) -> None:
        """Begin with the first state."""
        self.bank = RegisterBank(holding={0: 0, 1: 0, 2: 1})
        self.server = ModbusServer({1: self.bank}, fault_of=self._asked)

    def _asked(self, _unit: int) -> Fault | None:
        now_s = time.monotonic()
        if now_s - self._since_s > self._hold_s:
            self._state += 1
            self._since_s, self._hold_s = now_s, self._chance.uniform(0.1, 4.0)
        count = len(self.reads) + 1
        self.bank.holding.update({0: count >> 16, 1: count & 0xFFFF, 2: self._state})
        self.reads.append(Read(self.life, now_s, count, self._state))
        return None

    def lasting(self) -> list[int]:
        """Return the states that lasted long enough, in order."""
        first: dict[tuple[int, int], float] = {}
        found = set()
        for read in self.reads:
            began_s = first.setdefault((read.life, read.state), read.at_s)
            if read.at_s - began_s > LONG_ENOUGH_S:
                found.add(read.state)
        return sorted(found)


@dataclass(slots=True)
class CountedSensor:
    """Publishes numbered messages at QoS 1; ``acknowledged`` are number and time (ms) of those with a PUBACK."""

    name: str
    port: int
    acknowledged: dict[int, int] = field(default_factory=dict)

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until told to stop."""
        number = 0
        async with aiomqtt.Client("127.0.0.1", self.port, identifier=f"sensor-{self.name}") as client:
            while not stop.is_set():
                number += 1
                time_ms = time.time_ns() // 1_000_000
                await client.publish(f"{self.name}/s", json.dumps({"n": number, "told": number, "ts": time_ms}), 1)
                self.acknowledged[number] = time_ms
                await asyncio.sleep(MESSAGE_S)


def connections(unit: CountingUnit, sensor: CountedSensor) -> list[dict[str, Any]]:
    """Return what a gateway reads of them; the time-out is long, so that a busy machine makes no answer late."""
    line = {"port": unit.server.port, "timeout_s": 10}
    return [
        modbus("line", line, [device(f"unit-{sensor.name}", "counting", 1)], period_s=PERIOD_S),
        sensors("radio", sensor.port, [device(f"sensor-{sensor.name}", sensor.name, "s")], clock_tolerance_s=600),
    ]


def profiles(names: Iterable[str]) -> list[dict[str, Any]]:
    """Return the profiles of all plants; each sensor has a topic of its own, which nobody else hears."""
    points = [json_field("n"), json_field("told", kind="event")]
    return [COUNTING, *(sensor_profile(name, points, time="ts") for name in names)]
