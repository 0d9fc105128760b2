"""``/admin``: its tabs, of which everybody sees those that they may use."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dashboards.console.admin.audit import AuditTab
from dashboards.console.admin.channels import ChannelsTab
from dashboards.console.admin.sessions import SessionsTab
from dashboards.console.admin.tab import Tab
from dashboards.console.admin.tokens import TokensTab
from dashboards.console.admin.users import UsersTab
from dashboards.console.section import Address, Body, Desk
from dashboards.console.view import box, line, link

PATH = "/admin"
TABS: Mapping[str, type[Tab]] = MappingProxyType(
    {"users": UsersTab, "tokens": TokensTab, "sessions": SessionsTab, "channels": ChannelsTab, "audit": AuditTab}
)


class AdminPage(Body):
    """The tab that the address names, or the first that this person may use."""

    def __init__(self, desk: Desk, address: Address) -> None:
        """Build."""
        view = desk.view
        mine = [name for name, tab in TABS.items() if view.principal.may(tab.right)]
        wanted = address.rest[0] if address.rest else next(iter(mine), "")
        self._tab: Tab | None = None
        with box("admin-tabs").props(f'role=navigation aria-label="{view.text("nav_admin")}"'):
            for name in mine:
                shown = link(view.text(f"admin_tab_{name}"), f"{PATH}/{name}", "admin-tab")
                shown.props["data-tab"] = name
                shown.props["aria-current"] = "page" if name == wanted else "false"
        with box("admin-place", f"admin-{wanted}" if wanted in TABS else "admin-none"):
            if wanted in mine:
                self._tab = TABS[wanted](desk)
            else:
                words = "not_yours" if wanted in TABS else "nowhere"
                line(view.text(words), "body-note").props("role=alert")

    def refresh(self, now_ns: int) -> None:
        """Do nothing: tabs ask in their own time, alarms are not here."""

    def leave(self) -> None:
        """Ask no more."""
        if self._tab is not None:
            self._tab.leave()
