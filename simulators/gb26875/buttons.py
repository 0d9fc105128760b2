"""Buttons: what a `Press` does to a transmitter, and which data units it sends for it."""

from __future__ import annotations

from dataclasses import dataclass

from simulators.errors import SimulationError
from simulators.gb26875 import objects
from simulators.gb26875.equipment import NORMAL, FacilitySystem
from simulators.gb26875.outbox import Manner
from simulators.gb26875.presses import COMPONENT_BITS, NEEDS_COMPONENT, OPERATION_BITS, SUPPLY_BITS, URGENT, Press
from simulators.gb26875.transmitter import Record, Transmitter

ENDED_BY_RESET = sum(1 << bit for bit in (1, 4, 5, 6, 7))
"""Component bits that a panel's reset ends: fire, supervision, started, feedback, delay; a fault stays until mended."""

SYSTEM_SUPPLIES = {3: 8, 4: 9}
"""Supplies of a system's panel (type 1) that fail with those of the transmitter (type 21): they share the socket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One press. ``system``: ``11-1``, the panel where it happened (the transmitter's own keys when empty).

    ``analog`` and ``value`` are for `Press.MEASURE`; ``hold_s`` keeps what is said back, so that it comes late;
    ``copies``: frames that come so many times.
    """

    press: Press
    component: str | None = None
    system: str | None = None
    operator: int = 1
    analog: int = 5
    value: float = 0.0
    hold_s: float = 0.0
    copies: int = 1

    def manner(self, now_s: float) -> Manner:
        """Return how it is sent; fires and answers go before all else."""
        held_s = now_s + self.hold_s if self.hold_s > 0 else 0.0
        return Manner(urgent=self.press in URGENT, not_before_s=held_s, copies=self.copies)


def push(transmitter: Transmitter, button: Push, now_s: float) -> None:
    """Press a button; raises `SimulationError` saying what is missing."""
    if button.press in NEEDS_COMPONENT and button.component is None:
        msg = f"'{button.press}' is done to a component → name one"
        raise SimulationError(msg)
    manner = button.manner(now_s)
    match button.press:
        case Press.MEASURE:
            _measure(transmitter, button, manner)
        case Press.RESTORE:
            _restore(transmitter, button, manner)
        case press if press in COMPONENT_BITS:
            component = transmitter.equipment.component(button.component or "")
            component.state |= 1 << COMPONENT_BITS[press]
            transmitter.show_component(component, manner)
        case press if press in SUPPLY_BITS:
            _supply(transmitter, *SUPPLY_BITS[press])
        case Press.VENDOR:
            transmitter.push(bytes((transmitter.dialect.vendor_type, 1)) + b"\x01\x02\x03")
        case Press.REBOOT:
            transmitter.reboot()
        case _:
            _operate(transmitter, button, manner)


def _measure(transmitter: Transmitter, button: Push, manner: Manner) -> None:
    component = transmitter.equipment.component(button.component or "")
    component.values[button.analog] = button.value
    raws = dict(zip(component.values, transmitter.analogs_of(component), strict=True))
    data = objects.unit(objects.COMPONENT_ANALOG, [raws[button.analog]], transmitter.dialect)
    transmitter.push(data, manner)


def _restore(transmitter: Transmitter, button: Push, manner: Manner) -> None:
    component = transmitter.equipment.component(button.component or "")
    component.state = NORMAL
    transmitter.show_component(component, manner)


def _supply(transmitter: Transmitter, bit: int, fails: bool) -> None:  # noqa: FBT001 -- private, from a table
    transmitter.own = transmitter.own | 1 << bit if fails else transmitter.own & ~(1 << bit)
    shared = SYSTEM_SUPPLIES.get(bit)
    if shared is not None:
        first = transmitter.equipment.first
        first.own = first.own | 1 << shared if fails else first.own & ~(1 << shared)
    transmitter.show_changes()


def _operate(transmitter: Transmitter, button: Push, manner: Manner) -> None:
    """Press an operation's key: tell it, then what it changed."""
    press = button.press
    system = _system(transmitter, button)
    if press in OPERATION_BITS:
        _tell_operation(transmitter, button, system, manner)
    if press is Press.ANSWER:
        transmitter.ringing_until_s = None
    if press in (Press.TEST, Press.TEST_OVER):
        transmitter.in_test = press is Press.TEST
    if press is Press.RESET:
        _reset(transmitter, system)
    transmitter.show_changes(manner)


def _tell_operation(transmitter: Transmitter, button: Push, system: FacilitySystem | None, manner: Manner) -> None:
    at, dialect = transmitter.local_time(), transmitter.dialect
    flags = 1 << OPERATION_BITS[button.press]
    if system is None:
        raw = objects.operation(flags, button.operator, at, dialect)
    else:
        raw = objects.system_operation((system.type, system.address), flags, button.operator, at, dialect)
    key = (system.type, system.address) if system is not None else None
    transmitter.records.append(Record(at, key, flags, button.operator))
    data = objects.unit(objects.OPERATION if system is None else objects.SYSTEM_OPERATION, [raw], dialect)
    transmitter.push(data, manner)


def _system(transmitter: Transmitter, button: Push) -> FacilitySystem | None:
    """Return the panel that a press happens at; a reset without a system is one of the first panel."""
    equipment = transmitter.equipment
    if button.press is Press.ANSWER or (button.system is None and button.press not in (Press.RESET, Press.CONFIRM)):
        return None
    if button.system is None:
        return equipment.first
    for (kind, address), system in equipment.systems.items():
        if button.system in (f"{kind}-{address}", system.name):
            return system
    known = ", ".join(f"{kind}-{address}" for kind, address in equipment.systems)
    raise SimulationError(f"no system '{button.system}' behind {transmitter.name} → write one of {known}")


def _reset(transmitter: Transmitter, system: FacilitySystem | None) -> None:
    for component in system.components.values() if system else ():
        if component.state & ENDED_BY_RESET:
            component.state = component.state & ~ENDED_BY_RESET | NORMAL
            transmitter.show_component(component)
