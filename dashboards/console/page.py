"""One page for all addresses: the frame stays, the body below it changes with the address.

So a sound goes on, and a lamp stays in sight, whatever an operator looks at; and a browser that was allowed to sound
stays so.
"""

from __future__ import annotations

import logging
from urllib.parse import unquote

from fastapi import Request
from nicegui import ui

from dashboards.api.principal import Kind, Principal
from dashboards.console.components import Router
from dashboards.console.frame.frame import Frame
from dashboards.console.page_scripts import protect_page, serve_style
from dashboards.console.preferences import PREFERENCES_COOKIE, Preferences
from dashboards.console.presence import ASK_S, Presence
from dashboards.console.section import Address, Body, Desk, Section
from dashboards.console.sections import BY_PATH, SECTIONS
from dashboards.console.socket_limits import limit_sockets
from dashboards.console.styles import style
from dashboards.console.texts import Language, text
from dashboards.console.view import LANGUAGE_COOKIE, MOST_NAME, OPERATOR_COOKIE, Console, View, box, dress, line
from domain.glossary import label_of

log = logging.getLogger(__name__)


def add_page(console: Console) -> None:
    """Serve the console at the address of every section, and below it."""
    protect_page()
    limit_sockets()
    sheet = serve_style(style())

    def page(request: Request) -> None:
        chosen = request.cookies.get(LANGUAGE_COOKIE, "")
        language = Language(chosen) if chosen in set(Language) else Language.ZH
        who: Principal = request.state.principal
        typed = unquote(request.cookies.get(OPERATOR_COOKIE, ""))[:MOST_NAME]
        ui.add_head_html(sheet)
        operator = typed if who.kind is Kind.CONSOLE else who.name
        kept = Preferences.read(unquote(request.cookies.get(PREFERENCES_COOKIE, "")))
        view = View(console, principal=who, language=language, operator=operator, preferences=kept)
        Screen(view, request.state.session_key, f"{request.url.path}?{request.url.query}")

    title = f"{text('product', Language.ZH)} · {console.registry.site.labels.zh}"
    for section in SECTIONS:
        below = section.path if section.path == "/" else f"{section.path}/{{rest:path}}"
        for path in {section.path, below}:
            ui.page(path, title=title)(page)


class Screen:
    """Frame and body for one browser."""

    def __init__(self, view: View, session_key: str | None, address: str) -> None:
        """Build, then follow the board until the browser is gone, or its session ends."""
        self._view = view
        self._client = view.client = ui.context.client
        self._address = Address.read(address)
        self._presence = Presence(view, session_key, address)
        self._presence.look()
        self._desk = Desk(view, self._presence, self.go)
        self._router = Router(self._open)
        self._root = box("screen", "screen").props(f"lang={view.language}")
        self._body: Body | None = None
        self._client.on_delete(self._leave)
        self._build()
        view.console.pace.join(self, self._draw)
        if session_key is not None:
            ui.timer(ASK_S, self._ask, immediate=False)

    def _build(self) -> None:
        with self._root:
            self._frame = Frame(self._desk, SECTIONS, self._rebuild)
            self._place = box("body")
        self._fill(push=False)

    def go(self, address: str) -> None:
        """Open another address, as if its link had been clicked."""
        self._open(address, push=True)

    def _open(self, address: str, push: bool) -> None:  # noqa: FBT001  # as the browser's event has it
        self._address = Address.read(address)
        self._presence.address = address
        self._fill(push=push, given=address)

    def _fill(self, *, push: bool, given: str = "") -> None:
        """Put the body of the address below the frame."""
        if self._body is not None:
            self._body.leave()
        self._body = None
        self._place.clear()
        section = BY_PATH.get(self._address.path)
        self._dress(section)
        with self._client, self._place:
            self._body = self._made(section)
        title = self._view.text("nav_none" if section is None else f"nav_{section.name}")
        site = self._view.console.registry.site.labels.of(self._view.language)
        self._router.show(given, f"{title} · {self._view.text('product')} · {site}", push=push)
        self._refresh()

    def _dress(self, section: Section | None) -> None:
        name = "none" if section is None else section.name
        self._place.classes(replace=f"body section-{name}")
        self._place.props["data-section"] = name
        bare = section is not None and section.bare
        dress(self._root, "bare", "yes" if bare else "no")
        self._frame.mark(name, bare=bare)

    def _made(self, section: Section | None) -> Body | None:
        """Build a section's body, or say why there is none."""
        view = self._view
        words = ""
        if section is None:
            words = view.text("nowhere")
        elif not view.principal.may(section.right):
            words = view.text("not_your_page", right=label_of(section.right, view.language))
        if section is None or words:
            line(words, "body-note").props("role=alert data-part=refused")
            return None
        try:
            return section.build(self._desk, self._address)
        except Exception:  # the edge of one page: a fault in it must leave lamps and sound standing, and be seen
            log.exception("page %s could not be built", section.name)
            self._fail()
            return None

    def _rebuild(self) -> None:
        """Draw everything anew, in another language."""
        self._root.props["lang"] = self._view.language.value
        if self._body is not None:
            self._body.leave()
        self._body = None
        self._root.clear()
        self._build()

    async def _ask(self) -> None:
        """Ask who sits there; an empty page is all that remains of a session that is over."""
        if not self._presence.is_over:
            await self._presence.ask()
            if self._presence.is_over:
                self._leave()
                self._root.clear()

    def _draw(self) -> None:
        """Redraw on the pace of all pages."""
        with self._client:
            self._refresh()

    def _refresh(self) -> None:
        if self._presence.is_over:
            return
        now_ns = self._view.now_ns()
        self._presence.look()
        self._frame.refresh(now_ns)
        if self._body is not None:
            self._refresh_body(self._body, now_ns)

    def _refresh_body(self, body: Body, now_ns: int) -> None:
        """Redraw the body; one that can't be drawn goes, for what stands still would look current."""
        try:
            body.refresh(now_ns)
        except Exception:  # the edge of one page, as above
            log.exception("page %s could not be drawn", self._address.path)
            self._body = None
            body.leave()
            self._fail()

    def _fail(self) -> None:
        self._place.clear()
        with self._place:
            line(self._view.text("page_failed"), "body-note").props("role=alert data-part=failed")

    def _leave(self) -> None:
        self._view.console.pace.leave(self)
        if self._body is not None:
            self._body.leave()
            self._body = None
