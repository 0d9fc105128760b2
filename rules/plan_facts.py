"""What the plan of one rule consists of on a site: which points each test reads, and where its limits come from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from domain.quantity import symbol
from domain.site import Registry
from rules.banks import BANKS
from rules.compiler import compile_plan
from rules.conditions import Condition, Limit, Selector
from rules.model import RuleSet
from rules.pages import condition_text
from rules.site_index import SiteIndex

MOST_EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TestFacts:
    """One test: how many points it reads, the first of them, its limits in words and where they come from.

    ``source`` of limits: ``rule``, ``max_silence_s``, or ``point record: low`` (or ``high``).
    """

    test: str
    zh: str
    en: str
    points: int
    examples: tuple[str, ...]
    limits: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFacts:
    """A rule's plan: alarms it may raise here, terms in its banks, and its tests."""

    alarms: int
    terms: int
    tests: tuple[TestFacts, ...]

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def plan_facts(ruleset: RuleSet, registry: Registry, rule_id: str) -> PlanFacts:
    """Compile one rule for a site and read its facts off the plan."""
    only = ruleset.only([rule_id])
    rule = only.rules[rule_id]
    site = SiteIndex(registry)
    plan = compile_plan(only, site)
    asked = [(test, rule.watches) for test in rule.condition.tests()]
    asked += [(test, rule.around) for other in rule.asides for test in other.tests()]
    tests = tuple(_facts(test, watches, site) for test, watches in asked)
    return PlanFacts(alarms=len(plan.slot_rule), terms=sum(len(bank) for bank in plan.banks), tests=tests)


def _facts(test: Condition, watches: Selector, site: SiteIndex) -> TestFacts:
    source = "rule"
    limits = ""
    words = {language: condition_text(test, language) for language in ("zh", "en")}
    if test.asks not in BANKS:
        chosen = np.flatnonzero(site.select_devices(watches, test.selector))
        keys = [site.devices[at].key for at in chosen[:MOST_EXAMPLES].tolist()]
        return TestFacts(
            test=test.meaning,
            **words,
            points=len(chosen),
            examples=tuple(keys),
            limits="",
            source="max_silence_s",
        )
    points = np.flatnonzero(site.select_points(watches, test.selector))
    bank = BANKS[test.asks]([test], [points], site)
    limit = getattr(test, test.asks)
    if isinstance(limit, Limit) and len(bank):
        worked = bank.worked_out()
        low, high = float(worked.min()), float(worked.max())
        limits = f"{low:g}" if low == high else f"{low:g} … {high:g}"
        limits = f"{limits} {symbol(limit.canonical)}".strip()
        source = "rule" if not isinstance(limit.limit, str) else f"point record: {limit.limit}"
    keys = [site.table[int(at)].key for at in bank.point[:MOST_EXAMPLES]]
    return TestFacts(test=test.meaning, **words, points=len(bank), examples=tuple(keys), limits=limits, source=source)
