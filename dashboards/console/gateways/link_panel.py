"""What stands behind the data: gateways, and on sites with transmitters these, their roll-calls, and strangers.

One panel with a tab for each, so that a screen of any site keeps its shape; the tabs themselves count what needs
somebody.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from nicegui import ui

from dashboards.console.gateways.gateway_panel import GatewayPanel
from dashboards.console.gateways.stranger_panel import StrangerPanel
from dashboards.console.gateways.transmitter_panel import TransmitterPanel
from dashboards.console.roll_call_panel import RollCallPanel
from dashboards.console.view import View, box, change, dress

Part = GatewayPanel | TransmitterPanel | RollCallPanel | StrangerPanel


class LinkPanel:
    """The panel at the lower right."""

    def __init__(self, view: View, on_device: Callable[[str], None]) -> None:
        """Build for the view's site; ``on_device`` opens a device (``unit/device``) that was clicked."""
        self._view = view
        self._tabs: dict[str, ui.button] = {}
        with box("panel gateways", "gateways"):
            if not view.console.registry.transmitters:
                self._parts: dict[str, Part] = {"gateways": GatewayPanel(view)}
                return
            with box("panel-head tabs"):
                for name in ("gateways", "transmitters", "roll_calls", "strangers"):
                    self._tabs[name] = self._tab(name)
            self._parts = {
                "gateways": GatewayPanel(view, with_title=False),
                "transmitters": TransmitterPanel(view, on_device),
                "roll_calls": RollCallPanel(view, on_device),
                "strangers": StrangerPanel(view),
            }
        self._open(view.tab)

    def _tab(self, name: str) -> ui.button:
        button = ui.button(self._view.text(f"tab_{name}"), on_click=partial(self._open, name), color=None)
        return button.classes("act tab").props(f"flat no-caps data-tab={name}")

    def _open(self, name: str) -> None:
        self._view.tab = name
        for other, part in self._parts.items():
            part.root.set_visibility(other == name)
            dress(self._tabs[other], "chosen", "yes" if other == name else "no")
        self.refresh(self._view.now_ns())

    def refresh(self, now_ns: int) -> None:
        """Redraw what is open, and what the tabs count."""
        for name, part in self._parts.items():
            if not self._tabs or name == self._view.tab:
                part.refresh(now_ns)
            if name in self._tabs:
                count = part.urgent(now_ns)
                words = self._view.text(f"tab_{name}")
                change(self._tabs[name], f"{words} {count}" if count else words)
                dress(self._tabs[name], "urgent", "yes" if count else "no")
