"""One walk test, live: ``/installer/walk/<id>``. What came through, how fast, and what is still to be walked."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from nicegui import ui

from alerts.walk_test_face import WalkTestFace
from dashboards.console import deeds, dialogs
from dashboards.console.components import Cell, Column, DataTable, Tick
from dashboards.console.frame.walk_test_words import scope_text
from dashboards.console.installer.hand_marks import hand_text, mark_point, point_text
from dashboards.console.section import Body, Desk
from dashboards.console.view import View, box, change, dress, line, link
from dashboards.console.wording import brief_moment_text, floor_text, person_text
from dashboards.live.walk_log import Sight, Sighting, WalkLog
from domain.accounts import Right
from domain.errors import FengsuiError
from domain.points import Point
from domain.walk_test import WalkTestView

COLUMNS = ("point", "device", "place", "sight", "hand", "seen", "took", "rule")
MOST_SHOWN = 300
_LOOKS = {
    Sight.ALARMED: ("✓", ""),
    Sight.DEVICE_ALARMED: ("?", "caution"),
    Sight.HAND_WORKS: ("✎", ""),
    Sight.HAND_FAILS: ("✎", "alarm"),
    Sight.CHANGED: ("~", "caution"),
    Sight.UNSEEN: ("○", "soft"),
}
_ROW_LOOKS = {Sight.DEVICE_ALARMED: "caution", Sight.CHANGED: "caution", Sight.HAND_FAILS: "alarm"}


class WalkPage(Body):
    """Head with the time that is left, counts that filter, points: those just seen first."""

    def __init__(self, desk: Desk, name: str) -> None:
        """Build for a test, which may be unknown, or over."""
        view = desk.view
        self._desk = desk
        self._name = name
        self._only: Sight | None = None
        self._drawn: object = None
        with box("panel page"):
            with box("panel-head page-head"):
                link(f"‹ {view.text('installer_walks')}", "/installer?tab=walks", "act")
                self._title = line("", "panel-title").props("data-part=walk-of")
                self._state = line("", "panel-note").props("role=status data-part=walk-state")
                self._left = Tick("countdown").classes("walk-left")
                with box("page-deeds"):
                    self._other = ui.button(view.text("installer_mark_other"), on_click=self._mark_other, color=None)
                    self._other.classes("act").props("flat no-caps data-action=mark-other")
                    self._end = ui.button(view.text("installer_end_walk"), on_click=self._finish, color=None)
                    self._end.classes("act act-main").props("flat no-caps data-action=end-walk")
            with box("kinds"):
                self._chips = {sight: self._chip(sight) for sight in (None, *Sight)}
            self._report = line("", "page-hint").props("data-part=walk-report")
            columns = [Column(one, view.text(f"installer_column_{one}")) for one in COLUMNS]
            self._table = DataTable(columns, self._act, name="walked", words=view.text("installer_walks"))
            self._none = line("", "page-none")
            self._more = line("", "list-more")
        self.refresh(view.now_ns())

    def _chip(self, sight: Sight | None) -> ui.button:
        chip = ui.button("", on_click=partial(self._choose, sight), color=None).classes("kind-chip")
        return chip.props(f"flat no-caps data-sight={sight or 'all'}")

    def _choose(self, sight: Sight | None) -> None:
        self._only = sight
        self.refresh(self._desk.view.now_ns())

    def _test(self) -> WalkTestView | None:
        view = self._desk.view
        answer = view.console.feed.restrictions.look()
        tests = answer.within(view.principal.units).walk_tests if answer is not None else ()
        return next((one for one in tests if one.id == self._name), None)

    def refresh(self, now_ns: int) -> None:
        """Redraw when a point was seen, or the test ended."""
        view = self._desk.view
        test = self._test()
        found = view.console.feed.walks.look(test) if test is not None else None
        sights = [] if found is None else [(one.sight, one.took_s, len(one.marks)) for one in found.sightings.values()]
        may = test is not None and test.is_running and view.principal.may(Right.WALK_TEST)
        state = (test, found is None, self._only, sights, may, view.console.feed.restrictions.revision > 0)
        if state == self._drawn:
            return
        self._drawn = state
        self._draw_head(test, may=may)
        self._draw_points(found, now_ns, may=may)

    def _draw_head(self, test: WalkTestView | None, *, may: bool) -> None:
        view = self._desk.view
        registry, language = view.console.registry, view.language
        running = test is not None and test.is_running
        self._left.set_visibility(running)
        for button in (self._end, self._other):
            button.set_enabled(may)
        if test is None:
            known = view.console.feed.restrictions.revision
            change(self._title, view.text("installer_walk_gone" if known else "suppression_unknown"))
            return
        self._left.set_time(test.until_ns)
        change(self._title, scope_text(registry, test, language))
        by = person_text(registry, test.begun_by, language)
        key = "installer_walk_runs" if running else "installer_walk_over"
        words = view.text(key, by=by)
        change(self._state, f"{words} · {test.note}" if test.note else words)
        change(self._report, view.text("installer_report", end=f"fengsui walk-test end {test.unit}"))

    def _draw_points(self, found: WalkLog | None, now_ns: int, *, may: bool) -> None:
        view = self._desk.view
        for sight, chip in self._chips.items():
            count = 0 if found is None else found.count(sight) if sight else len(found.sightings)
            change(chip, f"{view.text(f'installer_sight_{sight}' if sight else 'suppression_all')} {count}")
            dress(chip, "chosen", "yes" if sight is self._only else "no")
        sightings = [] if found is None else in_order(list(found.sightings.values()), self._only)
        self._table.show([_row(view, one, now_ns, may=may) for one in sightings[:MOST_SHOWN]])
        change(self._none, view.text("installer_reading" if found is None else "installer_nothing"))
        self._none.set_visibility(not sightings)
        change(self._more, view.text("suppression_more", count=len(sightings) - MOST_SHOWN))
        self._more.set_visibility(len(sightings) > MOST_SHOWN)

    async def _act(self, key: str, action: str) -> None:
        test = self._test()
        found = self._desk.view.console.feed.walks.look(test) if test is not None else None
        one = found.sightings.get(key) if found is not None else None
        if one is not None and action == "mark":
            await self._mark(one.point)

    async def _mark_other(self) -> None:
        await self._mark(None)

    async def _mark(self, point: Point | None) -> None:
        view = self._desk.view
        test = self._test()
        if test is None or not await mark_point(self._desk, test, point):
            return
        found = view.console.feed.walks.look(test)
        if found is not None:
            with suppress(FengsuiError):  # it is written; the follower asks again
                await found.ask_marks(view.console.link.backbone)
        self.refresh(view.now_ns())

    async def _finish(self) -> None:
        view = self._desk.view
        test = self._test()
        question = view.text("installer_end_question")
        if test is None or not await dialogs.sure(view, question, yes=view.text("installer_end_walk")):
            return

        async def act() -> None:
            await WalkTestFace(view.console.link.backbone).end(test.id, by=view.operator)

        if await deeds.do(self._desk, Right.WALK_TEST, view.text("installer_end_walk"), act, unit=test.unit):
            await view.console.feed.restrictions.fresh()
            self.refresh(view.now_ns())


def in_order(sightings: Sequence[Sighting], only: Sight | None) -> list[Sighting]:
    """Return what was seen or marked last first, then what is still to be walked, in the order of the walk."""
    kept = [one for one in sightings if only is None or one.sight is only]
    seen = sorted((one for one in kept if one.told_ns), key=lambda one: -one.told_ns)
    return [*seen, *(one for one in kept if not one.told_ns)]


def _row(view: View, one: Sighting, now_ns: int, *, may: bool) -> dict[str, Any]:
    registry, language = view.console.registry, view.language
    device = registry.devices[f"{one.point.unit}/{one.point.device}"]
    zone = registry.zone_of(one.point)
    floor = floor_text(zone.settings.floor, language)
    mark, look = _LOOKS[one.sight]
    took = "" if one.took_s is None else view.text("installer_took", seconds=f"{one.took_s:.1f}")
    return {
        "id": one.point.key,
        "look": _ROW_LOOKS.get(one.sight, ""),
        "cells": {
            "point": point_text(view, one.point),
            "device": device.settings.labels.of(language),
            "place": f"{zone.building.labels.of(language)} {floor} {zone.settings.labels.of(language)}",
            "sight": Cell(view.text(f"installer_sight_{one.sight}"), mark, look),
            "hand": hand_text(view, one, now_ns),
            "seen": "" if one.seen_ns is None else brief_moment_text(one.seen_ns, now_ns, view.console.zone),
            "took": took,
            "rule": Cell(one.rule or "", go=f"/alarm/{one.alert}" if one.alert else ""),
        },
        "buttons": [{"action": "mark", "words": view.text("installer_mark"), "on": may, "main": False}],
    }
