"""A new fire offers the way to its floor: a link that stands there, not a jump that takes the screen away."""

from __future__ import annotations

from nicegui import ui

from dashboards.console.overview.words import overview_path
from dashboards.console.section import Desk
from dashboards.console.view import box, change, line
from dashboards.console.wording import place_text
from dashboards.live.tally import FloorKey, is_fresh
from domain.alarm import AlarmClass
from domain.alert import AlertView


class Offer:
    """The newest fire that nobody acknowledged, unless its floor is on the screen already."""

    def __init__(self, desk: Desk, shown: FloorKey | None) -> None:
        """``shown``: the floor that this page shows."""
        self._view = desk.view
        self._shown = shown
        with box("offer", "offer").props("role=alert") as self._box:
            box("shape shape-fire")
            self._words = line("", "offer-words")
            self._more = line("", "offer-more")
            with ui.element("a").classes("offer-way").props("data-part=offer-way") as self._way:
                self._where = line("")
        self._box.set_visibility(False)

    def refresh(self) -> None:
        """Offer the way, or nothing."""
        fires = self._view.shared("fresh-fires", self._fresh_fires)
        elsewhere = [fire for fire in fires if floor_of(fire) != self._shown]
        self._box.set_visibility(bool(elsewhere))
        if not elsewhere:
            return
        view, fire = self._view, elsewhere[0]
        place = place_text(view.console.registry, fire.place, view.language)
        change(self._words, f"{view.text('lamp_fire')} · {place}")
        change(self._more, view.text("overview_more_fires", count=len(elsewhere) - 1) if elsewhere[1:] else "")
        has_plan = floor_of(fire) in view.console.registry.floor_plans
        change(self._where, view.text("overview_to_plan" if has_plan else "overview_to_floor"))
        path = path_of(fire)
        if self._way.props.get("href") != path:
            self._way.props["href"] = self._way.props["data-go"] = path

    def _fresh_fires(self) -> list[AlertView]:
        alerts = self._view.console.board.alerts.values()
        fires = [one for one in alerts if one.alarm_class is AlarmClass.FIRE and is_fresh(one)]
        return sorted(fires, key=lambda one: (-one.raised_at_ns, one.id))


def floor_of(alert: AlertView) -> FloorKey | None:
    """Return the floor of an alert, None where it names none."""
    place = alert.place
    if place.building is None or place.floor is None:
        return None
    return place.unit, place.building, place.floor


def path_of(alert: AlertView) -> str:
    """Return the nearest place of an alert that the overview shows."""
    steps = (alert.place.unit, alert.place.building, alert.place.floor)
    return overview_path(*(step for step in steps if step is not None))
