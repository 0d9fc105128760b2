"""What a person was told of, for their phone: one question a person, whatever number of browsers they have open."""

from __future__ import annotations

from collections import OrderedDict

from alerts.mine_face import MineFace, Told
from dashboards.live.asked import Asked
from dashboards.live.board import Board
from dashboards.live.link import Link
from domain.clock import Clock

ASK_S = 3.0
MOST_PEOPLE = 2000


class MineDesk:
    """`of` a person is asked for anew where alarms changed, every `ASK_S` at most."""

    def __init__(self, link: Link, board: Board, clock: Clock) -> None:
        """Ask over ``link``; ``board`` is the whole one, whatever the scope of those who look."""
        self._link = link
        self._board = board
        self._clock = clock
        self._asked: OrderedDict[str, Asked[tuple[Told, ...]]] = OrderedDict()

    def of(self, person: str) -> Asked[tuple[Told, ...]]:
        """Return what a person was told of; a page calls `look` on it with each refresh."""
        known = self._asked.get(person)
        if known is None:
            known = self._asked[person] = Asked(
                lambda: self._ask(person), self._clock, ASK_S, depends_on=lambda: self._board.alerts_revision
            )
        self._asked.move_to_end(person)
        while len(self._asked) > MOST_PEOPLE:
            self._asked.popitem(last=False)
        return known

    async def _ask(self, person: str) -> tuple[Told, ...]:
        return await MineFace(self._link.backbone).list(person)
