"""The header: product, site, clock with its zone, who is on duty and has the shift, who acts here, language, help."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, tzinfo
from urllib.parse import quote

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from dashboards.api.principal import Kind
from dashboards.console.components import Tick
from dashboards.console.frame.duty_words import Duty, duty_now
from dashboards.console.frame.shift_words import shift_words
from dashboards.console.texts import Language
from dashboards.console.view import MOST_NAME, OPERATOR_COOKIE, View, box, change, dress, keep_cookie, line
from domain.accounts import UserRole
from domain.clock import NS_PER_S
from domain.glossary import label_of

MINUTE_S = 60


class Header:
    """Top of the page."""

    def __init__(
        self,
        view: View,
        *,
        make_sound: Callable[[], None],
        on_language: Callable[[Language], None],
        on_help: Callable[[], Awaitable[None]],
    ) -> None:
        """Build. ``make_sound`` puts the mute button where it belongs; the others are called by their buttons."""
        self._view = view
        self._on_language = on_language
        with box("header", "header").props("role=banner"):
            self._brand()
            self._middle()
            with box("desk"):
                make_sound()
                self._who()
                self._buttons(on_help)

    def _brand(self) -> None:
        view = self._view
        with box("brand"):
            line(view.text("product"), "product")
            line(view.text("product_line"), "product-line")
            line(view.console.registry.site.labels.of(view.language), "site")

    def _middle(self) -> None:
        view = self._view
        with box("middle"):
            with box("clock"):
                zone = view.console.registry.site.timezone
                Tick("date", zone=zone).classes("clock-date")
                Tick("clock", zone=zone).classes("clock-time").props("data-part=clock")
                self._zone = line("", "clock-zone").props(f'data-part=clock-zone title="{zone}"')
            with box("duty"):
                line(view.text("on_duty"), "field-label")
                self._duty = line("", "duty-who").props("data-part=duty")
                with ui.element("a").classes("link shift").props("data-part=shift") as self._shift:
                    self._shift_words = line("")
                self._shift.props["href"] = self._shift.props["data-go"] = "/handover"

    def _who(self) -> None:
        """Show who acts: a field at an open console, the account's name where people sign in."""
        view = self._view
        if view.principal.kind is Kind.CONSOLE:
            name = ui.input(placeholder=view.text("operator_hint"), value=view.operator, on_change=self._rename)
            name.props(f'dense outlined maxlength={MOST_NAME} data-part=operator aria-label="{view.text("operator")}"')
            name.classes("operator")
            return
        who = view.principal
        roles = " · ".join(label_of(role, view.language.value) for role in UserRole if role in who.roles)
        words = who.name_en if view.language is Language.EN else who.name
        signed_in = line(f"{words} ({roles})", "signed-in").props("data-part=signed-in")
        signed_in.props["title"] = view.text("signed_in_as")

    def _buttons(self, on_help: Callable[[], Awaitable[None]]) -> None:
        view = self._view
        self._button(view.text("switch"), "language", lambda: self._on_language(view.language.other))
        self._button("?", "help", on_help).props(f'aria-label="{view.text("help")}" aria-keyshortcuts=?')
        if view.principal.kind is Kind.USER:
            self._button(view.text("password_change"), "change-password", lambda: ui.navigate.to("/password"))
            self._button(view.text("sign_out"), "sign-out", lambda: ui.navigate.to("/logout"))

    @staticmethod
    def _button(words: str, part: str, act: Callable[[], object]) -> ui.button:
        button = ui.button(words, on_click=act, color=None).classes("plain")
        return button.props(f"flat no-caps data-part={part}")

    def refresh(self, now_ns: int) -> None:
        """Say who is on duty, and who has the shift."""
        view = self._view
        console = view.console
        change(self._zone, zone_text(console.zone, now_ns))
        duty = self._duty_now(now_ns)
        change(self._duty, duty.words)
        dress(self._duty, "gap", "yes" if duty.gap else "no")
        if self._duty.props.get("title") != duty.all_words:
            self._duty.props["title"] = duty.all_words
        words, waits = shift_words(console.board, console.zone, now_ns, view.language)
        change(self._shift_words, words)
        dress(self._shift, "waits", "yes" if waits else "no")
        self._shift.set_visibility(bool(words))

    def _duty_now(self, now_ns: int) -> Duty:
        """Read the rosters once a minute for all browsers of a language: nobody comes or goes in between."""
        console, language = self._view.console, self._view.language
        state = (console.site.revision, now_ns // (MINUTE_S * NS_PER_S))
        registry, zone = console.registry, console.zone
        name = ("duty", self._view.principal.units, language)
        return console.once.of(name, state, lambda: duty_now(registry, zone, now_ns, language))

    def _rename(self, event: ValueChangeEventArguments[str | None]) -> None:
        self._view.operator = (event.value or "").strip()[:MOST_NAME]
        keep_cookie(OPERATOR_COOKIE, quote(self._view.operator))


def zone_text(zone: tzinfo, now_ns: int) -> str:
    """Write how far the site's clock is from UTC now: UTC+8, UTC-3:30."""
    offset = datetime.fromtimestamp(now_ns // NS_PER_S, UTC).astimezone(zone).utcoffset()
    minutes = 0 if offset is None else round(offset.total_seconds() / MINUTE_S)
    hours, rest = divmod(abs(minutes), MINUTE_S)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{hours}:{rest:02d}" if rest else f"UTC{sign}{hours}" if hours else "UTC"
