"""Every page of the console, one line each, in the order of the menu."""

from __future__ import annotations

from dashboards.console.admin.page import AdminPage
from dashboards.console.alarms.page import AlarmsPage
from dashboards.console.handover.page import HandoverPage
from dashboards.console.phone.page import PhonePage
from dashboards.console.section import Section
from dashboards.console.settings.page import SettingsPage
from domain.accounts import Right

SECTIONS: tuple[Section, ...] = (
    Section("alarms", "/", AlarmsPage),
    Section("admin", "/admin", AdminPage, right=Right.NOTIFY_TEST),
    Section("handover", "/handover", HandoverPage),
    Section("settings", "/settings", SettingsPage),
    Section("phone", "/phone", PhonePage, in_menu=False, bare=True),
)

BY_PATH = {section.path: section for section in SECTIONS}
