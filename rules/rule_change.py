"""Other rules under a running engine: a new plan, the state that keeps its meaning, and what became of the rest.

    trial    what would change, tried on a copy; nothing runs differently
    change   the same, for good, between two messages

State is kept where a rule's meaning is unchanged (`rules.snapshot`). A test that is new starts unknown: it is true of
what is read from now on. What it *would* say of the values that are there is what a trial tells.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from domain.points import PointKind
from domain.quality import GOOD
from rules.alarm_states import OPEN
from rules.banks import WindowBank
from rules.engine import NEVER_SEEN, Engine
from rules.ground import Ground
from rules.identity import Identity
from rules.inputs import Message, MessageKind, Readings
from rules.kernels import ALARM, seen
from rules.model import RuleSet
from rules.segment import Segment
from rules.snapshot import Restored, carried

MOST_NAMED = 50
"""Alarms that an answer names one by one; the rest are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raising:
    """A new or changed rule on the values that are there: how many of its alarms it would raise, and of how many."""

    rule: str
    raises: int
    alarms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What rules would do to a partition."""

    partition: int
    version: str
    kept: int
    restarted: tuple[str, ...]
    orphans: tuple[str, ...]
    raising: tuple[Raising, ...]

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON has it; alarms beyond ``MOST_NAMED`` are counted only."""
        return {**asdict(self), **_named(self.restarted, self.orphans)}


@dataclass(slots=True)
class RuleChange:
    """The rules that a worker is to go over to, and what it has to tell about the last time."""

    wanted: RuleSet | None = None
    told: dict[str, Any] | None = field(default=None)

    async def take(self, ground: Ground, engine: Engine) -> tuple[Ground, Engine, Restored] | None:
        """Make the new ground and engine; None when nothing else is wanted. Takes as long as a plan does."""
        ruleset, self.wanted = self.wanted, None
        if ruleset is None or ruleset.version == engine.plan.version:
            return None
        fresh = await asyncio.to_thread(ground.with_rules, ruleset)
        after, restored = carried(engine, fresh.plan, fresh.identity, ground.identity)
        self.told = {
            "time_ns": time.time_ns(),
            "from": engine.plan.version,
            "to": ruleset.version,
            "kept": restored.kept,
            **_named(restored.restarted, restored.orphans),
        }
        return fresh, after, restored


def try_rules(ground: Ground, engine: Engine, mine: Identity, ruleset: RuleSet) -> Trial:
    """Try rules on a copy of an engine's state; ``mine`` are the keys of its plan.

    The engine must not move on meanwhile: this is not for another thread than the one that feeds it, except for
    a ground that was built before.
    """
    plan = ground.plan
    copy, restored = carried(engine, plan, ground.identity, mine)
    known = {rule.id: rule.meaning for rule in engine.plan.rules}
    fresh = [number for number, rule in enumerate(plan.rules) if known.get(rule.id) != rule.meaning]
    return Trial(
        partition=engine.partition,
        version=ruleset.version,
        kept=restored.kept,
        restarted=restored.restarted,
        orphans=restored.orphans,
        raising=tuple(_raising(copy, fresh)),
    )


def _raising(engine: Engine, numbers: Sequence[int]) -> list[Raising]:
    """Show an engine the values that it knows, and count the alarms of some rules that are true and not open."""
    plan = engine.plan
    _show_present(engine)
    truth = np.zeros(len(engine.slots), np.uint8)
    signal = np.repeat(np.arange(len(plan.forest.truth)), plan.listeners.count)
    main = plan.listener_role == 0
    truth[plan.listener_slot[main]] = seen(plan.forest.truth[signal[main]])
    found = []
    for number in numbers:
        mine = plan.slot_rule == number
        raises = mine & (truth == ALARM) & ~OPEN[engine.slots.state]
        if raises.any():
            name = plan.rules[number].id
            found.append(Raising(rule=name, raises=int(raises.sum()), alarms=int(mine.sum())))
    return found


def _show_present(engine: Engine) -> None:
    """Ask every test of the last good value of its point, as if it were read now; events are over."""
    plan, value = engine.plan, engine.known.value
    is_state = np.array([point.kind is not PointKind.EVENT for point in plan.site.table], np.bool_)
    fresh = engine.clock.counted_ns - engine.liveness.heard_ns < plan.site.max_silence_ns
    point = np.flatnonzero(np.isfinite(value) & is_state & fresh & (engine.last_ns != NEVER_SEEN))
    if not len(point):
        return
    time_ns = engine.last_ns[point]
    readings = Readings(point.astype(np.int32), time_ns, value[point], np.full(len(point), GOOD, np.uint16))
    now_ns = engine.clock.counted_ns
    message = Message(kind=MessageKind.DATA, seq=0, time_ns=engine.clock.last_ns or 0, readings=readings)
    segment = Segment([message], [now_ns], np.empty(len(plan.site.table), np.int32))
    segment.taken[:] = segment.used[:] = True
    for bank in plan.banks:
        if isinstance(bank, WindowBank):  # a window says nothing of one reading: it keeps what it had
            continue
        bank.read(point, value[point], None, time_ns)
        bank.read_together(segment)
    plan.forest.recount()


def _named(restarted: Sequence[str], orphans: Sequence[str]) -> dict[str, Any]:
    return {
        "restarted": len(restarted),
        "orphaned": len(orphans),
        "restarted_names": list(restarted[:MOST_NAMED]),
        "orphans": list(orphans[:MOST_NAMED]),
    }
