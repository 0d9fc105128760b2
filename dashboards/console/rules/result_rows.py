"""The result of a backtest as rows of tables. Pure functions."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from dashboards.console.components import Cell
from dashboards.console.texts import Language, text
from dashboards.console.wording import moment_text, span_text
from domain.alarm import TransitionKind
from domain.clock import NS_PER_S
from rules.trials_face import BacktestResult, Changed, Interval, Said

MARKS = {"new": "+", "gone": "−", "earlier": "←", "later": "→"}


def days(result: BacktestResult) -> list[dict[str, Any]]:
    """Return a row for each local day."""
    return [
        {"id": one.day, "cells": {"day": one.day, "backtest": one.backtest, "record": one.record}}
        for one in result.days
    ]


def changes(result: BacktestResult, language: Language, zone: tzinfo) -> list[dict[str, Any]]:
    """Return what differs from the record."""
    return [_change(at, one, language, zone) for at, one in enumerate(result.changes)]


def _change(at: int, one: Changed, language: Language, zone: tzinfo) -> dict[str, Any]:
    return {
        "id": str(at),
        "cells": {
            "time": moment_text(one.raised_ns, zone),
            "change": Cell(text(f"rules_changed_{one.kind}", language), mark=MARKS[one.kind]),
            "entity": bare(one.entity),
            "by": f"{one.by_s:+g} s" if one.by_s else "",
        },
    }


def transitions(result: BacktestResult, language: Language, zone: tzinfo) -> list[dict[str, Any]]:
    """Return what the rule would have said, oldest first."""
    return [_said(at, one, language, zone) for at, one in enumerate(result.transitions)]


def _said(at: int, one: Said, language: Language, zone: tzinfo) -> dict[str, Any]:
    marks = {TransitionKind.RAISED: ("▲", "alarm"), TransitionKind.UNKNOWN: ("?", "unknown")}
    mark, look = marks.get(one.kind, ("", "soft"))
    return {
        "id": str(at),
        "cells": {
            "time": moment_text(one.time_ns, zone),
            "kind": Cell(text(f"rules_said_{one.kind}", language), mark=mark, look=look),
            "entity": bare(one.entity),
            "value": "" if one.value is None else f"{round(one.value, 2):g}",
            "words": one.text_en if language is Language.EN else one.text_zh,
        },
    }


def bare(entity: str) -> str:
    """Write an entity without its unit, which a backtest is about anyway."""
    return entity.partition("/")[2] or entity


def longest(intervals: tuple[Interval, ...], end_ns: int, language: Language) -> str:
    """Write how long the longest alarm stood; a dash where there was none."""
    spans = [((one.cleared_ns or end_ns) - one.raised_ns) / NS_PER_S for one in intervals]
    return span_text(max(spans, default=None), language)
