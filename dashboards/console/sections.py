"""Every page of the console, one line each, in the order of the menu."""

from __future__ import annotations

from dashboards.console.admin.page import AdminPage
from dashboards.console.alarms.page import AlarmsPage
from dashboards.console.detail.body import DetailPage
from dashboards.console.devices.page import DevicesPage
from dashboards.console.gateways.page import GatewaysPage
from dashboards.console.handover.page import HandoverPage
from dashboards.console.history.page import HistoryPage
from dashboards.console.installer.page import installer
from dashboards.console.kpi.body import KpiPage
from dashboards.console.overview.page import OverviewPage
from dashboards.console.phone.page import PhonePage
from dashboards.console.roll_calls.page import roll_calls
from dashboards.console.rules.page import RulesPage
from dashboards.console.section import Section
from dashboards.console.settings.page import SettingsPage
from dashboards.console.suppression.page import suppression
from domain.accounts import Right

SECTIONS: tuple[Section, ...] = (
    Section("alarms", "/", AlarmsPage),
    Section("overview", "/overview", OverviewPage),
    Section("devices", "/devices", DevicesPage),
    Section("gateways", "/gateways", GatewaysPage),
    Section("suppression", "/suppression", suppression),
    Section("roll_calls", "/roll-calls", roll_calls),
    Section("history", "/history", HistoryPage),
    Section("kpi", "/kpi", KpiPage),
    Section("rules", "/rules", RulesPage),
    Section("installer", "/installer", installer),
    Section("admin", "/admin", AdminPage, right=Right.NOTIFY_TEST),
    Section("handover", "/handover", HandoverPage),
    Section("settings", "/settings", SettingsPage),
    Section("detail", "/alarm", DetailPage, in_menu=False),
    Section("phone", "/phone", PhonePage, in_menu=False, bare=True),
)

BY_PATH = {section.path: section for section in SECTIONS}
