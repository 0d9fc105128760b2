"""What the commands of the JBF293K card mean, as changes of the words that all panels speak here.

Bits are those of `domain.words`: GB/T 26875.3-2011 type 2 for components, type 1 for the panel. Source: JBF293K
通讯接口卡 RS232/485 通讯协议 V1.1. What it does not publish is not guessed: such a telegram is a ``message`` with
its bytes. Assumptions: an electrical-fire alarm is supervision (it asks for a look, no fire is proven); a
simulated alarm is a fire with the test flag; a discharge ends the delay before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from domain.quantity import Quantity
from domain.site.labels import Labels

NORMAL, FIRE, FAULT, SHIELDED, SUPERVISION, STARTED, FEEDBACK, DELAY = (1 << bit for bit in range(8))
MAINS_FAULT, BACKUP_FAULT = 1 << 8, 1 << 9
"""Of the panel's own word."""

ENDED_BY_RESET = FIRE | SUPERVISION | STARTED | FEEDBACK | DELAY
"""What a panel's reset ends; faults and shielding stay."""

RESET, MUTE = 1 << 0, 1 << 1
"""Bits of an operation."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a telegram says of a word: bits that it sets and clears, and how people call it."""

    zh: str
    en: str
    set: int = 0
    clear: int = 0

    @property
    def text(self) -> str:
        """Both languages, for the words beside a reading."""
        return f"{self.zh} ({self.en})"


RESET_CHANGE = Change("随控制器复位", "reset with the panel", clear=ENDED_BY_RESET)

HEARTBEATS = frozenset({0x00, 0x09, 0x69})
RESET_COMMAND, MUTE_COMMAND = 0x01, 0x0B
SIMULATED_FIRE = 0x8B
"""Its loop is one less than the real one."""

GAS, FIRE_DOOR, ELECTRICAL = 0xFA, 0xFB, 0xFC

COMPONENT: Mapping[int, Change] = MappingProxyType(
    {
        0x80: Change("火警", "fire alarm", set=FIRE),
        0x0A: Change("火警", "fire alarm", set=FIRE),
        0x8B: Change("模拟火警", "simulated fire alarm", set=FIRE, clear=NORMAL),
        0x81: Change("故障", "fault", set=FAULT),
        0x82: Change("故障消除", "fault gone", clear=FAULT),
        0x83: Change("自动启动", "started automatically", set=STARTED),
        0x84: Change("自动停止", "stopped automatically", clear=STARTED),
        0x90: Change("手动启动", "started by hand", set=STARTED),
        0x91: Change("手动停止", "stopped by hand", clear=STARTED),
        0x85: Change("应答", "answered", set=FEEDBACK),
        0x86: Change("应答撤销", "answer withdrawn", clear=FEEDBACK),
        0x98: Change("隔离", "isolated", set=SHIELDED),
        0x97: Change("释放", "released", clear=SHIELDED),
        0x8C: Change("监管", "supervision on", set=SUPERVISION),
        0x8D: Change("监管撤销", "supervision off", clear=SUPERVISION),
    }
)
"""Commands about the point D4 of the loop D3."""

LOOP: Mapping[int, Change] = MappingProxyType(
    {0x87: Change("回路故障", "loop fault", set=FAULT), 0x88: Change("回路故障消除", "loop fault gone", clear=FAULT)}
)
"""Commands about the whole loop D3."""

SUPPLY_ON, SUPPLY_OFF = 0x80, 0x90
"""D3 of the commands below: the fault is there, or gone."""

SUPPLY: Mapping[int, tuple[int, Labels]] = MappingProxyType(
    {
        0x70: (FAULT, Labels(zh="板卡故障", en="board fault")),
        0x71: (MAINS_FAULT, Labels(zh="主电故障", en="mains fault")),
        0x72: (BACKUP_FAULT, Labels(zh="备电故障", en="backup supply fault")),
    }
)
"""Commands about the panel itself, by the bit of its word. That D3 says on and off for all three is an assumption:
it is published for the first."""

CONTROLLER_FAULT = 0xEF

GAS_RELEASE: Mapping[int, Change] = MappingProxyType(
    {
        0x01: Change("线路故障", "line fault", set=FAULT),
        0x02: Change("线路故障消除", "line fault gone", clear=FAULT),
        0x03: Change("应答", "answered", set=FEEDBACK),
        0x04: Change("应答撤销", "answer withdrawn", clear=FEEDBACK),
        0x07: Change("设备启动", "device started", set=STARTED),
        0x08: Change("设备停止", "device stopped", clear=STARTED),
        0x0B: Change("气体喷洒", "gas discharge started", set=STARTED, clear=DELAY),
        0x0C: Change("延时", "delay before discharge", set=DELAY),
    }
)
"""D3 of `GAS` telegrams; the zone is D4 = (panel − 1) · 4 + zone."""

DOOR_KINDS: Mapping[int, Labels] = MappingProxyType(
    {
        1: Labels(zh="单扇常开防火门", en="single normally-open fire door"),
        4: Labels(zh="双扇常闭防火门", en="double normally-closed fire door"),
    }
)
"""Low nibble of D5 in `FIRE_DOOR` telegrams, as far as published."""

DOOR: Mapping[int, Change] = MappingProxyType(
    {0x1: Change("故障", "fault", set=FAULT), 0xB: Change("屏蔽解除", "unshielded", clear=SHIELDED)}
)
"""High nibble of D5 in `FIRE_DOOR` telegrams, as far as published."""


@dataclass(frozen=True, slots=True)
class ElectricalPart:
    """A kind of electrical-fire detector; its value is a count of ``step`` in ``quantity``."""

    labels: Labels
    quantity: Quantity = Quantity.NONE
    step: float = 1.0


ELECTRICAL_PARTS: Mapping[int, ElectricalPart] = MappingProxyType(
    {
        2: ElectricalPart(Labels(zh="剩余电流探测器", en="residual-current detector"), Quantity.MILLIAMPERE, 0.1),
        3: ElectricalPart(Labels(zh="温度探测器", en="temperature detector"), Quantity.CELSIUS, 0.1),
        4: ElectricalPart(Labels(zh="电弧探测器", en="arc detector")),
        5: ElectricalPart(Labels(zh="过流探测器", en="over-current detector"), Quantity.AMPERE, 0.01),
        6: ElectricalPart(Labels(zh="脱扣器", en="trip device")),
    }
)
"""Low nibble of the part type in `ELECTRICAL` telegrams."""

ELECTRICAL_CHANGES: Mapping[int, Change] = MappingProxyType(
    {
        1: Change("报警", "alarm", set=SUPERVISION),
        2: Change("故障", "fault", set=FAULT),
        3: Change("故障消除", "fault gone", clear=FAULT),
        4: Change("自动脱扣", "tripped automatically", set=STARTED),
        5: Change("自动停止", "stopped automatically", clear=STARTED),
        6: Change("手动脱扣", "tripped by hand", set=STARTED),
        7: Change("手动停止", "stopped by hand", clear=STARTED),
        8: Change("屏蔽", "shielded", set=SHIELDED),
        9: Change("屏蔽解除", "unshielded", clear=SHIELDED),
    }
)
"""High nibble of the part type in `ELECTRICAL` telegrams."""
