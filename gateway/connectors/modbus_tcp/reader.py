"""The plan of one unit as it is now: made from costs and findings, made again when either changes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gateway.connectors.modbus_tcp.config import ModbusTcpSettings
from gateway.connectors.modbus_tcp.costs import RoundTrips, differs, expected_cost
from gateway.connectors.modbus_tcp.learned import Memory
from gateway.connectors.modbus_tcp.plan import BITS_A_REGISTER, Block, Layout, Part
from gateway.connectors.modbus_tcp.reads import RegisterType

LOOK_EVERY = 100
"""Polls between two looks at whether the costs have changed enough for another plan."""


class BlockReader:
    """Blocks, their decoders and rows, and what makes them."""

    def __init__(self, parts: Sequence[Part], settings: ModbusTcpSettings, memory: Memory, unit: int) -> None:
        """Plan with what the line's settings promise and what an earlier run learned."""
        self._layout = Layout.of(parts)
        self._memory = memory
        self._base = expected_cost(settings)
        self.pause_s = self._layout.options.pause_s
        self.learned = memory.of(unit)
        self.trips = RoundTrips(expected_cost(settings), pause_s=settings.pause_s)
        self.text_rows = {row for row, one in enumerate(self._layout.fields) if one.read.type is RegisterType.TEXT}
        self.answered = False
        """A block was answered in this cycle."""
        self._looks = 0
        self.replan(keep=False)

    def replan(self, *, keep: bool) -> None:
        """Make the plan afresh; ``keep`` writes down what was learned."""
        self._base = self.trips.cost()
        self._changes = self.learned.changes
        self.plan = self._layout.plan(self._base, self.learned)
        self.rows = [_index(block.rows) for block in self.plan.blocks]
        if keep:
            self._memory.save()

    def refresh(self, now_ns: int) -> None:
        """Begin a cycle: forget old findings; go over to another plan when costs changed, or what is known of the unit.

        What is known may come from a reader of the same unit at another rate.
        """
        self.answered = False
        self._looks += 1
        if self.learned.count and self.learned.forget(now_ns):
            self.replan(keep=True)
        elif self._changes != self.learned.changes or self._is_dear():
            self.replan(keep=False)

    def _is_dear(self) -> bool:
        """Look now and then whether the costs have changed enough for another plan."""
        return self._looks % LOOK_EVERY == 0 and differs(self.trips.cost(), self._base)

    def took(self, block: Block, seconds: float) -> None:
        """Take note of a round trip."""
        self.answered = True
        self.trips.note(block.count // BITS_A_REGISTER if block.function.is_bits else block.count, seconds)

    def decode(
        self,
        at: int,
        payload: bytes,
        value: NDArray[np.float64],
        quality: NDArray[np.uint16],
        text: dict[int, str],
    ) -> None:
        """Decode the answer of block number ``at`` into the unit's columns."""
        self.answered = True
        block, decoder = self.plan.blocks[at], self.plan.decoders[at]
        rows = self.rows[at]
        value[rows], quality[rows] = decoder.decode(payload)
        if self.text_rows:
            text.update({block.rows[row]: words for row, words in decoder.texts(payload).items()})


def _index(rows: Sequence[int]) -> NDArray[np.intp] | slice:
    """Return what picks ``rows`` out of a column: a slice where they are neighbours, which is much faster."""
    if list(rows) == list(range(rows[0], rows[0] + len(rows))):
        return slice(rows[0], rows[0] + len(rows))
    return np.array(rows, np.intp)
