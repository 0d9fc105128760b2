"""The board as Prometheus text (exposition format 0.0.4).

Every number in a status document becomes a sample: ``fengsui_<kind>_<field>`` with the rest of the
document's key as label ``id``. What a process counts is so visible without a word about it here.
``fengsui_record_…`` are the figures of the alerts service, ``fengsui_open_alerts`` what the console shows.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from dashboards.live.board import Board
from domain.alarm import AlarmClass
from domain.clock import NS_PER_S

_UNFIT = re.compile(r"[^a-zA-Z0-9_]")
MOST_DEPTH = 3

Sample = tuple[str, Mapping[str, str], float]


def exposition(board: Board, now_ns: int) -> str:
    """Return all samples, grouped by name as the format asks."""
    groups: dict[str, dict[str, float]] = defaultdict(dict)
    for name, labels, value in _samples(board, now_ns):
        written = ",".join(f'{key}="{_escaped(words)}"' for key, words in labels.items())
        groups[name].setdefault(f"{name}{{{written}}}" if written else name, value)
    lines = []
    for name, samples in sorted(groups.items()):
        lines += [f"# TYPE {name} gauge", *(f"{series} {value!r}" for series, value in samples.items())]
    return "\n".join(lines) + "\n"


def _samples(board: Board, now_ns: int) -> Iterator[Sample]:
    yield "fengsui_backbone_up", {}, float(board.connected)
    counts = Counter((alert.alarm_class, alert.acknowledged_at_ns is None) for alert in board.alerts.values())
    for alarm_class in AlarmClass:
        for fresh in (True, False):
            labels = {"class": alarm_class.value, "acknowledged": "no" if fresh else "yes"}
            yield "fengsui_open_alerts", labels, float(counts[alarm_class, fresh])
    yield "fengsui_open_alerts_age_seconds", {}, (now_ns - board.alerts_at_ns) / NS_PER_S
    if board.stats is not None:
        for field, number in _numbers(board.stats.model_dump(exclude={"by_rule", "by_class"}), depth=0):
            yield f"fengsui_record_{_name(field)}", {}, number
        for rule, number in sorted(board.stats.by_rule.items()):
            yield "fengsui_record_by_rule", {"rule": rule}, float(number)
    for key, document in sorted(board.statuses.items()):
        kind, _, name = key.partition(".")
        time_ns = document.get("time_ns")
        if isinstance(time_ns, int):
            yield "fengsui_status_age_seconds", {"process": key}, (now_ns - time_ns) / NS_PER_S
        rest = {field: value for field, value in document.items() if field != "time_ns"}
        for field, value in _numbers(rest, depth=0):
            yield f"fengsui_{_name(kind)}_{_name(field)}", {"id": name}, value


def _numbers(document: Mapping[str, Any], depth: int) -> Iterator[tuple[str, float]]:
    """Yield the numbers of a document, nested names joined; words and lists are no figures."""
    for field, value in document.items():
        if isinstance(value, int | float):
            yield str(field), float(value)
        elif isinstance(value, Mapping) and depth < MOST_DEPTH:
            for inner, number in _numbers(value, depth + 1):
                yield f"{field}_{inner}", number


def _name(field: str) -> str:
    return _UNFIT.sub("_", field)


def _escaped(words: str) -> str:
    return words.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
