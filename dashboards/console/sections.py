"""Every page of the console, one line each, in the order of the menu."""

from __future__ import annotations

from dashboards.console.alarms.page import AlarmsPage
from dashboards.console.detail.body import DetailPage
from dashboards.console.history.page import HistoryPage
from dashboards.console.kpi.body import KpiPage
from dashboards.console.rules.page import RulesPage
from dashboards.console.section import Section

SECTIONS: tuple[Section, ...] = (
    Section("alarms", "/", AlarmsPage),
    Section("detail", "/alarm", DetailPage, in_menu=False),
    Section("history", "/history", HistoryPage),
    Section("kpi", "/kpi", KpiPage),
    Section("rules", "/rules", RulesPage),
)

BY_PATH = {section.path: section for section in SECTIONS}
