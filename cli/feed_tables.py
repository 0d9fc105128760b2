"""Events of the feed, their readers and daily facts, as lines and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from alerts.feed_face import Event
from backbone.consumers import ConsumerState
from cli.alerts_tables import local, plain
from cli.check_command import Language
from domain.glossary import terms

MOST_TEXT = 80
RED = frozenset({"fire"})

_WORK_ITEM = ("工单", "Work item")
_FACT = ("日报", "Daily facts")

_CONSUMER_HEADINGS = {
    Language.ZH: ("模块", "流", "落后", "已确认至", "最后确认", "使用中"),
    Language.EN: ("Module", "Stream", "Behind", "Acked up to", "Last ack", "In use"),
}
_FACT_HEADINGS = {
    Language.ZH: (
        "单位", "日期", "版本", "报警", "误报率", "应答中位数(秒)", "设备失联(分)", "网关离线(分)",
        "屏蔽点", "停用(分)", "查岗", "未闭环隐患", "数据覆盖",
    ),
    Language.EN: (
        "Unit", "Day", "Rev.", "Alarms", "False", "Median answer (s)", "Devices down (min)", "Gateways off (min)",
        "Disabled", "Out of service (min)", "Roll-call", "Open hazards", "Coverage",
    ),
}  # fmt: skip
_ROLL_CALL = {
    Language.ZH: {"present": "在岗", "late": "超时", "no_answer": "无人", "line_down": "断线", "waiting": "查岗中"},
    Language.EN: {
        "present": "present",
        "late": "late",
        "no_answer": "no answer",
        "line_down": "line down",
        "waiting": "waiting",
    },
}
_YES = {Language.ZH: ("否", "是"), Language.EN: ("no", "yes")}


def event_line(event: Event, language: Language) -> Text:
    """Return an event as one line: sequence, time, class, what happened, unit, who did it, the text."""
    data, english = event.data, language is Language.EN
    alarm_class = str(data.get("alarm_class", ""))
    place = data.get("place")
    unit = str(place.get("unit", "")) if isinstance(place, Mapping) else str(data.get("unit", ""))
    words = [
        f"{event.seq:>7}",
        local(event.stored_ns),
        _padded(_label("alarm_class", alarm_class, english=english), 6),
        _padded(_event_word(event, english=english), 10),
        unit,
        str(event.message.get("outcome", "")),
        str(event.message.get("actor", "")),
        str(data.get("text_en" if english else "text_zh", data.get("day", "")))[:MOST_TEXT],
    ]
    return plain("  ".join(word for word in words if word), "bold red" if alarm_class in RED else "")


def consumer_table(states: Sequence[ConsumerState], language: Language) -> Table:
    """Return how far the modules are that are fed."""
    table = Table(*_CONSUMER_HEADINGS[language])
    for state in states:
        table.add_row(
            state.name,
            state.stream,
            str(state.lag),
            str(state.acked_seq),
            local(state.last_ack_ns),
            _YES[language][state.used],
        )
    return table


def fact_table(facts: Sequence[Mapping[str, Any]], language: Language) -> Table:
    """Return daily facts, a row for each day of a unit."""
    table = Table(*_FACT_HEADINGS[language])
    for fact in facts:
        alarms, coverage = fact["all_alarms"], fact["coverage"]
        table.add_row(
            plain(fact["unit"]),
            plain(fact["day"]),
            str(fact["revision"]),
            str(alarms["alarms"]),
            _percent(alarms["false_share"]),
            _number(alarms["to_acknowledge"]["p50_s"]),
            _number(fact["devices"]["downtime_minutes"]),
            _number(fact["gateways"]["offline_minutes"]),
            str(fact["disabled"]["points"]),
            _number(fact["out_of_service"]["item_minutes"]),
            _roll_calls(fact["roll_calls"], language),
            str(fact["open_hazards"]),
            _percent(min(share for share in coverage.values() if share is not None)),
        )
    return table


def _event_word(event: Event, *, english: bool) -> str:
    kind = event.type.rpartition(".")[2]
    if event.type.startswith("fengsui.alert."):
        return _label("alert_event", kind, english=english)
    return f"{(_WORK_ITEM if event.type.startswith('fengsui.workitem.') else _FACT)[english]}"


def _label(group: str, word: str, *, english: bool) -> str:
    term = terms().get(f"{group}.{word}")
    return word if term is None else term.of("en" if english else "zh")


def _padded(word: str, width: int) -> str:
    """Fill a word up to a width in cells: a Chinese character takes two."""
    return word + " " * max(0, width - Text(word).cell_len)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _number(number: float | None) -> str:
    return "–" if number is None else f"{number:g}"


def _roll_calls(results: Mapping[str, int] | None, language: Language) -> str:
    if results is None:
        return "–"
    return " ".join(f"{_ROLL_CALL[language][name]} {count}" for name, count in results.items() if count) or "0"
