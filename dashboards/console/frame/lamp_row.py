"""Draws the lamps: shape, colour, number and word say the same thing; each is a link to its rows.

A class lamp also has the button that mutes its class at this desk, as long as it has something to be heard.
"""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from dashboards.console.frame.lamp_words import link_words, number_of, words_of
from dashboards.console.frame.sounding import Sound
from dashboards.console.view import View, box, change, dress, line
from dashboards.live.lamps import Lamp, LampKind, LampMode, lamps
from domain.alarm import AlarmClass

MOST_DIGITS = 3
"""Characters of a count that fit in large figures; longer ones are written smaller."""


class LampRow:
    """The five master lamps, the hazards', and the link's."""

    def __init__(self, view: View, on_mute: Callable[[AlarmClass], None]) -> None:
        """Build, unknown until the first refresh; ``on_mute`` mutes a class, or unmutes one that is muted."""
        self._view = view
        with box("lamps", "lamps").props(f'role=group aria-label="{view.text("lamps")}"'):
            self._lamps = {kind: _Drawn(view, kind, on_mute) for kind in LampKind}

    def refresh(self, now_ns: int) -> None:
        """Redraw what changed."""
        console = self._view.console
        for lamp in self._view.shared("lamps", lambda: lamps(console.board, console.registry, now_ns)):
            self._lamps[lamp.kind].show(lamp)

    def hear(self, found: list[Sound]) -> None:
        """Show which classes sound, and which are muted at this desk."""
        by_class = {sound.alarm_class.value: sound for sound in found}
        for kind, drawn in self._lamps.items():
            drawn.hear(by_class.get(kind.value))


class _Drawn:
    """One lamp."""

    def __init__(self, view: View, kind: LampKind, on_mute: Callable[[AlarmClass], None]) -> None:
        self._view = view
        self._last: Lamp | None = None
        self._name = view.text(f"lamp_{kind}")
        rank = "master" if kind.is_master else "second"
        with box(f"lamp lamp-{rank}").props(f"data-lamp={kind} data-mode=unknown") as self._box:
            ui.element("div").classes(f"shape shape-{kind}").props("aria-hidden=true")
            with box("lamp-words"):
                line(self._name, "lamp-name")
                self._word = line(view.text("lamp_unknown"), "lamp-word")
                self._more = line("", "lamp-word lamp-more") if kind is LampKind.LINK else None
            self._link = ui.element("a").classes("lamp-link")
            self._link.props["href"] = self._link.props["data-go"] = kind.goes
            with box("lamp-right"):
                self._count = line("", "lamp-count")
                self._mute = self._mute_button(kind, on_mute)

    @staticmethod
    def _mute_button(kind: LampKind, on_mute: Callable[[AlarmClass], None]) -> ui.button | None:
        if kind.value not in set(AlarmClass):
            return None
        alarm_class = AlarmClass(kind.value)
        button = ui.button("", on_click=lambda: on_mute(alarm_class), color=None)
        button.classes("lamp-mute").props(f"flat no-caps data-mute={kind}")
        button.set_visibility(False)
        return button

    def show(self, lamp: Lamp) -> None:
        if lamp == self._last:
            return
        self._last = lamp
        dress(self._box, "mode", lamp.mode)
        dress(self._box, "fresh", "yes" if lamp.fresh else "no")
        dress(self._box, "doubtful", "yes" if lamp.doubtful else "no")
        number, words = number_of(lamp), words_of(lamp, self._view.language)
        change(self._count, number)
        dress(self._box, "many", "yes" if len(number) > MOST_DIGITS else "no")
        change(self._word, words)
        if self._more is not None and lamp.link is not None:
            change(self._more, link_words(lamp.link, self._view.console.zone, self._view.language))
        told = f"{self._name} {words}" if lamp.mode is LampMode.UNKNOWN else f"{self._name} {number} {words}"
        if self._link.props.get("aria-label") != told:
            self._link.props["aria-label"] = told

    def hear(self, sound: Sound | None) -> None:
        if self._mute is None:
            return
        self._mute.set_visibility(sound is not None)
        muted = sound is not None and sound.is_muted
        dress(self._box, "muted", "yes" if muted else "no")
        words = self._view.text("sound_muted" if muted else "sound_mute")
        if self._mute.text != words:
            self._mute.set_text(words)
            self._mute.props["aria-label"] = f"{self._name} {words}"
            self._mute.props["aria-pressed"] = "true" if muted else "false"
