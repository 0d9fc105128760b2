"""Roll-calls (查岗) on a terminal: who was asked when, who answered, and what a failure was.

A line that was down is never shown as a missing person: nobody could have answered.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from cli.alerts_tables import local, plain
from cli.check_command import Language
from domain.clock import NS_PER_S
from domain.site import Labels
from gateway.connectors.gb26875.roll_call import CAUSE_LABELS, Result

Call = Mapping[str, Any]

COLUMNS = (
    "id",
    "unit",
    "transmitter",
    "by",
    "called_ns",
    "minutes",
    "deadline_ns",
    "result",
    "cause",
    "answered_ns",
    "operator",
)
"""Fields of a call, as JSON and CSV have them."""

_RESULTS = {
    Result.WAITING.value: ("… ", Labels(zh="等待应答", en="waiting"), "cyan"),
    Result.PRESENT.value: ("✓ ", Labels(zh="在岗", en="present"), "green"),
    Result.LATE.value: ("! ", Labels(zh="超时应答", en="late"), "yellow"),
    Result.NO_ANSWER.value: ("✗ ", Labels(zh="无人应答", en="no answer"), "bold red"),
    Result.LINE_DOWN.value: ("⌁ ", Labels(zh="线路中断，不计缺岗", en="line down, not the person's fault"), "magenta"),
}
_CAUSES = {cause.value: labels for cause, labels in CAUSE_LABELS.items()}
_HEADINGS = {
    Language.ZH: ("单位", "装置", "结果", "发起人", "呼叫", "时限", "应答", "用时", "操作员"),
    Language.EN: ("unit", "transmitter", "result", "by", "called", "limit", "answered", "took", "operator"),
}
_PLAN = Labels(zh="计划", en="plan")


def call_table(calls: Iterable[Call], language: Language, now_ns: int | None = None) -> Table:
    """Return calls in the order given; with ``now_ns``, those that wait show the time that is left."""
    table = Table()
    for heading in _HEADINGS[language]:
        table.add_column(heading, overflow="fold")
    for call in calls:
        by = str(call.get("by") or "")
        table.add_row(
            plain(call.get("unit", "")),
            plain(call.get("transmitter", "")),
            result_text(call, language),
            plain(_PLAN.of(language) if by == "plan" else by),
            _time(call.get("called_ns")),
            plain(f"{call.get('minutes', '')} min"),
            _time(call.get("answered_ns")),
            Text(_left(call, language, now_ns) or took(call)),
            plain("" if call.get("operator") is None else call["operator"]),
        )
    return table


def result_text(call: Call, language: Language) -> Text:
    """Return the result as a sign, words and a colour; a result of a later version as it is."""
    result = str(call.get("result", ""))
    if result not in _RESULTS:
        return plain(result)
    sign, labels, style = _RESULTS[result]
    cause = _CAUSES.get(str(call.get("cause") or ""))
    because = f" ({cause.of(language)})" if cause else ""
    return Text(sign + labels.of(language) + because, style=style)


def took(call: Call) -> str:
    """Return the time from call to answer, empty without one."""
    called, answered = call.get("called_ns"), call.get("answered_ns")
    if not (isinstance(called, int) and isinstance(answered, int)):
        return ""
    return span(answered - called)


def span(time_ns: int) -> str:
    """Write a span as minutes and seconds: ``2:07``."""
    minutes, seconds = divmod(max(time_ns, 0) // NS_PER_S, 60)
    return f"{minutes}:{seconds:02d}"


def calls_csv(calls: Sequence[Call]) -> str:
    """Write calls as CSV with a header; times are nanoseconds since 1970 UTC, as in JSON."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(calls)
    return out.getvalue()


def _left(call: Call, language: Language, now_ns: int | None) -> str:
    """Say how long a waiting call still has; after its deadline an answer counts as late."""
    deadline = call.get("deadline_ns")
    if now_ns is None or call.get("result") != Result.WAITING or not isinstance(deadline, int):
        return ""
    if now_ns < deadline:
        return Labels(zh=f"剩 {span(deadline - now_ns)}", en=f"{span(deadline - now_ns)} left").of(language)
    return Labels(zh="已过时限", en="time is up").of(language)


def _time(time_ns: Any) -> str:
    return local(time_ns) if isinstance(time_ns, int) and time_ns > 0 else ""
