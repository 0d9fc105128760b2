"""The example site on free ports, for tests that play on it."""

from __future__ import annotations

from pathlib import Path

from backbone.server import free_ports
from cli.site_files import load_registry
from domain.site import Registry

FOLDER = Path(__file__).parents[2] / "examples" / "hotel"

LINES = {"panel-line": "FENGSUI_PANEL_PORT", "power-line": "FENGSUI_POWER_PORT", "water-line": "FENGSUI_WATER_PORT"}


def environment() -> dict[str, str]:
    """Return the environment for a hotel on ports that nobody uses; nobody is the broker."""
    names = [*LINES.values(), "FENGSUI_MQTT_PORT"]
    return {name: str(port) for name, port in zip(names, free_ports(len(names)), strict=True)}


def hotel() -> Registry:
    """Load the hotel on free ports."""
    return load_registry(FOLDER, environment())
