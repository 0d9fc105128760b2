"""Who has to go when all room is taken: the oldest connection on which nobody registered has spoken."""

from __future__ import annotations

from gateway.connectors.gb26875.limits import Cut
from gateway.connectors.gb26875.line import PeerLine, Peers

FOUND_TOGETHER = 256
"""Lines that one look at all of them finds: a flood must not be answered by a look for each caller; assumption."""


class Spares:
    """Finds them among all lines, a few hundred at a time."""

    def __init__(self, peers: Peers) -> None:
        """Look among the lines of ``peers``."""
        self._peers = peers
        self._found: list[PeerLine] = []

    def end_oldest(self) -> bool:
        """End one; tells whether there was one."""
        line = self._next()
        if line is None:
            self._found = self._look()
            line = self._next()
        if line is None:
            return False
        line.cut(Cut.FULL)
        return True

    def _next(self) -> PeerLine | None:
        while self._found:
            line = self._found.pop()
            if line.is_open and not line.is_known:
                return line
        return None

    def _look(self) -> list[PeerLine]:
        """Return the oldest, oldest last."""
        unknown = [line for line in self._peers.lines if not line.is_known and line.is_open]
        return sorted(unknown, key=lambda line: line.opened)[:FOUND_TOGETHER][::-1]
