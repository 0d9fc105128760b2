"""The head of the alarm's page: what and where, in which state, whose, since when, and what can be done."""

from __future__ import annotations

from nicegui import ui

from dashboards.console.alarms.actions import AlarmDeeds, actions_for
from dashboards.console.alarms.facts import facts
from dashboards.console.alarms.offers import Offer
from dashboards.console.alarms.rows import order_words
from dashboards.console.components import Tick
from dashboards.console.section import Desk
from dashboards.console.texts import Language
from dashboards.console.view import box, change, dress, line, link
from dashboards.console.wording import person_text, place_text, zoned_text
from domain.alert import AlertView


class Head:
    """Stays in sight while the rest is scrolled."""

    def __init__(self, desk: Desk) -> None:
        """Build empty."""
        self._view = desk.view
        self._deeds = AlarmDeeds(desk)
        self._drawn: object = None
        with box("detail-head", "detail-head") as self._root:
            with box("detail-badge"):
                self._shape = box("shape")
                self._class = line("", "detail-class")
                self._level = line("", "detail-level")
                self._order = line("", "detail-first")
            with box("detail-title-words"):
                self._words = line("", "detail-text")
                self._words.props["role"], self._words.props["aria-level"] = "heading", "1"
                with box("detail-place"):
                    self._where = box("detail-where")
                    self._raised = line("")
                    self._elapsed = Tick("elapsed").classes("elapsed")
            self._facts = box("detail-states", "detail-states")
            with box("detail-owner"):
                self._owner = line("", "owner-name")
                self._doubt = line("", "detail-unknown").props("role=status")
            self._buttons = box("detail-actions", "detail-actions")
            self._dialogs = box("detail-dialogs")

    def show(self, alert: AlertView) -> None:
        """Draw the facts of an alert."""
        view = self._view
        registry, language = view.console.registry, view.language
        state = (alert, registry, view.principal.rights)
        if state == self._drawn:
            return
        self._drawn = state
        self._shape.classes(replace=f"shape shape-{alert.alarm_class}")
        dress(self._root, "class", alert.alarm_class.value)
        dress(self._root, "fresh", "yes" if alert.is_open and alert.acknowledged_at_ns is None else "no")
        change(self._class, view.text(f"class_{alert.alarm_class}"))
        change(self._level, view.text(f"level_{alert.level}"))
        change(self._words, alert.text_en if language is Language.EN else alert.text_zh)
        order = order_words(alert, language)
        change(self._order, order)
        self._order.set_visibility(bool(order))
        change(self._raised, f"{view.text('detail_raised')} {zoned_text(alert.raised_at_ns, view.console.zone)}")
        self._elapsed.set_time(alert.raised_at_ns)
        self._elapsed.set_visibility(alert.is_open)
        owner = person_text(registry, alert.owner, language)
        change(self._owner, view.text("detail_owner", person=owner) if owner else view.text("owner_none"))
        self._draw_place(alert)
        self._draw_facts(alert)
        self._draw_buttons(alert)

    def doubt(self, *, doubtful: bool) -> None:
        """Say that nothing newer is known, or take it back."""
        self._doubt.set_visibility(doubtful)
        change(self._doubt, f"? {self._view.text('detail_away')}")

    def _draw_place(self, alert: AlertView) -> None:
        self._where.clear()
        place = alert.place
        words = place_text(self._view.console.registry, place, self._view.language)
        address = f"/devices/{place.unit}/{place.device}"
        if place.device is None:
            address = f"/overview/{place.unit}" + (f"/{place.building}" if place.building else "")
        with self._where:
            link(words, address)

    def _draw_facts(self, alert: AlertView) -> None:
        self._facts.clear()
        with self._facts:
            for mark, words, style in facts(self._view.console.registry, alert, self._view.language):
                line(f"{mark} {words}", f"detail-state detail-state-{style}")
            if not alert.is_open:
                line(f"■ {self._view.text('detail_closed')}", "detail-state detail-state-calm")

    def _draw_buttons(self, alert: AlertView) -> None:
        self._buttons.clear()
        with self._buttons:
            for offer in actions_for(self._view, alert):
                self._button(alert.id, offer)

    def _button(self, alert_id: str, offer: Offer) -> None:
        button = ui.button(offer.words, on_click=lambda: self._do(alert_id, offer.action), color=None)
        button.classes("act act-main" if offer.main else "act").props(f"flat no-caps data-action={offer.action}")
        button.set_enabled(offer.on)

    async def _do(self, alert_id: str, action: str) -> None:
        """Act with dialogs in a place of their own: buttons are drawn anew while somebody still writes."""
        with self._dialogs:
            await self._deeds.act(alert_id, action)
