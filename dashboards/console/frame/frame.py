"""The frame: header, banners, menu, lamps, sound and keys around whatever page is open."""

from __future__ import annotations

from collections.abc import Callable

from dashboards.console.components import Keys, Looks
from dashboards.console.frame.banners import Banners
from dashboards.console.frame.header import Header
from dashboards.console.frame.help import ALWAYS, FIRST, HANDOVER, HELP, MUTE, NAMED, SETTINGS, pages, show_help
from dashboards.console.frame.lamp_row import LampRow
from dashboards.console.frame.menu import Menu
from dashboards.console.frame.sound_desk import SoundDesk
from dashboards.console.frame.sounding import Sound
from dashboards.console.preferences import PREFERENCES_COOKIE, Preferences
from dashboards.console.section import Desk, Section
from dashboards.console.texts import Language
from dashboards.console.view import LANGUAGE_COOKIE, View, keep_cookie
from dashboards.live.lamps import first_alarm, is_folded
from domain.alarm import AlarmClass


class Frame:
    """All that stands above the body; to pages it is the view's `hand` (`dashboards.console.view.FrameHand`)."""

    def __init__(self, desk: Desk, sections: tuple[Section, ...], on_language: Callable[[], None]) -> None:
        """Build; ``on_language`` is called after the view's language changed."""
        self._desk = desk
        self._sections = sections
        self._on_language = on_language
        self._bare = False
        view = desk.view
        self._looks = Looks(view.preferences.theme.value, view.preferences.size)
        self._header = Header(view, make_sound=self._make_sound, on_language=self.speak, on_help=self._help)
        self._banners = Banners(view, desk.presence)
        self._menu = Menu(desk, sections)
        self._lamps = LampRow(view, self._mute)
        self._pages = pages(view, sections)
        Keys([*(key for key, _ in NAMED), *self._pages], self._press, always=ALWAYS)
        view.hand = self

    def _make_sound(self) -> None:
        self._sound = SoundDesk(self._desk.view, self._hear)

    def _hear(self, found: list[Sound]) -> None:
        self._lamps.hear(found)

    def _mute(self, alarm_class: AlarmClass) -> None:
        self._sound.mute(alarm_class)

    def prefer(self, preferences: Preferences) -> None:
        """Look and sound otherwise from now on, and remember it in this browser."""
        self._desk.view.preferences = preferences
        self._looks.show(preferences.theme.value, preferences.size)
        keep_cookie(PREFERENCES_COOKIE, preferences.written())
        self._sound.refresh()

    def speak(self, language: Language) -> None:
        """Draw everything in a language, and remember it in this browser."""
        self._desk.view.language = language
        keep_cookie(LANGUAGE_COOKIE, language.value)
        self._on_language()

    def attempt(self, alarm_class: AlarmClass, volume: int) -> None:
        """Let a class be heard once, at a volume in per cent."""
        self._sound.attempt(alarm_class, volume)

    def mark(self, name: str, *, bare: bool) -> None:
        """Mark the page that is open; around a bare one nothing is drawn, and the siren is silent."""
        self._menu.mark(name)
        self._bare = bare

    def refresh(self, now_ns: int) -> None:
        """Redraw what changed."""
        self._banners.refresh(now_ns)
        if self._bare:
            self._sound.rest()
            return
        self._header.refresh(now_ns)
        self._lamps.refresh(now_ns)
        self._sound.refresh()

    async def _press(self, key: str) -> None:
        """Do what a key is for."""
        if key in self._pages:
            self._desk.go(self._pages[key].path)
        elif key == MUTE:
            self._sound.mute_all()
        elif key == FIRST:
            self._go_first()
        elif key in (HANDOVER, SETTINGS):
            self._desk.go("/handover" if key == HANDOVER else "/settings")
        elif key == HELP:
            await show_help(self._desk.view, self._sections)

    async def _help(self) -> None:
        await show_help(self._desk.view, self._sections)

    def _go_first(self) -> None:
        """Open the first alarm (首警), where there is one."""
        first = first_of(self._desk.view)
        if first is not None:
            self._desk.go(f"/alarm/{first}")


def first_of(view: View) -> str | None:
    """Return the id of the first alarm that stands."""
    alerts = [alert for alert in view.console.board.alerts.values() if not is_folded(alert)]
    first = first_alarm(alerts)
    return None if first is None else first.id
