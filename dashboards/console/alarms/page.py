"""The page of alarms, the screen people work with: what is open, first alarm on top, and what can be done with it.

One book of alarms for all browsers of a scope (`book`), one text for each row (`rows`), one window for each browser
(`window`). A browser is told at once of a fire and of another first alarm; of all else at most four times a second, so
that a storm costs each browser the same.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from dashboards.console.alarms.actions import AlarmDeeds
from dashboards.console.alarms.arranging import CONSEQUENCES, Entry, members
from dashboards.console.alarms.book import AlarmBook, Listing
from dashboards.console.alarms.bulk import MOST_AT_ONCE
from dashboards.console.alarms.filter_bar import FORMS, FilterBar
from dashboards.console.alarms.filters import AlarmFilter
from dashboards.console.alarms.rows import RowBook
from dashboards.console.alarms.table import AlarmTable, Handlers
from dashboards.console.alarms.window import Window
from dashboards.console.section import Address, Body, Desk
from dashboards.console.view import box, change, line
from dashboards.live.lamps import alarms_known

GAP_S = 0.25
MOST_MUTED = 500


class Books(NamedTuple):
    """What the browsers of one scope share."""

    alarms: AlarmBook
    rows: RowBook


class AlarmsPage(Body):
    """One browser's list."""

    def __init__(self, desk: Desk, address: Address) -> None:
        """Build for the filter and the form that the address says."""
        self._desk, self._view = desk, desk.view
        self._wanted = AlarmFilter.read(address.query)
        form = address.query.get("view", "")
        self._form = form if form in FORMS else ""
        self._opened: frozenset[str] = frozenset()
        self._late: asyncio.TimerHandle | None = None
        self._told_at_s = 0.0
        self._urgent: object = None
        self._muted: tuple[str, ...] = ()
        deeds = AlarmDeeds(desk)
        self._window = Window(lambda: self._books().rows, self._written)
        with box("panel alarms", "alarms"):
            with box("panel-head"):
                line(self._view.text("alarms"), "panel-title").props("role=heading aria-level=1")
                self._count = line("", "panel-note")
                self._note = line("", "alarm-note").props("role=status data-part=alarm-note")
            self._bar = FilterBar(desk, self._wanted, self._form, lambda: self._books().alarms)
            self._empty = line("", "alarm-empty").props("data-part=alarm-empty role=status")
            handlers = Handlers(self._look, deeds.act, deeds.act_on, self._open, self._fold, self._choose)
            self._table = AlarmTable(self._view, handlers).props("data-part=alarm-rows")

    def refresh(self, now_ns: int) -> None:
        """Draw now, or in a moment where a browser was told just now and nothing is urgent."""
        books = self._books()
        urgent = (books.alarms.all.fires, books.alarms.all.first)
        wait_s = self._told_at_s + GAP_S - asyncio.get_running_loop().time()
        if wait_s <= 0 or urgent != self._urgent:
            self._urgent = urgent
            self._draw(now_ns)
        elif self._late is None:
            self._late = asyncio.get_running_loop().call_later(wait_s, self._draw_late)

    def leave(self) -> None:
        """Draw no more."""
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _draw_late(self) -> None:
        self._late = None
        if not self._table.is_deleted:
            self._draw(self._view.now_ns())

    def _draw(self, now_ns: int) -> None:
        self.leave()
        listing = self._listing()
        self._bar.refresh(listing)
        self._say(listing, known=alarms_known(self._view.console.board, now_ns))
        self._tell(listing)
        muted = tuple(sorted(self._view.muted)[:MOST_MUTED])
        if muted != self._muted:
            self._muted = muted
            self._table.muted(muted)

    def _books(self) -> Books:
        """Return what the browsers of this scope share, up to date."""
        view = self._view
        name = ("alarm-books", view.principal.units)
        site = view.console.site.revision  # places and people of rows are those of the site as it is now
        books = view.console.once.of(name, site, lambda: Books(AlarmBook(), RowBook()))
        books.alarms.catch_up(view.console.board)
        return books

    def _listing(self) -> Listing:
        return self._books().alarms.listing(self._wanted, self._view.console.registry)

    def _by_building(self, listing: Listing) -> bool:
        """Tell whether the list groups: as people chose, else in a flood that is not of one building only."""
        return self._form == "groups" or (not self._form and listing.is_flood and not self._wanted.building)

    def _tell(self, listing: Listing) -> None:
        pinned = self._books().alarms.pinned(listing)
        entries = listing.entries(pinned=pinned, by_building=self._by_building(listing), opened=self._opened)
        news = self._window.news(entries, pinned)
        if news is not None:
            self._told_at_s = asyncio.get_running_loop().time()
            self._table.tell(news)

    def _written(self, entry: Entry) -> str:
        console = self._view.console
        return self._books().rows.text(entry, console.registry, console.zone, self._view.language)

    def _say(self, listing: Listing, *, known: bool) -> None:
        """Say how many there are, and what should be known of the list as a whole."""
        text, board = self._view.text, self._view.console.board
        count = len(listing.alerts)
        change(self._count, text("alarms_open", count=count) if count else "")
        notes = [
            text("alarms_digests") if listing.has_digests else "",
            text("alarms_grouped") if self._by_building(listing) else "",
            text("alarms_cut") if board.alerts_cut is not None else "",
        ]
        change(self._note, " · ".join(note for note in notes if note))
        nothing = "alarms_none" if known else "alarms_unknown"
        change(self._empty, text("filter_nothing" if known and self._wanted.is_on else nothing))
        self._empty.set_visibility(not count and not listing.folded)
        self._empty.classes(add="" if known else "unknown", remove="unknown" if known else "")

    def _look(self, start: int, count: int, fresh: bool) -> None:  # noqa: FBT001  # as the browser's event has it
        self._window.ask(start, count, fresh=fresh)
        self._tell(self._listing())

    def _open(self, alert_id: str) -> None:
        self._desk.go(f"/alarm/{alert_id}")

    def _fold(self, group: str) -> None:
        """Open a group, or close it; what is no group of this list is none."""
        if group in self._opened or group == CONSEQUENCES or any(members(self._listing().alerts, group)):
            self._opened ^= {group}
        self._tell(self._listing())

    def _choose(self, group: str) -> None:
        """Choose the alarms that a group has at this moment."""
        found = [alert.id for alert in members(self._listing().alerts, group)]
        self._table.chosen(found[:MOST_AT_ONCE])
