"""Why an alarm is as it is: what its condition looks at, what is known of it, and what would change it.

Everything here reads an engine between two messages and changes nothing. Ages and what is left of a timer are counted
log time, as the engine counts it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from backbone.services import NOT_FOUND
from domain.alarm import EntityKind
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from rules.alarm_states import AlarmState
from rules.banks import Bank, bank_of
from rules.banks.expressions import ExpressionBank
from rules.banks.limits import AboveBank, BelowBank
from rules.banks.windows import WindowBank
from rules.conditions import Condition, Selector
from rules.engine import NEVER_SEEN, Engine
from rules.kernels import ALARM, NORMAL
from rules.model import Rule
from rules.slots import NEVER

MOST_POINTS = 40
"""Points that one test of an answer shows; alarms stand before others."""
_TRUTHS = ("normal", "alarm", "unknown", "unknown")


def explain(engine: Engine, rule_id: str, entity_key: str) -> dict[str, Any]:
    """Return the present state of one alarm and its reasons; raises RefusedError for a rule or entity not here."""
    rule, number = _rule(engine, rule_id)
    entity = _entity(engine, rule, entity_key)
    slots = engine.slots
    found = np.flatnonzero((engine.plan.slot_rule == number) & (engine.plan.slot_entity == entity))
    if not len(found):
        raise RefusedError(f"{rule_id} does not watch {entity_key}", code=NOT_FOUND)
    at = int(found[0])
    now_ns = engine.clock.counted_ns
    due_ns = int(slots.due_ns[at])
    return {
        "rule": rule.id,
        "version": rule.version,
        "entity": entity_key,
        "state": AlarmState(int(slots.state[at])).name.lower(),
        "timer_left_s": None if due_ns == NEVER else round(max(0, due_ns - now_ns) / NS_PER_S, 1),
        "raised_level": bool(slots.high[at]),
        "truth": _TRUTHS[int(slots.main[at])],
        "level_truth": _TRUTHS[int(slots.raises[at])],
        "stays_truth": _TRUTHS[int(slots.stays[at])],
        "test": _TRUTHS[int(slots.testing[at])] == "alarm",
        "log_ns": engine.clock.last_ns or 0,
        "why": _Reasons(engine, rule, entity).of(rule.condition, rule.watches),
    }


def entities_of(engine: Engine, rule_id: str) -> list[str]:
    """Return the keys of all entities that a rule watches here."""
    rule, number = _rule(engine, rule_id)
    mine = engine.plan.slot_entity[engine.plan.slot_rule == number]
    return [engine.plan.site.entity_key(rule.entity, entity) for entity in mine.tolist()]


class _Reasons:
    """Walks the condition of one alarm."""

    def __init__(self, engine: Engine, rule: Rule, entity: int) -> None:
        self._engine, self._rule, self._entity = engine, rule, entity

    def of(self, condition: Condition, watches: Selector) -> dict[str, Any]:
        """Return a condition's reasons as a tree: ``asks``, ``truth``, and ``parts`` or ``points``."""
        if condition.parts:
            parts = [self.of(part, watches) for part in condition.parts]
            return {"asks": condition.asks, "parts": parts, "truth": _together(condition, parts)}
        if condition.schedule is not None:
            return {"asks": condition.asks, "test": condition.meaning, "truth": None}
        if not condition.is_watched:
            return {"asks": condition.asks, "test": condition.meaning, **self._silence()}
        return {"asks": condition.asks, "test": condition.meaning, **self._points(condition, watches)}

    def _points(self, test: Condition, watches: Selector) -> dict[str, Any]:
        plan = self._engine.plan
        bank = next(bank for bank in plan.banks if type(bank) is bank_of(test))
        points, terms = bank.terms_of(test, np.flatnonzero(plan.site.select_points(watches, test.selector)))
        owner = (
            points if self._rule.entity is EntityKind.POINT else plan.site.entities_of_points(self._rule.entity)[points]
        )
        mine = np.flatnonzero(owner == self._entity)
        truths = [int(bank.truth[terms[row]]) for row in mine]
        order = sorted(range(len(mine)), key=lambda at: truths[at] != ALARM)[:MOST_POINTS]
        shown = []
        for at in order:
            point, term = int(points[mine[at]]), int(terms[mine[at]])
            one = {**self._point(point), "truth": _TRUTHS[truths[at]]}
            if isinstance(bank, AboveBank | BelowBank):
                one |= {"limit": float(bank.limit[term]), "clears_at": float(bank.clear_at[term])}
            if isinstance(bank, ExpressionBank):
                device = plan.site.table[point].key.rpartition("/")[0]
                rows = [plan.site.table.index(f"{device}/{name}") for name in bank.explained(term)]
                one["operands"] = [self._point(row) for row in rows]
            shown.append(one)
        truth = "alarm" if ALARM in truths else "unknown" if any(one != NORMAL for one in truths) else "normal"
        return {"points": shown, "left_out": len(mine) - len(shown), "truth": truth if truths else "nothing to look at"}

    def _point(self, row: int) -> dict[str, Any]:
        """Return what is known of a point: value, quantity, age and whether it can be trusted now."""
        engine = self._engine
        point, live = engine.plan.site.table[row], engine.liveness
        value, heard = float(engine.known.value[row]), engine.last_ns[row] != NEVER_SEEN
        last = [bank.truth[bank.links.of(row)] for bank in engine.plan.banks if _is_sure(bank)]
        doubt = any(bool((truth > ALARM).any()) for truth in last)
        age_ns = engine.clock.counted_ns - int(live.heard_ns[row])
        silent = age_ns >= int(engine.plan.site.max_silence_ns[row])
        quality = "never heard" if not heard else "silent" if silent else "bad" if doubt else "good"
        return {
            "point": point.key,
            "value": value if np.isfinite(value) else None,
            "quantity": point.quantity.value,
            "quality": quality,
            "age_s": round(age_ns / NS_PER_S, 1) if heard else None,
            "max_silence_s": point.max_silence_s,
        }

    def _silence(self) -> dict[str, Any]:
        """Return since when an absence's device or gateway was not heard."""
        engine, site, kind = self._engine, self._engine.plan.site, self._rule.entity
        now_ns, live = engine.clock.counted_ns, engine.liveness
        if kind is EntityKind.GATEWAY:
            silent_ns = now_ns - int(live.gateway_heard_ns[self._entity])
            return {"silent_s": round(silent_ns / NS_PER_S, 1), "dead": bool(live.dead[self._entity]), "truth": None}
        mine = np.flatnonzero(site.entities_of_points(kind)[: len(site.table)] == self._entity)
        heard = live.heard_ns[mine]
        return {"silent_s": round((now_ns - int(heard.max())) / NS_PER_S, 1) if len(heard) else None, "truth": None}


def _is_sure(bank: Bank) -> bool:
    """Tell whether a bank knows an answer whenever the last reading was good: those that remember may need more."""
    return type(bank).judge is Bank.judge and not isinstance(bank, ExpressionBank | WindowBank)


def _rule(engine: Engine, rule_id: str) -> tuple[Rule, int]:
    for number, rule in enumerate(engine.plan.rules):
        if rule.id == rule_id:
            return rule, number
    raise RefusedError(f"no rule {rule_id} runs here", code=NOT_FOUND)


def _entity(engine: Engine, rule: Rule, key: str) -> int:
    site = engine.plan.site
    if rule.entity is EntityKind.POINT:
        found = site.table.get(key)
    else:
        keys = list(site.entities(rule.entity))
        found = keys.index(key) if key in keys else None
    if found is None:
        raise RefusedError(f"no {rule.entity.value} {key} here", code=NOT_FOUND)
    return found


def _together(condition: Condition, parts: list[dict[str, Any]]) -> str | None:
    """Fold the truths of ``all_of`` and ``any_of``; other combinations have a memory that is not shown."""
    truths = [part["truth"] for part in parts]
    if condition.asks not in ("all_of", "any_of") or None in truths:
        return None
    decisive, other = ("normal", "alarm") if condition.asks == "all_of" else ("alarm", "normal")
    if condition.asks == "all_of" and "nothing to look at" in truths:
        return "normal"
    return decisive if decisive in truths else "unknown" if "unknown" in truths else other
