"""User-information transmission devices (用户信息传输装置) and what hangs on them, as people write it.

A transmitter is an edge node of its unit: it becomes a gateway of its own in the `Registry`, *hosted* by
the gateway whose connection listens for it. A facility system is a device of it, a component's state word
and analog values are points. What is not written here is found as it speaks (`Registry.grown`); what is
written has a zone, a name that people know, limits.

    connections:
      - id: access
        protocol: gb26875
        settings: {port: 5900}
        transmitters:
          - id: east-utd
            unit: hotel
            address: 889
            zone: control_room
            labels: {zh: 东楼用户信息传输装置, en: Transmitter of the East building}
            systems:
              - id: east-fas
                type: 1
                labels: {zh: 东楼火灾报警系统, en: East fire alarm system}
                components:
                  - {id: smoke-10-2, at: "10-2", type: 40, zone: corridor_1, labels: {zh: 走廊烟感, en: Corridor smoke}}
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from domain.ids import Token
from domain.quantity import Quantity
from domain.site.floors import At
from domain.site.labels import Labels, Settings

Code = Annotated[int, Field(ge=0, le=255)]
"""A one-byte code of GB/T 26875.3-2011."""

AUTO = "auto"
"""The device profile that the first frames decide."""


class AnalogSettings(Settings):
    """An analog value of a component. ``scale``: canonical quantity per raw count, the standard's when absent."""

    type: Code = Field(description="analog type, GB/T 26875.3-2011 table of analog values; 128-255 are the maker's")
    id: Token | None = Field(default=None, description="point id; <component>-a<type> when absent")
    quantity: Quantity
    labels: Labels | None = None
    scale: float | None = Field(default=None, description="raw count × scale = value; the standard's when absent")
    low: float | None = None
    high: float | None = None
    max_silence_s: float = Field(default=86_400.0, gt=0)


class ComponentSettings(Settings):
    """A component (部件): a detector, a module, a pump. ``at``: its address as the device profile writes it."""

    id: Token
    at: str = Field(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9.:-]+$", description="zone-point, as in 10-2")
    type: Code | None = Field(default=None, description="component type; another type at this address fits too")
    zone: Token | None = Field(default=None, description="where it is; its system's zone when absent")
    labels: Labels
    spot: At | None = Field(default=None, description="where it is on its floor's plan; ``at`` is its address")
    analogs: tuple[AnalogSettings, ...] = ()


class FacilitySystemSettings(Settings):
    """A facility system (建筑消防设施系统): a device of its transmitter."""

    id: Token
    type: Code = Field(description="system type: 1 fire alarm, 11 hydrant, 12 sprinkler…")
    address: Code = 1
    zone: Token | None = Field(default=None, description="where its panel is; the transmitter's zone when absent")
    labels: Labels
    spot: At | None = Field(default=None, description="where its panel is on the floor's plan")
    components: tuple[ComponentSettings, ...] = ()


class EdgeDeviceSettings(Settings):
    """A device of another maker's edge node, where more is to be known of it than it says itself.

    What it tells is learned without this too, as points of the edge; here it gets a place, a name and a profile.
    """

    id: Token
    name: str | None = Field(
        default=None, min_length=1, max_length=200, description="the edge's own name of it; absent: the edge itself"
    )
    profile: Token | None = Field(default=None, description="which of its values are which points, with limits")
    zone: Token | None = Field(default=None, description="where it is; the edge's zone when absent")
    labels: Labels
    spot: At | None = Field(default=None, description="where it is on the floor's plan")
    tags: tuple[Token, ...] = ()


class TransmitterSettings(Settings):
    """A transmitter of a listening connection; ``profile`` names how it deviates from the standard."""

    id: Token
    unit: Token
    address: int | str = Field(description="its source address: a number, or as its device profile writes it")
    peer: str | None = Field(default=None, max_length=64, description="IP address, where its own address says nothing")
    profile: Token = AUTO
    zone: Token
    labels: Labels
    spot: At | None = Field(default=None, description="where it is on the floor's plan")
    duty: bool = Field(default=True, description="somebody is on duty beside it, and can answer a roll-call")
    tags: tuple[Token, ...] = ()
    systems: tuple[FacilitySystemSettings, ...] = Field(default=(), description="gb26875: what hangs on it")
    devices: tuple[EdgeDeviceSettings, ...] = Field(default=(), description="sparkplug: what hangs on it")
