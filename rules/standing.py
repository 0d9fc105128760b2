"""How the alarms of each rule stand in a partition: counted now and then, never while a message is evaluated."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

from backbone.client import Backbone
from backbone.subjects import RULES_BUCKET
from domain.alarm import EntityKind, Transition
from domain.errors import WireError
from rules.alarm_states import OPEN
from rules.cards_face import RuleState
from rules.engine import Engine
from rules.face import STATES, decode_states
from rules.kernels import ALARM, Bools, seen

EVERY_S = 5.0
"""A million alarms take some ten milliseconds to count (one core)."""

Last = dict[str, tuple[int, str]]
"""By rule: log time [ns] and kind of its last transition."""


def note(last: Last, said: Transition) -> None:
    """Remember a transition as its rule's last."""
    last[said.rule] = (said.log_time_ns, said.kind.value)


def standing(engine: Engine, last: Mapping[str, tuple[int, str]]) -> dict[str, RuleState]:
    """Count the alarms of an engine by rule; rules that watch nothing here are left out."""
    plan, slots = engine.plan, engine.slots
    mine = _real(engine)
    raised = OPEN[slots.state] & mine
    unknown = ~raised & (seen(slots.main) > ALARM) & mine
    entities, alarms, doubts = (
        np.bincount(plan.slot_rule[chosen], minlength=len(plan.rules)).tolist() for chosen in (mine, raised, unknown)
    )
    return {
        rule.id: RuleState(entities[at], alarms[at], doubts[at], *last.get(rule.id, (0, "")))
        for at, rule in enumerate(plan.rules)
        if entities[at]
    }


def _real(engine: Engine) -> Bools:
    """Return which alarms are about something that exists, shape ``(slots,)``: rows kept spare are nothing yet."""
    plan = engine.plan
    if not plan.site.spare.any():
        return np.ones(len(plan.slot_rule), np.bool_)
    of_points = np.array([rule.entity is EntityKind.POINT for rule in plan.rules], np.bool_)[plan.slot_rule]
    spare = np.zeros(len(plan.slot_rule), np.bool_)
    spare[of_points] = plan.site.spare[plan.slot_entity[of_points]]
    return ~spare


class Standings:
    """Writes ``states.<p>`` of KV ``rulesets`` where something changed."""

    def __init__(self, backbone: Backbone) -> None:
        """Nothing is known to be written yet."""
        self._backbone = backbone
        self._written: dict[int, dict[str, RuleState]] = {}

    async def remembered(self, partition: int) -> Last:
        """Return the last transitions that the owner before us told of."""
        entry = await self._backbone.kv_get(RULES_BUCKET, f"{STATES}.{partition}")
        if entry is None:
            return {}
        try:
            states = decode_states(entry.value)
        except WireError:
            return {}
        return {name: (one.last_ns, one.last_kind) for name, one in states.items() if one.last_ns}

    async def write(self, partition: int, states: dict[str, RuleState], time_ns: int) -> None:
        """Write the states of a partition unless they are written; raises LinkError or RefusedError."""
        if self._written.get(partition) == states:
            return
        document = {"time_ns": time_ns, "rules": {name: list(one) for name, one in states.items()}}
        await self._backbone.kv_put(RULES_BUCKET, f"{STATES}.{partition}", json.dumps(document).encode())
        self._written[partition] = states

    def forget(self, partition: int) -> None:
        """Write anew next time: somebody else may have had the partition."""
        self._written.pop(partition, None)
