"""How a maker's transmitter departs from GB/T 26875.3-2011, and the named dialects of the simulator.

Every departure here has been seen in published code, captures or manuals of the field; which maker does what is
said at the dialect. A dialect is a device's own business: the centre is told by its site file, or finds out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from domain.documents import nearest
from domain.site import Labels
from domain.site.transmitters import AUTO
from simulators.errors import UnknownNameError
from simulators.gb26875.stamps import AddressForm, ComponentForm, TimeForm


class Bit0(StrEnum):
    """What bit 0 of a state word says; the standard: 1 normal running, 0 test."""

    NORMAL = "normal"
    INVERTED = "inverted"
    ZERO = "zero"


class Heartbeat(StrEnum):
    """What an idle transmitter sends, so that the centre knows it lives. The standard has none."""

    NONE = "none"
    EMPTY = "empty"
    BYTE = "byte"
    STATE = "state"
    COMMAND_7 = "command_7"
    COMMAND_254 = "command_254"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One way of speaking; the defaults are the standard's, names are those of the centre's device profiles.

    ``untimed``: types whose objects come without their time. ``most_data``: bytes of data in one frame.
    ``types``: type flag of the standard → the one that this maker uses. ``scales``: analog type → value per
    count. ``vendor_type``: a type of the maker's own, sent on demand. ``heartbeat_s``: s between signs of life
    (20-30 s by manuals, 5 s on a bad link).
    """

    name: str
    labels: Labels
    source: str
    version: tuple[int, int] = (1, 1)
    time: TimeForm = TimeForm.BINARY
    address: AddressForm = AddressForm.NUMBER
    component: ComponentForm = ComponentForm.ZONE_POINT
    bit0: Bit0 = Bit0.NORMAL
    untimed: frozenset[int] = frozenset()
    most_data: int = 1024
    heartbeat: Heartbeat = Heartbeat.EMPTY
    heartbeat_s: float = 20.0
    types: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))
    scales: Mapping[int, float] = field(default_factory=lambda: MappingProxyType({}))
    vendor_type: int = 128

    def state(self, word: int) -> int:
        """Return a state word of the standard as this maker sends it."""
        match self.bit0:
            case Bit0.INVERTED:
                return word ^ 1
            case Bit0.ZERO:
                return word & ~1
            case Bit0.NORMAL:
                return word


_ALL = (
    Dialect(
        name="standard",
        labels=Labels(zh="标准", en="the standard"),
        source="GB/T 26875.3-2011; heartbeat: empty data, as manuals describe",
    ),
    Dialect(
        name="fanhai_sanjiang",
        labels=Labels(zh="泛海三江：地址为 IPv4 与端口，心跳 16→17", en="Fanhai Sanjiang: IPv4 and port as address"),
        source="dgiot/dgiot: version 16.0, keepalive 16 answered by 17",
        version=(16, 0),
        address=AddressForm.IPV4_PORT,
        heartbeat=Heartbeat.BYTE,
    ),
    Dialect(
        name="dahua",
        labels=Labels(zh="大华：BCD 时间、位0反相、心跳命令7", en="Dahua: BCD times, bit 0 inverted, command 7"),
        source="a published parser of its frames: version 1.3, 512 bytes of data",
        version=(1, 3),
        time=TimeForm.BCD,
        bit0=Bit0.INVERTED,
        most_data=512,
        heartbeat=Heartbeat.COMMAND_7,
    ),
    Dialect(
        name="fubei",
        labels=Labels(zh="富贝：类型150代替3", en="Fubei: type 150 instead of 3"),
        source="published frame FB-01: type 0x96 has the shape of type 3",
        types=MappingProxyType({3: 150}),
        vendor_type=135,
    ),
    Dialect(
        name="bt_firmware",
        labels=Labels(zh="BT 固件：装置状态不带时间，并作心跳", en="BT firmware: type 21 without time, as heartbeat"),
        source="published frames of the firmware: version 0.2",
        version=(0, 2),
        untimed=frozenset({21}),
        heartbeat=Heartbeat.STATE,
    ),
    Dialect(
        name="firemaster",
        labels=Labels(zh="部件地址先点后区", en="component address point first"),
        source="ruiyinchen/FireMaster, for devices of 2017",
        component=ComponentForm.POINT_ZONE,
        version=(1, 5),
    ),
    Dialect(
        name="plain_component_number",
        labels=Labels(zh="部件地址为一个整数", en="component address is one number"),
        source="shootingfans/codec_gb26875_3_2011",
        component=ComponentForm.NUMBER,
    ),
    Dialect(
        name="dotted_component",
        labels=Labels(zh="部件地址逐字节", en="component address byte by byte"),
        source="chenqi92/allbs-model",
        component=ComponentForm.DOTTED,
    ),
    Dialect(
        name="big_endian",
        labels=Labels(zh="地址高字节在前", en="addresses with the high byte first"),
        source="published frame JV-02",
        address=AddressForm.NUMBER_BIG_ENDIAN,
        component=ComponentForm.BIG_ENDIAN,
    ),
    Dialect(
        name="bcd",
        labels=Labels(zh="BCD 时间与地址", en="BCD times and addresses"),
        source="an unnamed public Python service",
        time=TimeForm.BCD,
        address=AddressForm.BCD,
    ),
    Dialect(
        name="bcd_time",
        labels=Labels(zh="BCD 时间", en="BCD times"),
        source="hanguoqianghan-lang/Gateway-go",
        time=TimeForm.BCD,
    ),
    Dialect(
        name="year_first",
        labels=Labels(zh="时间年在前", en="year first in times"),
        source="a public generator of test data",
        time=TimeForm.YEAR_FIRST,
    ),
    Dialect(
        name="roll_call_empty",
        labels=Labels(zh="位0恒为0，查岗命令无时限", en="bit 0 always 0, roll-call without a time"),
        source="manual in ActorLancer/GB-T-26875.3.2011-rs: fire example with state 02 00, type table",
        bit0=Bit0.ZERO,
    ),
    Dialect(
        name="heartbeat_254",
        labels=Labels(zh="心跳命令 0xFE", en="heartbeat command 0xFE"),
        source="firmware seen in public code",
        heartbeat=Heartbeat.COMMAND_254,
    ),
)

DIALECTS: Mapping[str, Dialect] = MappingProxyType({dialect.name: dialect for dialect in _ALL})
"""Dialects by name."""

STANDARD = DIALECTS["standard"]


def dialect_of(profile: str) -> Dialect:
    """Return the dialect of a site's device profile: the standard's for ``auto``; raises `UnknownNameError`."""
    if profile == AUTO:
        return STANDARD
    if profile not in DIALECTS:
        raise UnknownNameError(f"no dialect is called '{profile}'", nearest(profile, DIALECTS))
    return DIALECTS[profile]
