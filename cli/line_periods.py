"""How often each unit of a serial line is read, while all live and while some are dead: measured from outside.

A pseudo-terminal is the line, each byte takes its time at the baud rate, and units answer or keep silent. The gateway
is a process of its own; the periods are those of the good readings in the log.
"""

from __future__ import annotations

import asyncio
import math
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cli.faults.bench import bench
from cli.faults.readings import Readings
from cli.faults.small_site import device, modbus, modbus_profile, one_gateway, register
from gateway.connectors.modbus_tcp.config import ModbusTcpSettings
from gateway.connectors.modbus_tcp.costs import expected_cost
from simulators.devices.modbus_pdu import RegisterBank
from simulators.devices.modbus_rtu import RtuDevices, SerialLine
from simulators.faults import Fault, FaultKind

LEAST_READINGS = 3
"""Of each unit before the measurement begins: births, plan and breakers have settled."""

MOST_GROWTH = 10.0
"""Per cent that the period of a living unit may grow (design, budgets)."""

HEADROOM = 0.85
"""Share of the period that one round of all units may take where the period is chosen here."""

Told = Callable[[float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineOptions:
    """What is measured. ``period_s`` None: the shortest that fits; ``seconds``: length of each of the two phases."""

    units: int = 32
    dead: int = 4
    baud: int = 9600
    registers: int = 1
    period_s: float | None = None
    timeout_s: float = 0.5
    seconds: float = 45.0

    @property
    def dead_units(self) -> tuple[int, ...]:
        """Unit ids that die, spread over the line."""
        return tuple(round((at + 0.5) * self.units / self.dead + 0.5) for at in range(self.dead))

    @property
    def cycle_s(self) -> float:
        """How long a round of all units takes, as the gateway's plan predicts it."""
        settings = ModbusTcpSettings.model_validate(self._settings("/dev/null"))
        return self.units * expected_cost(settings).of(self.registers)

    @property
    def chosen_period_s(self) -> float:
        """The period asked for, or the shortest one that leaves the line some air, in tenths."""
        return self.period_s or math.ceil(self.cycle_s / HEADROOM * 10) / 10

    def connection(self, port: str) -> dict[str, Any]:
        """Return the connection of the gateway."""
        devices = [device(f"u{unit}", "unit", unit) for unit in range(1, self.units + 1)]
        return modbus("line", self._settings(port), devices, period_s=self.chosen_period_s)

    def _settings(self, port: str) -> dict[str, Any]:
        return {"transport": "serial", "device": port, "baud": self.baud, "timeout_s": self.timeout_s}


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """One unit in one phase: seconds between its good readings, and slots without one.

    A phase without readings is one period as long as the time since the last one.
    """

    readings: int
    mean_s: float
    p50_s: float
    p99_s: float
    missed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPeriods:
    """One unit before and after; ``growth`` in per cent of the mean period, None for one that is dead."""

    unit: int
    dead: bool
    before: Periods
    after: Periods
    growth: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineReport:
    """The whole line. ``worst_growth`` and ``longest_gap_s`` are those of the living units."""

    options: LineOptions
    period_s: float
    cycle_s: float
    units: tuple[UnitPeriods, ...]
    growth: float
    worst_growth: float
    longest_gap_s: float

    @property
    def passed(self) -> bool:
        """Tell whether no living unit lost a tenth of its readings."""
        return self.worst_growth < MOST_GROWTH

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {**asdict(self), "passed": self.passed, "most_growth": MOST_GROWTH}


async def measure_line(options: LineOptions, told: Told = lambda _seconds: None) -> LineReport:
    """Run line, gateway and backbone and measure both phases; ``told`` hears how many seconds have gone by."""
    dead: set[int] = set()
    silent = Fault(kind=FaultKind.SILENT)
    registers = range(options.registers)
    banks = {unit: RegisterBank(holding=dict.fromkeys(registers, unit)) for unit in range(1, options.units + 1)}
    devices = RtuDevices(banks, fault_of=lambda unit: silent if unit in dead else None)
    points = [register(f"r{at}", at) for at in registers]
    with tempfile.TemporaryDirectory(prefix="fengsui-line-") as folder:
        async with SerialLine(devices, baud=options.baud) as line:
            site = one_gateway(options.connection(line.path), profiles=[modbus_profile("unit", points)])
            async with bench(Path(folder), site) as made:
                await made.gateway().start()
                await made.until_told(LEAST_READINGS * options.units * options.registers)
                began_s = time.time()
                await _wait(options.seconds, told)
                dead.update(options.dead_units)
                died_s = time.time()
                await _wait(options.seconds, told)
                ended_s = time.time()
                await made.settle()
                return report_of(options, await made.readings(), (began_s, died_s, ended_s))


async def _wait(seconds: float, told: Told) -> None:
    loop = asyncio.get_running_loop()
    end_s = loop.time() + seconds
    while (left_s := end_s - loop.time()) > 0:
        await asyncio.sleep(min(left_s, 0.5))
        told(min(left_s, 0.5))


def report_of(options: LineOptions, found: Readings, phases: tuple[float, float, float]) -> LineReport:
    """Return what the readings say of both phases; ``phases``: when they begin and end, seconds since 1970."""
    began_s, died_s, ended_s = phases
    units: list[UnitPeriods] = []
    gaps: list[float] = []
    for unit in range(1, options.units + 1):
        times = found.of(f"u{unit}/r0").good.time_s
        before = _periods(times, began_s, died_s, options.chosen_period_s)
        after = _periods(times, died_s, ended_s, options.chosen_period_s)
        dead = unit in options.dead_units
        growth = None if dead else (after.mean_s / before.mean_s - 1) * 100
        units.append(UnitPeriods(unit=unit, dead=dead, before=before, after=after, growth=growth))
        gaps += [] if dead else _gaps(times, died_s, ended_s).tolist()
    grown = [one.growth for one in units if one.growth is not None]
    return LineReport(
        options=options, period_s=options.chosen_period_s, cycle_s=options.cycle_s, units=tuple(units),
        growth=float(np.mean(grown)), worst_growth=max(grown), longest_gap_s=max(gaps, default=ended_s - died_s),
    )  # fmt: skip


def _gaps(times: NDArray[np.float64], start_s: float, end_s: float) -> NDArray[np.float64]:
    """Return the times between readings that end within a phase, and what is left without any at its end."""
    gaps = np.diff(times)[(times[1:] >= start_s) & (times[1:] < end_s)]
    left_s = end_s - times[times < end_s].max(initial=start_s)
    return np.append(gaps, left_s) if left_s > 2 * gaps.max(initial=0.0) else gaps


def _periods(times: NDArray[np.float64], start_s: float, end_s: float, period_s: float) -> Periods:
    gaps = _gaps(times, start_s, end_s)
    readings = int(((times >= start_s) & (times < end_s)).sum())
    missed = max(round(float(gaps.sum()) / period_s) - len(gaps), 0)
    p50, p99 = np.percentile(gaps, [50, 99])
    return Periods(readings=readings, mean_s=float(gaps.mean()), p50_s=float(p50), p99_s=float(p99), missed=missed)
