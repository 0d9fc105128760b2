"""`Condition`: a combination of conditions, or a selector with one test."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Self

from pydantic import Field, model_validator

from domain.documents import Path
from rules.conditions.baseline import Baseline
from rules.conditions.expressions import ExpressionText, formula
from rules.conditions.measured import Limit, LoadStep, Measured
from rules.conditions.motion import Changed, Rate, Stuck
from rules.conditions.places import Schedule, Sequence, Several
from rules.conditions.repeats import Count, Flap
from rules.conditions.selectors import Selector
from rules.conditions.signature import LoadSignature
from rules.conditions.silence import Absence
from rules.conditions.states import Bits, Equals
from rules.conditions.windows import Window

COMBINATIONS = ("all_of", "any_of", "several", "sequence")
TESTS = (
    *("above", "below", "bits", "equals", "at_least", "at_most", "step", "expression", "absence", "schedule"),
    *("rate", "changed", "stuck", "count", "flap", "window", "load_signature", "baseline"),
)
UNWATCHED = ("absence", "schedule")
"""Tests that are not asked of readings."""


class Condition(Selector):
    """A combination, or a selector with one test."""

    all_of: tuple[Condition, ...] | None = Field(default=None, min_length=1)
    any_of: tuple[Condition, ...] | None = Field(default=None, min_length=1)
    several: Several | None = None
    sequence: Sequence | None = None
    above: Limit | None = None
    below: Limit | None = None
    bits: Bits | None = None
    equals: Equals | None = None
    at_least: float | None = None
    at_most: float | None = None
    step: LoadStep | None = None
    expression: ExpressionText | None = None
    absence: Absence | None = None
    rate: Rate | None = None
    changed: Changed | None = None
    stuck: Stuck | None = None
    count: Count | None = None
    flap: Flap | None = None
    window: Window | None = None
    schedule: Schedule | None = None
    load_signature: LoadSignature | None = None
    baseline: Baseline | None = None

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
    def measured(self) -> Measured | None:
        """What has a quantity in a test: its limits, or those of what it counts; None for tests of plain numbers."""
        asked = getattr(self, self.asks)
        if isinstance(asked, Count | Flap):
            asked = asked.of and getattr(asked.of, asked.of.asks)
        return asked if isinstance(asked, Measured) else None

    @property
    def parts(self) -> tuple[Condition, ...]:
        """The conditions of a combination, none for a test."""
        return tuple(part for _, part in self.placed)

    @property
    def placed(self) -> tuple[tuple[Path, Condition], ...]:
        """The conditions of a combination, each with its place below it in the file."""
        if self.several is not None:
            return ((("several", "condition"), self.several.condition),)
        path: Path = ("sequence", "steps") if self.sequence is not None else (self.asks,)
        steps = self.sequence.steps if self.sequence is not None else self.all_of or self.any_of or ()
        return tuple(((*path, at), part) for at, part in enumerate(steps))

    @property
    def is_watched(self) -> bool:
        """Whether it is a test that is asked of readings."""
        return self.asks in TESTS and self.asks not in UNWATCHED

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


Several.model_rebuild(_types_namespace={"Condition": Condition})
Sequence.model_rebuild(_types_namespace={"Condition": Condition})
Condition.model_rebuild()
