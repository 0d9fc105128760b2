"""One rule: what it is about, what the operator does, when it is true, and on the right its tests and backtests."""

from __future__ import annotations

from dashboards.console.asking import Asking
from dashboards.console.point_words import site_names, worded
from dashboards.console.rules.backtest_panel import BacktestPanel
from dashboards.console.rules.cases_panel import CasesPanel
from dashboards.console.rules.facts import condition_blocks, facts
from dashboards.console.rules.list_view import known_of
from dashboards.console.rules.plan_panel import PlanPanel
from dashboards.console.section import Desk
from dashboards.console.view import box, change, dress, line, link
from dashboards.console.wording import moment_text, refusal_text
from dashboards.live.rule_cards import RuleCard
from domain.errors import FengsuiError, RefusedError
from rules.trials_face import Explained


class RuleView:
    """Drawn anew when the rule changes; its counts with each change of them."""

    def __init__(self, desk: Desk, name: str) -> None:
        """Build for the rule of this id, which may not be there (yet)."""
        self._desk, self._view, self._name = desk, desk.view, name[:64]
        self._card: RuleCard | None = None
        self._drawn: object = None
        self._cases: CasesPanel | None = None
        self._backtest: BacktestPanel | None = None
        self._plan: PlanPanel | None = None
        self._root = box("rule-page", "rule")
        self._asking: Asking[Explained] = Asking(self._explained, self._not_explained)
        self._stand = line("")

    def refresh(self, now_ns: int) -> None:
        """Draw the rule when it changed, and its counts."""
        view = self._view
        book = view.console.board.rule_book
        card = book.cards.get(self._name)
        known = known_of(view, now_ns)
        alerts = view.console.board.alerts_revision if known.states is None else 0
        state = (book.revision, known.current, view.language, alerts)
        if self._backtest is not None:
            self._backtest.refresh(now_ns)
        if state == self._drawn:
            return
        self._drawn = state
        if card != self._card or card is None:
            self._build(card)
        if card is not None:
            self._show_standing(now_ns)

    def _build(self, card: RuleCard | None) -> None:
        self._leave_backtest()
        self._root.clear()
        self._card = card
        self._backtest = self._cases = self._plan = None
        with self._root:
            if card is None:
                known = self._view.console.board.rule_book.catalogue is not None
                link(f"← {self._view.text('nav_rules')}", "/rules")
                line(self._view.text("rules_no_such" if known else "rules_never"), "body-note").props("role=alert")
                return
            self._head(card)
            with box("rule-columns"):
                with box("rule-left"):
                    self._told(card)
                with box("rule-right"):
                    self._cases = CasesPanel(self._desk, card)
                    self._backtest = BacktestPanel(self._desk, card)
        self._explain(card)

    def _head(self, card: RuleCard) -> None:
        view = self._view
        with box("panel rule-head"):
            link(f"← {view.text('nav_rules')}", "/rules", "rule-back")
            box(f"shape shape-{card.alarm_class}").style("--hue: var(--soft)")
            line(card.labels.of(view.language), "rule-title").props("role=heading aria-level=1")
            line(card.name, "rule-id")
            self._stand = line("", "rule-stand").props("role=status data-part=rule-standing")

    def _told(self, card: RuleCard) -> None:
        view, language = self._view, self._view.language
        names = site_names(view)
        self._block("rules_procedure", card.procedure.of(language) or view.text("rules_no_procedure"), "procedure")
        self._block("rules_description", card.description.of(language) or view.text("rules_no_description"))
        with box("panel rule-block", "rule-conditions"):
            for key, words in condition_blocks(card, language):
                line(view.text(key), "rule-heading")
                worded(words, names, "rule-lines")
        with box("panel rule-block", "rule-facts"):
            line(view.text("rules_parameters"), "rule-heading")
            for key, words in facts(card, language):
                with box("rule-fact"):
                    line(view.text(key), "rule-fact-name")
                    worded(words, names if key == "rules_fact_watches" else {}, "rule-fact-words")
            self._links("rules_fact_hides", card.hides)
            self._links("rules_fact_hidden_by", card.hidden_by)
        self._plan = PlanPanel(view)

    def _block(self, key: str, words: str, name: str = "") -> None:
        with box("panel rule-block", f"rule-{name}" if name else ""):
            line(self._view.text(key), "rule-heading")
            line(words, "rule-lines")

    def _links(self, key: str, names: tuple[str, ...]) -> None:
        if not names:
            return
        rules = self._view.console.board.rules
        with box("rule-fact"):
            line(self._view.text(key), "rule-fact-name")
            with box("rule-fact-words rule-links"):
                for name in names:
                    words = rules[name].labels.of(self._view.language) if name in rules else name
                    link(words, f"/rules/{name}")

    def _show_standing(self, now_ns: int) -> None:
        view, known = self._view, known_of(self._view, now_ns)
        state = known.state(self._name)
        if not known.current:
            words, look = view.text("rules_away"), "unknown"
        elif state is None or known.states is None:
            words, look = view.text("rules_alarms_seen", alarm=state.alarm if state else 0), "alarm"
        elif not state.entities:
            words, look = view.text("rules_nothing_here"), "soft"
        else:
            last = moment_text(state.last_ns, view.console.zone) if state.last_ns else "—"
            counts = {"entities": state.entities, "alarm": state.alarm, "unknown": state.unknown, "last": last}
            words, look = view.text("rules_standing", **counts), "alarm" if state.alarm else "soft"
            if state.unknown and not state.alarm:
                look = "unknown"
        dress(self._stand, "look", look if look != "alarm" or (state and state.alarm) else "soft")
        change(self._stand, words)

    def _explain(self, card: RuleCard) -> None:
        """Ask what the rule reads here; the answer is kept by the service until other rules run."""
        self._asking.anew(lambda: self._view.console.link.rules.explain(card.name))

    def _explained(self, told: Explained) -> None:
        if self._plan is not None:
            self._plan.show(told)
        if self._cases is not None and told.last_run is not None:
            self._cases.show(told.last_run)

    def _not_explained(self, error: FengsuiError) -> None:
        card, view = self._card, self._view
        if self._plan is None or card is None:
            return
        words = view.text("rules_no_answer")
        if isinstance(error, RefusedError):
            words = refusal_text(error.reason, view.language)
        self._plan.fail(words, lambda: self._explain(card))

    def leave(self) -> None:
        """Ask nothing any more."""
        self._asking.close()
        self._leave_backtest()

    def _leave_backtest(self) -> None:
        if self._backtest is not None:
            self._backtest.leave()
