"""Roll-calls (查岗): the newest result of each transmitter, with its time, its operator, and how long it took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from dashboards.console.view import View, box, change, dress, line
from dashboards.console.wording import brief_moment_text
from dashboards.live.roll_calls import Called, Result, points, results

MOST_SHOWN = 40
COLUMNS = ("transmitter", "result", "called")


class RollCallPanel:
    """Counts by result, and a row for each, what needs somebody first."""

    def __init__(self, view: View, on_device: Callable[[str], None]) -> None:
        """Build; ``on_device`` is called with ``unit/transmitter``."""
        self._view = view
        self._on_duty = len(points(view.console.registry))
        self._found: list[Called] = []
        self._read_at_ns = 0
        with box("tab-body", "roll-calls") as self.root:
            with box("list-head"):
                self._count = line("", "panel-note")
            with box("roll-call-grid gateway-head"):
                for column in COLUMNS:
                    line(view.text(f"column_{column}"))
            with box("gateway-rows"):
                self._rows = [_Row(view, on_device) for _ in range(min(MOST_SHOWN, self._on_duty))]
                self._more = line("", "list-more")

    def urgent(self, now_ns: int) -> int:
        """Return how many duties did not answer."""
        return sum(one.result is Result.NO_ANSWER for one in self._results(now_ns))

    def refresh(self, now_ns: int) -> None:
        """Redraw what changed."""
        found = self._results(now_ns)
        counts = Counter(one.result for one in found)
        text = self._view.text
        said = [text(f"roll_call_{result.name.lower()}", count=counts[result]) for result in Result if counts[result]]
        never = self._on_duty - len(found)
        said += [text("roll_call_never", count=never)] if never else []
        change(self._count, " · ".join(said))
        for at, row in enumerate(self._rows):
            row.show(found[at] if at < len(found) else None)
        hidden = len(found) - len(self._rows)
        self._more.set_visibility(hidden > 0)
        change(self._more, text("roll_calls_hidden", count=hidden))

    def _results(self, now_ns: int) -> list[Called]:
        """Return the results, sorted once for each refresh of the page."""
        if now_ns != self._read_at_ns:
            console = self._view.console
            self._found = results(console.registry, console.board.roll_calls)
            self._read_at_ns = now_ns
        return self._found


class _Row:
    """One line; whose it is changes."""

    def __init__(self, view: View, on_device: Callable[[str], None]) -> None:
        self._view = view
        self._key: str | None = None
        with box("roll-call-grid gateway-row clickable").on("click", lambda: self._key and on_device(self._key)) as row:
            self._row = row
            self._name = line("", "gateway-name")
            self._result = line("", "roll-call-result")
            self._time = line("", "point-age")

    def show(self, called: Called | None) -> None:
        self._key = called.transmitter if called else None
        self._row.set_visibility(called is not None)
        if called is None:
            return
        view = self._view
        registry = view.console.registry
        settings = registry.transmitters[called.transmitter].settings
        unit = registry.units[settings.unit].labels.of(view.language)
        dress(self._row, "roll-call", called.transmitter)
        dress(self._row, "result", called.result.name.lower())
        change(self._name, f"{unit} · {settings.labels.of(view.language)}")
        words = view.text(f"result_{called.result.name.lower()}")
        change(self._result, f"{words} · {called.text}" if called.text else words)
        change(self._time, brief_moment_text(called.time_ns, view.now_ns(), view.console.zone))
