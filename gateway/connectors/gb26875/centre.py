"""Every frame that a monitoring centre sends: confirm, deny, requests, controls.

``now`` is local time without a zone: some firmware sets its clock from the time tag of a confirm, so it must
be the site's real time. Sequence numbers are the caller's; an answer repeats the number that it answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.connectors.gb26875.objects import (
    InformationObject,
    Initialise,
    ReadComponent,
    ReadSystem,
    ReadSystemOperations,
    ReadTransmitter,
    ReadTransmitterOperations,
    RollCall,
    SetClock,
    encode_unit,
)
from gateway.connectors.gb26875.profile import DeviceProfile, RollCallForm, time_bytes
from gateway.connectors.gb26875.profiles import STANDARD
from gateway.connectors.gb26875.protocol import Command, Frame
from gateway.connectors.gb26875.stamps import Stamp

MOST_RECORDS = 102
"""Operation records that one request may ask for (types 64 and 84)."""

MAIN_VERSION = 1
"""Main version of this edition of the standard."""


def confirm(received: Frame, now: datetime, profile: DeviceProfile = STANDARD) -> Frame:
    """Return the confirm of a frame: same number and version, addresses swapped, empty but for known keepalives."""
    return _answer(received, Command.CONFIRM, now, profile, profile.heartbeat_answers.get(received.data, b""))


def deny(received: Frame, now: datetime, profile: DeviceProfile = STANDARD) -> Frame:
    """Return the deny of a frame that failed its check but whose header could be read."""
    return _answer(received, Command.DENY, now, profile, b"")


def _answer(received: Frame, command: Command, now: datetime, profile: DeviceProfile, data: bytes) -> Frame:
    return Frame(
        sequence=received.sequence,
        version=received.version,
        time=time_bytes(now, profile),
        source=received.destination,
        destination=received.source,
        command=command,
        data=data,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Builds the frames of one centre to one device; addresses are the six raw bytes."""

    centre: bytes
    device: bytes
    profile: DeviceProfile = STANDARD
    version: tuple[int, int] = (MAIN_VERSION, 0)

    def read_system(self, flag: int, system_type: int, system_address: int, *, sequence: int, now: datetime) -> Frame:
        """Ask a facility system for its state (61), version (65), configuration (66) or time (68)."""
        return self._send(Command.REQUEST, flag, ReadSystem(system_type, system_address), sequence, now)

    def read_component(
        self, flag: int, system_type: int, system_address: int, component: bytes, *, sequence: int, now: datetime
    ) -> Frame:
        """Ask for a component's state (62), analog value (63) or configuration (67)."""
        item = ReadComponent(system_type, system_address, component)
        return self._send(Command.REQUEST, flag, item, sequence, now)

    def read_system_operations(
        self, system_type: int, system_address: int, records: int, start: datetime, *, sequence: int, now: datetime
    ) -> Frame:
        """Ask a facility system for operation records from ``start`` on (64)."""
        item = ReadSystemOperations(system_type, system_address, _records(records), self._stamp(start))
        return self._send(Command.REQUEST, 64, item, sequence, now)

    def read_transmitter(self, flag: int, *, sequence: int, now: datetime) -> Frame:
        """Ask the transmitter for its state (81), version (85), configuration (86) or time (88)."""
        return self._send(Command.REQUEST, flag, ReadTransmitter(), sequence, now)

    def read_transmitter_operations(self, records: int, start: datetime, *, sequence: int, now: datetime) -> Frame:
        """Ask the transmitter for operation records from ``start`` on (84)."""
        item = ReadTransmitterOperations(_records(records), self._stamp(start))
        return self._send(Command.REQUEST, 84, item, sequence, now)

    def initialise(self, *, sequence: int, now: datetime) -> Frame:
        """Initialise the transmitter (89)."""
        return self._send(self.profile.control_command, 89, Initialise(), sequence, now)

    def set_clock(self, *, sequence: int, now: datetime) -> Frame:
        """Set the transmitter's clock to ``now`` (90)."""
        return self._send(self.profile.control_command, 90, SetClock(self._stamp(now)), sequence, now)

    def roll_call(self, minutes: int, *, sequence: int, now: datetime) -> Frame:
        """Call the person on duty, to be answered within ``minutes`` (91)."""
        form = self.profile.roll_call
        timeout = None if form is RollCallForm.EMPTY else minutes
        item = RollCall(timeout, self._stamp(now) if form is RollCallForm.TIMEOUT_TIME else None)
        return self._send(self.profile.control_command, 91, item, sequence, now)

    def _stamp(self, moment: datetime) -> Stamp:
        return Stamp(time_bytes(moment, self.profile), self.profile.times)

    def _send(self, command: int, flag: int, item: InformationObject, sequence: int, now: datetime) -> Frame:
        return Frame(
            sequence=sequence,
            version=self.version,
            time=time_bytes(now, self.profile),
            source=self.centre,
            destination=self.device,
            command=command,
            data=encode_unit([item], self.profile, flag),
        )


def _records(count: int) -> int:
    if not 1 <= count <= MOST_RECORDS:
        raise ValueError(f"{count} operation records can't be asked for at once → ask for 1 to {MOST_RECORDS}")
    return count
