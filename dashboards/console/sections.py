"""Every page of the console, one line each, in the order of the menu."""

from __future__ import annotations

from dashboards.console.alarms.page import AlarmsPage
from dashboards.console.section import Section

SECTIONS: tuple[Section, ...] = (Section("alarms", "/", AlarmsPage),)

BY_PATH = {section.path: section for section in SECTIONS}
