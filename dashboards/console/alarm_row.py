"""One alarm in the list: what, where, since when, in which state, whose it is, what can be done."""

from __future__ import annotations

from collections.abc import Iterator

from nicegui import ui

from dashboards.console.alarm_actions import AlarmActions, may_reset
from dashboards.console.components import Tick
from dashboards.console.texts import Language
from dashboards.console.view import View, box, dress, line
from dashboards.console.wording import clock_text, person_text, place_text
from domain.alert import AlertView


class AlarmRow:
    """A row; `show` redraws it when its alert changed."""

    def __init__(self, view: View, actions: AlarmActions) -> None:
        """Build an empty row in the current container."""
        self._view = view
        self._actions = actions
        self._shown: tuple[AlertView, bool] | None = None
        self.element = box("alarm-grid alarm-row")

    def show(self, alert: AlertView, *, first: bool) -> None:
        """Draw ``alert``; ``first`` marks the first alarm."""
        if self._shown == (alert, first):
            return
        self._shown = (alert, first)
        self.element.clear()
        dress(self.element, "alert", alert.id)
        dress(self.element, "class", alert.alarm_class)
        dress(self.element, "fresh", "yes" if alert.acknowledged_at_ns is None else "no")
        dress(self.element, "first", "yes" if first else "no")
        with self.element:
            self._badge(alert, first=first)
            self._words(alert)
            self._times(alert)
            with box("facts"):
                for mark, words, kind in facts(self._view, alert):
                    line(f"{mark} {words}", f"fact fact-{kind}")
            self._owner(alert)
            self._buttons(alert)

    def _badge(self, alert: AlertView, *, first: bool) -> None:
        text = self._view.text
        with box("badge"):
            ui.element("div").classes(f"shape shape-{alert.alarm_class}")
            with box("badge-words"):
                line(text(f"class_{alert.alarm_class}"), "badge-class")
                line(text(f"level_{alert.level}"), "badge-level")
            if first:
                line(text("first_alarm"), "badge-first")

    def _words(self, alert: AlertView) -> None:
        view = self._view
        english = view.language is Language.EN
        with box("words").on("click", lambda: self._actions.details(alert.id)):
            line(alert.text_en if english else alert.text_zh, "alarm-text")
            line(place_text(view.console.registry, alert.place, view.language), "alarm-place")

    def _times(self, alert: AlertView) -> None:
        with box("times"):
            line(clock_text(alert.raised_at_ns, self._view.console.zone), "raised")
            Tick("elapsed", alert.raised_at_ns).classes("elapsed")

    def _owner(self, alert: AlertView) -> None:
        view = self._view
        with box("owner"):
            name = person_text(view.console.registry, alert.owner, view.language)
            line(name or view.text("owner_none"), "owner-name" if name else "owner-name nobody")
            responsible = self._responsible(alert)
            if responsible:
                line(view.text("responsible", person=responsible), "escalated")
            if alert.next_escalation_ns is not None:
                with box("next-step"):
                    line(f"↑ {view.text('escalates_in')}")
                    Tick("countdown", alert.next_escalation_ns).classes("countdown")
            if alert.escalation_step > 0:
                line(view.text("escalated", step=alert.escalation_step), "escalated")

    def _responsible(self, alert: AlertView) -> str:
        """Return who answers for the place, whom an operator would call."""
        registry = self._view.console.registry
        zone = registry.zones.get(f"{alert.place.unit}/{alert.place.zone}")
        return person_text(registry, zone.settings.responsible if zone else None, self._view.language)

    def _buttons(self, alert: AlertView) -> None:
        view, actions = self._view, self._actions
        new = alert.acknowledged_at_ns is None
        with box("actions"):
            _button(view.text("acknowledge"), "ack", lambda: actions.acknowledge(alert.id), on=new, main=new)
            _button(view.text("confirm"), "confirm", lambda: actions.confirm(alert.id), on=not new)
            _button(view.text("reset"), "reset", lambda: actions.reset(alert.id), on=may_reset(alert))
            _button(view.text("comment"), "comment", lambda: actions.comment(alert.id))


def _button(content: str, name: str, act: object, *, on: bool = True, main: bool = False) -> None:
    """Add a button; one that makes no sense now stays visible and pale, the service would refuse it anyway."""
    button = ui.button(content, on_click=act, color=None).props(f"flat no-caps data-action={name}")  # type: ignore[arg-type]  # NiceGUI takes sync and async handlers
    button.classes("act act-main" if main else "act")
    button.set_enabled(on)


def facts(view: View, alert: AlertView) -> Iterator[tuple[str, str, str]]:
    """Yield the facts of an alert as (mark, words, style); each is independent of the others."""
    text = view.text
    if alert.active:
        yield "●", text("state_active"), "active"
    else:
        yield "○", text("state_cleared"), "calm"
    if alert.data_unknown:
        yield "?", text("state_unknown"), "unknown"
    if alert.acknowledged_at_ns is None:
        yield "!", text("state_unacknowledged"), "fresh"
    else:
        by = person_text(view.console.registry, alert.acknowledged_by, view.language)
        yield "✓", text("state_acknowledged", by=by), "calm"
    if alert.confirmed is not None:
        yield "◎", text(f"state_confirmed_{alert.confirmed}"), "calm"
    if alert.latched and alert.reset_at_ns is None:
        yield "⊓", text("state_latched"), "calm"
    if alert.suppressed_by is not None:
        yield "⊘", text("state_suppressed"), "calm"
    if alert.comments:
        yield "✎", text("state_commented", count=alert.comments), "calm"
    if alert.test:
        yield "T", text("state_test"), "calm"
    if alert.historical:
        yield "↺", text("state_historical"), "calm"
