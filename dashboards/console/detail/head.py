"""The head of the alarm's page: what and where, in which state, whose, since when, and what can be done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from dashboards.console.alarms.alarm_row import facts, row
from dashboards.console.components import Tick
from dashboards.console.section import Desk
from dashboards.console.view import box, change, dress, line, link
from dashboards.console.wording import person_text, zoned_text
from domain.alert import AlertView


class Head:
    """Stays in sight while the rest is scrolled."""

    def __init__(self, desk: Desk, act: Callable[[str, str], Awaitable[None]]) -> None:
        """Build empty; ``act`` gets the alert's id and what was clicked."""
        self._view = desk.view
        self._act = act
        self._drawn: object = None
        with box("detail-head", "detail-head") as self._root:
            with box("badge"):
                self._shape = box("shape")
                self._class = line("", "badge-class")
                self._level = line("", "badge-level")
                self._order = line("", "badge-first")
            with box("detail-title-words"):
                self._words = line("", "detail-text")
                self._words.props["role"], self._words.props["aria-level"] = "heading", "1"
                with box("detail-place"):
                    self._where = box("detail-where")
                    self._raised = line("")
                    self._elapsed = Tick("elapsed").classes("elapsed")
            self._facts = box("facts", "detail-states")
            with box("detail-owner"):
                self._owner = line("", "owner-name")
                self._doubt = line("", "detail-unknown").props("role=status")
            self._buttons = box("detail-actions", "detail-actions")
            self._dialogs = box("detail-dialogs")

    def show(self, alert: AlertView) -> None:
        """Draw the facts of an alert."""
        view = self._view
        registry, language = view.console.registry, view.language
        drawn = row(registry, view.console.zone, alert, language, first=False)
        if (alert, registry) == self._drawn:
            return
        self._drawn = alert, registry
        self._shape.classes(replace=f"shape shape-{alert.alarm_class}")
        dress(self._root, "class", alert.alarm_class.value)
        dress(self._root, "fresh", "yes" if drawn["fresh"] else "no")
        for label, words in (
            (self._class, "class_words"),
            (self._level, "level"),
            (self._order, "first"),
            (self._words, "text"),
        ):
            change(label, drawn[words])
        self._order.set_visibility(bool(drawn["first"]))
        change(self._raised, f"{view.text('detail_raised')} {zoned_text(alert.raised_at_ns, view.console.zone)}")
        self._elapsed.set_time(alert.raised_at_ns)
        self._elapsed.set_visibility(alert.is_open)
        owner = person_text(registry, alert.owner, language)
        change(self._owner, view.text("detail_owner", person=owner) if owner else view.text("owner_none"))
        self._draw_place(alert, drawn["place"])
        self._draw_facts(alert)
        self._draw_buttons(alert, drawn["buttons"])

    def doubt(self, *, doubtful: bool) -> None:
        """Say that nothing newer is known, or take it back."""
        self._doubt.set_visibility(doubtful)
        change(self._doubt, f"? {self._view.text('detail_away')}")

    def _draw_place(self, alert: AlertView, words: str) -> None:
        self._where.clear()
        place = alert.place
        with self._where:
            if place.device is not None:
                link(words, f"/devices/{place.unit}/{place.device}")
            else:
                link(words, f"/overview/{place.unit}" + (f"/{place.building}" if place.building else ""))

    def _draw_facts(self, alert: AlertView) -> None:
        self._facts.clear()
        with self._facts:
            for mark, words, style in facts(self._view.console.registry, alert, self._view.language):
                line(f"{mark} {words}", f"fact fact-{style}")
            if not alert.is_open:
                line(f"■ {self._view.text('detail_closed')}", "fact fact-calm")

    def _draw_buttons(self, alert: AlertView, buttons: list[dict[str, object]]) -> None:
        self._buttons.clear()
        with self._buttons:
            for one in buttons:
                on = bool(one["on"]) and (alert.is_open or one["action"] == "comment")
                self._button(alert.id, str(one["action"]), str(one["words"]), main=bool(one["main"]) and on, on=on)

    def _button(self, alert_id: str, action: str, words: str, *, main: bool, on: bool) -> None:
        button = ui.button(words, on_click=lambda: self._do(alert_id, action), color=None)
        button.classes("act act-main" if main else "act").props(f"flat no-caps data-action={action}")
        button.set_enabled(on)

    async def _do(self, alert_id: str, action: str) -> None:
        """Act with dialogs in a place of their own: buttons are drawn anew while somebody still writes."""
        with self._dialogs:
            await self._act(alert_id, action)
