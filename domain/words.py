"""Words: what each bit of a state or operation word means, zh and en.

A point's ``word`` names its table here. The tables are those of GB/T 26875.3-2011, the lowest bit first; a
device that deviates is brought to them by its connector, so that a rule and a screen read one language.
Bit 0 of a state word is 1 for normal running and 0 for test; real devices often leave it at 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from domain.site.labels import Labels

SYSTEM_STATE = "gb_system_state"
COMPONENT_STATE = "gb_component_state"
TRANSMITTER_STATE = "gb_transmitter_state"
SYSTEM_OPERATION = "gb_system_operation"
TRANSMITTER_OPERATION = "gb_transmitter_operation"
ROLL_CALL = "roll_call"
FIRE_EVENT = "fire_event"


def _bits(*names: tuple[str, str]) -> Mapping[int, Labels]:
    return MappingProxyType({bit: Labels(zh=zh, en=en) for bit, (zh, en) in enumerate(names)})


_STATE = (
    ("正常运行", "normal running"),
    ("火警", "fire alarm"),
    ("故障", "fault"),
    ("屏蔽", "shielded"),
    ("监管", "supervision"),
    ("启动", "started"),
    ("反馈", "feedback"),
    ("延时", "delay"),
)
_OPERATION = (
    ("复位", "reset"),
    ("消音", "mute"),
    ("手动报警", "manual alarm"),
    ("警情消除", "alarm cleared"),
    ("自检", "self-test"),
)

BITS: Mapping[str, Mapping[int, Labels]] = MappingProxyType(
    {
        SYSTEM_STATE: _bits(
            *_STATE,
            ("主电故障", "mains fault"),
            ("备电故障", "backup supply fault"),
            ("总线故障", "bus fault"),
            ("手动状态", "manual mode"),
            ("配置改变", "configuration changed"),
            ("复位", "reset"),
        ),
        COMPONENT_STATE: _bits(*_STATE, ("电源故障", "power fault")),
        TRANSMITTER_STATE: _bits(
            ("正常监视", "normal monitoring"),
            ("火警", "fire alarm"),
            ("故障", "fault"),
            ("主电故障", "mains fault"),
            ("备电故障", "backup supply fault"),
            ("与监控中心通信信道故障", "channel to the centre faulty"),
            ("监测连接线路故障", "monitored line faulty"),
        ),
        SYSTEM_OPERATION: _bits(*_OPERATION, ("确认", "confirm"), ("测试", "test")),
        TRANSMITTER_OPERATION: _bits(*_OPERATION, ("查岗应答", "roll-call answer"), ("测试", "test")),
    }
)
"""Bit tables by word."""

FIRE_BITS: Mapping[str, int] = MappingProxyType(
    {
        SYSTEM_STATE: 1 << 1,
        COMPONENT_STATE: 1 << 1,
        TRANSMITTER_STATE: 1 << 1,
        SYSTEM_OPERATION: 1 << 2,
        TRANSMITTER_OPERATION: 1 << 2,
        FIRE_EVENT: 1,
    }
)
"""What says fire in a word: the fire bit of a state, the manual alarm of an operation. It goes before all else."""

VALUES: Mapping[str, Mapping[int, Labels]] = MappingProxyType(
    {
        FIRE_EVENT: MappingProxyType({0: Labels(zh="无火警", en="no fire"), 1: Labels(zh="火警", en="fire alarm")}),
        ROLL_CALL: MappingProxyType(
            {
                0: Labels(zh="查岗中", en="waiting for the answer"),
                1: Labels(zh="在岗", en="present"),
                2: Labels(zh="超时应答", en="late"),
                3: Labels(zh="无人应答", en="no answer"),
                4: Labels(zh="线路中断", en="line down"),
            }
        ),
    }
)
"""Words whose numbers are values, not bits."""


def spoken(word: str, value: int, language: str) -> list[str]:
    """Return what a word says, lowest bit first; numbers of bits without a name are shown as such."""
    if word in VALUES:
        named = VALUES[word].get(value)
        return [named.of(language) if named else str(value)]
    names = BITS.get(word, {})
    set_bits = [bit for bit in range(max(value, 0).bit_length()) if value >> bit & 1]
    return [names[bit].of(language) if bit in names else f"bit {bit}" for bit in set_bits]
