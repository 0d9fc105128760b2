"""The objects of one transmitter's frames become readings of its points; no I/O, and nothing is ever raised.

| object | becomes |
|---|---|
| states (1, 2, 21) | the state word, brought to the standard's bits; text: description, the maker's own bits |
| analog values (3) | the value in its point's quantity |
| operations (4, 24) | an event: the bits as sent (none, or several, too); text: the operator |
| versions (5, 25), configurations (6, 7, 26) | an event with a text, on a point that is learned |
| times (8, 28), and the time tag of every frame | clock error |
| anything that was not read | event `unread` and a dead letter with the raw frame; it is confirmed all the same |
| heartbeats | nothing, but for the clock error |

Answers to our requests (command 5) are mapped like uploads, except operation records: those are read from a
memory of the device, and only one that is newer than the newest known is an event.

A fire is never dropped. When a transmitter has no room for another point, fire goes to the state word of the
system, or of the transmitter, with a text that names the component; each further one is told there again. Bytes
that were not read but look like fire (`fire`) are fire of the transmitter.
"""

from __future__ import annotations

import math
from datetime import tzinfo

from domain.clock import NS_PER_S
from domain.quality import GOOD, HISTORICAL
from domain.site.transmitters import TransmitterSettings
from gateway.connectors.contract import Hosting
from gateway.connectors.gb26875.doubtful import DoubtfulTime
from gateway.connectors.gb26875.fire import FIRE, MANUAL_ALARM, suspects_fire
from gateway.connectors.gb26875.mapping_values import (
    LIKE_FIRE,
    NO_TYPE,
    REAL_FIRE,
    analog_value,
    component_state,
    state_text,
    suspect_text,
    unread_reason,
    unread_text,
)
from gateway.connectors.gb26875.naming import Component, Home, Naming
from gateway.connectors.gb26875.objects import (
    AnalogValue,
    ComponentConfiguration,
    ComponentState,
    Heartbeat,
    InformationObject,
    Raw,
    SystemConfiguration,
    SystemOperation,
    SystemState,
    SystemTime,
    SystemVersion,
    TransmitterConfiguration,
    TransmitterOperation,
    TransmitterState,
    TransmitterTime,
    TransmitterVersion,
    Unit,
)
from gateway.connectors.gb26875.profile import DeviceProfile, standard_state, time_of
from gateway.connectors.gb26875.protocol import Command, Frame
from gateway.connectors.gb26875.readings import (
    FIRE_WITHOUT_POINT,
    MOST_LATE_S,
    NO_POINT,
    Books,
    FrameTime,
    Harvest,
    Operation,
    Taken,
    believed_ns,
    ns_of,
)
from gateway.connectors.gb26875.resets import RESET_OPERATION, end_components, is_reset, last_value
from gateway.connectors.gb26875.roll_call import RollCall
from gateway.connectors.gb26875.stamps import Stamp

__all__ = ["Harvest", "Mapper", "Operation"]

CLOCK_STEP_S, CLOCK_EVERY_S = 1.0, 600.0
"""The clock error is told when it moved so far (the resolution of the wire), or so long ago (assumption)."""

MOST_DESCRIPTIONS = 2000
"""Descriptions of components (type 7) kept in memory for states that come without one; assumption."""

_OfSystem = SystemState | SystemOperation | SystemVersion | SystemConfiguration | SystemTime
_OfTransmitter = TransmitterVersion | TransmitterConfiguration | TransmitterTime


class Mapper:
    """Maps the frames of one transmitter. Small: ten thousand of these live in a process."""

    def __init__(
        self,
        transmitter: TransmitterSettings,
        profile: DeviceProfile,
        hosting: Hosting,
        *,
        unit: str,
        connection: str,
        zone: tzinfo,
        tolerance_s: float = 300.0,
    ) -> None:
        """``zone`` is the site's timezone, ``tolerance_s`` how far off a believed device clock may be."""
        self._books = Books(f"{unit}/{transmitter.id}", connection, hosting)
        self._profile = profile
        self._zone = zone
        self._tolerance_ns = round(tolerance_s * NS_PER_S)
        self._naming = Naming(transmitter, profile, hosting)
        self._itself = Home(transmitter.id)
        self._descriptions: dict[str, str] = {}
        self._clock_told: tuple[float, int] | None = None

    def take(self, unit: Unit, frame: Frame, received_ns: int, harvest: Harvest) -> None:
        """Add what a frame says to ``harvest``, object by object in its order, and learn points on the way."""
        sent_ns = ns_of(time_of(frame.time, self._profile), self._zone)
        times = (FrameTime if unit.fits else DoubtfulTime)(received_ns, sent_ns, self._zone, self._tolerance_ns)
        taken = Taken(self._books, unit.type, frame, times, harvest)
        for item in unit.objects:
            self._take_object(item, taken)
        self._tell_clock(taken)

    def roll_call(self, call: RollCall, harvest: Harvest) -> None:
        """Add what became of a roll-call; nothing where the site's profile has no such point."""
        point = self._naming.own("roll_call")
        if point is not None:
            after_ns = believed_ns(self._books.hosting.last_ns(point), call.changed_ns)
            harvest.place(point, call.changed_ns, call.value, text=call.text, after_ns=after_ns)

    def _take_object(self, item: InformationObject, taken: Taken) -> None:
        """States and values first: they are what comes all the time."""
        match item:
            case ComponentState():
                self._component_state(item, taken)
            case AnalogValue():
                self._analog(item, taken)
            case SystemState():
                self._system_state(item, taken)
            case TransmitterState():
                state = standard_state(item.state, self._profile)
                self._state(taken, self._naming.own("state"), state, item.stamp)
            case SystemOperation():
                self._system_operation(item, taken)
            case TransmitterOperation():
                self._transmitter_operation(item, taken)
            case Heartbeat():
                pass
            case _:
                self._take_rarer(item, taken)

    def _take_rarer(self, item: InformationObject, taken: Taken) -> None:
        match item:
            case SystemTime() | TransmitterTime():
                self._clock(item, taken)
            case SystemVersion() | TransmitterVersion():
                point = self._naming.version_of(self._home(item))
                taken.event(point, item.major * 256 + item.minor, f"{item.major}.{item.minor}")
            case SystemConfiguration() | TransmitterConfiguration():
                taken.event(self._naming.configuration_of(self._home(item)), taken.flag or 0, item.text)
            case ComponentConfiguration():
                self._component_configuration(item, taken)
            case _:
                self._take_unread(item, taken)

    def _take_unread(self, item: InformationObject, taken: Taken) -> None:
        """Keep what was not read; where it looks like fire, it is one without a component."""
        is_suspect = isinstance(item, Raw) and suspects_fire(item)
        text, value = unread_text(item), NO_TYPE if taken.flag is None else taken.flag
        taken.letter(LIKE_FIRE if is_suspect else unread_reason(item), f"type {taken.flag}: {text}")
        taken.event(self._naming.own("unread"), value, text)
        if isinstance(item, Raw) and is_suspect:
            self._fire_elsewhere(taken, taken.times.received_ns, GOOD, suspect_text(item))

    def _component_state(self, item: ComponentState, taken: Taken) -> None:
        component = self._component(item)
        description = item.text or self._descriptions.get(component.path, "")
        text = state_text(description, item.state, self._profile)
        point = self._naming.state_of(component, description)
        state = component_state(item.state, self._profile)
        title = f"{component.title} {text}".rstrip() if point is None else ""
        self._state(taken, point, state, item.stamp, text=text, title=title)

    def _system_state(self, item: SystemState, taken: Taken) -> None:
        home, state = self._home(item), standard_state(item.state, self._profile)
        point = self._naming.state_of_system(home)
        before = math.nan if point is None else last_value(point, taken.harvest, self._books.hosting)
        self._state(taken, point, state, item.stamp, title=home.zh)
        if is_reset(before, state):
            end_components(home, self._naming.unit, taken)

    def _state(
        self,
        taken: Taken,
        point: int | None,
        state: int,
        stamp: Stamp | None,
        *,
        text: str = "",
        title: str = "",
    ) -> None:
        """Add a state; one without a point is a dead letter, and its fire one without a component."""
        time_ns, quality = taken.times.of(stamp)
        if point is not None:
            taken.place(point, time_ns, state, quality=quality, text=text)
            return
        is_fire = bool(state & FIRE)
        taken.letter(FIRE_WITHOUT_POINT if is_fire else NO_POINT, f"{title} state {state}")
        if is_fire:
            self._fire_elsewhere(taken, time_ns, quality, title)

    def _fire_elsewhere(self, taken: Taken, time_ns: int, quality: int, text: str) -> None:
        """Tell a fire that no component could be found for; where the site's profile lacks the point, as a state."""
        event, own = self._naming.own("fire_elsewhere"), self._naming.own("state")
        if event is not None:
            taken.place(event, time_ns, 1, quality=quality, text=text)
        elif own is not None:
            taken.place(own, time_ns, REAL_FIRE, quality=quality, text=text)

    def _analog(self, item: AnalogValue, taken: Taken) -> None:
        component = self._component(item)
        point = self._naming.analog_of(component, item.analog_type)
        if point is None:
            taken.letter(NO_POINT, f"{component.title} analog {item.analog_type}: {item.value}")
            return
        settings = component.analog(item.analog_type)
        value, unusable, text = analog_value(item.value, item.analog_type, settings, self._profile)
        time_ns, quality = taken.times.of(item.stamp)
        quality = quality if unusable is None else unusable | quality & HISTORICAL
        taken.place(point, time_ns, value, quality=quality, text=text)

    def _system_operation(self, item: SystemOperation, taken: Taken) -> None:
        home = self._home(item)
        point = self._naming.operations_of_system(home)
        if point is None and item.flags & MANUAL_ALARM:
            taken.letter(FIRE_WITHOUT_POINT, f"{home.zh} operation {item.flags}")
            text = f"{home.zh} operator {item.operator}".lstrip()
            self._operation(item, self._naming.own("operation"), MANUAL_ALARM, text, taken)
        else:
            self._operation(item, point, item.flags, f"operator {item.operator}", taken)
        if item.flags & RESET_OPERATION and taken.frame.command != Command.RESPONSE:
            end_components(home, self._naming.unit, taken)

    def _transmitter_operation(self, item: TransmitterOperation, taken: Taken) -> None:
        received_ns, said_ns = taken.times.received_ns, taken.times.said_ns(item.stamp)
        taken.harvest.operations.append(Operation(self._books.key, item.flags, item.operator, received_ns, said_ns))
        self._operation(item, self._naming.own("operation"), item.flags, f"operator {item.operator}", taken)

    def _operation(
        self, item: SystemOperation | TransmitterOperation, point: int | None, flags: int, text: str, taken: Taken
    ) -> None:
        time_ns, quality = taken.times.of(item.stamp)
        if point is None:
            taken.letter(NO_POINT, f"operation {item.flags} of operator {item.operator}")
        elif taken.frame.command != Command.RESPONSE or self._is_news(point, item.stamp, taken.times):
            taken.place(point, time_ns, flags, quality=quality, text=text)

    def _is_news(self, point: int, stamp: Stamp | None, times: FrameTime) -> bool:
        """Tell whether an operation out of a device's memory (asked for by types 64 and 84) is not known yet."""
        said_ns, (time_ns, quality) = times.said_ns(stamp), times.of(stamp)
        if said_ns is not None and times.received_ns - said_ns > MOST_LATE_S * NS_PER_S:
            return False
        return quality & ~HISTORICAL != GOOD or time_ns > self._books.hosting.last_ns(point)

    def _component_configuration(self, item: ComponentConfiguration, taken: Taken) -> None:
        """Keep what a component is called, and learn its point under that name if it is new."""
        component = self._component(item)
        self._naming.state_of(component, item.text)
        if item.text and (component.path in self._descriptions or len(self._descriptions) < MOST_DESCRIPTIONS):
            self._descriptions[component.path] = item.text
        point = self._naming.configuration_of(component.home)
        taken.event(point, taken.flag or 0, f"{component.title} {item.text}".rstrip())

    def _clock(self, item: SystemTime | TransmitterTime, taken: Taken) -> None:
        """Add the clock error that a time (types 8 and 28) shows."""
        told_ns = ns_of(item.time, self._zone)
        point = self._naming.clock_error_of(self._home(item))
        if told_ns is None:
            taken.letter("no_time", f"type {taken.flag}: {item.stamp.raw.hex() if item.stamp else ''}")
        elif point is not None:
            error_s = round((told_ns - taken.times.received_ns) / NS_PER_S, 3)
            taken.place(point, taken.times.received_ns, error_s)

    def _tell_clock(self, taken: Taken) -> None:
        """Add the clock error of a frame's time tag when it has moved, or was told long ago."""
        error_ns, now_ns = taken.times.error_ns, taken.times.received_ns
        if error_ns is None:
            return
        error_s = round(error_ns / NS_PER_S, 3)
        if self._clock_told is not None:
            told_s, told_ns = self._clock_told
            if abs(error_s - told_s) < CLOCK_STEP_S and 0 <= now_ns - told_ns < CLOCK_EVERY_S * NS_PER_S:
                return
        self._clock_told = error_s, now_ns
        point = self._naming.own("clock_error")
        if point is not None:
            taken.place(point, now_ns, error_s)

    def _home(self, item: _OfSystem | _OfTransmitter) -> Home:
        if isinstance(item, _OfTransmitter):
            return self._itself
        return self._naming.home(item.system_type, item.system_address)

    def _component(self, item: ComponentState | AnalogValue | ComponentConfiguration) -> Component:
        return self._naming.component(item.system_type, item.system_address, item.component_type, item.component)
