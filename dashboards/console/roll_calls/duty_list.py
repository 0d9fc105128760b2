"""Who is on duty where: a search, a window of transmitters with their line and last result, and choosing some."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from dashboards.console.components import Cell, DataTable
from dashboards.console.roll_calls import calling, rows
from dashboards.console.section import Desk
from dashboards.console.view import box, change, line
from dashboards.console.wording import brief_moment_text
from dashboards.live.health import Condition, node_health
from dashboards.live.roll_call_desk import Call, on_duty
from dashboards.live.roll_calls import Result
from domain.accounts import Right

MOST_SHOWN = 40
MOST_SEARCH = 80
_MARKS = {Condition.FINE: ("●", ""), Condition.OFFLINE: ("○", "caution")}


class DutyList:
    """``chosen`` are called together."""

    def __init__(self, desk: Desk, on_called: Callable[[], Awaitable[None]]) -> None:
        """Build; ``on_called`` runs after somebody was called."""
        view = desk.view
        self._desk = desk
        self._on_called = on_called
        self._wanted = ""
        self._newest: Mapping[str, Call] = {}
        self._drawn: object = None
        self._names: object = None
        self._searched = ""
        self._found: list[str] = []
        self._chosen: list[str] = []
        with box("panel duty-list", "duty-list"):
            with box("panel-head page-head"):
                line(view.text("duty_points"), "panel-title")
                find = ui.input(placeholder=view.text("find"), on_change=self._find)
                find.props(f"dense outlined clearable debounce=250 maxlength={MOST_SEARCH} data-field=duty-find")
                find.props["aria-label"] = view.text("find")
                self._call = ui.button("", on_click=self._call_chosen, color=None).classes("act act-main")
                self._call.props("flat no-caps data-action=call-chosen")
            self._table = DataTable(
                rows.duty_columns(view.language), self._act, name="duty-points", words=view.text("duty_points")
            )
            self._more = line("", "list-more")

    def refresh(self, now_ns: int, newest: Mapping[str, Call]) -> None:
        """Redraw the window where a line, a result, or what is chosen changed."""
        self._newest = newest
        view = self._desk.view
        registry = view.console.registry
        names = view.console.once.of(
            ("duty-names", view.principal.units, view.language),
            view.console.site.revision,
            lambda: rows.names_of(registry, on_duty(registry), view.language),
        )
        if self._names is not names or self._wanted != self._searched:
            self._names, self._searched = names, self._wanted
            self._found = [key for key, name in names.items() if self._wanted in f"{name} {key}".casefold()]
        found = self._found
        shown = sorted(found[:MOST_SHOWN], key=lambda key: key not in self._chosen)
        state = [
            (key, node_health(view.console.board, registry, key, now_ns).condition, newest.get(key)) for key in shown
        ]
        if (state, self._chosen) == self._drawn:
            return
        self._drawn = (state, list(self._chosen))
        self._table.show([self._row(key, names[key], condition, last, now_ns) for key, condition, last in state])
        change(self._more, view.text("roll_calls_hidden", count=len(found) - len(shown)))
        self._more.set_visibility(len(found) > len(shown))
        change(self._call, view.text("duty_call_chosen", count=len(self._chosen)))
        self._call.set_enabled(bool(self._chosen) and view.principal.may(Right.ROLL_CALL))

    def _row(self, key: str, name: str, condition: Condition, last: Call | None, now_ns: int) -> dict[str, object]:
        view = self._desk.view
        mark, look = _MARKS.get(condition, ("?", "unknown"))
        shown: Cell | str = Cell(view.text("duty_never"), look="soft")
        if last is not None:
            moment = brief_moment_text(last.called_ns, now_ns, view.console.zone)
            look_of_result = "alarm" if last.result is Result.NO_ANSWER else ""
            shown = Cell(f"{rows.result_words(last, view.language)} {moment}", look=look_of_result)
        may = view.principal.may(Right.ROLL_CALL)
        waits = last is not None and last.result is Result.WAITING
        choose = "drop" if key in self._chosen else "choose"
        buttons = [
            {"action": choose, "words": view.text(f"duty_{choose}"), "on": may, "main": False},
            {"action": "call", "words": view.text("duty_call"), "on": may and not waits, "main": False},
        ]
        return rows.duty_row(key, name, Cell(view.text(f"condition_{condition}"), mark, look), shown, buttons)

    def _find(self, event: ValueChangeEventArguments[str | None]) -> None:
        self._wanted = (event.value or "").strip().casefold()[:MOST_SEARCH]
        self.refresh(self._desk.view.now_ns(), self._newest)

    async def _act(self, key: str, action: str) -> None:
        if key not in self._desk.view.console.registry.transmitters:
            return
        if action == "call" and await calling.call_some(self._desk, [key]):
            await self._on_called()
        elif action == "choose" and key not in self._chosen:
            self._chosen.append(key)
        elif action == "drop" and key in self._chosen:
            self._chosen.remove(key)
        self.refresh(self._desk.view.now_ns(), self._newest)

    async def _call_chosen(self) -> None:
        if await calling.call_chosen(self._desk, list(self._chosen)):
            self._chosen.clear()
            await self._on_called()
