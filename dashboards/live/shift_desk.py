"""The shift that runs and the hand-overs before it: one question for every page of the shift that stands open."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.shifts_face import HandoverView, ShiftNow, ShiftsFace
from dashboards.live.asked import Asked
from dashboards.live.board import Board
from dashboards.live.link import Link
from domain.clock import Clock

ASK_S = 5.0
MOST_PAST = 50


@dataclass(frozen=True, slots=True)
class Shift:
    """The shift that runs, counted when it was asked for, and the newest hand-overs."""

    now: ShiftNow
    past: tuple[HandoverView, ...]


class ShiftDesk:
    """``shift`` is asked for anew where alarms or the shift changed, every `ASK_S` at most."""

    def __init__(self, link: Link, board: Board, clock: Clock) -> None:
        """Ask over ``link``; ``board`` is the whole one: the shift is that of the whole site."""
        self._link = link
        self._board = board
        self.shift: Asked[Shift] = Asked(self._ask, clock, ASK_S, depends_on=self._state)

    async def _ask(self) -> Shift:
        face = ShiftsFace(self._link.backbone)
        return Shift(await face.now(), await face.list(limit=MOST_PAST))

    def _state(self) -> tuple[int, str]:
        return self._board.alerts_revision, str(self._board.statuses.get("alerts.main", {}).get("shift"))
