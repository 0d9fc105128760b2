"""A backtest: choose unit and span, begin, see how far it is, cancel, read what came of it.

There is one at a time in the whole system, so an open page shows the newest one of its rule, whoever began it.
"""

from __future__ import annotations

from nicegui import ui

from dashboards.console.asking import Asking
from dashboards.console.deeds import do
from dashboards.console.moments import written
from dashboards.console.rules.result_panel import ResultPanel
from dashboards.console.rules.span import SPANS, Span, last, read
from dashboards.console.section import Desk
from dashboards.console.view import box, change, line
from dashboards.console.wording import moment_text, refusal_text
from dashboards.live.backtest_desk import RUNNING_S
from dashboards.live.rule_cards import RuleCard
from domain.accounts import Right
from domain.clock import NS_PER_S
from domain.errors import FengsuiError, RefusedError
from rules.trials_face import Backtest, BacktestJob, JobState

AWAY_S = 3.0
"""How often it asks a rules process that does not answer: whoever is restarted tells then what became of it."""
DEFAULT_SPAN = "24h"
MOST_TIME = 16


class BacktestPanel:
    """The form, the progress and the result of one rule."""

    def __init__(self, desk: Desk, card: RuleCard) -> None:
        """Build, and ask for the newest backtest."""
        self._desk, self._view, self._card = desk, desk.view, card
        self._job: BacktestJob | None = None
        self._shown = ""
        self._due_ns = 0
        self._wanted = ""
        self._away = False
        view = desk.view
        with box("panel rule-block", "rule-backtest"):
            line(view.text("rules_backtest"), "rule-heading")
            line(view.text("rules_backtest_is"), "rule-note")
            self._form()
            self._note = line("", "rule-note").props("role=status data-part=backtest-note")
            with box("rule-progress") as self._running:
                self._bar = ui.linear_progress(0.0, show_value=False, size="0.6rem").props("instant-feedback")
                self._bar.props["aria-label"] = view.text("rules_progress")
                self._cancel = ui.button(view.text("rules_cancel"), on_click=self._stop, color=None)
                self._cancel.classes("act").props("flat no-caps data-action=cancel-backtest")
            self._running.set_visibility(False)
            self._place = box("rule-result-place")
        self._asking: Asking[BacktestJob | None] = Asking(self._show, self._failed)
        self._may(view.principal.may(Right.CONFIGURE))

    def _form(self) -> None:
        view, registry = self._view, self._view.console.registry
        units = {name: unit.labels.of(view.language) for name, unit in registry.units.items()}
        span = last(SPANS[DEFAULT_SPAN], view.now_ns())
        with box("rule-form"):
            self._unit = ui.select(units, label=view.text("rules_unit"), value=next(iter(units), None))
            self._unit.props("outlined dense options-dense stack-label data-field=unit").classes("rule-unit")
            if len(units) > 12:
                self._unit.props("use-input input-debounce=200")
            with box("rule-spans"):
                for name in SPANS:
                    button = ui.button(view.text(f"rules_last_{name}"), on_click=lambda name=name: self._choose(name))
                    button.props("flat no-caps color=none").classes("act").props["data-action"] = f"span-{name}"
            self._start = self._time("rules_from", "start", span.start_ns)
            self._end = self._time("rules_to", "end", span.end_ns)
            self._go = ui.button(view.text("rules_begin"), on_click=self._begin, color=None)
            self._go.classes("act act-main").props("flat no-caps data-action=begin-backtest")

    def _time(self, key: str, name: str, time_ns: int) -> ui.input:
        field = ui.input(label=self._view.text(key), value=written(time_ns, self._view.console.zone))
        field.props(f"outlined dense stack-label type=datetime-local maxlength={MOST_TIME} data-field={name}")
        return field

    def _choose(self, name: str) -> None:
        span = last(SPANS[name], self._view.now_ns())
        self._start.set_value(written(span.start_ns, self._view.console.zone))
        self._end.set_value(written(span.end_ns, self._view.console.zone))

    def _may(self, may: bool) -> None:  # noqa: FBT001  # a property of the person
        if not may:
            for button in (self._go, self._cancel):
                button.disable()
                button.props["title"] = self._view.text("rules_needs_configure")

    async def _begin(self) -> None:
        view = self._view
        span = read(str(self._start.value or ""), str(self._end.value or ""), view.console.zone)
        unit = str(self._unit.value or "")
        if not isinstance(span, Span) or not unit:
            change(self._note, view.text(span if isinstance(span, str) else "rules_needs_unit"))
            return
        asked = Backtest(
            rule=self._card.name, unit=unit, start_ns=span.start_ns, end_ns=span.end_ns, by=view.operator[:64]
        )

        async def act() -> None:
            self._wanted = await view.console.backtests.begin(asked)

        if await do(self._desk, Right.CONFIGURE, view.text("rules_begin"), act, unit=unit):
            self._due_ns = 0
            self._look()

    async def _stop(self) -> None:
        job = self._job
        if job is None:
            return

        async def act() -> None:
            await self._view.console.backtests.cancel(job.id)

        await do(self._desk, Right.CONFIGURE, self._view.text("rules_cancel"), act, unit=job.asked.unit)
        self._look()

    def refresh(self, now_ns: int) -> None:
        """Ask for the newest backtest once, and on while one runs or nobody answers."""
        running = self._job is not None and self._job.state is JobState.RUNNING
        if (self._due_ns and not running and not self._away) or now_ns < self._due_ns:
            return
        self._due_ns = now_ns + round((AWAY_S if self._away else RUNNING_S) * NS_PER_S)
        self._look()

    def _look(self) -> None:
        async def question() -> BacktestJob | None:
            return await self._view.console.backtests.job(self._wanted)

        self._asking.ask(question)

    def _failed(self, error: FengsuiError) -> None:
        """Say why nothing is known: nobody answers, which goes on being asked; or the backtest is not kept any more."""
        self._away = not isinstance(error, RefusedError)
        self._running.set_visibility(False)
        change(self._note, self._view.text("rules_job_away"))
        if isinstance(error, RefusedError):
            self._wanted, self._job = "", None
            change(self._note, refusal_text(error.reason, self._view.language))

    def _show(self, job: BacktestJob | None) -> None:
        view = self._view
        self._away = False
        mine = job is not None and job.asked.rule == self._card.name and view.principal.sees(job.asked.unit)
        self._job = job
        self._running.set_visibility(mine and job is not None and job.state is JobState.RUNNING)
        if job is None:
            change(self._note, "")
            return
        if not mine:
            other = view.console.board.rules.get(job.asked.rule)
            name = other.labels.of(view.language) if other else job.asked.rule
            change(self._note, view.text("rules_other_runs", rule=name) if job.state is JobState.RUNNING else "")
            return
        if self._bar.value != job.share:
            self._bar.set_value(job.share)
        change(self._note, self._words(job))
        if job.state is JobState.DONE and job.result is not None and self._shown != job.id:
            self._shown = job.id
            self._place.clear()
            with self._place:
                ResultPanel(view, job.asked, job.result)

    def _words(self, job: BacktestJob) -> str:
        view = self._view
        unit = view.console.registry.units.get(job.asked.unit)
        facts = {
            "unit": unit.labels.of(view.language) if unit else job.asked.unit,
            "by": job.asked.by or "—",
            "when": moment_text(job.began_ns, view.console.zone),
        }
        match job.state:
            case JobState.RUNNING:
                return view.text("rules_job_running", **facts, share=f"{job.share:.0%}")
            case JobState.FAILED:
                return view.text("rules_job_failed", **facts, why=refusal_text(job.error, view.language))
            case JobState.CANCELLED:
                return view.text("rules_job_cancelled", **facts)
            case JobState.LOST:
                return view.text("rules_job_lost", **facts)
        return view.text("rules_job_done", **facts)

    def leave(self) -> None:
        """Ask nothing any more; a backtest that runs goes on."""
        self._asking.close()
