"""Banks: all tests of one kind over all points, as arrays, one *term* for each (test, point).

A term is shared by every rule that asks the same of the same point. Terms are sorted by point, so the
links point → terms are ranges. A bank keeps nothing but its parameters and the little memory its test
needs; truths live in one array of the engine, of which each bank has a slice.

To add a test: a key in `rules.conditions`, a `Bank` here, and its line in ``BANKS``.
"""

from __future__ import annotations

from collections.abc import Mapping

from rules.banks.bank import Bank
from rules.banks.baseline import BaselineBank
from rules.banks.expressions import ExpressionBank
from rules.banks.limits import AboveBank, BelowBank, RangeBank
from rules.banks.load_step import StepBank
from rules.banks.motion import ChangeBank, RateBank
from rules.banks.repeats import RepeatBank
from rules.banks.signature import SignatureBank
from rules.banks.states import BitsBank, EqualsBank
from rules.banks.statistics import STATISTICS
from rules.banks.windows import WindowBank
from rules.conditions import Condition

__all__ = [
    "BANKS",
    "AboveBank",
    "Bank",
    "BaselineBank",
    "BelowBank",
    "BitsBank",
    "ChangeBank",
    "EqualsBank",
    "ExpressionBank",
    "RangeBank",
    "RateBank",
    "RepeatBank",
    "SignatureBank",
    "StepBank",
    "WindowBank",
    "bank_of",
]

BANKS: Mapping[str, type[Bank]] = {
    "above": AboveBank,
    "below": BelowBank,
    "bits": BitsBank,
    "equals": EqualsBank,
    "at_least": RangeBank,
    "at_most": RangeBank,
    "step": StepBank,
    "rate": RateBank,
    "changed": ChangeBank,
    "stuck": ChangeBank,
    "count": RepeatBank,
    "flap": RepeatBank,
    "load_signature": SignatureBank,
    "baseline": BaselineBank,
    "expression": ExpressionBank,
}
"""Test key -> bank. ``absence`` is not asked of readings: `rules.liveness` answers it."""


def bank_of(test: Condition) -> type[Bank]:
    """Return the bank that a test's terms stand in; windows have one for each statistic."""
    return STATISTICS[test.window.stat] if test.window else BANKS[test.asks]
