"""``/rules`` and ``/rules/<rule>``."""

from __future__ import annotations

from dashboards.console.rules.list_view import ListView
from dashboards.console.rules.rule_view import RuleView
from dashboards.console.section import Address, Body, Desk


class RulesPage(Body):
    """The list, or one rule where the address names it."""

    def __init__(self, desk: Desk, address: Address) -> None:
        """Build what the address says."""
        self._shown: ListView | RuleView
        self._shown = RuleView(desk, address.rest[0]) if address.rest else ListView(desk, address)

    def refresh(self, now_ns: int) -> None:
        """Redraw what changed."""
        self._shown.refresh(now_ns)

    def leave(self) -> None:
        """Ask nothing any more."""
        self._shown.leave()
