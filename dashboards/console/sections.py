"""Every page of the console, one line each, in the order of the menu."""

from __future__ import annotations

from dashboards.console.alarms.page import AlarmsPage
from dashboards.console.installer.page import installer
from dashboards.console.roll_calls.page import roll_calls
from dashboards.console.section import Section
from dashboards.console.suppression.page import suppression

SECTIONS: tuple[Section, ...] = (
    Section("alarms", "/", AlarmsPage),
    Section("suppression", "/suppression", suppression),
    Section("roll_calls", "/roll-calls", roll_calls),
    Section("installer", "/installer", installer),
)

BY_PATH = {section.path: section for section in SECTIONS}
