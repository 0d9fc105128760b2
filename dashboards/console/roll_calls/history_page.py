"""The roll-calls of one transmitter: ``/roll-calls/<unit>/<transmitter>``, with what they add up to."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from dashboards.console import deeds
from dashboards.console.components import DataTable
from dashboards.console.roll_calls import calling, rows
from dashboards.console.roll_calls.figures import share_of
from dashboards.console.section import Body, Desk
from dashboards.console.view import box, change, line, link
from dashboards.live.roll_call_desk import Call, on_duty
from domain.accounts import Right
from domain.clock import NS_PER_S
from domain.errors import FengsuiError

MOST_SHOWN = 200
MONTH_S = 30 * 86_400


class HistoryPage(Body):
    """Asked when it is opened, and when this transmitter has a newer call or result."""

    def __init__(self, desk: Desk, key: str) -> None:
        """Build; ``key`` is ``unit/transmitter``, which may not be there."""
        view = desk.view
        self._desk = desk
        self._key = key
        self._is_there = True
        self._seen: Call | None = None
        known = key in on_duty(view.console.registry)
        names = rows.names_of(view.console.registry, [key] if known else [], view.language)
        with box("panel page"):
            with box("panel-head page-head"):
                link(f"‹ {view.text('duty_today')}", "/roll-calls", "act")
                line(names.get(key, key), "panel-title").props("data-part=history-of")
                self._shares = line("", "panel-note").props("data-part=shares")
                with box("page-deeds"):
                    button = ui.button(view.text("duty_call"), on_click=self._call, color=None).classes("act act-main")
                    button.props("flat no-caps data-action=call")
                    button.set_enabled(known and view.principal.may(Right.ROLL_CALL))
            self._table = DataTable(
                rows.call_columns(view.language, whose=False), name="history", words=view.text("duty_history")
            )
            self._none = line(view.text("duty_unknown" if known else "duty_no_point"), "page-none")
        if known:
            ui.timer(0.01, self._load, once=True)

    def refresh(self, now_ns: int) -> None:
        """Ask again when the gateways tell of a newer call or result here."""
        del now_ns
        answer = self._desk.view.console.feed.calls.look()
        newest = next((call for call in answer.calls if call.key == self._key), None) if answer is not None else None
        if newest is not None and newest != self._seen:
            first, self._seen = self._seen is None, newest
            if not first:
                ui.timer(0.01, self._load, once=True)

    def leave(self) -> None:
        """An answer that is under way has nobody to go to."""
        self._is_there = False

    async def _load(self) -> None:
        view = self._desk.view
        try:
            calls = await view.console.feed.duty.of(self._key)
        except FengsuiError as error:
            if self._is_there:
                deeds.refused(view, error)
            return
        if self._is_there:
            self._show(calls)

    def _show(self, calls: Sequence[Call]) -> None:
        view = self._desk.view
        now_ns = view.now_ns()
        month = [call for call in calls if call.called_ns >= now_ns - MONTH_S * NS_PER_S]
        change(self._shares, view.text("duty_month", words=rows.share_words(share_of(month), view.language)))
        moment = (now_ns, view.console.zone)
        registry = view.console.registry
        shown = calls[:MOST_SHOWN]
        self._table.show([rows.call_row(call, {}, registry, view.language, moment) for call in shown])
        change(self._none, view.text("duty_never"))
        self._none.set_visibility(not calls)

    async def _call(self) -> None:
        if await calling.call_some(self._desk, [self._key]) and self._is_there:
            await self._desk.view.console.feed.calls.fresh()
            await self._load()
