"""The page ``/installer``: strangers to adopt, walk tests, points that are still to be proven."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from dashboards.console.installer.adopted_page import AdoptedPage
from dashboards.console.installer.points_tab import PointsTab
from dashboards.console.installer.strangers_tab import StrangersTab
from dashboards.console.installer.walk_page import WalkPage
from dashboards.console.installer.walks_tab import WalksTab
from dashboards.console.section import Address, Body, Desk
from dashboards.console.view import box, dress, link

TABS: Mapping[str, Callable[[Desk, Address], Body]] = MappingProxyType(
    {"strangers": StrangersTab, "walks": WalksTab, "points": PointsTab}
)


def installer(desk: Desk, address: Address) -> Body:
    """Return the page with its tabs, one walk test, or what became of an adopted transmitter."""
    match address.rest:
        case ("walk", name):
            return WalkPage(desk, name)
        case ("adopted", unit, name):
            return AdoptedPage(desk, f"{unit}/{name}")
        case _:
            return InstallerPage(desk, address)


class InstallerPage(Body):
    """Tabs, and the one that is open."""

    def __init__(self, desk: Desk, address: Address) -> None:
        """Build; the query's ``tab`` says which."""
        view = desk.view
        chosen = address.query.get("tab", "strangers")
        chosen = chosen if chosen in TABS else "strangers"
        with box("panel page"):
            with box("kinds page-tabs").props("role=navigation"):
                for name in TABS:
                    tab = link(view.text(f"installer_tab_{name}"), f"/installer?tab={name}", "kind-chip")
                    tab.props["data-tab"] = name
                    dress(tab, "chosen", "yes" if name == chosen else "no")
            self._body = TABS[chosen](desk, address)

    def refresh(self, now_ns: int) -> None:
        """Redraw the open tab."""
        self._body.refresh(now_ns)

    def leave(self) -> None:
        """Let the open tab let go."""
        self._body.leave()
