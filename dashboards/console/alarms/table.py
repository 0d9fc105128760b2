"""The list in the browser: one element that draws the rows of a window, and says what people do with them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from dashboards.console.alarms.bulk import MOST_AT_ONCE
from dashboards.console.alarms.keys import ACTION_KEYS
from dashboards.console.alarms.offers import BULK, AlarmAction, allowed
from dashboards.console.view import View

COLUMNS = ("class", "text", "building", "floor", "zone", "point", "time", "state", "owner", "action")
IN_ROW = (AlarmAction.ACKNOWLEDGE, AlarmAction.CONFIRM, AlarmAction.RESET)
"""Actions with a button in the row; the others are behind its last one."""

WORDS = (
    "owner_none",
    "first_alarm",
    "more_actions",
    "open_alarm",
    "choose_alarm",
    "choose_group",
    "chosen",
    "choose_none",
    "alarms_list",
    "muted",
    "group_open",
    "group_close",
    "group_fresh",
)
"""Texts that the rows need besides their own; ``{count}`` is put in by the browser."""

MOST_ID = 80
MOST_GROUP = 160
MOST_WINDOW = 10**7


@dataclass(frozen=True, slots=True)
class Handlers:
    """What is called: a window (start, count, fresh), an action on one or some, an alarm opened, a group turned."""

    look: Callable[[int, int, bool], None]
    act: Callable[[str, str], Awaitable[object]]
    act_on: Callable[[list[str], str], Awaitable[object]]
    open: Callable[[str], None]
    fold: Callable[[str], None]
    choose: Callable[[str], None]


class AlarmTable(Element, component="../static/alarm_table.js"):
    """Rows of `dashboards.console.alarms.rows`, a window of them at a time."""

    def __init__(self, view: View, handlers: Handlers) -> None:
        """Start empty; the browser asks for its window."""
        super().__init__()
        self.props["setup"] = json.dumps(_setup(view), ensure_ascii=False)
        self._handlers = handlers
        self.on("look", self._look)
        self.on("act", lambda event: handlers.act(_id(event, "id"), _id(event, "action")))
        self.on("bulk", self._bulk)
        self.on("open", lambda event: handlers.open(_id(event, "id")))
        self.on("fold", lambda event: handlers.fold(_id(event, "group", MOST_GROUP)))
        self.on("choose", lambda event: handlers.choose(_id(event, "group", MOST_GROUP)))

    def tell(self, news: str) -> None:
        """Hand over what a window has to be told; JSON."""
        self.run_method("tell", news)

    def chosen(self, alert_ids: Sequence[str]) -> None:
        """Choose these, too."""
        self.run_method("choose", json.dumps(list(alert_ids)))

    def muted(self, alert_ids: Sequence[str]) -> None:
        """Show which alarms are muted here."""
        self.run_method("silence", json.dumps(list(alert_ids)))

    def _look(self, event: GenericEventArguments) -> None:
        start, count = (_number(event.args.get(name)) for name in ("start", "count"))
        self._handlers.look(start, count, event.args.get("fresh") is True)

    async def _bulk(self, event: GenericEventArguments) -> None:
        given = event.args.get("ids")
        names = [str(one)[:MOST_ID] for one in given[:MOST_AT_ONCE]] if isinstance(given, list) else []
        await self._handlers.act_on(names, _id(event, "action"))


def _setup(view: View) -> Mapping[str, Any]:
    text, may = view.text, allowed(view)
    return {
        "columns": [text(f"alarm_column_{column}") for column in COLUMNS],
        "words": {name: text(name, count="{count}") if name in _COUNTED else text(name) for name in WORDS},
        "actions": [[one.value, text(one.value)] for one in may],
        "in_row": [one.value for one in IN_ROW if one in may],
        "bulk": [[one.value, text(one.value)] for one in BULK if one in may],
        "keys": ACTION_KEYS,
    }


_COUNTED = frozenset({"chosen", "group_fresh"})


def _id(event: GenericEventArguments, name: str, most: int = MOST_ID) -> str:
    return str(event.args.get(name, ""))[:most]


def _number(given: object) -> int:
    """Return a whole number that a browser gave; what is none, or beyond any list, counts as 0."""
    whole = isinstance(given, int | float) and 0 <= given < MOST_WINDOW
    return int(given) if whole and isinstance(given, int | float) else 0
