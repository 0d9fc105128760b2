"""Which span and whose load: what stands above the figures. Every choice is an address, so it can be kept and sent."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from dashboards.console.deeds import tell
from dashboards.console.dialogs import Field, Kind, ask
from dashboards.console.kpi.spans import MOST_ID, Question, Span, local_ns, offered, unit_called
from dashboards.console.moments import written
from dashboards.console.view import View, box, dress, line
from dashboards.live.load import Whose

WHOLE = "site"


class Chooser:
    """Buttons for spans, and a list of units and positions where there are several."""

    def __init__(self, view: View, question: Question, choices: list[Whose], go: Callable[[str], None]) -> None:
        """Build for what is shown now; ``go`` opens another address."""
        self._view, self._question, self._go = view, question, go
        self._all = choices
        self._choices = {_key(one): one for one in offered(choices, question.whose)}
        with box("kpi-chooser", "kpi-chooser"):
            with box("kpi-spans").props(f'role=group aria-label="{view.text("kpi_span")}"'):
                for span in Span:
                    self._button(span)
            if len(choices) > 1:
                self._picker()
            else:
                line(whose_words(view, question.whose), "kpi-only")
            if len(choices) > len(self._choices):
                find = ui.button(view.text("kpi_find_unit"), on_click=self._find, color=None).classes("act")
                find.props("flat no-caps data-action=find-unit")

    def _picker(self) -> None:
        view = self._view
        names = {key: whose_words(view, one) for key, one in self._choices.items()}
        chosen = _key(self._question.whose)
        picker = ui.select(names, value=chosen, with_input=len(names) > 12, on_change=self._chosen)
        picker.props(f'dense outlined options-dense data-part=kpi-whose aria-label="{view.text("kpi_whose")}"')
        picker.classes("kpi-whose")

    def _button(self, span: Span) -> None:
        is_chosen = span is self._question.span
        choose = self._own if span is Span.OWN else lambda: self._open(self._question.over(span))
        button = ui.button(self._view.text(f"kpi_span_{span}"), on_click=choose, color=None).classes("act")
        button.props(f"flat no-caps data-span={span} aria-pressed={'true' if is_chosen else 'false'}")
        dress(button, "chosen", "yes" if is_chosen else "no")

    def _open(self, question: Question) -> None:
        self._go(question.address(self._view.console.zone))

    def _chosen(self, event: object) -> None:
        whose = self._choices.get(str(getattr(event, "value", "")))
        if whose is not None and whose != self._question.whose:
            self._open(self._question.of(whose))

    async def _own(self) -> None:
        """Ask for two times of the site's clock."""
        view, zone = self._view, self._view.console.zone
        begin_ns, end_ns = self._question.period(view.now_ns())
        fields = (
            Field("from", view.text("kpi_from"), Kind.TIME, value=written(begin_ns, zone)),
            Field("to", view.text("kpi_until"), Kind.TIME, needed=False, value=written(end_ns, zone)),
        )
        answers = await ask(view, view.text("kpi_own"), fields, save=view.text("kpi_count_it"))
        if answers is None:
            return
        begin, end = local_ns(answers["from"], zone), local_ns(answers.get("to", ""), zone) or 0
        if begin is None or begin >= (end or view.now_ns()):
            tell(view, view.text("kpi_no_time"), type="warning")
            return
        self._open(self._question.over(Span.OWN, begin, end))

    async def _find(self) -> None:
        """Ask for a unit by its name, where there are too many to list."""
        view = self._view
        answers = await ask(view, view.text("kpi_find_unit"), [Field("unit", view.text("unit"), most=MOST_ID)])
        if answers is None:
            return
        found = unit_called(view.console.registry, self._all, answers["unit"])
        if found is None:
            tell(view, view.text("kpi_no_unit"), type="warning")
        else:
            self._open(self._question.of(found))


def whose_words(view: View, whose: Whose) -> str:
    """Write whose load figures are."""
    registry, language = view.console.registry, view.language
    if whose.unit is not None:
        unit = registry.units.get(whose.unit)
        return view.text("kpi_of_unit", name=unit.labels.of(language) if unit else whose.unit)
    for one in registry.site.operators.positions:
        if one.id == whose.position:
            return view.text("kpi_of_position", name=one.labels.of(language))
    return view.text("kpi_of_site", name=registry.site.labels.of(language))


def _key(whose: Whose) -> str:
    return f"unit:{whose.unit}" if whose.unit else f"position:{whose.position}" if whose.position else WHOLE
