"""A site with rosters and telephones, and ears: what the tests of frame, hand-over and phone share."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Locator, Page

from domain.documents import Document
from domain.site import Registry, build_registry
from tests.alerts.alerts_scene import labels
from tests.dashboards.desks import becomes

EARS = """() => {
  window.heard = [];
  const Real = window.OscillatorNode;
  window.OscillatorNode = class extends Real {
    constructor(context, options) {
      super(context, options);
      window.heard.push(options.frequency);
    }
  };
}"""
"""Notes the pitch of every tone from now on."""

NIGHT = {"id": "night", "from": "20:00", "to": "08:00"}


def rostered(*rosters: dict[str, Any], phone: str | None = "0591-12345678") -> Registry:
    """Return a hotel with three people and these rosters; ``phone`` is the number of who answers for the exit."""
    zones = [{"id": "exit", "kind": "exit", "floor": 1, "labels": labels("安全出口", "exit"), "responsible": "p-chen"}]
    building = {"id": "east", "labels": labels("东楼", "East building"), "zones": zones}
    unit = {
        "id": "hotel",
        "labels": labels("闽江大酒店", "Minjiang Hotel"),
        "buildings": [building],
        "safety_manager": "p-lin",
    }
    people = [
        ("p-chen", "陈师傅", "Mr Chen", phone),
        ("p-lin", "林经理", "Ms Lin", "119"),
        ("p-he", "何师傅", "Mr He", None),
    ]
    data = {
        "site": "frame",
        "labels": labels("闽江大酒店", "Minjiang Hotel"),
        "units": [unit],
        "people": [
            {"id": name, "role": "unit_staff", "labels": labels(zh, en), **({"phone": number} if number else {})}
            for name, zh, en, number in people
        ],
        "rosters": list(rosters),
    }
    return build_registry(Document("site.yaml", data), [], [])


async def listen(page: Page) -> None:
    """Click where nothing is, so that the browser allows sound, and note every tone from now on."""
    await page.evaluate(EARS)
    await page.mouse.click(3, 3)


async def heard(page: Page) -> set[float]:
    """Return the pitches that sounded since it was asked last."""
    return set(await page.evaluate("window.heard.splice(0)"))


async def hears(page: Page, pitches: set[float]) -> None:
    """Wait until exactly these pitches are heard in a row of looks."""
    await becomes(
        page,
        "(wanted) => { const found = window.heard; window.heard = [];"
        " return found.length > 0 && found.every((pitch) => wanted.includes(pitch)); }",
        sorted(pitches),
    )


def lamp(page: Page, kind: str) -> Locator:
    """Return a lamp."""
    return page.locator(f"[data-lamp={kind}]")
