"""The transmitters of the site: how many are up and down, and a list to page through, those that are down first.

Ten thousand of them are a list that is ordered when something changed and drawn a page at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from dashboards.console.components import Tick
from dashboards.console.view import View, box, change, dress, line
from dashboards.live.health import Condition, Health, gateway_health, hosted_health, hosted_silent
from dashboards.live.nodes import Line

PAGE = 20
COLUMNS = ("transmitter", "line", "heard")
_ORDER = (Condition.OFFLINE, Condition.HOST_SILENT, Condition.NEVER, Condition.FINE)


class TransmitterPanel:
    """Counts, a filter, one page of rows."""

    def __init__(self, view: View, on_device: Callable[[str], None], unit: str = "") -> None:
        """Build, for all or one ``unit``; ``on_device`` is called with ``unit/transmitter``."""
        self._view = view
        self._unit = unit
        self._page = 0
        self._wanted = ""
        self._listed: list[str] = []
        self._ordered_for: object = None
        self._names = _names(view, unit)
        with box("tab-body", "transmitters") as self.root:
            with box("list-head"):
                self._count = line("", "panel-note")
                find = ui.input(placeholder=view.text("find"), on_change=self._find)
                find.props("dense outlined clearable data-part=find-transmitter").classes("find")
                self._back = self._turn(-1, "‹")
                self._where = line("", "panel-note")
                self._forth = self._turn(1, "›")
            with box("transmitter-grid gateway-head"):
                for column in COLUMNS:
                    line(view.text(f"column_{column}"))
            with box("gateway-rows"):
                self._rows = [_Row(view, on_device) for _ in range(min(PAGE, len(self._names)))]

    def _turn(self, by: int, sign: str) -> ui.button:
        return ui.button(sign, on_click=partial(self._leaf, by), color=None).classes("act turn").props("flat")

    def _leaf(self, by: int) -> None:
        self._page += by
        self.refresh(self._view.now_ns())

    def _find(self, event: ValueChangeEventArguments[str | None]) -> None:
        self._wanted, self._page = (event.value or "").strip().casefold(), 0
        self.refresh(self._view.now_ns())

    def urgent(self, now_ns: int) -> int:
        """Return how many are not on line."""
        console = self._view.console
        return hosted_silent(console.board, console.registry, now_ns)[1]

    def refresh(self, now_ns: int) -> None:
        """Redraw what changed."""
        board, registry = self._view.console.board, self._view.console.registry
        hosts = {host: gateway_health(board, host, now_ns) for host in board.nodes.counts(registry)}
        self._order(hosts, now_ns)
        self._note(hosts)
        pages = max(1, -(-len(self._listed) // PAGE))
        self._page = min(max(self._page, 0), pages - 1)
        change(self._where, f"{self._page + 1}/{pages}")
        self._back.set_enabled(self._page > 0)
        self._forth.set_enabled(self._page < pages - 1)
        shown = self._listed[self._page * PAGE : (self._page + 1) * PAGE]
        for at, row in enumerate(self._rows):
            key = shown[at] if at < len(shown) else None
            health = hosted_health(board, key, hosts[registry.transmitters[key].host], now_ns) if key else None
            row.show(key, self._names.get(key or "", ""), health)

    def _order(self, hosts: dict[str, Health], now_ns: int) -> None:
        """Order the list anew when a line changed, a host came or went, or another filter was written."""
        board, registry = self._view.console.board, self._view.console.registry
        reachable = tuple(health.reachable for health in hosts.values())
        wanted = (board.nodes.revision, reachable, self._wanted)
        if wanted == self._ordered_for:
            return
        self._ordered_for = wanted
        found = [key for key, name in self._names.items() if self._wanted in f"{name} {key}".casefold()]
        rank = {
            key: _ORDER.index(hosted_health(board, key, hosts[registry.transmitters[key].host], now_ns).condition)
            for key in found
        }
        self._listed = sorted(found, key=lambda key: (rank[key], -board.nodes.of(key).since_ns, self._names[key]))

    def _counts(self) -> Mapping[str, Counter[Line]]:
        """Return how many lines stand how, by host; of a unit, which has few, they are counted here."""
        registry, nodes = self._view.console.registry, self._view.console.board.nodes
        if not self._unit:
            return nodes.counts(registry)
        found: dict[str, Counter[Line]] = {}
        for key in self._names:
            found.setdefault(registry.transmitters[key].host, Counter())[nodes.of(key).line] += 1
        return found

    def _note(self, hosts: dict[str, Health]) -> None:
        counts = self._counts()
        known = [lines for host, lines in counts.items() if hosts[host].reachable]
        values = {name.value: sum(lines[name] for lines in known) for name in Line}
        unknown = sum(lines.total() for lines in counts.values()) - sum(values.values())
        words = self._view.text("transmitters_count", **values)
        change(self._count, f"{words} · {self._view.text('transmitters_unknown', count=unknown)}" if unknown else words)


class _Row:
    """One line of the page; which transmitter it shows changes."""

    def __init__(self, view: View, on_device: Callable[[str], None]) -> None:
        self._view = view
        self._key: str | None = None
        with box("transmitter-grid gateway-row clickable") as row:
            self._row = row.props("role=link tabindex=0")
            row.on("click", lambda: self._key and on_device(self._key))
            row.on("keydown.enter", lambda: self._key and on_device(self._key))
            self._name = line("", "gateway-name")
            self._state = line("")
            with box("point-age"):
                self._age = Tick("elapsed")
                self._never = line("—")

    def show(self, key: str | None, name: str, health: Health | None) -> None:
        self._key = key
        self._row.set_visibility(health is not None)
        if key is None or health is None:
            return
        dress(self._row, "transmitter", key)
        dress(self._row, "condition", health.condition)
        change(self._name, name)
        mark = "●" if health.fine else "?" if health.condition is not Condition.OFFLINE else "○"
        change(self._state, f"{mark} {self._view.text(f'condition_{health.condition}')}")
        heard_ns = self._view.console.board.nodes.of(key).last_ns
        self._age.set_visibility(heard_ns > 0)
        self._never.set_visibility(heard_ns == 0)
        self._age.set_time(heard_ns)


def _names(view: View, wanted: str) -> dict[str, str]:
    """Return what people call each transmitter; with its unit where a site has several."""
    registry, language = view.console.registry, view.language
    names = {}
    for key, transmitter in registry.transmitters.items():
        settings = transmitter.settings
        if wanted not in ("", settings.unit):
            continue
        unit = registry.units[settings.unit].labels.of(language)
        label = settings.labels.of(language)
        names[key] = f"{unit} · {label}" if len(registry.units) > 1 else label
    return names
