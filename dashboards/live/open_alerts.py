"""The list of open alerts, kept whole: page by page, round after round, while events come in between.

The follower of the ALERTS stream brings changes as they happen. What it can't know (a service that was restored from a
backup, an event that could not be read) is repaired by rounds: each goes through all open alerts in the order of the
list, one page a question, and what no page of a round had, and no event brought meanwhile, is gone. The first round
asks page after page; until it is complete the board does not count as answered, so nothing looks calm that isn't known.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from alerts.listing_face import MOST_LISTED, AlertPage, ListRequest
from dashboards.live.board import Board
from domain.alert import AlertView
from domain.clock import Clock

MOST_KEPT = 20_000
"""Open alerts that the console keeps, some 60 MB; of more it has those of the highest classes and says so."""

Ask = Callable[[ListRequest], Awaitable[AlertPage]]


class OpenAlerts:
    """Goes round for one board."""

    def __init__(self, board: Board, ask: Ask, clock: Clock, *, page: int = MOST_LISTED, most: int = MOST_KEPT) -> None:
        """``ask`` answers with a page; ``clock`` says when."""
        self._board = board
        self._ask = ask
        self._clock = clock
        self._page = page
        self._most = most
        self._cursor: str | None = None
        self._seen: dict[str, AlertView] = {}
        self._news: set[str] = set()

    def apply(self, alert: AlertView) -> None:
        """Take an event over, and believe it more than the pages of this round."""
        self._news.add(alert.id)
        self._board.apply_alert(alert)

    async def next(self) -> None:
        """Ask for the next page; the first time, for all of them."""
        while True:
            await self._one_page()
            if self._cursor is None or self._board.alerts_at_ns:
                return

    async def _one_page(self) -> None:
        page = await self._ask(ListRequest(open=True, limit=self._page, cursor=self._cursor))
        fresh = {alert.id: alert for alert in page.alerts if alert.id not in self._news}
        self._seen |= fresh
        self._board.take_alerts(fresh)
        full = len(self._seen) >= self._most
        self._cursor = None if full else page.next_cursor
        if self._board.alerts_at_ns:
            self._board.alerts_at_ns = self._clock.now_ns()
        if self._cursor is None:
            self._end_round(cut=full and page.next_cursor is not None)
        self._board.touch()

    def _end_round(self, *, cut: bool) -> None:
        board = self._board
        kept = [alert for name, alert in board.alerts.items() if name in self._seen or name in self._news]
        board.replace_alerts(kept, self._clock.now_ns(), cut=cut)
        self._seen, self._news = {}, set()
