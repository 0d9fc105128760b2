"""Finds out why a block was refused: which registers are bad, where a seam is, how long a block may be.

Bisects: halves of a refused block are asked apart. Where both answer, the reason lies between them: in the
registers that nobody wanted (bad), or in the length. A block that is too long at one place and not at another
is no matter of length but of a seam that the device does not read across.

Nothing is learned from a unit that refuses everything: that is the unit's state, not its register map.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from domain.errors import RefusedError
from gateway.connectors.modbus_tcp.learned import Learned
from gateway.connectors.modbus_tcp.planner import Span, size
from gateway.connectors.modbus_tcp.reads import Function

REFUSALS = frozenset({2, 3})
"""Exceptions that speak of address and length (V1.1b3, 7): only these teach anything."""

MOST_REQUESTS, MOST_TIME_OUTS = 64, 8
"""In one go; a block that needs more is finished in the next cycle."""

Ask = Callable[[Function, int, int], Awaitable[object]]


class EnoughError(Exception):
    """The requests of one go are used up, or the unit stopped answering."""


class Explorer:
    """One go at one unit."""

    def __init__(self, ask: Ask, learned: Learned, now_ns: int, *, silent: bool) -> None:
        """``ask(table, address, count)`` reads, or raises. ``silent``: a time-out counts as a refusal."""
        self._ask = ask
        self._learned = learned
        self._now_ns = now_ns
        self._silent = silent
        self._requests = self._time_outs = self._longest = 0
        self._proven = False
        self._bad: list[tuple[Function, Span]] = []

    async def explore(self, table: Function, spans: Sequence[Span], *, proven: bool) -> bool:
        """Find out about a refused block that covers ``spans``; tell whether anything was learned.

        ``proven``: the unit has answered another request just now.
        """
        self._proven = proven
        before = self._learned.count
        try:
            await self._split(table, spans)
        except EnoughError:
            pass
        except TimeoutError:
            self._proven = False  # it fell silent in between: what was found proves nothing
        for found, span in self._bad if self._proven else ():
            self._learned.add_bad(found, span, self._now_ns)
        return self._learned.count != before

    async def _split(self, table: Function, spans: Sequence[Span]) -> None:
        if len(spans) == 1:
            self._bad.append((table, spans[0]))
            return
        middle = len(spans) // 2
        left, right = spans[:middle], spans[middle:]
        answered = [await self._answers(table, _extent(half)) for half in (left, right)]
        for half, good in zip((left, right), answered, strict=True):
            if not good:
                await self._split(table, half)
        if all(answered):
            await self._join(table, _extent(left), _extent(right))

    async def _join(self, table: Function, left: Span, right: Span) -> None:
        """Find out why two good blocks can't be read as one."""
        gap = left[1] + 1, right[0] - 1
        if size(gap) > 0 and not await self._answers(table, gap):
            self._bad.append((table, gap))
            return
        whole = left[0], max(left[1], right[1])
        good, refused = max(size(left), size(right)), size(whole)
        while refused - good > 1:
            middle = (good + refused) // 2
            if await self._answers(table, (whole[0], whole[0] + middle - 1)):
                good = middle
            else:
                refused = middle
        elsewhere = whole[1] - refused + 1, whole[1]
        if refused <= self._longest or (refused < size(whole) and await self._answers(table, elsewhere)):
            self._learned.add_seam(table, whole[0] + good, self._now_ns)
        else:
            self._learned.set_most(table, good, self._now_ns)

    async def _answers(self, table: Function, span: Span, *, again: bool = False) -> bool:
        """Read a span: True for an answer, False for a refusal of it or two time-outs; EnoughError at the end."""
        if self._requests >= MOST_REQUESTS or self._time_outs >= MOST_TIME_OUTS:
            raise EnoughError
        self._requests += 1
        try:
            await self._ask(table, span[0], size(span))
        except RefusedError as error:
            if error.code not in REFUSALS:
                raise EnoughError from error
            return False
        except TimeoutError:
            if not self._silent:
                raise
            self._time_outs += 1
            return not again and await self._answers(table, span, again=True)
        self._proven = True
        self._longest = max(self._longest, size(span))
        return True


def _extent(spans: Sequence[Span]) -> Span:
    return spans[0][0], max(last for _, last in spans)


def chosen(refused: Sequence[Sequence[Span]], fruitless: int) -> int:
    """Return which refused block to explore, by the spans of each: the one with the most values.

    A block of one value teaches nothing while no other has answered: its register may be bad, or the unit's whole
    state. After ``fruitless`` goes that taught nothing it is another one's turn.
    """
    order = sorted(range(len(refused)), key=lambda at: -len(refused[at]))
    return order[fruitless % len(order)]
