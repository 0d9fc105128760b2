"""Draws the master lamps: shape, colour, number and word say the same thing."""

from __future__ import annotations

from nicegui import ui

from dashboards.console.frame.lamps import Lamp, LampKind, LampMode, lamps
from dashboards.console.view import View, box, change, dress, line

MOST_DIGITS = 3
"""Characters of a count that fit in large figures; longer ones are written smaller."""


class LampRow:
    """Seven lamps in a row."""

    def __init__(self, view: View) -> None:
        """Build, unknown until the first refresh."""
        self._view = view
        with box("lamps", "lamps"):
            self._lamps = {kind: _Drawn(view, kind) for kind in LampKind}

    def refresh(self, now_ns: int) -> None:
        """Redraw what changed."""
        console = self._view.console
        for lamp in self._view.shared("lamps", lambda: lamps(console.board, console.registry, now_ns)):
            self._lamps[lamp.kind].show(lamp)


class _Drawn:
    """One lamp."""

    def __init__(self, view: View, kind: LampKind) -> None:
        self._view = view
        self._last: Lamp | None = None
        with box("lamp").props(f"data-lamp={kind} data-mode=unknown") as self._box:
            ui.element("div").classes(f"shape shape-{kind}")
            with box("lamp-words"):
                line(view.text(f"lamp_{kind}"), "lamp-name")
                self._word = line(view.text("lamp_unknown"), "lamp-word")
            self._count = line("", "lamp-count")

    def show(self, lamp: Lamp) -> None:
        if lamp == self._last:
            return
        self._last = lamp
        dress(self._box, "mode", lamp.mode)
        dress(self._box, "fresh", "yes" if lamp.fresh else "no")
        dress(self._box, "doubtful", "yes" if lamp.doubtful else "no")
        number = self._number(lamp)
        change(self._count, number)
        dress(self._box, "many", "yes" if len(number) > MOST_DIGITS else "no")
        change(self._word, self._words(lamp))

    @staticmethod
    def _number(lamp: Lamp) -> str:
        if lamp.mode is LampMode.UNKNOWN:
            return "?"
        if lamp.kind is LampKind.LINK:
            return f"{lamp.total}/{lamp.total}"
        return f"{lamp.count}+" if lamp.more else str(lamp.count)

    def _words(self, lamp: Lamp) -> str:
        text = self._view.text
        if lamp.kind is LampKind.LINK:
            if lamp.mode is LampMode.CALM:
                return text("link_fine")
            return f"{text('lamp_unknown')} · {text('link_silent', count=lamp.count)}"
        if lamp.mode is LampMode.UNKNOWN:
            return text("lamp_unknown")
        if lamp.mode is LampMode.CALM:
            return text("lamp_calm")
        if lamp.doubtful:
            return text("lamp_doubtful")
        return text("lamp_fresh", count=lamp.fresh) if lamp.fresh else text("lamp_handled")
