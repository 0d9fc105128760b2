"""Marking a point of a walk test by hand: what can't alarm by itself, as a person found it."""

from __future__ import annotations

from nicegui import ui

from alerts.walk_test_face import MOST_MARK_WORDS, MarkRequest, WalkTestFace
from dashboards.console import deeds
from dashboards.console.form import Form
from dashboards.console.place_picker import PlacePicker
from dashboards.console.places import PlaceKind
from dashboards.console.section import Desk
from dashboards.console.view import View
from dashboards.console.wording import brief_moment_text, person_text
from dashboards.live.walk_log import Sighting
from domain.accounts import Right
from domain.points import Point
from domain.walk_test import WalkTestView, in_scope

FINDINGS = ("works", "fails")


def hand_text(view: View, one: Sighting, now_ns: int) -> str:
    """Write the mark that counts: finding, person, time, words, and how many came before it; empty without one."""
    mark = one.hand
    if mark is None:
        return ""
    parts = [
        view.text(f"installer_hand_{FINDINGS[0] if mark.works else FINDINGS[1]}"),
        person_text(view.console.registry, mark.by, view.language),
        brief_moment_text(mark.at_ns, now_ns, view.console.zone),
        mark.remark,
        mark.reason,
        view.text("installer_hand_before", count=len(one.marks) - 1) if len(one.marks) > 1 else "",
    ]
    return " · ".join(part for part in parts if part)


async def mark_point(desk: Desk, test: WalkTestView, point: Point | None) -> bool:
    """Ask what was found at a point, at one that is chosen first where none is given; returns whether it is marked."""
    view = desk.view
    form = Form(view, _title(view, point), name="mark-point", save=view.text("installer_mark"))
    chosen = None if point is not None else _PointChoice(view, form, test)
    finding = form.choice(
        "finding", view.text("installer_finding"), {one: view.text(f"installer_hand_{one}") for one in FINDINGS}, None
    )
    remark = form.words("remark", view.text("installer_note"), most=MOST_MARK_WORDS)
    reason = form.words("reason", view.text("installer_why_by_hand"), most=MOST_MARK_WORDS)

    def named() -> str:
        return f"{point.device}/{point.name}" if point is not None else chosen.name if chosen is not None else ""

    def check() -> tuple[str, str]:
        if not named():
            return view.text("installer_no_point"), ""
        if finding.value not in FINDINGS:
            return view.text("installer_no_finding"), ""
        return "", view.text("installer_mark_effect")

    if not await form.ask(check):
        return False
    request = MarkRequest(
        id=test.id,
        point=named(),
        works=finding.value == FINDINGS[0],
        by=view.operator or "?",
        remark=str(remark.value or ""),
        reason=str(reason.value or ""),
    )

    async def act() -> None:
        await WalkTestFace(view.console.link.backbone).mark(request)

    return await deeds.do(desk, Right.WALK_TEST, view.text("installer_mark"), act, unit=test.unit)


def _title(view: View, point: Point | None) -> str:
    if point is None:
        return view.text("installer_mark_title")
    registry = view.console.registry
    device = registry.devices[f"{point.unit}/{point.device}"].settings.labels.of(view.language)
    return f"{view.text('installer_mark_title')} {device} · {point_text(view, point)}"


def point_text(view: View, point: Point) -> str:
    """Return what people call a point."""
    label = view.console.registry.point_labels.get(point.key)
    return label.of(view.language) if label else point.name


class _PointChoice:
    """A device of the unit, then one of its points that are within the test."""

    def __init__(self, view: View, form: Form, test: WalkTestView) -> None:
        """Add both to a form."""
        self._view, self._form, self._test = view, form, test
        with form.fields:
            self._devices = PlacePicker(
                view, (PlaceKind.DEVICE,), self._offer, words=view.text("installer_column_device"), one=True
            )
        self._points: ui.select = form.choice("point", view.text("installer_column_point"), {}, None)

    @property
    def name(self) -> str:
        """``device/point``; empty while none is chosen."""
        return str(self._points.value or "")

    def _offer(self) -> None:
        registry, test = self._view.console.registry, self._test
        keys = {place.key for place in self._devices.chosen}
        offered = {
            f"{point.device}/{point.name}": point_text(self._view, point)
            for point in registry.points
            if f"{point.unit}/{point.device}" in keys
            and point.unit == test.unit
            and in_scope(registry.zone_of(point).settings.id, point.device, test.zones, test.devices)
        }
        self._points.set_options(offered, value=None)
        self._form.look()
