"""Backtest: rules over the past, by the very engine that production runs, and what they would have said.

Two sources make the same `Message`s: the log (`LogReplay`, with everything that stands there), or columns of stored
readings (`StoreReplay`), which know nothing of births, deaths and signs of life: over those, rules about silent
gateways are left out, and every gateway counts as heard.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backbone.messages import LogMessage
from domain.alarm import Transition
from domain.clock import NS_PER_S
from domain.points import Point
from domain.site import Registry
from rules.compiler import compile_plan
from rules.conditions import Absent
from rules.decoding import Decoder
from rules.engine import Engine
from rules.ground import Ground
from rules.inputs import Message, MessageKind, Readings
from rules.model import Rule, RuleSet
from rules.site_index import SiteIndex


class LogReplay:
    """One partition of the log under one set of rules; nothing is published."""

    def __init__(
        self,
        registry: Registry,
        units: Collection[str],
        ruleset: RuleSet,
        born: Sequence[Point],
        partition: tuple[int, int],
    ) -> None:
        """Know the site and what births told of it; ``partition`` is its number and how many there are."""
        ground = Ground(registry, units, ruleset)
        ground.learn(born)
        ground.build()
        self.engine = Engine(ground.plan, partition[0])
        self._decoder = Decoder(ground.plan.site, *partition)

    def feed(self, messages: Sequence[LogMessage]) -> list[Transition]:
        """Evaluate the next messages of the partition's log."""
        return self.engine.feed(self._decoder.decode(messages))


@dataclass(frozen=True, slots=True)
class Columns:
    """Stored readings in order of time; ``point`` are rows of a `SiteIndex`; shape ``(n,)`` each."""

    time_ns: NDArray[np.int64]
    point: NDArray[np.int32]
    value: NDArray[np.float64]
    quality: NDArray[np.uint16]


class StoreReplay:
    """Stored readings of a site under one set of rules, which ask for no gateway's silence (`without_gateways`)."""

    def __init__(self, site: SiteIndex, ruleset: RuleSet) -> None:
        """Compile for a site; ``Columns.point`` are its rows."""
        self.engine = Engine(compile_plan(without_gateways(ruleset), site))
        self._seq = 0

    def feed(self, columns: Columns, start_ns: int, end_ns: int) -> list[Transition]:
        """Evaluate a stretch of whole seconds: the readings of each second as one message, and a tick.

        All gateways count as heard all the time.
        """
        seconds = np.arange(start_ns // NS_PER_S, -(-end_ns // NS_PER_S) + 1)
        cuts = np.searchsorted(columns.time_ns, seconds * NS_PER_S).tolist()
        said: list[Transition] = []
        for at in range(0, len(seconds) - 1, HEARD_EVERY_S):
            self.engine.liveness.gateway_heard_ns[:] = self.engine.clock.counted_ns
            upto = min(at + HEARD_EVERY_S, len(seconds) - 1)
            said += self.engine.feed(
                message
                for number in range(at, upto)
                for message in self._second(columns, slice(cuts[number], cuts[number + 1]), int(seconds[number + 1]))
            )
        return said

    def _second(self, columns: Columns, rows: slice, second: int) -> Iterator[Message]:
        time_ns = second * NS_PER_S
        if rows.stop > rows.start:
            readings = Readings(columns.point[rows], columns.time_ns[rows], columns.value[rows], columns.quality[rows])
            self._seq += 1
            yield Message(kind=MessageKind.DATA, seq=self._seq, time_ns=time_ns, readings=readings)
        self._seq += 1
        yield Message(kind=MessageKind.TICK, seq=self._seq, time_ns=time_ns)


HEARD_EVERY_S = 5
"""Seconds at a stretch; below the shortest silence that a gateway is given here (15 s)."""


def without_gateways(ruleset: RuleSet) -> RuleSet:
    """Return the rules that stored readings can answer: those that don't ask for a gateway's silence."""
    return ruleset.only([rule.id for rule in ruleset if not _asks_gateways(rule)])


def _asks_gateways(rule: Rule) -> bool:
    tests = [test for one in (rule.condition, *rule.asides) for test in one.tests()]
    return any(one.absence and one.absence.of in (Absent.GATEWAY, Absent.TRANSMITTER) for one in tests)
