"""Settings of `gb26875`: where to listen, how long to wait, what a peer may do, what may be written to devices.

Numbers without a clause are assumptions: the standard fixes no ports, no heartbeat and no limits.
"""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network

from pydantic import Field, model_validator

from domain.site.labels import Settings
from gateway.connectors.contract import ReadSettings
from gateway.connectors.gb26875.roll_call_plan import RollCallPlan

SLOWEST_INSPECTION_S = 7200.0
"""Longest period of the link's inspection (GB 50440-2007: at most 2 h, settable while running)."""


class Transport(StrEnum):
    """What to listen on: GB/T 26875.3-2011 leaves both open."""

    TCP = "tcp"
    UDP = "udp"
    BOTH = "both"


class PeerLimits(Settings):
    """What one peer may take from the others; all assumptions.

    ``silent_s`` is above the 20-30 s at which transmitters beat: one whose first word is a heartbeat
    must not be cut before it. A carrier may bring thousands of transmitters from one IP address, so only
    connections on which no registered transmitter has spoken yet are counted by address.
    """

    connections: int = Field(default=20_000, ge=1, le=200_000, description="at once, of everybody")
    unknown_per_ip: int = Field(default=1_000, ge=1, description="connections of one IP that nobody knows yet")
    silent_s: float = Field(default=45.0, gt=0, description="without a good frame, since it connected")
    half_frame_s: float = Field(default=3.0, gt=0, description="for the rest of a frame that was begun")
    junk_bytes: int = Field(default=65_536, ge=1_100, description="that belong to no good frame, in a row")
    frames_per_s: float = Field(default=100.0, gt=0, description="of one connection, in the long run")
    burst_frames: int = Field(default=500, ge=1, description="of one connection, at once")
    waiting_per_transmitter: int = Field(default=64, ge=1, description="frames that wait for the disk")
    waiting: int = Field(default=20_000, ge=1, description="frames of everybody that wait for the disk")


class Gb26875Settings(Settings):
    """``connections[].settings``."""

    host: str = Field(default="127.0.0.1", min_length=1, max_length=253, description="0.0.0.0 listens everywhere")
    port: int = Field(ge=0, le=65_535, description="0: any free port")
    transport: Transport = Transport.TCP
    allow: tuple[IPv4Network | IPv6Network, ...] = Field(default=(), description="who may call; everybody when empty")
    limits: PeerLimits = PeerLimits()
    centre_address: int = Field(default=0, ge=0, lt=1 << 48, description="ours, until a device has used another one")
    offline_s: float = Field(default=180.0, gt=0, description="without a frame: cut, and the transmitter is offline")
    reconnect_s: float = Field(default=5.0, ge=0, description="a lost line that is back by then never was offline")
    inspection_s: float = Field(default=3600.0, gt=0, le=SLOWEST_INSPECTION_S, description="GB 50440-2007: ≤ 2 h")
    answer_s: float = Field(default=10.0, gt=0, le=60, description="GB/T 26875.3-2011: should not exceed 10 s")
    resends: int = Field(default=3, ge=0, le=10, description="of our commands; GB/T 26875.3-2011: 3 times")
    deny: bool = Field(default=True, description="answer a frame that fails its check with 'deny' (command 6)")
    confirm_strangers: bool = Field(default=False, description="tell an unregistered transmitter that we took it")
    set_clocks: bool | tuple[str, ...] = Field(default=False, description="true, or the unit/id of those to set")
    clock_limit_s: float = Field(default=5.0, ge=1, description="GB 50440-2007: accumulated error ≤ 5 s")
    clock_tolerance_s: float = Field(default=300.0, gt=0, description="a device time further off is not believed")
    allow_initialise: bool = Field(default=False, description="people may initialise devices (type 89)")
    roll_call: RollCallPlan = RollCallPlan()

    @model_validator(mode="after")
    def _room_for_one(self) -> Gb26875Settings:
        if self.limits.waiting < self.limits.waiting_per_transmitter:
            raise ValueError("limits.waiting is for all: write at least limits.waiting_per_transmitter")
        return self

    def sets_clock_of(self, key: str) -> bool:
        """Tell whether the clock of the transmitter ``unit/id`` may be set."""
        return self.set_clocks if isinstance(self.set_clocks, bool) else key in self.set_clocks


class Gb26875Options(Settings):
    """``options`` of a profile: none, a transmitter's ways are its device profile (``transmitters[].profile``)."""


class Gb26875Read(ReadSettings):
    """``read`` of a point: nothing to say, frames name what they carry."""

    def symbols(self) -> tuple[str, ...]:
        """Return nothing: the standard fixes what values are measured in."""
        return ()
