"""`Transmitter`: a user-information transmission device, whole but for its socket.

Its state is what hangs on it (`Equipment`), its own state word and its clock; what happens to it (`press`) becomes
data units in the outbox, what the centre says (`received`) becomes answers. Times are passed in: ``now_s`` is any
clock that only goes forward, the clock given is the true time, from which the device's own departs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from domain.clock import NS_PER_S, Clock
from simulators.gb26875 import objects
from simulators.gb26875.dialect import Dialect, Heartbeat
from simulators.gb26875.equipment import FAULT, NORMAL, Component, Equipment, FacilitySystem
from simulators.gb26875.frames import Command, Frame, FrameReader
from simulators.gb26875.outbox import USUAL, Entry, Manner, Outbox
from simulators.gb26875.stamps import address_bytes, time_bytes

FIRE = 1 << 1
MOST_RECORDS = 100
"""Operations that a device remembers for a centre that asks (assumption; the standard lets it ask for 102)."""

HEARTBEAT_BYTE, VENDOR_HEARTBEATS = b"\x16", {Heartbeat.COMMAND_7: 7, Heartbeat.COMMAND_254: 254}


class Event(StrEnum):
    """What a transmitter tells whoever watches it."""

    SENT = "sent"
    RESENT = "resent"
    RECEIVED = "received"
    SKIPPED = "skipped"
    RINGING = "ringing"
    CLOCK_SET = "clock_set"
    FAILED = "failed"
    CONNECTED = "connected"
    LOST = "lost"
    FAULTY = "faulty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One event, ns UTC. ``raw``: the bytes; ``frame``: what they say; ``note``: what else there is to say."""

    time_ns: int
    event: Event
    raw: bytes = b""
    frame: Frame | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """An operation that happened: of a system (type and address), or of the transmitter itself (None)."""

    at: datetime
    system: tuple[int, int] | None
    flags: int
    operator: int


class Transmitter:
    """A transmitter at one address; a `Link` gives it a line."""

    def __init__(
        self,
        name: str,
        address: int | str,
        equipment: Equipment,
        dialect: Dialect,
        *,
        clock: Clock,
        zone: tzinfo,
        centre: int = 0,
        outbox: Outbox | None = None,
        tell: Callable[[Told], None] | None = None,
    ) -> None:
        """``centre``: destination of what it sends; ``zone``: where its clock hangs.

        Raises ValueError for an address that the dialect can't write.
        """
        self.name, self.address = name, address
        self.equipment, self.dialect, self.zone = equipment, dialect, zone
        self.outbox = outbox if outbox is not None else Outbox()
        self.records: deque[Record] = deque(maxlen=MOST_RECORDS)
        self.own = 0
        self.in_test = False
        self.clock_error_s = 0.0
        self.off_s = 0.0
        self.zero_time = False
        self.deaf = False
        self.ringing_until_s: float | None = None
        self.tell = tell
        self._clock = clock
        self._source = address_bytes(address, dialect.address)
        self._centre = centre.to_bytes(6, "little")
        self._sequence = 0
        self._reader = FrameReader()
        self._last_sent_s = 0.0
        self._shown: dict[tuple[int, int] | None, int] = {}
        self._greeted = False

    @property
    def state(self) -> int:
        """Its own state word (type 21): normal, any fire, any fault, supplies and lines."""
        word = (0 if self.in_test else NORMAL) | self.own
        for system in self.equipment.systems.values():
            word |= system.state & (FIRE | FAULT)
        return word

    def local_time(self) -> datetime:
        """Return what its clock shows: local time without a zone, whole seconds."""
        true = datetime.fromtimestamp(self._clock.now_ns() / NS_PER_S, self.zone).replace(tzinfo=None, microsecond=0)
        return true + timedelta(seconds=round(self.clock_error_s + self.off_s))

    def set_clock(self, shown: datetime) -> None:
        """Put its clock right, or wrong: ``shown`` is what it shows now."""
        self.clock_error_s += (shown - self.local_time()).total_seconds()

    def raise_ring(self, minutes: int, now_s: float) -> None:
        """Ring for a roll-call until somebody answers or the minutes are over."""
        self.ringing_until_s = now_s + 60.0 * minutes
        self.note(Event.RINGING, note=f"{minutes} min")

    def ringing_s(self, now_s: float) -> float | None:
        """Return the seconds that are left to answer a roll-call, None when none rings."""
        until_s = self.ringing_until_s
        return until_s - now_s if until_s is not None and until_s > now_s else None

    def push(self, data: bytes, manner: Manner = USUAL) -> None:
        """Let a data unit wait to be sent."""
        self.outbox.push(Entry(data, Command.SEND, manner))

    def show_component(self, component: Component, manner: Manner = USUAL) -> None:
        """Tell a component's state, and those of its system and of the transmitter where they have changed."""
        at, dialect = self.local_time(), self.dialect
        raw = objects.component_state(component.target, component.state, component.text, at, dialect)
        self.push(objects.unit(objects.COMPONENT_STATE, [raw], dialect), manner)
        self.show_changes(manner)

    def show_changes(self, manner: Manner = USUAL) -> None:
        """Tell the states of systems, then of the transmitter, that are no longer what was told last."""
        for key, system in self.equipment.systems.items():
            if self._shown.get(key) != self.word_of(system):
                self.push(self._system_unit([system]), manner)
        if self._shown.get(None) != self.state:
            self.push(self._state_unit(), manner)

    def word_of(self, system: FacilitySystem) -> int:
        """Return a system's state word; bit 0 is off while it is tested."""
        return system.state & ~NORMAL if self.in_test else system.state

    def greet(self) -> None:
        """Tell everything after a start, the own state after every return of the line."""
        if self._greeted:
            self.push(self._state_unit())
            return
        self._greeted = True
        self.push(self._state_unit())
        self.push(self._system_unit(list(self.equipment.systems.values())))
        at, dialect = self.local_time(), self.dialect
        components = list(self.equipment.components())
        self._push_all(
            objects.COMPONENT_STATE,
            [objects.component_state(one.target, one.state, one.text, at, dialect) for one in components],
        )
        self._push_all(objects.COMPONENT_ANALOG, [raw for one in components for raw in self.analogs_of(one)])

    def analogs_of(self, component: Component) -> list[bytes]:
        """Return a component's analog values as type 3 objects."""
        at, dialect = self.local_time(), self.dialect
        return [
            objects.component_analog(component.target, kind, self._count(component, kind), at, dialect)
            for kind in component.values
        ]

    def reboot(self) -> None:
        """Start anew: numbers from 0, everything is told again, a roll-call rings no more. What waits is kept."""
        self.outbox.forget_numbers()
        self._sequence, self._greeted, self.ringing_until_s = 0, False, None

    def connected(self, now_s: float) -> None:
        """Note that there is a line."""
        self._reader = FrameReader()
        self._last_sent_s = now_s
        self.outbox.failed = False
        self.note(Event.CONNECTED)
        self.greet()

    def lost(self, reason: str) -> None:
        """Note that the line is gone."""
        self.outbox.lost()
        self.note(Event.LOST, note=reason)

    def due(self, now_s: float) -> bytes | None:
        """Return what is to be sent now, if anything; call it until it has nothing more."""
        beat = self.dialect.heartbeat is not Heartbeat.NONE
        if beat and self.outbox.idle and now_s - self._last_sent_s >= self.dialect.heartbeat_s:
            self.outbox.push(self._heartbeat())
        resent = self.outbox.counts.resent
        raw = self.outbox.due(now_s, self._build)
        if raw is None:
            return None
        self._last_sent_s = now_s
        self.note(Event.RESENT if self.outbox.counts.resent > resent else Event.SENT, raw)
        return raw

    def next_s(self) -> float | None:
        """Return when `due` has something to do next, None for not before something happens."""
        moments = [moment for moment in (self.outbox.next_s(),) if moment is not None]
        if self.outbox.idle and self.dialect.heartbeat is not Heartbeat.NONE:
            moments.append(self._last_sent_s + self.dialect.heartbeat_s)
        return min(moments, default=None)

    def received(self, data: bytes) -> list[Frame]:
        """Take bytes from the centre: settle confirms and denies, return requests and commands to be answered."""
        skipped = self._reader.skipped
        frames = self._reader.feed(data)
        if self._reader.skipped > skipped:
            self.note(Event.SKIPPED, data, note=f"{self._reader.skipped - skipped} bytes")
        orders = []
        for frame in frames:
            self.note(Event.RECEIVED, frame.encode())
            if frame.command == Command.CONFIRM and not self.deaf:
                self.outbox.confirmed(frame.sequence)
            elif frame.command == Command.DENY and not self.deaf:
                self.outbox.denied(frame.sequence)
            elif frame.command not in (Command.CONFIRM, Command.DENY):
                orders.append(frame)
        return orders

    def reply(self, order: Frame, command: Command, data: bytes = b"") -> bytes:
        """Return an answer to the centre's frame: its number, its address as destination."""
        return self._frame(order.sequence, command, data, order.source).encode()

    def note(self, event: Event, raw: bytes = b"", note: str = "") -> None:
        """Tell whoever watches."""
        if self.tell is not None:
            frame = FrameReader().feed(raw) if raw else []
            self.tell(
                Told(time_ns=self._clock.now_ns(), event=event, raw=raw, frame=frame[0] if frame else None, note=note)
            )

    def _system_unit(self, systems: list[FacilitySystem]) -> bytes:
        at, raws = self.local_time(), []
        for system in systems:
            word = self._shown[system.type, system.address] = self.word_of(system)
            raws.append(objects.system_state(system.type, system.address, word, at, self.dialect))
        return objects.unit(objects.SYSTEM_STATE, raws, self.dialect)

    def _state_unit(self) -> bytes:
        self._shown[None] = self.state
        return objects.unit(objects.STATE, [objects.state(self.state, self.local_time(), self.dialect)], self.dialect)

    def _push_all(self, type_flag: int, raws: list[bytes]) -> None:
        most = objects.most_objects(type_flag, self.dialect)
        for start in range(0, len(raws), most):
            self.push(objects.unit(type_flag, raws[start : start + most], self.dialect))

    def _count(self, component: Component, kind: int) -> int:
        scale = component.scales.get(kind) or self.dialect.scales.get(kind) or objects.RESOLUTIONS.get(kind, 1.0)
        return round(component.values[kind] / scale)

    def _heartbeat(self) -> Entry:
        match self.dialect.heartbeat:
            case Heartbeat.BYTE:
                return Entry(HEARTBEAT_BYTE, Command.SEND, keep=False)
            case Heartbeat.STATE:
                return Entry(self._state_unit(), Command.SEND, keep=False)
            case Heartbeat.COMMAND_7 | Heartbeat.COMMAND_254 as kind:
                return Entry(b"", VENDOR_HEARTBEATS[kind], keep=False, answered=False)
        return Entry(b"", Command.SEND, keep=False)

    def _build(self, entry: Entry) -> bytes:
        entry.sequence, self._sequence = self._sequence, (self._sequence + 1) % 2**16
        return self._frame(entry.sequence, entry.command, entry.data, self._centre).encode()

    def _frame(self, sequence: int, command: int, data: bytes, destination: bytes) -> Frame:
        time = bytes(6) if self.zero_time else time_bytes(self.local_time(), self.dialect.time)
        return Frame(
            sequence=sequence,
            command=command,
            source=self._source,
            destination=destination,
            time=time,
            version=self.dialect.version,
            data=data,
        )
