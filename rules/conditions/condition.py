"""`Condition`: a combination of conditions, or a selector with one test."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Self

from pydantic import Field, model_validator

from rules.conditions.expressions import ExpressionText, formula
from rules.conditions.measured import Limit, LoadStep
from rules.conditions.selectors import Selector
from rules.conditions.silence import Absence
from rules.conditions.states import Bits, Equals

COMBINATIONS = ("all_of", "any_of")
TESTS = ("above", "below", "bits", "equals", "at_least", "at_most", "step", "expression", "absence")


class Condition(Selector):
    """A combination, or a selector with one test."""

    all_of: tuple[Condition, ...] | None = Field(default=None, min_length=1)
    any_of: tuple[Condition, ...] | None = Field(default=None, min_length=1)
    above: Limit | None = None
    below: Limit | None = None
    bits: Bits | None = None
    equals: Equals | None = None
    at_least: float | None = None
    at_most: float | None = None
    step: LoadStep | None = None
    expression: ExpressionText | None = None
    absence: Absence | None = None

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        asked = [name for name in (*COMBINATIONS, *TESTS) if getattr(self, name) is not None]
        if len(asked) != 1:
            found = f"found {' and '.join(asked)}" if asked else "found none"
            raise ValueError(f"a condition asks exactly one thing, {found} → write one of {', '.join(TESTS)}")
        if asked[0] in COMBINATIONS and self.model_fields_set & set(Selector.model_fields):
            raise ValueError("a combination selects nothing itself → move kind, point, … into its conditions")
        if self.expression is not None and self.point:
            raise ValueError("a formula names its points itself → remove 'point'")
        return self

    @cached_property
    def asks(self) -> str:
        """The one key of ``COMBINATIONS`` or ``TESTS`` that is set."""
        return next(name for name in (*COMBINATIONS, *TESTS) if getattr(self, name) is not None)

    @property
    def parts(self) -> tuple[Condition, ...]:
        """The conditions of a combination, none for a test."""
        return self.all_of or self.any_of or ()

    @cached_property
    def selector(self) -> Selector:
        """The selector alone; a formula means the points that it names."""
        point = self.point if self.expression is None else formula(self.expression).names
        return Selector(kind=self.kind, point=point, word=self.word, tags=self.tags, zones=self.zones)

    @cached_property
    def meaning(self) -> str:
        """The test without its selector, as canonical JSON: equal meaning, equal state."""
        asked = self.model_dump(mode="json", include={self.asks}, exclude_none=True)
        return json.dumps(asked, sort_keys=True)

    def tests(self) -> list[Condition]:
        """Return the tests at the leaves, left to right."""
        return [self] if not self.parts else [test for part in self.parts for test in part.tests()]
