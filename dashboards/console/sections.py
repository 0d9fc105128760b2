"""Every page of the console, one line each, in the order of the menu."""

from __future__ import annotations

from dashboards.console.alarms.page import AlarmsPage
from dashboards.console.devices.page import DevicesPage
from dashboards.console.gateways.page import GatewaysPage
from dashboards.console.section import Section

SECTIONS: tuple[Section, ...] = (
    Section("alarms", "/", AlarmsPage),
    Section("devices", "/devices", DevicesPage),
    Section("gateways", "/gateways", GatewaysPage),
)

BY_PATH = {section.path: section for section in SECTIONS}
