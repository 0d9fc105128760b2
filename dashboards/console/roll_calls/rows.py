"""How a call, a transmitter on duty and a plan stand on the screen. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import Any

from dashboards.console.components import Cell, Column
from dashboards.console.roll_calls.figures import PLAN, Share, Window
from dashboards.console.texts import Language, text
from dashboards.console.wording import brief_moment_text, clock_text, person_text, span_text
from dashboards.live.roll_call_desk import Call
from dashboards.live.roll_calls import Result
from domain.site import Registry

_LOOKS: Mapping[Result, tuple[str, str]] = {
    Result.WAITING: ("…", "caution"),
    Result.PRESENT: ("✓", ""),
    Result.LATE: ("!", "caution"),
    Result.NO_ANSWER: ("✗", "alarm"),
    Result.LINE_DOWN: ("⌁", "unknown"),
}
CAUSES = frozenset({"not_connected", "not_confirmed", "denied", "line_lost", "we_were_away"})
_ORDER = (Result.WAITING, Result.NO_ANSWER, Result.LATE, Result.LINE_DOWN, Result.PRESENT)


def names_of(registry: Registry, keys: Iterable[str], language: Language) -> dict[str, str]:
    """Return what people call transmitters; with the unit where a site has several."""
    found = {}
    for key in keys:
        settings = registry.transmitters[key].settings
        label = settings.labels.of(language)
        unit = registry.units[settings.unit].labels.of(language)
        found[key] = f"{unit} · {label}" if len(registry.units) > 1 else label
    return found


def call_columns(language: Language, *, whose: bool = True) -> list[Column]:
    """Return the columns of calls; without ``whose`` they are all of one transmitter."""
    columns = [
        Column("result", text("duty_column_result", language)),
        Column("called", text("duty_column_called", language)),
        Column("by", text("duty_column_by", language)),
        Column("left", text("duty_column_left", language), kind="countdown"),
        Column("answered", text("duty_column_answered", language)),
        Column("took", text("duty_column_took", language), kind="number"),
        Column("operator", text("duty_column_operator", language), kind="number"),
    ]
    return [Column("whose", text("duty_column_whose", language)), *columns] if whose else columns


def call_row(
    call: Call, names: Mapping[str, str], registry: Registry, language: Language, moment: tuple[int, tzinfo]
) -> dict[str, Any]:
    """Return the row of a call; ``moment``: now, and the site's zone."""
    now_ns, zone = moment
    mark, look = _LOOKS[call.result] if call.result is not None else ("?", "unknown")
    waits = call.result is Result.WAITING
    return {
        "id": call.id,
        "look": look if look in ("alarm", "unknown") or waits else "",
        "cells": {
            "whose": Cell(names.get(call.key, call.key), go=f"/roll-calls/{call.key}"),
            "result": Cell(result_words(call, language), mark, look),
            "called": brief_moment_text(call.called_ns, now_ns, zone),
            "by": text("duty_by_plan", language) if call.by == PLAN else person_text(registry, call.by, language),
            "left": call.deadline_ns if waits else text("duty_minutes", language, minutes=call.minutes),
            "answered": "" if call.answered_ns is None else brief_moment_text(call.answered_ns, now_ns, zone),
            "took": "" if call.took_s is None else Cell(text("span_seconds", language, seconds=round(call.took_s))),
            "operator": "" if call.operator is None else call.operator,
        },
        "buttons": [],
    }


def result_words(call: Call, language: Language) -> str:
    """Name a result; of a line that was down also why, so that nobody takes it for an absent person."""
    if call.result is None:
        return text("duty_unknown_result", language)
    words = text(f"result_{call.result.name.lower()}", language)
    return f"{words} · {text(f'duty_cause_{call.cause}', language)}" if call.cause in CAUSES else words


def by_urgency(calls: Iterable[Call]) -> list[Call]:
    """Return calls with those first that need somebody, newest first."""
    return sorted(calls, key=lambda call: (_rank(call.result), -call.called_ns, call.id))


def _rank(result: Result | None) -> int:
    return _ORDER.index(result) if result is not None else len(_ORDER)


def duty_columns(language: Language) -> list[Column]:
    """Return the columns of the duty points."""
    names = ("whose", "line", "last")
    return [Column(name, text(f"duty_column_{name}", language)) for name in names]


def duty_row(key: str, name: str, line: Cell, last: Cell | str, buttons: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the row of a transmitter beside which somebody is on duty."""
    cells = {"whose": Cell(name, go=f"/roll-calls/{key}"), "line": line, "last": last}
    return {"id": key, "look": "", "cells": cells, "buttons": list(buttons)}


def plan_words(plan: Mapping[str, Any], language: Language) -> str:
    """Say what a plan asks for; nothing is planned where it calls nobody by itself."""
    per_day = plan.get("per_day")
    if not isinstance(per_day, int) or per_day <= 0:
        return text("duty_no_plan", language)
    again = plan.get("again_s")
    words = text(
        "duty_plan", language, per_day=per_day, at_night=plan.get("at_night", 0), minutes=plan.get("minutes", "?")
    )
    if isinstance(again, int | float):
        return f"{words} {text('duty_plan_again', language, span=span_text(again, language))}"
    return words


def window_words(window: Window, done: int, points: int, language: Language, zone: tzinfo) -> str:
    """Say which hours are open or next, and how many of their calls are done."""
    end = clock_text(window.end_ns, zone)[:5]
    hours = f"{clock_text(window.start_ns, zone)[:5]}–{'24:00' if end == '00:00' else end}"
    if window.is_open:
        return text("duty_window_open", language, hours=hours, done=done, total=window.calls * points)
    return text("duty_window_next", language, hours=hours, calls=window.calls)


def share_words(share: Share, language: Language) -> str:
    """Say what calls add up to."""
    if share.answered is None or share.in_time is None:
        return text("duty_share_none", language, calls=share.calls, down=share.counts.get(Result.LINE_DOWN, 0))
    return text(
        "duty_share",
        language,
        calls=share.calls,
        answered=f"{share.answered:.0%}",
        in_time=f"{share.in_time:.0%}",
        took=span_text(share.took_s, language),
        down=share.counts.get(Result.LINE_DOWN, 0),
    )
