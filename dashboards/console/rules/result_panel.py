"""What came of a backtest: sums, plot, days, differences from the record, transitions."""

from __future__ import annotations

from collections.abc import Mapping

from nicegui import ui

from dashboards.console.components import Column, DataTable
from dashboards.console.rules import result_rows
from dashboards.console.rules.plot import Wording, options
from dashboards.console.view import View, box, line
from dashboards.console.wording import moment_text
from domain.quantity import symbol
from rules.trials_face import Backtest, BacktestResult, Curve

DEFAULT_SILENCE_S = 60.0
WIDTHS: Mapping[str, Mapping[str, str]] = {
    "days": {"day": "1fr", "backtest": "1fr", "record": "1fr"},
    "changes": {"time": "10rem", "change": "5rem", "entity": "minmax(0, 1fr)", "by": "5rem"},
    "transitions": {
        "time": "10rem",
        "kind": "5rem",
        "entity": "minmax(0, 1.6fr)",
        "value": "4.5rem",
        "words": "minmax(0, 4fr)",
    },
}


class ResultPanel:
    """Drawn once for one result."""

    def __init__(self, view: View, asked: Backtest, result: BacktestResult) -> None:
        """Draw into the present container."""
        self._view, self._asked, self._result = view, asked, result
        with box("rule-result", "backtest-result"):
            line(self._sums(), "rule-sums").props("data-part=backtest-sums")
            line(view.text(f"rules_from_{result.source}"), "rule-note")
            self._plots()
            self._table("days", result_rows.days(result))
            self._table("changes", result_rows.changes(result, view.language, view.console.zone))
            said = result_rows.transitions(result, view.language, view.console.zone)
            self._table("transitions", said, result.transitions_left_out)

    def _sums(self) -> str:
        view, asked, found = self._view, self._asked, self._result
        zone = view.console.zone
        return view.text(
            "rules_sums",
            begin=moment_text(asked.start_ns, zone),
            end=moment_text(asked.end_ns, zone),
            raised=found.raised,
            recorded=found.recorded,
            changes=view.text(
                "rules_sums_changes",
                new=found.changed.get("new", 0),
                gone=found.changed.get("gone", 0),
                moved=found.changed.get("earlier", 0) + found.changed.get("later", 0),
            ),
            longest=result_rows.longest(found.intervals, asked.end_ns, view.language),
            readings=found.readings,
        )

    def _plots(self) -> None:
        """Draw the first curve, and let people choose another."""
        view, curves = self._view, self._result.curves
        if not curves:
            line(view.text("rules_no_curves"), "rule-note")
            return
        names = {at: self._name(curve) for at, curve in enumerate(curves)}
        if len(curves) > 1:
            select = ui.select(names, value=0).props("outlined dense options-dense data-part=backtest-curve")
            select.props["aria-label"] = view.text("rules_curve")
            select.on_value_change(lambda event: self._draw(curves[int(event.value)]))
        else:
            line(names[0], "rule-curve-name")
        self._chart = ui.echart({}).classes("rule-chart")
        self._chart.props["data-part"] = "backtest-plot"
        self._chart.props["role"], self._chart.props["aria-label"] = "img", self._sums()
        line(view.text("rules_plot_key"), "rule-note")
        self._draw(curves[0])

    def _draw(self, curve: Curve) -> None:
        view = self._view
        at = view.console.registry.points.get(curve.point)
        silence_s = view.console.registry.points[at].max_silence_s if at is not None else DEFAULT_SILENCE_S
        words = Wording(
            self._name(curve), view.text("rules_in_backtest"), view.text("rules_in_record"), view.text("rules_limit")
        )
        drawn = options(self._asked, self._result, curve, silence_s=silence_s, zone=view.console.zone, words=words)
        self._chart.options.clear()
        self._chart.options.update(drawn)
        self._chart.update()

    def _name(self, curve: Curve) -> str:
        """Write device and point as people call them."""
        registry, language = self._view.console.registry, self._view.language
        device = registry.devices.get(curve.point.rpartition("/")[0])
        label = registry.point_labels.get(curve.point)
        steps = [device.settings.labels.of(language)] if device else [curve.point.rpartition("/")[0]]
        steps.append(label.of(language) if label else curve.point.rpartition("/")[2])
        at = registry.points.get(curve.point)
        sign = symbol(registry.points[at].quantity) if at is not None else ""
        return f"{' · '.join(steps)} {sign}".strip()

    def _table(self, name: str, rows: list[dict[str, object]], left_out: int = 0) -> None:
        view = self._view
        line(view.text(f"rules_{name}"), "rule-heading")
        if not rows:
            line(view.text(f"rules_no_{name}"), "rule-note")
            return
        columns = [Column(key, view.text(f"rules_{name}_{key}"), width=width) for key, width in WIDTHS[name].items()]
        DataTable(columns, name=f"backtest-{name}", words=view.text(f"rules_{name}")).show(rows)
        if left_out:
            line(view.text("rules_more", count=left_out), "rule-note")
