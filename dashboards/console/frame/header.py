"""The header: product, site, clock, who is on duty, language; and the banners: something is away, a walk test runs."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from dashboards.api.principal import Kind
from dashboards.console.components import Pulse, Siren, Tick
from dashboards.console.frame.walk_test_words import walk_test_words
from dashboards.console.presence import Presence
from dashboards.console.texts import Language
from dashboards.console.view import LANGUAGE_COOKIE, MOST_NAME, OPERATOR_COOKIE, View, box, change, line
from dashboards.console.wording import clock_text
from dashboards.live.health import SERVICES, service_health
from domain.accounts import UserRole
from domain.alarm import AlarmClass
from domain.glossary import label_of

RINGING = frozenset({AlarmClass.FIRE, AlarmClass.LINKAGE})
"""Classes that sound until somebody mutes or acknowledges them."""

COOKIE = "document.cookie = '{name}={value}; path=/; max-age=31536000; samesite=strict'"


class Header:
    """Top of the page."""

    def __init__(self, view: View, presence: Presence, on_language: Callable[[], None]) -> None:
        """Build; ``on_language`` is called after the view's language changed."""
        self._view = view
        self._presence = presence
        self._on_language = on_language
        with box("header", "header"):
            self._brand()
            self._duty()
        self._banner = line("", "banner").props("role=alert data-part=banner")
        self._banner.set_visibility(False)
        self._test = line("", "test-banner").props("role=status data-part=walk-test")
        self._test.set_visibility(False)
        self._ends = line("", "test-banner").props("role=status data-part=session-ends")
        self._ends.set_visibility(False)
        self._pulse = Pulse(view.text("away_page"), view.now_ns())
        self._siren = Siren()

    def _brand(self) -> None:
        view = self._view
        with box("brand"):
            line(view.text("product"), "product")
            line(view.text("product_line"), "product-line")
            line(view.console.registry.site.labels.of(view.language), "site")
        with box("clock"):
            zone = view.console.registry.site.timezone
            Tick("date", zone=zone).classes("clock-date")
            Tick("clock", zone=zone).classes("clock-time").props("data-part=clock")

    def _duty(self) -> None:
        view = self._view
        with box("duty"):
            self._mute = (
                ui.button(view.text("sound_on"), on_click=self._silence, color=None)
                .classes("plain")
                .props("flat no-caps")
            )
            self._who()
            switch = ui.button(view.text("switch"), on_click=self._switch, color=None).classes("plain")
            switch.props("flat no-caps data-part=language")
            if view.principal.kind is Kind.USER:
                self._button("password_change", "/password", "change-password")
                self._button("sign_out", "/logout", "sign-out")

    def _who(self) -> None:
        """Show who acts: a field at an open console, the account's name where people sign in."""
        view = self._view
        if view.principal.kind is Kind.CONSOLE:
            line(view.text("operator"), "field-label")
            name = ui.input(placeholder=view.text("operator_hint"), value=view.operator, on_change=self._rename)
            name.props(f"dense outlined maxlength={MOST_NAME} data-part=operator").classes("operator")
            return
        who = view.principal
        roles = " · ".join(label_of(role, view.language.value) for role in UserRole if role in who.roles)
        line(view.text("signed_in_as"), "field-label")
        words = who.name_en if view.language is Language.EN else who.name
        line(f"{words} ({roles})", "signed-in").props("data-part=signed-in")

    def _button(self, words: str, where: str, part: str) -> None:
        button = ui.button(self._view.text(words), on_click=lambda: ui.navigate.to(where), color=None)
        button.classes("plain").props(f"flat no-caps data-part={part}")

    def refresh(self, now_ns: int) -> None:
        """Beat, and say what is away."""
        view = self._view
        self._pulse.beat(now_ns)
        words = self._away(now_ns)
        self._banner.set_visibility(bool(words))
        change(self._banner, words)
        tests = walk_test_words(view.console.board, view.console.registry, view.language)
        self._test.set_visibility(bool(tests))
        change(self._test, tests)
        ends_ns = self._presence.ends_soon(now_ns)
        self._ends.set_visibility(ends_ns is not None)
        if ends_ns is not None:
            change(self._ends, view.text("session_ends", until=clock_text(ends_ns, view.console.zone)))
        self._sound()

    def _away(self, now_ns: int) -> str:
        view, board = self._view, self._view.console.board
        if not board.connected:
            return view.text("away_backbone")
        silent = [key for key in SERVICES if not service_health(board, key, now_ns).fine]
        names = [view.text(f"service_{key.partition('.')[0]}") for key in silent]
        return view.text("away_services", names=view.text("and").join(names)) if names else ""

    def _sound(self) -> None:
        """Ring for what is new; muting silences what is there, not what comes."""
        view = self._view
        urgent = {
            alert.id
            for alert in view.console.board.alerts.values()
            if alert.alarm_class in RINGING
            and alert.acknowledged_at_ns is None
            and not (alert.held or alert.shelved_until_ns)
        }
        view.muted &= urgent
        self._siren.ring(on=bool(urgent - view.muted))
        muted = bool(urgent) and urgent == view.muted
        self._mute.set_text(view.text("sound_off" if muted else "sound_on"))
        self._mute.set_visibility(bool(urgent))

    def _silence(self) -> None:
        self._view.muted |= set(self._view.console.board.alerts)
        self._sound()

    def _rename(self, event: ValueChangeEventArguments[str | None]) -> None:
        self._view.operator = (event.value or "").strip()[:MOST_NAME]
        ui.run_javascript(COOKIE.format(name=OPERATOR_COOKIE, value=quote(self._view.operator)))

    def _switch(self) -> None:
        self._view.language = self._view.language.other
        ui.run_javascript(COOKIE.format(name=LANGUAGE_COOKIE, value=self._view.language.value))
        self._on_language()
