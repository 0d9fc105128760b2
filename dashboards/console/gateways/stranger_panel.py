"""Strangers: transmitters that call in and are not registered, with what an installer needs to adopt them."""

from __future__ import annotations

from dashboards.console.view import View, box, change, dress, line
from dashboards.console.wording import brief_moment_text
from dashboards.live.health import gateway_health
from dashboards.live.strangers import Stranger

MOST_SHOWN = 30
COLUMNS = ("address", "peer", "frames", "last")


class StrangerPanel:
    """A count, and a row for each; who reported a fire first."""

    def __init__(self, view: View) -> None:
        """Build empty."""
        self._view = view
        with box("tab-body", "strangers") as self.root:
            self._note = line("", "list-head panel-note")
            with box("stranger-grid gateway-head"):
                for column in COLUMNS:
                    line(view.text(f"column_{column}"))
            with box("gateway-rows"):
                self._rows = [_Row(view) for _ in range(MOST_SHOWN)]

    def urgent(self, now_ns: int) -> int:
        """Return how many the hosts count; what a silent host said last is not the present."""
        console = self._view.console
        hosts = console.board.nodes.counts(console.registry)
        found = [gateway_health(console.board, host, now_ns) for host in hosts]
        return sum(health.hosted.strangers for health in found if health.reachable and health.hosted)

    def refresh(self, now_ns: int) -> None:
        """Redraw what changed."""
        listed = [stranger for some in self._view.console.board.strangers.values() for stranger in some]
        count = max(self.urgent(now_ns), len(listed))
        change(self._note, self._view.text("strangers_note") if count else self._view.text("strangers_none"))
        for at, row in enumerate(self._rows):
            row.show(listed[at] if at < len(listed) else None)


class _Row:
    """One line."""

    def __init__(self, view: View) -> None:
        self._view = view
        with box("stranger-grid gateway-row") as self._row:
            self._cells = [line("") for _ in COLUMNS]

    def show(self, stranger: Stranger | None) -> None:
        self._row.set_visibility(stranger is not None)
        if stranger is None:
            return
        view = self._view
        dress(self._row, "stranger", stranger.address)
        dress(self._row, "fire", "yes" if stranger.fire else "no")
        fire = f" ▲ {view.text('class_fire')}" if stranger.fire else ""
        last = brief_moment_text(stranger.last_ns, view.now_ns(), view.console.zone)
        contents = (f"{stranger.address}{fire}", stranger.peer, str(stranger.frames), last)
        for cell, content in zip(self._cells, contents, strict=True):
            change(cell, content)
