"""What the site says of a device, and the way to its board in Grafana."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from nicegui import ui
from nicegui.element import Element

from dashboards.console.view import View, box, line
from dashboards.console.wording import person_text
from dashboards.live.device_health import node_of
from domain.site import Device

UID_PREFIX = "fengsui-"
"""Beginning of the uids of our boards (`dashboards.grafana.frame.uid_of`)."""


class Facts:
    """A short list of what people wrote."""

    def __init__(self, view: View, device: Device) -> None:
        """Build; it changes with the site only, and then the page is another."""
        with box("panel facts", "device-facts"):
            for name, words in _facts(view, device):
                if words:
                    line(view.text(f"devices_fact_{name}"), "fact-name")
                    line(words, "fact-words").props["data-fact"] = name


def _facts(view: View, device: Device) -> Iterator[tuple[str, str]]:
    language, zone = view.language, device.zone
    person = zone.settings.responsible
    yield "key", device.key
    yield "profile", f"{device.profile.labels.of(language)} · {device.profile.profile}"
    yield "address", f"{device.connection.protocol} · {device.connection.id} · {device.settings.address}"
    yield "zone", view.text(f"devices_zone_{zone.settings.kind}")
    yield "responsible", person_text(view.console.registry, person, language) if person else ""
    yield "gateway", f"{device.gateway.labels.of(language)} · {node_of(device)}"
    yield "tags", ", ".join(str(tag) for tag in device.settings.tags)


def grafana_path(view: View, device: Device) -> Element | None:
    """Return a link to the device's board, None where the site names no Grafana; opened by a click only."""
    base = view.console.registry.site.console.grafana
    if base is None:
        return None
    query = urlencode({"var-unit": device.gateway.unit, "var-device": device.settings.id})
    return outside_link(f"{base.rstrip('/')}/d/{UID_PREFIX}device-{view.language.value}?{query}", "Grafana")


def outside_link(address: str, words: str) -> Element:
    """Return a link that opens elsewhere, in a tab of its own, and tells nobody where it came from."""
    element = ui.element("a").classes("link outside")
    element.props.update({"href": address, "target": "_blank", "rel": "noopener noreferrer"})
    with element:
        line(f"{words} ↗")
    return element
