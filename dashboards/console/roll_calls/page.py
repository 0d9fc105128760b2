"""The page ``/roll-calls``: call now, today's results as they come, who is on duty where, and what the plan does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from nicegui import ui
from nicegui.element import Element

from dashboards.console.components import DataTable
from dashboards.console.roll_calls import calling, rows
from dashboards.console.roll_calls.duty_list import DutyList
from dashboards.console.roll_calls.figures import done_in, windows_of
from dashboards.console.roll_calls.history_page import HistoryPage
from dashboards.console.section import Address, Body, Desk
from dashboards.console.view import View, box, change, dress, line, link
from dashboards.live.roll_call_desk import Call, Calls, hosts_of, on_duty
from dashboards.live.roll_calls import Result
from dashboards.live.today import day_start_ns
from domain.accounts import Right
from domain.clock import NS_PER_S

MOST_SHOWN = 200
BUSY_S, CALM_S = 2.0, 5.0
"""How often results are asked for, once for all browsers: while somebody is waited for, and otherwise."""


def roll_calls(desk: Desk, address: Address) -> Body:
    """Return the page, or the history of one transmitter."""
    key = "/".join(address.rest)
    if key:
        return HistoryPage(desk, key)
    return RollCallPage(desk, address)


@dataclass(frozen=True, slots=True)
class Today:
    """The calls of the local day within a scope, what needs somebody first; the newest of each transmitter."""

    calls: tuple[Call, ...] = ()
    newest: Mapping[str, Call] | None = None

    def counts(self) -> Counter[Result]:
        """Count by result."""
        return Counter(call.result for call in self.calls if call.result is not None)


def today_of(view: View, now_ns: int) -> Today:
    """Return today's calls, made once for all browsers of a scope."""
    asked = view.console.feed.calls
    answer = asked.look()
    if answer is None:
        return Today()
    midnight = day_start_ns(now_ns, view.console.zone)
    name = ("roll-calls", view.principal.units)
    return view.console.once.of(name, (asked.revision, midnight), lambda: _today(view, answer, midnight))


def _today(view: View, answer: Calls, midnight: int) -> Today:
    seen = [call for call in answer.calls if view.principal.sees(call.unit)]
    newest: dict[str, Call] = {}
    for call in seen:
        newest.setdefault(call.key, call)
    return Today(tuple(rows.by_urgency(call for call in seen if call.called_ns >= midnight)), newest)


class RollCallPage(Body):
    """Buttons, counts, results; beside them the duty points and the plan."""

    def __init__(self, desk: Desk, address: Address) -> None:
        """Build; the query's ``result`` shows one result only."""
        view = desk.view
        self._desk = desk
        self._result = address.query.get("result", "")
        self._drawn: object = None
        self._plan_drawn: object = None
        with box("duty-columns"):
            with box("panel page"):
                self._build_head()
                with box("kinds"):
                    self._chips = {name: self._chip(name) for name in ("", *(one.name.lower() for one in Result))}
                self._table = DataTable(rows.call_columns(view.language), name="calls", words=view.text("duty_today"))
                self._none = line("", "page-none")
                self._more = line("", "list-more")
            with box("duty-side"):
                self._duty = DutyList(desk, self._again)
                with box("panel duty-plan", "plan"):
                    with box("panel-head"):
                        line(view.text("duty_plan_title"), "panel-title")
                    self._plan: Element = box("plan-rows")
        self.refresh(view.now_ns())

    def _build_head(self) -> None:
        view = self._desk.view
        may = view.principal.may(Right.ROLL_CALL)
        with box("panel-head page-head"):
            line(view.text("duty_today"), "panel-title")
            self._note = line("", "panel-note").props("role=status data-part=duty-note")
            with box("page-deeds"):
                for name, work in (("call_unit", self._call_unit), ("draw", self._draw)):
                    button = ui.button(view.text(f"duty_{name}"), on_click=work, color=None).classes("act act-main")
                    button.props(f"flat no-caps data-action={name.replace('_', '-')}").set_enabled(may)
                self._csv = ui.element("a").classes("act").props("data-part=csv download")
                with self._csv:
                    line(view.text("duty_csv"))

    def _chip(self, name: str) -> ui.label:
        chip = link("", f"/roll-calls?result={name}" if name else "/roll-calls", "kind-chip")
        chip.props["data-kind"] = name or "all"
        dress(chip, "chosen", "yes" if name == self._result else "no")
        with chip:
            return line("")

    def refresh(self, now_ns: int) -> None:
        """Redraw when results came, and the duty points as lines come and go."""
        view = self._desk.view
        today = today_of(view, now_ns)
        counts = today.counts()
        asked = view.console.feed.calls
        asked.period_s = BUSY_S if counts[Result.WAITING] else CALM_S
        day = f"{datetime.fromtimestamp(now_ns / NS_PER_S, view.console.zone):%Y-%m-%d}"
        dress(self._csv, "day", day)
        self._csv.props["href"] = f"/api/v1/roll-calls.csv?day={day}"
        self._duty.refresh(now_ns, today.newest or {})
        state = (today, asked.revision, asked.trouble)
        if state == self._drawn:
            return
        self._drawn = state
        self._draw_counts(today, counts)
        self._draw_table(today, now_ns)
        self._draw_plan(now_ns)

    def _draw_counts(self, today: Today, counts: Counter[Result]) -> None:
        view = self._desk.view
        asked = view.console.feed.calls
        for name, label in self._chips.items():
            count = counts[Result[name.upper()]] if name else len(today.calls)
            change(label, f"{view.text(f'result_{name}') if name else view.text('duty_all')} {count}")
        silent = asked.answer.silent if asked.answer is not None else ()
        words = view.text("duty_silent", names=", ".join(silent)) if silent else ""
        if asked.trouble:
            words = view.text("duty_away")
        change(self._note, words)
        dress(self._note, "old", "yes" if words else "no")

    def _draw_table(self, today: Today, now_ns: int) -> None:
        view = self._desk.view
        registry = view.console.registry
        wanted = Result[self._result.upper()] if self._result.upper() in Result.__members__ else None
        calls = [call for call in today.calls if wanted is None or call.result is wanted]
        shown = calls[:MOST_SHOWN]
        names = rows.names_of(registry, {call.key for call in shown} & registry.transmitters.keys(), view.language)
        moment = (now_ns, view.console.zone)
        self._table.show([rows.call_row(call, names, registry, view.language, moment) for call in shown])
        key = "duty_none_today" if view.console.feed.calls.revision else "duty_unknown"
        change(self._none, view.text(key if hosts_of(registry) else "duty_no_points"))
        self._none.set_visibility(not calls)
        change(self._more, view.text("roll_calls_hidden", count=len(calls) - MOST_SHOWN))
        self._more.set_visibility(len(calls) > MOST_SHOWN)

    def _draw_plan(self, now_ns: int) -> None:
        view = self._desk.view
        answer = view.console.feed.calls.answer
        lines = [] if answer is None else self._plan_lines(answer, now_ns)
        if lines == self._plan_drawn:
            return
        self._plan_drawn = lines
        self._plan.clear()
        with self._plan:
            for words in lines or [view.text("duty_plan_unknown")]:
                line(words, "plan-line")

    def _plan_lines(self, answer: Calls, now_ns: int) -> list[str]:
        view = self._desk.view
        registry, language, zone = view.console.registry, view.language, view.console.zone
        lines: list[str] = []
        for host, plan in (answer.plans or {}).items():
            points = [key for key in on_duty(registry) if registry.transmitters[key].host == host[0]]
            if not points:
                continue
            gateway = registry.gateways.get(host[0])
            lines.append(f"{gateway.labels.of(language) if gateway else host[0]}: {rows.plan_words(plan, language)}")
            hosted = frozenset(points)
            for window in windows_of(plan, now_ns, zone):
                done = done_in(window, (call for call in answer.calls if call.key in hosted))
                lines.append(f"· {rows.window_words(window, done, len(points), language, zone)}")
        if lines:
            lines.append(view.text("duty_plan_secret"))
        return lines

    async def _call_unit(self) -> None:
        if await calling.call_unit(self._desk):
            await self._again()

    async def _draw(self) -> None:
        if await calling.call_drawn(self._desk):
            await self._again()

    async def _again(self) -> None:
        """Show what has just been called."""
        await self._desk.view.console.feed.calls.fresh()
        self.refresh(self._desk.view.now_ns())
