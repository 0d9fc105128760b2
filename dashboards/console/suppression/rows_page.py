"""The rows that one entry keeps back now: ``/suppression/<kind>/<id>``."""

from __future__ import annotations

from dashboards.console.components import DataTable
from dashboards.console.section import Body, Desk
from dashboards.console.suppression import rows
from dashboards.console.suppression.entries import Entry
from dashboards.console.suppression.seen import eyes_of, sides_of
from dashboards.console.view import box, change, line, link

MOST_ROWS = 300


class RowsPage(Body):
    """What it is, and its alerts, each with a link."""

    def __init__(self, desk: Desk, kind: str, name: str) -> None:
        """Build for an entry, which may have ended meanwhile."""
        view = desk.view
        self._desk = desk
        self._key = f"{kind}:{name}"
        self._drawn: object = None
        with box("panel page"):
            with box("panel-head page-head"):
                link(f"‹ {view.text('suppression_title')}", "/suppression", "act")
                self._title = line("", "panel-title").props("data-part=suppression-what")
                self._why = line("", "panel-note")
            self._table = DataTable(
                rows.hidden_columns(view.language), name="hidden", words=view.text("suppression_hidden")
            )
            self._none = line("", "page-none")
            self._more = line("", "list-more")
        self.refresh(view.now_ns())

    def refresh(self, now_ns: int) -> None:
        """Redraw when another alert is kept back, or one was let go."""
        view = self._desk.view
        entry = next((one for one in sides_of(view).now if one.key == self._key), None)
        if entry == self._drawn and self._drawn is not None:
            return
        self._drawn = entry
        self._draw(entry, now_ns)

    def _draw(self, entry: Entry | None, now_ns: int) -> None:
        view = self._desk.view
        registry = view.console.registry
        kept = entry.hides if entry is not None else ()
        title = "" if entry is None else rows.kind_words(entry, view.language)
        change(self._title, f"{title} · {rows.what_words(entry, registry, view.language)}" if entry else title)
        change(self._why, entry.why if entry else "")
        self._table.show(rows.hidden_rows(kept[:MOST_ROWS], eyes_of(view, now_ns)))
        change(self._none, view.text("suppression_gone" if entry is None else "suppression_hides_nothing"))
        self._none.set_visibility(not kept)
        change(self._more, view.text("suppression_more", count=len(kept) - MOST_ROWS))
        self._more.set_visibility(len(kept) > MOST_ROWS)
