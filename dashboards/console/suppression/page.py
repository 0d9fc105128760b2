"""The page ``/suppression``: everything that keeps somebody from being told, and beginning, confirming, ending it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial

from nicegui import ui

from dashboards.console.components import DataTable
from dashboards.console.section import Address, Body, Desk
from dashboards.console.suppression import begin, end, rows
from dashboards.console.suppression.entries import Entry, Sides
from dashboards.console.suppression.rows_page import RowsPage
from dashboards.console.suppression.seen import eyes_of, sides_of
from dashboards.console.view import box, change, dress, line, link
from dashboards.console.wording import brief_moment_text
from dashboards.live.hidden import Kind
from domain.accounts import Right

LAMP = "lamp"
"""In the address instead of a kind: what the lamp 屏蔽 counts."""
MOST_SHOWN = 200
MOST_ENDED = 100
OLD_S = 15.0
"""An answer older than this is said to be old: three questions without one."""

Begin = Callable[[Desk], Awaitable[bool]]
BEGINNINGS: tuple[tuple[str, Right, Begin], ...] = (
    ("out", Right.OUT_OF_SERVICE, begin.begin_out_of_service),
    ("window", Right.OUT_OF_SERVICE, begin.begin_maintenance),
    ("silence", Right.SILENCE, begin.begin_silence),
)


def suppression(desk: Desk, address: Address) -> Body:
    """Return the page, or the rows that one entry keeps back."""
    if len(address.rest) >= 2:
        return RowsPage(desk, address.rest[0], "/".join(address.rest[1:]))
    return SuppressionPage(desk, address)


def shown(entries: Iterable[Entry], kind: str) -> list[Entry]:
    """Return those of a kind, those that the lamp counts, or all."""
    return [one for one in entries if not kind or (one.is_on_lamp if kind == LAMP else one.kind == kind)]


class SuppressionPage(Body):
    """Counts by kind, buttons to begin, the table, and what ended in the last day."""

    def __init__(self, desk: Desk, address: Address) -> None:
        """Build; the query's ``kind`` shows one kind only, or what the lamp counts."""
        view = desk.view
        self._desk = desk
        self._kind = address.query.get("kind", "")
        self._drawn: object = None
        with box("panel page"):
            with box("panel-head page-head"):
                line(view.text("suppression_title"), "panel-title")
                self._note = line("", "panel-note").props("role=status data-part=suppression-note")
                with box("page-deeds"):
                    for name, right, work in BEGINNINGS:
                        self._button(name, right, work)
            with box("kinds"):
                self._kinds = {kind: self._chip(kind) for kind in ("", LAMP, *Kind)}
            self._table = DataTable(
                rows.columns(view.language), self._act, name="suppressions", words=view.text("suppression_title")
            )
            self._none = line("", "page-none")
            self._more = line("", "list-more")
            folded = ui.expansion().classes("folded").props("dense data-part=suppressions-ended")
            self._folded = folded
            with folded:
                self._ended = DataTable(
                    rows.ended_columns(view.language), name="ended", words=view.text("suppression_ended_title")
                )
        view.console.feed.restrictions.soon()
        self.refresh(view.now_ns())

    def _button(self, name: str, right: Right, work: Begin) -> None:
        view = self._desk.view
        words = view.text(f"suppression_begin_{name}")
        button = ui.button(words, on_click=partial(self._begin, work), color=None).classes("act act-main")
        button.props(f"flat no-caps data-action=begin-{name}").set_enabled(view.principal.may(right))

    def _chip(self, kind: str) -> ui.label:
        path = f"/suppression?kind={kind}" if kind else "/suppression"
        chip = link("", path, "kind-chip")
        chip.props["data-kind"] = kind or "all"
        dress(chip, "chosen", "yes" if kind == self._kind else "no")
        with chip:
            return line("")

    def refresh(self, now_ns: int) -> None:
        """Redraw when something changed, or a second has passed for what ends soon."""
        view = self._desk.view
        found = sides_of(view)
        self._say_age(now_ns)
        names = {"": view.text("suppression_all"), LAMP: view.text("suppression_lamp")}
        for kind, label in self._kinds.items():
            name = names.get(kind) or view.text(f"suppression_kind_{kind}")
            change(label, f"{name} {len(shown(found.now, kind))}")
        state = (found, view.language, view.principal.rights, view.operator, now_ns // 10_000_000_000)
        if state == self._drawn:
            return
        self._drawn = state
        self._draw(found, now_ns)

    def _draw(self, found: Sides, now_ns: int) -> None:
        view = self._desk.view
        eyes = eyes_of(view, now_ns)
        now = shown(found.now, self._kind)
        self._table.show([rows.row(one, eyes) for one in now[:MOST_SHOWN]])
        asked = view.console.feed.restrictions
        nothing = view.text("suppression_none") if asked.revision else view.text("suppression_unknown")
        change(self._none, nothing)
        self._none.set_visibility(not now)
        change(self._more, view.text("suppression_more", count=len(now) - MOST_SHOWN))
        self._more.set_visibility(len(now) > MOST_SHOWN)
        ended = shown(found.ended, "" if self._kind == LAMP else self._kind)[:MOST_ENDED]
        self._folded.set_text(view.text("suppression_ended", count=len(ended)))
        self._folded.set_visibility(bool(ended))
        self._ended.show([rows.ended_row(one, eyes) for one in ended])

    def _say_age(self, now_ns: int) -> None:
        view = self._desk.view
        asked = view.console.feed.restrictions
        age_s = asked.age_s
        words = ""
        if age_s is None:
            words = view.text("suppression_unknown") if asked.trouble else ""
        elif age_s > OLD_S:
            words = view.text("suppression_old", time=brief_moment_text(asked.at_ns, now_ns, view.console.zone))
        change(self._note, words)
        dress(self._note, "old", "yes" if words else "no")

    async def _begin(self, work: Begin) -> None:
        if await work(self._desk):
            await self._again()

    async def _act(self, key: str, action: str) -> None:
        entry = next((one for one in sides_of(self._desk.view).now if one.key == key), None)
        deeds = {"end": end.end, "confirm": end.confirm, "extend": end.extend}
        if entry is not None and action in deeds and await deeds[action](self._desk, entry):
            await self._again()

    async def _again(self) -> None:
        """Show what has just changed."""
        await self._desk.view.console.feed.restrictions.fresh()
        self.refresh(self._desk.view.now_ns())
