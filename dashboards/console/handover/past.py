"""Hand-overs of before: a row each, and all that was written of one."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from alerts.shifts_face import HandoverView
from dashboards.console.components import Cell
from dashboards.console.handover.figures import Figure, brief, happened, standing
from dashboards.console.view import View, box, drop, line
from dashboards.console.wording import moment_text

MOST_WORDS = 60
"""Characters of the notes in a row; all of them stand in the dialog."""


def past_row(one: HandoverView, view: View) -> dict[str, Any]:
    """Return the row of a hand-over."""
    zone = view.console.zone
    notes = " · ".join(words for words in (one.notes, one.remark) if words)
    state = view.text("handover_state_waits" if one.waits else "handover_state_replaced")
    return {
        "id": one.id,
        "look": "caution" if one.waits else "",
        "cells": {
            "given": moment_text(one.given_ns, zone)[:16],
            "by": one.given_by,
            "taken": Cell(state, look="soft") if one.taken_ns is None else moment_text(one.taken_ns, zone)[:16],
            "taker": one.taken_by or "",
            "open": brief(one.figures, view.language),
            "notes": notes if len(notes) <= MOST_WORDS else f"{notes[:MOST_WORDS]}…",
        },
        "buttons": [{"action": "look", "words": view.text("handover_look"), "on": True, "main": False}],
    }


async def show_past(view: View, one: HandoverView) -> None:
    """Show a hand-over until the dialog is closed."""
    zone = view.console.zone
    title = view.text("handover_from_to", giver=one.given_by, taker=one.taken_by or "—")
    with ui.dialog() as dialog, box("dialog detail handover-dialog", "handover-dialog") as pane:
        pane.props["role"], pane.props["aria-label"] = "dialog", title
        line(title, "dialog-title")
        moments = [moment_text(at_ns, zone) for at_ns in (one.since_ns, one.given_ns)]
        line(view.text("handover_span", start=moments[0], end=moments[1]))
        line(one.notes or view.text("handover_no_notes"), "handover-words")
        if one.taken_ns is not None:
            taken = view.text("handover_taken_at", by=one.taken_by or "", at=moment_text(one.taken_ns, zone))
            line(f"{taken} {one.remark}".strip())
        _figures(view.text("handover_stood"), standing(one.figures, view.language))
        _figures(view.text("handover_happened"), happened(one.figures, view.language))
        close = ui.button(view.text("close"), on_click=dialog.close, color=None)
        close.classes("act").props("flat no-caps autofocus data-action=close")
    await dialog
    drop(dialog)


def _figures(title: str, figures: list[Figure]) -> None:
    line(title, "handover-title")
    with box("handover-figures"):
        for figure in figures:
            with box("figure"):
                line(str(figure.count), "figure-count")
                line(figure.words, "figure-words")
