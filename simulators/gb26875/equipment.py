"""What hangs on a transmitter: facility systems with their components, states and analog values.

Components have a name (the site's id of a declared one) or, where nobody declared them, the name that their numbers
give: ``c40-10-2`` is a component of type 40 at 10-2 of the first system, ``s11-1-c92-1-1`` one of system type 11,
address 1. Asking for such a name makes the component: a panel has more than its site file says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from domain.documents import nearest
from domain.site import ComponentSettings, TransmitterSettings
from simulators.errors import UnknownNameError
from simulators.gb26875.objects import Target
from simulators.gb26875.stamps import ComponentForm, component_at

NORMAL = 1
"""State word of something that runs: bit 0."""

SHOWN_BY_SYSTEM = 0b1111_1110
"""Component bits that its system shows at the same places (bits 1-7)."""

POWER_FAULT, FAULT = 1 << 8, 1 << 2

SMOKE, CALL_POINT, WATER_TANK = 42, 23, 92
FIRE_ALARM_SYSTEM = 1

_BY_NUMBERS = re.compile(r"^(?:s(\d{1,3})-(\d{1,3})-)?c(\d{1,3})-([0-9]+(?:-[0-9]+){0,3})$")


@dataclass(slots=True, kw_only=True)
class Component:
    """A component; ``values``: analog type → value in the unit of its scale, ``scales``: site's own scales."""

    name: str
    target: Target
    text: str
    state: int = NORMAL
    values: dict[int, float] = field(default_factory=dict)
    scales: dict[int, float] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class FacilitySystem:
    """A facility system; ``own``: bits that are the panel's own (mains, backup, bus, manual)."""

    type: int
    address: int
    name: str
    own: int = 0
    components: dict[str, Component] = field(default_factory=dict)

    @property
    def state(self) -> int:
        """State word: normal, its own bits, and what any component shows."""
        word = NORMAL | self.own
        for component in self.components.values():
            word |= component.state & SHOWN_BY_SYSTEM
            word |= FAULT if component.state & POWER_FAULT else 0
        return word


class Equipment:
    """The systems of one transmitter, and where to find their components."""

    def __init__(self, systems: Iterable[FacilitySystem]) -> None:
        """At least one system; components without a system of their own belong to the first."""
        self.systems = {(system.type, system.address): system for system in systems}
        if not self.systems:
            raise ValueError("a transmitter has at least one system")
        self._names = {component.name: component for component in self.components()}

    def components(self) -> Iterator[Component]:
        """Iterate over all components, declared ones first within each system."""
        for system in self.systems.values():
            yield from system.components.values()

    def component(self, name: str) -> Component:
        """Return a component by name, by its place in the list (``1``…), or by its numbers.

        Raises `UnknownNameError`.
        """
        if name in self._names:
            return self._names[name]
        listed = list(self._names.values())
        if name.isdecimal() and 1 <= int(name) <= len(listed):
            return listed[int(name) - 1]
        made = self._made(name)
        if made is None:
            mend = nearest(name, self._names) if self._names else "write its numbers, such as c42-10-2"
            raise UnknownNameError(f"no component '{name}' here", mend)
        return made

    def at(self, system: int, address: int, at: str) -> Component | None:
        """Return the component at an address of a system, or None."""
        found = self.systems.get((system, address))
        components = found.components.values() if found else ()
        return next((component for component in components if component.target.at == at), None)

    def system_of(self, component: Component) -> FacilitySystem:
        """Return the system that a component belongs to."""
        return self.systems[component.target.system, component.target.address]

    @property
    def first(self) -> FacilitySystem:
        """The system that a bare name means."""
        return next(iter(self.systems.values()))

    def add(self, component: Component) -> None:
        """Add a component to its system."""
        self.system_of(component).components[component.name] = component
        self._names[component.name] = component

    def _made(self, name: str) -> Component | None:
        found = _BY_NUMBERS.match(name)
        if found is None:
            return None
        system_type, system_address, kind, at = found.groups()
        key = (int(system_type), int(system_address)) if system_type else (self.first.type, self.first.address)
        if max(*key, int(kind)) > 255:
            return None
        self.systems.setdefault(key, FacilitySystem(type=key[0], address=key[1], name=f"s{key[0]}-{key[1]}"))
        target = Target(system=key[0], address=key[1], type=int(kind), at=at)
        component = Component(name=name, target=target, text=at)
        self.add(component)
        return component


def equipment_of(settings: TransmitterSettings) -> Equipment:
    """Return what a site file declares behind a transmitter; a bare fire alarm system where it declares none."""
    systems = [
        FacilitySystem(
            type=system.type,
            address=system.address,
            name=system.id,
            components={
                component.id: _declared(system.type, system.address, component) for component in system.components
            },
        )
        for system in settings.systems
    ]
    return Equipment(systems or [FacilitySystem(type=FIRE_ALARM_SYSTEM, address=1, name="s1-1")])


def bench_equipment(
    components: int,
    systems: Iterable[int] = (FIRE_ALARM_SYSTEM,),
    form: ComponentForm = ComponentForm.ZONE_POINT,
) -> Equipment:
    """Return the equipment of a transmitter on a desk: ``components`` of each system, at 1-1, 1-2 and so on.

    Two smoke detectors to a manual call point; names are the numbers, as the maker's ``form`` writes them.
    """
    made = []
    for system in systems:
        parts = [_on_bench(system, number, form) for number in range(1, components + 1)]
        made.append(
            FacilitySystem(type=system, address=1, name=f"s{system}-1", components={part.name: part for part in parts})
        )
    return Equipment(made)


def _declared(system: int, address: int, settings: ComponentSettings) -> Component:
    target = Target(system=system, address=address, type=settings.type or 0, at=settings.at)
    values = {analog.type: _resting(analog.low, analog.high) for analog in settings.analogs}
    scales = {analog.type: analog.scale for analog in settings.analogs if analog.scale is not None}
    return Component(name=settings.id, target=target, text=settings.labels.zh, values=values, scales=scales)


def _on_bench(system: int, number: int, form: ComponentForm) -> Component:
    kind = SMOKE if number % 3 else CALL_POINT
    target = Target(system=system, address=1, type=kind, at=component_at(1, number, form))
    word = "感烟探测器" if kind == SMOKE else "手动报警按钮"
    return Component(name=f"s{system}-1-c{kind}-{target.at}", target=target, text=f"1区{number}号{word}")


def _resting(low: float | None, high: float | None) -> float:
    """Return a value that no limit minds."""
    if low is not None and high is not None:
        return (low + high) / 2
    return low * 1.2 + 1 if low is not None else high * 0.5 if high is not None else 0.0
