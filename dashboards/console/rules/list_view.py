"""The list of rules: what runs, how its alarms stand, and what was refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nicegui import ui

from dashboards.console.components import DataTable
from dashboards.console.rules.rows import MOST_ROWS, MOST_SEARCH, Filter, Known, Show, chosen, columns, rows
from dashboards.console.section import Address, Desk
from dashboards.console.view import View, box, change, dress, line
from dashboards.console.wording import moment_text
from dashboards.live.health import service_health
from domain.accounts import Right
from domain.alarm import AlarmClass

RULES = "rules.main"
MOST_PROBLEMS = 5


def known_of(view: View, now_ns: int) -> Known:
    """Return what is known of rules, made once for all browsers of a scope."""
    everywhere = view.principal.units is None

    def make() -> Known:
        board = view.console.board
        current = board.connected and service_health(board, RULES, now_ns).fine
        return Known.of(board, everywhere=everywhere, current=current)

    return view.shared("rules_known", make)


class ListView:
    """Filters, summary and table."""

    def __init__(self, desk: Desk, address: Address) -> None:
        """Build with the filter of the address."""
        self._view = view = desk.view
        self._filter = Filter.read(address.query)
        self._drawn: object = None
        everywhere = view.principal.units is None
        with box("panel rules-list", "rules-list"):
            with box("panel-head rules-head"):
                line(view.text("nav_rules"), "panel-title")
                self._summary = line("", "panel-note")
            self._filters(everywhere=everywhere)
            self._trouble = line("", "rules-trouble").props("role=status data-part=rules-trouble")
            self._table = DataTable(
                columns(view.language, everywhere=everywhere), name="rules", words=view.text("nav_rules")
            )
            self._more = line("", "rules-more")

    def _filters(self, *, everywhere: bool) -> None:
        view = self._view
        classes = {"": view.text("rules_all_classes"), **{one.value: view.text(f"class_{one}") for one in AlarmClass}}
        with box("rules-filters"):
            search = ui.input(placeholder=view.text("rules_search"), value=self._filter.search)
            search.props(f"outlined dense clearable maxlength={MOST_SEARCH} data-part=rules-search debounce=200")
            search.props["aria-label"] = view.text("rules_search")
            search.on_value_change(lambda event: self._narrow(search=str(event.value or "")[:MOST_SEARCH]))
            picked = self._filter.alarm_class if self._filter.alarm_class in classes else ""
            select = ui.select(classes, value=picked).props("outlined dense options-dense data-part=rules-class")
            select.props["aria-label"] = view.text("rules_column_class")
            select.on_value_change(lambda event: self._narrow(alarm_class=str(event.value or "")))
            kinds = [one for one in Show if everywhere or one in (Show.ALL, Show.ALARM, Show.OWN)]
            self._buttons = {one: self._button(one) for one in kinds}

    def _button(self, show: Show) -> ui.button:
        button = ui.button(self._view.text(f"rules_show_{show}"), on_click=lambda: self._narrow(show=show), color=None)
        button.classes("act").props(f"flat no-caps data-action=show-{show}")
        self._press(button, on=show is self._filter.show)
        return button

    def _press(self, button: ui.button, *, on: bool) -> None:
        dress(button, "chosen", "yes" if on else "no")
        button.props["aria-pressed"] = "true" if on else "false"

    def _narrow(self, **changes: Any) -> None:
        self._filter = replace(self._filter, **changes)
        for show, button in self._buttons.items():
            self._press(button, on=show is self._filter.show)
        self.refresh(self._view.now_ns())

    def refresh(self, now_ns: int) -> None:
        """Draw the table when rules, their states or the filter changed."""
        view = self._view
        known = known_of(view, now_ns)
        board = view.console.board
        alerts = board.alerts_revision if known.states is None else 0
        state = (board.rule_book.revision, alerts, known.current, self._filter, view.language, self._refused())
        if state == self._drawn:
            return
        self._drawn = state
        self._tell(known)
        found = list(chosen(known, self._filter))
        self._table.show(rows(found[:MOST_ROWS], known, view.language, view.console.zone))
        left = len(found) - MOST_ROWS
        words = view.text("rules_more", count=left) if left > 0 else "" if found else view.text("rules_nothing")
        change(self._more, words)
        self._more.set_visibility(bool(words))

    def _tell(self, known: Known) -> None:
        view, catalogue = self._view, self._view.console.board.rule_book.catalogue
        if catalogue is None:
            change(self._summary, "")
        elif catalogue.applied_ns:
            when = moment_text(catalogue.applied_ns, view.console.zone)
            facts = {"count": len(catalogue.cards), "version": catalogue.version, "by": catalogue.by, "when": when}
            change(self._summary, view.text("rules_applied", **facts))
        else:
            change(self._summary, view.text("rules_of_folder", count=len(catalogue.cards), version=catalogue.version))
        told = [] if known.current else [view.text("rules_away" if catalogue else "rules_never")]
        told += [view.text("rules_refused", problem=one) for one in self._refused()]
        change(self._trouble, "\n".join(told))
        self._trouble.set_visibility(bool(told))

    def _refused(self) -> tuple[str, ...]:
        """Return what the rules process would not take, for who could mend it."""
        who = self._view.principal
        document = self._view.console.board.statuses.get(RULES) or {}
        rollout = document.get("rollout")
        if who.units is not None or not who.may(Right.CONFIGURE) or not isinstance(rollout, dict):
            return ()
        return tuple(str(one)[:400] for one in (rollout.get("refused") or ())[:MOST_PROBLEMS])

    def leave(self) -> None:
        """Nothing is held."""
