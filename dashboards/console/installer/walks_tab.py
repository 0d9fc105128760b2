"""Walk tests: those that run, seen by everybody; beginning one; those of the last day."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from alerts.walk_test_face import MOST_S, BeginRequest, WalkTestFace
from dashboards.console import deeds
from dashboards.console.components import Cell, Column, DataTable
from dashboards.console.form import Form
from dashboards.console.frame.walk_test_words import scope_text
from dashboards.console.place_picker import PlacePicker
from dashboards.console.places import PlaceKind
from dashboards.console.section import Address, Body, Desk
from dashboards.console.view import View, box, change, line
from dashboards.console.wording import brief_moment_text, person_text
from domain.accounts import Right
from domain.walk_test import WalkTestView

COLUMNS = ("scope", "by", "note", "begun")
FIRST_MINUTES = 120
MOST_MINUTES = MOST_S / 60


class WalksTab(Body):
    """A table of tests."""

    def __init__(self, desk: Desk, address: Address) -> None:
        """Build; nothing of the address is asked."""
        del address
        view = desk.view
        self._desk = desk
        self._drawn: object = None
        with box("panel-head page-head"):
            line(view.text("installer_walks"), "panel-title")
            with box("page-deeds"):
                begin = ui.button(view.text("installer_begin_walk"), on_click=self._begin, color=None)
                begin.classes("act act-main").props("flat no-caps data-action=begin-walk")
                begin.set_enabled(view.principal.may(Right.WALK_TEST))
        columns = [Column(name, view.text(f"installer_column_{name}")) for name in COLUMNS]
        left = Column("left", view.text("installer_column_left"), kind="countdown")
        self._table = DataTable([*columns, left], name="walks", words=view.text("installer_walks"))
        self._none = line("", "page-none")
        view.console.feed.restrictions.soon()
        self.refresh(view.now_ns())

    def refresh(self, now_ns: int) -> None:
        """Redraw when a test began or ended."""
        view = self._desk.view
        asked = view.console.feed.restrictions
        answer = asked.look()
        tests = answer.within(view.principal.units).walk_tests if answer is not None else ()
        if (tests, asked.revision) == self._drawn:
            return
        self._drawn = (tests, asked.revision)
        self._table.show([_row(view, test, now_ns) for test in tests])
        change(self._none, view.text("installer_no_walk" if answer is not None else "suppression_unknown"))
        self._none.set_visibility(not tests)

    async def _begin(self) -> None:
        begun = await begin_walk(self._desk)
        if begun is not None:
            await self._desk.view.console.feed.restrictions.fresh()
            self._desk.go(f"/installer/walk/{begun.id}")


def _row(view: View, test: WalkTestView, now_ns: int) -> dict[str, Any]:
    registry, language = view.console.registry, view.language
    return {
        "id": test.id,
        "look": "caution" if test.is_running else "",
        "cells": {
            "scope": Cell(scope_text(registry, test, language), go=f"/installer/walk/{test.id}"),
            "by": person_text(registry, test.begun_by, language),
            "note": test.note,
            "begun": brief_moment_text(test.begun_ns, now_ns, view.console.zone),
            "left": test.until_ns if test.is_running else Cell(view.text("installer_ended"), look="soft"),
        },
        "buttons": [],
    }


async def begin_walk(desk: Desk) -> WalkTestView | None:
    """Ask for a scope and begin; returns the test."""
    view = desk.view
    form = Form(view, view.text("installer_begin_walk"), name="begin-walk", save=view.text("suppression_begin"))
    kinds = (PlaceKind.UNIT, PlaceKind.ZONE, PlaceKind.DEVICE)
    with form.fields:
        picker = PlacePicker(view, kinds, form.look, words=view.text("suppression_where"))
    minutes = form.number("minutes", view.text("installer_minutes"), FIRST_MINUTES)
    note = form.words("note", view.text("installer_note"))
    begun: list[WalkTestView] = []

    def check() -> tuple[str, str]:
        if not picker.chosen:
            return view.text("suppression_no_place"), ""
        if len({place.unit for place in picker.chosen}) != 1:
            return view.text("suppression_one_unit"), ""
        if not 1 <= _number(minutes.value) <= MOST_MINUTES:
            return view.text("installer_minutes_range", most=f"{MOST_MINUTES:g}"), ""
        return "", view.text("installer_walk_effect")

    if not await form.ask(check):
        return None
    request = BeginRequest(
        unit=picker.chosen[0].unit,
        zones=tuple(place.name for place in picker.chosen if place.kind is PlaceKind.ZONE),
        devices=tuple(place.name for place in picker.chosen if place.kind is PlaceKind.DEVICE),
        by=view.operator or "?",
        note=str(note.value or "").strip(),
        duration_s=_number(minutes.value) * 60,
    )

    async def act() -> None:
        begun.append(await WalkTestFace(view.console.link.backbone).begin(request))

    await deeds.do(desk, Right.WALK_TEST, view.text("installer_begin_walk"), act, unit=request.unit)
    return begun[0] if begun else None


def _number(given: object) -> float:
    try:
        return float(str(given))
    except ValueError:
        return 0.0
