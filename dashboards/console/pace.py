"""The pace of all pages: drawn at once when alarms changed, and once a second because time passes.

One loop for all browsers. It yields between pages, so a click never waits for a hundred of them, and it draws what
changed meanwhile in its next round: a storm costs rounds, not a round for each alarm.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from dashboards.live.board import Board

log = logging.getLogger(__name__)

LOOK_S = 0.05
BEAT_S = 1.0


class Pace:
    """Calls everybody who joined."""

    def __init__(self, board: Board) -> None:
        """Follow ``board``."""
        self._board = board
        self._pages: dict[object, Callable[[], None]] = {}
        self.failed = 0
        """Drawings that raised: a fault of ours that must not keep others from being drawn."""

    def join(self, page: object, draw: Callable[[], None]) -> None:
        """Call ``draw`` from now on."""
        self._pages[page] = draw

    def leave(self, page: object) -> None:
        """Call it no more; a page that never joined may leave, too."""
        self._pages.pop(page, None)

    async def run(self) -> None:
        """Draw for ever; ends only by cancellation."""
        loop = asyncio.get_running_loop()
        drawn, beat_at = -1, 0.0
        while True:
            now = loop.time()
            if self._board.alerts_revision != drawn or now >= beat_at:
                drawn, beat_at = self._board.alerts_revision, now + BEAT_S
                await self._draw_all()
            await asyncio.sleep(LOOK_S)

    async def _draw_all(self) -> None:
        for page, draw in list(self._pages.items()):
            if page in self._pages:
                self._draw(draw)
                await asyncio.sleep(0)

    def _draw(self, draw: Callable[[], None]) -> None:
        try:
            draw()
        except Exception:  # the edge of one page: a fault in it must leave the others drawn, and be seen
            self.failed += 1
            log.exception("a page could not be drawn")
