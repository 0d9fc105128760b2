"""What a simulated transmitter tells, as a line for people and as a JSON object for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import Any

from rich.text import Text

from cli.alerts_tables import plain
from cli.check_command import Language
from domain.clock import NS_PER_S, to_iso
from domain.site import Labels
from simulators.gb26875.dialect import Dialect
from simulators.gb26875.transmitter import Event, Told
from simulators.gb26875.words import spoken

EVENTS: Mapping[Event, Labels] = MappingProxyType(
    {
        Event.SENT: Labels(zh="→ 发", en="→ out"),
        Event.RESENT: Labels(zh="↻ 重发", en="↻ again"),
        Event.RECEIVED: Labels(zh="← 收", en="← in"),
        Event.SKIPPED: Labels(zh="? 无法识别", en="? unread"),
        Event.RINGING: Labels(zh="☎ 查岗振铃", en="☎ roll-call"),
        Event.CLOCK_SET: Labels(zh="⌚ 校时", en="⌚ clock set"),
        Event.FAILED: Labels(zh="✗ 通信失败", en="✗ failed"),
        Event.CONNECTED: Labels(zh="● 已连接", en="● connected"),
        Event.LOST: Labels(zh="○ 断开", en="○ lost"),
        Event.FAULTY: Labels(zh="! 模拟故障", en="! fault"),
    }
)
"""Events as people read them; the sign tells them apart without colours."""

_STYLES = {
    Event.RESENT: "yellow",
    Event.RINGING: "bold magenta",
    Event.FAILED: "bold red",
    Event.LOST: "red",
    Event.CONNECTED: "green",
    Event.FAULTY: "yellow",
    Event.SKIPPED: "red",
}

HELP: Mapping[Language, str] = MappingProxyType(
    {
        Language.ZH: (
            "部件：fire|fault|shield|supervise|start|feedback|delay|power|restore N    模拟量：measure N 类型 数值\n"
            "按键：reset mute alarm clear selftest test testover [操作员]    查岗应答：answer [操作员]\n"
            "电源与线路：mains|backup|line fault|back    制造商消息：vendor    重启：reboot\n"
            "故障：cut garbage half drip deaf silent twice badsum badend noclock [秒]    恢复：mend\n"
            "其他：clock 秒（时钟偏差）    wait 秒    help    quit    （N 为序号，或部件号码如 c42-10-2）"
        ),
        Language.EN: (
            "component: fire|fault|shield|supervise|start|feedback|delay|power|restore N    measure N TYPE VALUE\n"
            "keys: reset mute alarm clear selftest test testover [OPERATOR]    roll-call: answer [OPERATOR]\n"
            "supplies and line: mains|backup|line fault|back    maker's message: vendor    restart: reboot\n"
            "faults: cut garbage half drip deaf silent twice badsum badend noclock [S]    end: mend\n"
            "besides: clock S (its error)    wait S    help    quit    (N: number in the list, or c42-10-2)"
        ),
    }
)
"""What can be typed."""


def joined(words: Iterable[str], language: Language) -> str:
    """Join words as the language does; a dash for none."""
    return ("、" if language is Language.ZH else ", ").join(words) or "-"


def line_of(told: Told, dialect: Dialect, language: Language, zone: tzinfo) -> Text:
    """Return one event as a line: local time to the second, what happened, the frame in words."""
    said = spoken(told.frame, dialect).of(language) if told.frame is not None else told.note
    moment = datetime.fromtimestamp(told.time_ns / NS_PER_S, zone)
    text = Text(f"{moment:%H:%M:%S}  ", style="dim")
    event = EVENTS[told.event].of(language)
    text.append(f"{event:　<5} " if language is Language.ZH else f"{event:<12} ")
    text.append_text(plain(said))
    text.stylize(_STYLES.get(told.event, ""), 10)
    return text


def document(told: Told, dialect: Dialect) -> dict[str, Any]:
    """Return one event for a program; fields that do not apply are left out."""
    content: dict[str, Any] = {"time": to_iso(told.time_ns), "event": told.event.value}
    if told.frame is not None:
        words = spoken(told.frame, dialect)
        content |= {"seq": told.frame.sequence, "cmd": told.frame.command, "type": told.frame.type_flag}
        content |= {"zh": words.zh, "en": words.en, "hex": told.raw.hex()}
    if told.note:
        content["note"] = told.note
    return content
