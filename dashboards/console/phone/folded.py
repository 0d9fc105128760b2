"""What is folded on the phone: a small card each, kept as long as it looks the same.

A tap is for what was on the screen when the finger came down. Cards that look the same stay the same elements when
others come and go: one that is drawn anew under a finger swallows the tap, and the slower the line, the more often.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nicegui import ui

from dashboards.console.phone.mine import Card
from dashboards.console.texts import Language
from dashboards.console.view import View, box, change, line

MOST_FOLDED = 30

Look = tuple[str, str, str]
"""Words, class and answer: all that a small card shows."""


class Folded:
    """The rest of the cards; a tap brings one to the front."""

    def __init__(self, view: View, choose: Callable[[str], None]) -> None:
        """Build it empty; ``choose`` is told the alert that was tapped."""
        self._view, self._choose = view, choose
        self._small: dict[str, tuple[Look, ui.element]] = {}
        with box("phone-rest", "phone-rest"):
            self._fold = ui.expansion("", value=False).props("data-part=phone-fold dense")
            self._fold.set_visibility(False)
            with self._fold:
                self._more = line("", "phone-more")

    def show(self, rest: Sequence[Card]) -> None:
        """Show these, the first thirty by themselves."""
        text, shown = self._view.text, rest[:MOST_FOLDED]
        self._fold.set_visibility(bool(rest))
        if rest:
            self._fold.set_text(text("phone_rest", count=len(rest)))
        left_out = len(rest) - len(shown)
        self._more.set_visibility(bool(left_out))
        change(self._more, text("phone_more", count=left_out))
        looks = {card.alert.id: self._look(card) for card in shown}
        for name in [name for name, (look, _) in self._small.items() if looks.get(name) != look]:
            self._small.pop(name)[1].delete()
        for at, card in enumerate(shown):
            self._put(card.alert.id, looks[card.alert.id], at)

    def _look(self, card: Card) -> Look:
        view, alert = self._view, card.alert
        words = alert.text_en if view.language is Language.EN else alert.text_zh
        answer = "" if card.answer is None else f"✓ {view.text(f'answer_{card.answer}')}"
        return words, alert.alarm_class.value, answer

    def _put(self, name: str, look: Look, at: int) -> None:
        """See to it that a card stands at its place."""
        if name not in self._small:
            with self._fold:
                self._small[name] = look, self._draw(name, look)
        small = self._small[name][1]
        if self._fold.default_slot.children.index(small) != at:
            small.move(target_index=at)

    def _draw(self, name: str, look: Look) -> ui.element:
        words, alarm_class, answer = look
        with ui.element("button").classes("phone-small").props("type=button") as small:
            small.props["data-alert"], small.props["data-class"] = name, alarm_class
            ui.element("div").classes(f"shape shape-{alarm_class}").props("aria-hidden=true")
            line(words, "phone-small-words")
            line(answer, "phone-small-answer")
        return small.on("click", lambda _event: self._choose(name))
