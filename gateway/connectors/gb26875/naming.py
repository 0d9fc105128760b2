"""Which point an object belongs to: one that the site declares, or one that is learned, with its name and labels.

| what | device | point id |
|---|---|---|
| declared component, its analogs | its system | as the site says |
| other component of a declared system | the system | ``c<type>-<address>``, ``…-a<analog type>`` |
| declared system | itself | ``state``, ``operation``, ``version``, ``configuration``, ``clock_error`` |
| any other system | the transmitter | ``s<type>-<address>``, ``…-op``, ``…-version``…, ``…-c<type>-<address>`` |

Names are functions of what the wire says, so a restart finds the same point. Where a name is a declared
one, or its wire alias belongs to another point of the transmitter, ``_2`` is put behind it, then ``_3``…
(addresses never hold a ``_``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypedDict, Unpack

from domain.ids import alias_of, point_key
from domain.points import Point, PointKind
from domain.quantity import Quantity
from domain.site.hosted import HOLDS_S, analog_id
from domain.site.labels import Labels
from domain.site.transmitters import AnalogSettings, ComponentSettings, TransmitterSettings
from domain.words import COMPONENT_STATE, SYSTEM_OPERATION, SYSTEM_STATE
from gateway.connectors.contract import Hosting
from gateway.connectors.gb26875.profile import DeviceProfile, component_bytes, component_key
from gateway.connectors.gb26875.tables import analog_type_name, component_type_name, system_type_name

MOST_POINTS = 20_000
"""Points of one transmitter, declared and learned: a device that invents addresses must not grow for ever.
Assumption: above the 64 loops of 242 addresses of large panels."""

MOST_LABEL = 120
"""Characters of a label (`domain.site.Labels`)."""

MOST_TRIES = 8
"""Names tried for one point; two collisions in a row happen once in a million transmitters."""


SYSTEM_STATE_LABELS = Labels(zh="系统状态", en="system state")
OPERATION_LABELS = Labels(zh="操作信息", en="operation")
VERSION_LABELS = Labels(zh="软件版本", en="software version")
CONFIGURATION_LABELS = Labels(zh="配置情况", en="configuration")
CLOCK_LABELS = Labels(zh="时钟误差", en="clock error")


class _Kinds(TypedDict, total=False):
    """What a learned point may be beside its name."""

    kind: PointKind
    word: str
    quantity: Quantity
    zone: str | None


@dataclass(frozen=True, slots=True)
class Home:
    """Where the points of a facility system are: its own device, or the transmitter's with a prefix.

    ``zh`` and ``en`` stand before the labels of its points, empty where the device's label says it.
    """

    device: str
    prefix: str = ""
    zh: str = ""
    en: str = ""

    @property
    def state(self) -> str:
        """Name of the system's state word."""
        return self.prefix[:-1] or "state"

    @property
    def operation(self) -> str:
        """Name of its operations."""
        return f"{self.prefix}op" if self.prefix else "operation"

    def label(self, zh: str, en: str) -> tuple[str, str]:
        """Return the labels of one of its points, as long as labels may be."""
        return " ".join(filter(None, (self.zh, zh)))[:MOST_LABEL], " ".join(filter(None, (self.en, en)))[:MOST_LABEL]


@dataclass(frozen=True, slots=True)
class Component:
    """A component as the wire names it, and as the site does where it does."""

    home: Home
    type: int
    key: str
    declared: ComponentSettings | None

    @property
    def name(self) -> str:
        """Its point id (before any suffix against collisions)."""
        return self.declared.id if self.declared else f"{self.home.prefix}c{self.type}-{self.key}"

    @property
    def path(self) -> str:
        """Device and point id, its name within the transmitter."""
        return f"{self.home.device}/{self.name}"

    @property
    def title(self) -> str:
        """What people call it, in a text beside other points."""
        return self.labels("")[0]

    def labels(self, description: str) -> tuple[str, str]:
        """Return its labels, zh and en: the site's, or type, address and description."""
        if self.declared:
            return self.declared.labels.zh, self.declared.labels.en
        return self.home.label(
            f"{component_type_name(self.type, 'zh')} {self.key} {description}".rstrip(),
            f"{component_type_name(self.type, 'en')} {self.key} {description}".rstrip(),
        )

    def analog(self, code: int) -> AnalogSettings | None:
        """Return what the site says about an analog value of it."""
        if self.declared is None:
            return None
        return next((analog for analog in self.declared.analogs if analog.type == code), None)


class Naming:
    """The points of one transmitter; finds those that are known and learns the others through `Hosting`."""

    def __init__(self, settings: TransmitterSettings, profile: DeviceProfile, hosting: Hosting) -> None:
        """Index what the site declares; an ``at`` that the device profile can't read stays without readings."""
        self.unit = settings.unit
        self.id = settings.id
        self._profile = profile
        self._hosting = hosting
        self._systems = {(system.type, system.address): Home(system.id) for system in settings.systems}
        self._components: dict[tuple[str, bytes, int | None], ComponentSettings] = {}
        self._taken: set[tuple[str, str]] = set()
        for system in settings.systems:
            for component in system.components:
                self._declare(system.id, component)
        self._count = len(hosting.table.sorted_aliases(self.unit, self.id)[0])

    def home(self, system_type: int, address: int) -> Home:
        """Return where the points of a system are."""
        declared = self._systems.get((system_type, address))
        if declared is not None:
            return declared
        zh, en = (f"{system_type_name(system_type, language)} {address}" for language in ("zh", "en"))
        return Home(self.id, f"s{system_type}-{address}-", zh, en)

    def component(self, system_type: int, address: int, component_type: int, raw: bytes) -> Component:
        """Return the component at a raw address; a declared one also when its type is another than was written."""
        home = self.home(system_type, address)
        found = None
        if not home.prefix:
            declared = self._components
            found = declared.get((home.device, raw, component_type)) or declared.get((home.device, raw, None))
        return Component(home, component_type, component_key(raw, self._profile), found)

    def own(self, name: str) -> int | None:
        """Return a point of the transmitter itself that its profile declares."""
        return self.find(self.id, name)

    def find(self, device: str, name: str) -> int | None:
        """Return the point that has this name, declared or learned."""
        return self._hosting.table.get(point_key(self.unit, device, name))

    def state_of(self, component: Component, description: str) -> int | None:
        """Return the state word of a component; None when there is no room for another point."""
        device, name = component.home.device, component.name
        known = self.find(device, name) if component.declared else self._known(device, name)
        if known is not None or component.declared:
            return known
        labels = component.labels(description)
        return self._learned(self._point(device, name, labels, kind=PointKind.STATE, word=COMPONENT_STATE))

    def analog_of(self, component: Component, code: int) -> int | None:
        """Return an analog value of a component; None when there is no room for another point."""
        device, declared = component.home.device, component.analog(code)
        if component.declared and declared:
            return self.find(device, analog_id(component.declared, declared))
        name = f"{component.name}-a{code}"
        known = self._known(device, name)
        if known is not None:
            return known
        analog = self._profile.analog(code)
        zh, en = component.labels("")
        labels = f"{zh} {analog_type_name(code, 'zh')}", f"{en} {analog_type_name(code, 'en')}"
        if analog:
            labels = f"{zh} {analog.labels.zh}", f"{en} {analog.labels.en}"
        zone = component.declared.zone if component.declared else None
        quantity = analog.quantity if analog else Quantity.NONE
        return self._learned(self._point(device, name, labels, quantity=quantity, zone=zone))

    def state_of_system(self, home: Home) -> int | None:
        """Return the state word of a system; None when there is no room for another point."""
        return self._of_system(home, home.state, SYSTEM_STATE_LABELS, kind=PointKind.STATE, word=SYSTEM_STATE)

    def operations_of_system(self, home: Home) -> int | None:
        """Return the operations of a system; None when there is no room for another point."""
        return self._of_system(home, home.operation, OPERATION_LABELS, kind=PointKind.EVENT, word=SYSTEM_OPERATION)

    def version_of(self, home: Home) -> int | None:
        """Return the versions that a system, or the transmitter itself, told."""
        return self._of_system(home, f"{home.prefix}version", VERSION_LABELS, kind=PointKind.EVENT)

    def configuration_of(self, home: Home) -> int | None:
        """Return the configurations that a system, or the transmitter itself, told."""
        return self._of_system(home, f"{home.prefix}configuration", CONFIGURATION_LABELS, kind=PointKind.EVENT)

    def clock_error_of(self, home: Home) -> int | None:
        """Return the clock error of a system or of the transmitter itself, seconds."""
        return self._of_system(home, f"{home.prefix}clock_error", CLOCK_LABELS, quantity=Quantity.SECOND)

    def _declare(self, system: str, component: ComponentSettings) -> None:
        self._taken.add((system, component.id))
        self._taken |= {(system, analog_id(component, analog)) for analog in component.analogs}
        try:
            raw = component_bytes(component.at, self._profile)
        except ValueError:  # the profile was detected, and writes addresses otherwise: it is learned instead
            return
        self._components[system, raw, component.type] = component
        self._components.setdefault((system, raw, None), component)

    def _of_system(self, home: Home, name: str, labels: Labels, **kinds: Unpack[_Kinds]) -> int | None:
        known = self._known(home.device, name)
        if known is not None:
            return known
        return self._learned(self._point(home.device, name, home.label(labels.zh, labels.en), **kinds))

    def _known(self, device: str, name: str) -> int | None:
        """Return the point of a name that was learned under it, or that the profile of its device has."""
        return None if (device, name) in self._taken else self.find(device, name)

    def _point(self, device: str, name: str, labels: tuple[str, str], **kinds: Unpack[_Kinds]) -> Point:
        """Return what is to be learned."""
        return Point(
            unit=self.unit,
            gateway=self.id,
            device=device,
            name=name,
            max_silence_s=HOLDS_S,
            label_zh=labels[0][:MOST_LABEL],
            label_en=labels[1][:MOST_LABEL],
            **kinds,
        )

    def _learned(self, wanted: Point) -> int | None:
        """Return a point under the first name that is free for it, learning it when it is new; None: no room."""
        for name in self._free_names(wanted.device, wanted.name):
            found = self.find(wanted.device, name)
            if found is not None:
                return found
            if self._count >= MOST_POINTS:
                return None
            self._hosting.learn([replace(wanted, name=name)])
            self._count += 1
            return self.find(wanted.device, name)
        return None

    def _free_names(self, device: str, name: str) -> Iterator[str]:
        """Yield the names that a point may have: none that means, or travels as, another point."""
        table = self._hosting.table
        for number in range(1, MOST_TRIES + 1):
            own_name = name if number == 1 else f"{name}_{number}"
            other = table.by_alias(self.unit, self.id, alias_of(device, own_name))
            is_other = other is not None and table[other].key != point_key(self.unit, device, own_name)
            if not is_other and (device, own_name) not in self._taken:
                yield own_name
