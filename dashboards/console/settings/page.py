"""Settings: what this browser keeps (language, size, theme, sounds), and facts of the site that nobody changes here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from dashboards.api.principal import Kind
from dashboards.console.preferences import FIRE_LEAST, LOUDEST, SIZES, Preferences, Theme
from dashboards.console.section import Address, Body, Desk
from dashboards.console.settings.facts import facts
from dashboards.console.texts import Language
from dashboards.console.view import View, box, change, dress, line
from domain.alarm import AlarmClass
from domain.glossary import label_of

STEP = 10


class SettingsPage(Body):
    """Two columns: what somebody chooses, and what is so."""

    def __init__(self, desk: Desk, address: Address) -> None:
        """Build; the address has nothing to say."""
        del address
        self._view = desk.view
        with box("settings-columns"):
            with box("settings-own"):
                self._looks()
                self._sounds()
            self._site()

    def refresh(self, now_ns: int) -> None:
        """Show the facts as they are."""
        for name, words in facts(self._view, now_ns):
            change(self._facts[name], words)

    def _looks(self) -> None:
        view = self._view
        kept = view.preferences
        with box("panel", "settings-looks"):
            line(view.text("settings_looks"), "panel-title settings-title")
            languages = {one.value: "中文" if one is Language.ZH else "English" for one in Language}
            self._choice("settings_language", "language", languages, view.language.value, self._speak)
            sizes = {str(size): f"{size} %" for size in SIZES}
            self._choice("settings_size", "size", sizes, str(kept.size), lambda one: self._prefer(size=int(one)))
            themes = {one.value: view.text(f"theme_{one}") for one in Theme}
            self._choice(
                "settings_theme", "theme", themes, kept.theme.value, lambda one: self._prefer(theme=Theme(one))
            )
            line(view.text("settings_kept"), "settings-note")
            if view.principal.kind is Kind.USER:
                words = view.text("password_change")
                where = ui.button(words, on_click=lambda: ui.navigate.to("/password"), color=None)
                where.classes("act").props("flat no-caps data-part=own-password")

    def _choice(self, key: str, name: str, choices: dict[str, str], chosen: str, choose: Callable[[str], None]) -> None:
        """Draw choices as a row of buttons, of which one is pressed."""
        with box("settings-row").props(f'role=group aria-label="{self._view.text(key)}"'):
            line(self._view.text(key), "settings-label")
            buttons: dict[str, ui.button] = {}

            def press(value: str) -> None:
                _mark(buttons, value)
                choose(value)

            with box("settings-choices"):
                for value, words in choices.items():
                    button = ui.button(words, on_click=lambda v=value: press(v), color=None).classes("act choice-of")
                    buttons[value] = button.props(f"flat no-caps data-{name}={value}")
            _mark(buttons, chosen)

    def _speak(self, value: str) -> None:
        if self._view.hand is not None and value != self._view.language.value:
            self._view.hand.speak(Language(value))

    def _prefer(self, *, size: int | None = None, theme: Theme | None = None) -> None:
        kept = self._view.preferences
        self._keep(replace(kept, size=size or kept.size, theme=theme or kept.theme))

    def _keep(self, preferences: Preferences) -> None:
        if self._view.hand is not None:
            self._view.hand.prefer(preferences)

    def _sounds(self) -> None:
        view = self._view
        with box("panel", "settings-sounds"):
            line(view.text("settings_sounds"), "panel-title settings-title")
            for alarm_class in AlarmClass:
                self._sound(alarm_class)
            line(view.text("settings_sounds_note"), "settings-note")

    def _sound(self, alarm_class: AlarmClass) -> None:
        view = self._view
        name = label_of(alarm_class, view.language.value)
        least = FIRE_LEAST if alarm_class is AlarmClass.FIRE else 0
        volume = view.preferences.volumes[alarm_class]
        with box("settings-row settings-sound").props(f"data-class={alarm_class}"):
            ui.element("div").classes(f"shape shape-{alarm_class}").props("aria-hidden=true")
            line(name, "settings-label")
            told = line(_volume(view, volume), "settings-volume")

            def louder(event: ValueChangeEventArguments[float | None]) -> None:
                chosen = view.preferences.louder(alarm_class, round(event.value or 0))
                self._keep(chosen)
                change(told, _volume(view, chosen.volumes[alarm_class]))

            slider = ui.slider(min=least, max=LOUDEST, step=STEP, value=volume, on_change=louder)
            slider.props(f'data-volume={alarm_class} aria-label="{view.text("settings_volume", name=name)}"')
            slider.classes("settings-slider")
            attempt = ui.button(view.text("settings_try"), on_click=lambda: self._try(alarm_class), color=None)
            attempt.classes("act").props(
                f'flat no-caps data-try={alarm_class} aria-label="{view.text("settings_try")} {name}"'
            )

    def _try(self, alarm_class: AlarmClass) -> None:
        if self._view.hand is not None:
            self._view.hand.attempt(alarm_class, self._view.preferences.volumes[alarm_class] or STEP)

    def _site(self) -> None:
        view = self._view
        self._facts: dict[str, ui.label] = {}
        with box("panel", "settings-facts"):
            line(view.text("settings_facts"), "panel-title settings-title")
            for name, words in facts(view, view.now_ns()):
                with box("settings-fact"):
                    line(view.text(f"fact_{name}"), "settings-label")
                    self._facts[name] = line(words, "settings-value").props(f"data-fact={name}")


def _mark(buttons: dict[str, ui.button], chosen: str) -> None:
    for value, button in buttons.items():
        dress(button, "chosen", "yes" if value == chosen else "no")
        button.props["aria-pressed"] = "true" if value == chosen else "false"


def _volume(view: View, volume: int) -> str:
    return view.text("settings_silent") if volume == 0 else f"{volume} %"
