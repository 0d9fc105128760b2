"""The sound of one desk: what is heard, and the buttons that mute. See `dashboards.console.frame.sounding`."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from dashboards.console.components import Siren
from dashboards.console.frame.sounding import Sound, heard, sounds, wanting
from dashboards.console.frame.tones import tables
from dashboards.console.view import View, change, dress
from domain.alarm import AlarmClass


class SoundDesk:
    """Siren and mute button of a browser."""

    def __init__(self, view: View, on_heard: Callable[[list[Sound]], None]) -> None:
        """Build where the button stands; ``on_heard`` is told what wants to be heard, when that changed."""
        self._view = view
        self._on_heard = on_heard
        self._told: list[Sound] | None = None
        self._siren = Siren(tables(), view.text("sound_needs_click"))
        self._mute = ui.button(view.text("sound_on"), on_click=self.mute_all, color=None).classes("plain mute")
        self._mute.props("flat no-caps data-part=mute aria-keyshortcuts=m")
        self._mute.set_visibility(False)

    def refresh(self) -> None:
        """Sound for what is new."""
        found = self._found()
        if found != self._told:
            self._told = found
            self._show(found)

    def rest(self) -> None:
        """Be silent: this page is nobody's desk."""
        if self._told is not None:
            self._told = None
            self._siren.sound("", 0)

    def mute_all(self) -> None:
        """Silence what sounds now; what comes after it sounds."""
        for ids in self._wanted().values():
            self._view.muted |= ids
        self.refresh()

    def mute(self, alarm_class: AlarmClass) -> None:
        """Silence one class, or let it sound again where all of it is muted."""
        ids = self._wanted().get(alarm_class, frozenset())
        if ids <= self._view.muted:
            self._view.muted -= ids
        else:
            self._view.muted |= ids
        self.refresh()

    def attempt(self, alarm_class: AlarmClass, volume: int) -> None:
        """Let a class be heard once."""
        self._siren.attempt(alarm_class.value, volume)

    def _wanted(self) -> dict[AlarmClass, frozenset[str]]:
        board = self._view.console.board
        return dict(self._view.shared("wanting", lambda: wanting(board.alerts.values())))

    def _found(self) -> list[Sound]:
        wanted = self._wanted()
        gone = {one for one in self._view.muted if not any(one in ids for ids in wanted.values())}
        self._view.muted.difference_update(gone)  # costs what is muted here, not all that wants to be heard
        return sounds(wanted, self._view.muted, self._view.preferences.volumes)

    def _show(self, found: list[Sound]) -> None:
        loud = heard(found)
        self._siren.sound(loud.alarm_class.value if loud else "", loud.volume if loud else 0)
        muted = bool(found) and all(sound.is_muted for sound in found)
        change(self._mute, self._view.text("sound_off" if muted else "sound_on"))
        dress(self._mute, "muted", "yes" if muted else "no")
        self._mute.set_visibility(bool(found))
        self._on_heard(found)
