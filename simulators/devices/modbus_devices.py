"""The Modbus device kinds: fire panel, pressure transmitter, meter, residual-current breaker.

Start values are assumptions: what such a device shows on an ordinary day in a hotel.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from simulators.devices import registers
from simulators.devices.modbus_pdu import MOST_READ_REGISTERS, RegisterBank
from simulators.devices.model import DeviceModel, Starts
from simulators.devices.words import COMPONENT_BITS, RUNNING, SUMMARY, SYSTEM_BITS, panel_word

PANEL_POINTS = 24


class ModbusDevice(DeviceModel, ABC):
    """A device model that fills a register bank."""

    most_registers: ClassVar[int] = MOST_READ_REGISTERS

    def __init__(self, device: str, address: int | str, *, seed: int = 0) -> None:
        """``address`` is the unit id on its line."""
        super().__init__(device, address, seed=seed)
        self.bank = RegisterBank(most_registers=self.most_registers)

    @property
    def unit_id(self) -> int:
        """The unit id on the line."""
        return int(self.address)

    @abstractmethod
    def refresh(self, t_s: float) -> None:
        """Write the values at ``t_s`` into the bank."""


class FirePanel(ModbusDevice):
    """One loop of 24 components; the system word sums them up. Read-only, 50 registers a request."""

    kind: ClassVar[str] = "fire_panel"
    most_registers: ClassVar[int] = registers.PANEL_MOST_REGISTERS

    def starting(self) -> Starts:
        """All components run normally."""
        names = ["state", *(f"l1p{point:02d}" for point in range(1, PANEL_POINTS + 1))]
        return {name: (float(RUNNING), 0.0) for name in names}

    def parse(self, point: str, value: Any) -> float:
        """Take a word, a list of words or a number."""
        self._signal(point)
        return panel_word(value, SYSTEM_BITS if point == "state" else COMPONENT_BITS)

    def values(self, t_s: float) -> dict[str, float]:
        """Return the words; the system word has its own bits and the sum of its components'."""
        values = super().values(t_s)
        state = int(values.pop("state"))
        for word in values.values():
            state |= int(word) & SUMMARY
            state |= SYSTEM_BITS["fault"] if int(word) & COMPONENT_BITS["power_fault"] else 0
        return {"state": float(state)} | values

    def refresh(self, t_s: float) -> None:
        """Write system and component words."""
        self.bank.holding.update(registers.fire_panel(self.values(t_s)))


class PressureTransmitter(ModbusDevice):
    """QDY30A on a sprinkler or hydrant main; every third one is set to MPa, as found on sites."""

    kind: ClassVar[str] = "pressure_transmitter"
    start: ClassVar[Starts] = {"pressure": (480.0, 6.0)}

    def refresh(self, t_s: float) -> None:
        """Write unit code, decimals and value."""
        unit, decimals = ("MPa", 3) if self.unit_id % 3 == 0 else ("kPa", 1)
        self.bank.holding.update(registers.qdy30a(self.values(t_s), unit=unit, decimals=decimals))


class PowerMeter(ModbusDevice):
    """DDSU666; current follows from power unless a scenario sets it, energy adds up."""

    kind: ClassVar[str] = "power_meter"
    start: ClassVar[Starts] = {
        "voltage": (230.0, 1.5),
        "power": (60.0, 3.0),
        "reactive_power": (12.0, 0.5),
        "power_factor": (0.95, 0.01),
        "frequency": (50.0, 0.02),
        "energy": (1234.5, 0.0),
        "current": (0.0, 0.0),
    }

    def __init__(self, device: str, address: int | str, *, seed: int = 0) -> None:
        """Start with nothing used yet."""
        super().__init__(device, address, seed=seed)
        self._used_kwh = 0.0
        self._counted_s = 0.0

    def values(self, t_s: float) -> dict[str, float]:
        """Return the values; time never runs backwards in the energy register."""
        values = super().values(t_s)
        self._used_kwh += values["power"] * max(t_s - self._counted_s, 0.0) / 3.6e6
        self._counted_s = max(t_s, self._counted_s)
        values["energy"] += self._used_kwh
        if "current" not in self.touched:
            values["current"] = values["power"] / (values["voltage"] * values["power_factor"])
        return values

    def refresh(self, t_s: float) -> None:
        """Write the f32 registers."""
        self.bank.holding.update(registers.ddsu666(self.values(t_s)))


class ResidualCurrentBreaker(ModbusDevice):
    """Breaker of a distribution board: residual current, three conductor temperatures, phase A."""

    kind: ClassVar[str] = "residual_current_monitor"
    start: ClassVar[Starts] = {
        "frequency": (50.0, 0.0),
        "residual_current": (45.0, 8.0),
        "temperature_a": (34.0, 1.5),
        "temperature_b": (33.0, 1.5),
        "temperature_c": (35.0, 1.5),
        "voltage_a": (230.0, 2.0),
        "current_a": (6.0, 0.4),
        "power_a": (1310.0, 60.0),
        "power_total": (3900.0, 150.0),
    }

    def refresh(self, t_s: float) -> None:
        """Write the values into the input registers, which is where this device keeps them."""
        self.bank.inputs.update(registers.residual_current_breaker(self.values(t_s)))
