"""A form that checks before it sends: it says what is wrong, and what it would do, while it is being filled in."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from nicegui import ui

from dashboards.console import moments
from dashboards.console.view import View, box, change, dress, line
from domain.clock import NS_PER_S

HOUR_S = 3600
QUICK_HOURS = (1, 4, 8, 24)
MOST_REASON = 500
MOST_DATE = 32


class Form:
    """A dialog. ``build`` puts fields in, ``check`` returns what is wrong (nothing when all is well) and the effect."""

    def __init__(self, view: View, title: str, *, name: str, save: str) -> None:
        """Build the empty dialog; ``name`` is what tests call it."""
        self._view = view
        self._check: Callable[[], tuple[str, str]] = lambda: ("", "")
        with ui.dialog() as self._dialog, box("dialog form", name) as pane:
            pane.props["role"], pane.props["aria-label"] = "dialog", title
            line(title, "dialog-title")
            self.fields = box("form-fields")
            self._effect = line("", "form-effect").props("role=status data-part=effect")
            self._wrong = line("", "dialog-missing").props("role=alert data-part=wrong")
            with box("dialog-choices"):
                close = ui.button(view.text("close"), on_click=lambda: self._dialog.submit(None), color=None)
                close.classes("act").props("flat no-caps data-action=close")
                button = ui.button(save, on_click=self._submit, color=None)
                button.classes("act act-main").props("flat no-caps data-action=save")

    async def ask(self, check: Callable[[], tuple[str, str]]) -> bool:
        """Show it until it is sent with nothing wrong, or closed; returns whether it was sent."""
        self._check = check
        self.look()
        answer = await self._dialog
        self._dialog.delete()
        return answer is True

    def look(self) -> None:
        """Check again: something was filled in."""
        wrong, effect = self._check()
        change(self._effect, effect)
        change(self._wrong, "")
        dress(self._wrong, "wrong", "yes" if wrong else "no")

    def _submit(self) -> None:
        wrong, _ = self._check()
        change(self._wrong, wrong)
        if not wrong:
            self._dialog.submit(True)

    def words(self, name: str, words: str, *, value: str = "", hint: str = "", most: int = MOST_REASON) -> ui.input:
        """Add a line of text."""
        with self.fields:
            given = ui.input(label=words, value=value, placeholder=hint, on_change=lambda _: self.look())
        return given.props(f"outlined dense stack-label maxlength={most} data-field={name}").classes("field")

    def choice(self, name: str, words: str, choices: dict[str, str], value: str | None) -> ui.select:
        """Add a choice."""
        with self.fields:
            given = ui.select(choices, label=words, value=value, on_change=lambda _: self.look())
        return given.props(f"outlined dense stack-label data-field={name}").classes("field")

    def tick(self, name: str, words: str) -> ui.checkbox:
        """Add a box to tick."""
        with self.fields:
            given = ui.checkbox(words, on_change=lambda _: self.look())
        return given.props(f"dense data-field={name}").classes("field")

    def number(self, name: str, words: str, value: float) -> ui.input:
        """Add a number."""
        return self.words(name, words, value=f"{value:g}", most=12).props("type=number")

    def until(self, name: str, words: str, value_ns: int, hours: tuple[int, ...] = QUICK_HOURS) -> ui.input:
        """Add a time, with quick choices from now on."""
        view = self._view
        zone = view.console.zone
        given = self.words(name, words, value=moments.written(value_ns, zone), most=MOST_DATE)
        given.props("type=datetime-local")

        def later(by_hours: int) -> None:
            given.set_value(moments.written(view.now_ns() + by_hours * HOUR_S * NS_PER_S, zone))

        with self.fields, box("quick"):
            for one in hours:
                button = ui.button(view.text("form_hours", hours=one), on_click=partial(later, one), color=None)
                button.classes("act").props(f"flat no-caps data-hours={one}")
        return given

    def moment(self, given: Any) -> int | None:
        """Return the time that stands in a field, ns UTC; None for none."""
        return moments.read(str(given.value or ""), self._view.console.zone)
