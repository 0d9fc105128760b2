"""The page: its parts on one screen, redrawn twice a second where the board changed."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from fastapi import Request
from nicegui import ui

from dashboards.api.principal import Kind, Principal
from dashboards.console.alarm_actions import AlarmActions
from dashboards.console.alarm_list import AlarmList
from dashboards.console.device_view import DeviceView
from dashboards.console.header import Header
from dashboards.console.lamp_row import LampRow
from dashboards.console.link_panel import LinkPanel
from dashboards.console.presence import ASK_S, Presence
from dashboards.console.texts import Language, text
from dashboards.console.trend import Trend
from dashboards.console.view import LANGUAGE_COOKIE, MOST_NAME, OPERATOR_COOKIE, Console, View, box

REFRESH_S = 0.5

STYLE = (Path(__file__).parent / "static" / "console.css").read_text(encoding="utf-8")


def add_page(console: Console) -> None:
    """Serve the console at ``/``."""
    title = f"{text('product', Language.ZH)} · {console.registry.site.labels.zh}"

    @ui.page("/", title=title)
    def page(request: Request) -> None:
        chosen = request.cookies.get(LANGUAGE_COOKIE, "")
        language = Language(chosen) if chosen in set(Language) else Language.ZH
        who: Principal = request.state.principal
        typed = unquote(request.cookies.get(OPERATOR_COOKIE, ""))[:MOST_NAME]
        ui.add_css(STYLE)
        operator = typed if who.kind is Kind.CONSOLE else who.name
        Screen(View(console, principal=who, language=language, operator=operator), request.state.session_key)


class Screen:
    """All parts for one browser."""

    def __init__(self, view: View, session_key: str | None) -> None:
        """Build, then follow the board until the browser is gone, or its session ends."""
        self._view = view
        self._presence = Presence(view, session_key)
        self._presence.look()
        self._root = box("screen", "screen").props(f"lang={view.language}")
        self._build()
        ui.timer(REFRESH_S, self._refresh)
        if session_key is not None:
            ui.timer(ASK_S, self._ask, immediate=False)
        ui.context.client.on_delete(self._leave)

    def _build(self) -> None:
        view = self._view
        with self._root:
            self._header = Header(view, self._presence, self._rebuild)
            self._lamps = LampRow(view)
            with box("columns"):
                self._alarms = AlarmList(view, AlarmActions(view, self._presence))
                with box("side"):
                    self._trend: Trend | None = None
                    self._device = DeviceView(view, self._follow)
                    self._trend = Trend(view)
                    self._links = LinkPanel(view, self._device.open)
        self._refresh()

    def _follow(self) -> None:
        if self._trend is not None:
            self._trend.follow()

    def _rebuild(self) -> None:
        """Draw everything anew, in another language."""
        self._root.props["lang"] = self._view.language.value
        self._root.clear()
        self._build()

    async def _ask(self) -> None:
        """Ask who sits there; an empty page is all that remains of a session that is over."""
        if not self._presence.is_over:
            await self._presence.ask()
            if self._presence.is_over:
                self._leave()
                self._root.clear()

    def _refresh(self) -> None:
        if self._presence.is_over:
            return
        now_ns = self._view.now_ns()
        self._presence.look()
        for part in (self._header, self._lamps, self._alarms, self._device, self._links, self._trend):
            if part is not None:
                part.refresh(now_ns)

    def _leave(self) -> None:
        self._device.leave()
