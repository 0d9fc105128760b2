"""The makes of transmitter that are known to deviate, each with where that was seen.

A profile holds only what was seen; everything else is the standard's. Sequence numbers need none: a device
that counts big-endian gets its own two bytes back. Names of repositories say whose published code or frames it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from domain.site.labels import Labels
from domain.wording import nearest
from gateway.connectors.gb26875.profile import (
    AddressForm,
    BitZero,
    ComponentForm,
    DeviceProfile,
    HeartbeatKind,
    RollCallForm,
)
from gateway.connectors.gb26875.protocol import Command
from gateway.connectors.gb26875.stamps import TimeForm
from gateway.connectors.gb26875.tables import table

_USUAL = frozenset({HeartbeatKind.EMPTY, HeartbeatKind.ONE_BYTE})

KEEPALIVE_ANSWER: Mapping[bytes, bytes] = MappingProxyType({b"\x16": b"\x17"})
"""Application data of a keepalive -> of its confirm, as in frames DG-02 and DG-03."""

STANDARD = DeviceProfile(
    name="standard",
    labels=Labels(zh="国家标准 GB/T 26875.3-2011", en="GB/T 26875.3-2011 as written"),
    source="GB/T 26875.3-2011; empty and one-byte heartbeats are common practice beside it",
)

_ALL = (
    STANDARD,
    DeviceProfile(
        name="fanhai_sanjiang",
        labels=Labels(zh="泛海三江", en="Fanhai Sanjiang"),
        source="dgiot/dgiot, captured frames DG-01 to DG-03: version 16.0, IPv4 and port as address, keepalive 16 → 17",
        addresses=AddressForm.IPV4_PORT,
        heartbeat_answers=KEEPALIVE_ANSWER,
    ),
    DeviceProfile(
        name="dahua",
        labels=Labels(zh="大华", en="Dahua"),
        source="published Dahua parser: BCD times, bit 0 inverted, six more component bits, 512 bytes, command 7",
        times=TimeForm.BCD,
        bit_zero=BitZero.TEST,
        component_bits=table(
            (9, "离线", "off line"),
            (10, "开路", "open circuit"),
            (11, "短路", "short circuit"),
            (12, "拆除", "removed"),
            (14, "传感器故障", "sensor fault"),
            (15, "升级故障", "upgrade fault"),
        ),
        heartbeats=_USUAL | {HeartbeatKind.COMMAND_7},
        most_data=512,
    ),
    DeviceProfile(
        name="fubei",
        labels=Labels(zh="富贝", en="Fubei"),
        source="published frame FB-01: objects of type 0x96 are laid out as analog values (type 3)",
        shapes=MappingProxyType({0x96: 3}),
    ),
    DeviceProfile(
        name="bt_firmware",
        labels=Labels(zh="BT 固件(无对象时间)", en="BT firmware (no object time)"),
        source="published BT firmware frames: type 21 with its one byte of state only, as a heartbeat",
        timeless=frozenset({21}),
        heartbeats=_USUAL | {HeartbeatKind.STATE},
    ),
    DeviceProfile(
        name="firemaster",
        labels=Labels(zh="部件地址先点位后回路", en="Point before zone in component addresses"),
        source="ruiyinchen/FireMaster: point word first, roll-call with a time behind its timeout",
        components=ComponentForm.POINT_ZONE,
        roll_call=RollCallForm.TIMEOUT_TIME,
    ),
    DeviceProfile(
        name="plain_component_number",
        labels=Labels(zh="部件地址为一个整数", en="Component address is one number"),
        source="shootingfans/codec_gb26875_3_2011: u32 component addresses, type 89 sent with command 4",
        components=ComponentForm.U32_LE,
        control_command=Command.REQUEST,
    ),
    DeviceProfile(
        name="dotted_component",
        labels=Labels(zh="部件地址为四个字节", en="Component address is four bytes"),
        source="chenqi92/allbs-model: component addresses shown as four separate bytes",
        components=ComponentForm.DOTTED,
    ),
    DeviceProfile(
        name="big_endian",
        labels=Labels(zh="地址高位在前", en="Addresses big-endian"),
        source="published frame JV-02: device and component addresses with the high byte first",
        addresses=AddressForm.U48_BE,
        components=ComponentForm.BIG_ENDIAN,
    ),
    DeviceProfile(
        name="bcd",
        labels=Labels(zh="BCD 时间与地址", en="BCD times and addresses"),
        source="an unnamed public Python service: BCD times, 12-digit addresses low digits first",
        times=TimeForm.BCD,
        addresses=AddressForm.BCD_LE,
    ),
    DeviceProfile(
        name="bcd_time",
        labels=Labels(zh="BCD 时间", en="BCD times"),
        source="FSCN8001 scripts and hanguoqianghan-lang/Gateway-go: BCD times, the standard's addresses",
        times=TimeForm.BCD,
    ),
    DeviceProfile(
        name="year_first",
        labels=Labels(zh="时间年在前", en="Year first in times"),
        source="a public generator of test data: year to second, binary",
        times=TimeForm.BINARY_YEAR_FIRST,
    ),
    DeviceProfile(
        name="roll_call_empty",
        labels=Labels(zh="查岗命令无超时", en="Roll-call without timeout"),
        source="type table of ActorLancer/GB-T-26875.3.2011-rs: type 91 without a body (AL-18 has one)",
        roll_call=RollCallForm.EMPTY,
    ),
    DeviceProfile(
        name="heartbeat_254",
        labels=Labels(zh="心跳命令 254", en="Heartbeat by command 254"),
        source="practice seen beside the standard: command 0xFE as heartbeat",
        heartbeats=_USUAL | {HeartbeatKind.COMMAND_254},
    ),
)

PROFILES: Mapping[str, DeviceProfile] = MappingProxyType({profile.name: profile for profile in _ALL})
"""Profiles by name."""


def profile_named(name: str) -> DeviceProfile:
    """Return a profile; raises ValueError that names the nearest known one."""
    if name not in PROFILES:
        raise ValueError(f"'{name}' is no device profile → {nearest(name, PROFILES)}")
    return PROFILES[name]
