"""Buttons for spans, and the dialog for one of one's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nicegui import ui

from dashboards.console.deeds import tell
from dashboards.console.devices.spans import SPANS, Chosen, own_span
from dashboards.console.dialogs import Field, Kind, ask
from dashboards.console.moments import written
from dashboards.console.view import View, box, change, dress
from dashboards.console.wording import brief_moment_text
from domain.clock import NS_PER_S


class SpanButtons:
    """One button a span, and where it is wished one for a span of one's own."""

    def __init__(
        self, view: View, names: Sequence[str], choose: Callable[[Chosen], None], *, own: bool = False
    ) -> None:
        """``choose`` hears what was chosen."""
        self._view = view
        self._choose = choose
        with box("spans"):
            self._buttons = {SPANS[name]: self._button(name) for name in names}
            self._own = self._own_button() if own else None

    def _button(self, name: str) -> ui.button:
        seconds = SPANS[name]
        button = ui.button(self._view.text(f"trend_{name}"), on_click=lambda: self._choose(Chosen(seconds)), color=None)
        return button.classes("act span").props(f"flat no-caps data-span={seconds}")

    def _own_button(self) -> ui.button:
        button = ui.button(self._view.text("trend_own"), on_click=self._ask, color=None)
        return button.classes("act span").props("flat no-caps data-span=own")

    def mark(self, chosen: Chosen) -> None:
        """Show which one is chosen."""
        for seconds, button in self._buttons.items():
            dress(button, "chosen", "yes" if chosen.own is None and seconds == chosen.seconds else "no")
        if self._own is not None:
            dress(self._own, "chosen", "no" if chosen.own is None else "yes")
            change(self._own, self._own_words(chosen))

    def _own_words(self, chosen: Chosen) -> str:
        view = self._view
        if chosen.own is None:
            return view.text("trend_own")
        begin, end = (brief_moment_text(at, view.now_ns(), view.console.zone) for at in chosen.own)
        return f"{begin} – {end}"

    async def _ask(self) -> None:
        view = self._view
        now_ns, zone = view.now_ns(), view.console.zone
        fields = [
            Field("begin", view.text("trend_from"), Kind.TIME, value=written(now_ns - 86_400 * NS_PER_S, zone)),
            Field("end", view.text("trend_to"), Kind.TIME, value=written(now_ns, zone)),
        ]
        answers = await ask(view, view.text("trend_own"), fields, save=view.text("trend_show"))
        if answers is None:
            return
        chosen = own_span(answers["begin"], answers["end"], zone)
        if chosen is None:
            tell(view, view.text("trend_no_span"), type="warning")
        else:
            self._choose(chosen)
