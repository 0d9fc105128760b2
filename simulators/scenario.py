"""A scenario document → a checked `Scenario`; every problem in it is found in one go.

The command line reads the YAML; here are the model checks, the times, and — with a site — the names:
devices, points, words, people and zones that do not exist are refused before anything is played.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from domain.documents import Document, nearest, problems_of
from domain.documents import Path as FieldPath
from domain.errors import ConfigurationError, Problem
from domain.site import Labels
from simulators.expectation_model import LONGEST_S, Expectation, RollCallPattern
from simulators.replay import ReplayError, Series, read_series
from simulators.scenario_model import (
    STEP_KINDS,
    AnswerStep,
    AnyStep,
    DeviceStep,
    ExpectStep,
    OperatorStep,
    ReplayFile,
    ScenarioHead,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A step with its place in the file."""

    step: AnyStep
    path: FieldPath
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """An expectation with its window on the scenario's axis, and its place in the file."""

    expectation: Expectation
    start_s: float
    end_s: float
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A checked scenario: steps by time, expectations with windows, recorded series by file and column."""

    id: str
    labels: Labels
    duration_s: float
    seed: int
    document: Document
    steps: tuple[Placed, ...]
    expected: tuple[Expected, ...]
    series: dict[ReplayFile, Series]

    @property
    def rules(self) -> set[str]:
        """The rules that it speaks of, for a caller who knows which exist."""
        named = {placed.step.rule for placed in self.steps if isinstance(placed.step, OperatorStep | AnswerStep)}
        for item in self.expected:
            pattern = item.expectation.pattern
            named |= set() if isinstance(pattern, RollCallPattern) else {pattern.rule}
        return named


def quiet_scenario(labels: Labels) -> Scenario:
    """Return a scenario of a site's name in which nothing happens, for as long as a scenario may last."""
    return Scenario(
        id="quiet",
        labels=labels,
        duration_s=LONGEST_S,
        seed=0,
        document=Document(file="", data={}, lines={}),
        steps=(),
        expected=(),
        series={},
    )


def load_scenario(document: Document, folder: Path) -> Scenario:
    """Check a scenario document; ``folder`` is where CSV paths start.

    Raises `ConfigurationError` with every problem found.
    """
    return _Loader(document, folder).load()


class _Loader:
    """Collects problems over the whole file before giving up."""

    def __init__(self, document: Document, folder: Path) -> None:
        self._document = document
        self._folder = folder
        self._problems: list[Problem] = []

    def load(self) -> Scenario:
        try:
            head = ScenarioHead.model_validate(self._document.data)
        except ValidationError as error:
            raise ConfigurationError(problems_of(error, self._document, model=ScenarioHead)) from error
        steps = [placed for at, raw in enumerate(head.steps) if (placed := self._step(("steps", at), raw))]
        series = self._series(steps)
        expected = [item for placed in steps for item in self._expected(placed, head.duration_s)]
        if self._problems:
            raise ConfigurationError(self._problems)
        return Scenario(
            id=head.scenario,
            labels=head.labels,
            duration_s=head.duration_s,
            seed=head.seed,
            document=self._document,
            steps=tuple(sorted(steps, key=lambda placed: placed.step.at)),
            expected=tuple(expected),
            series=series,
        )

    def _step(self, path: FieldPath, raw: Any) -> Placed | None:
        kind = next((kind for kind in STEP_KINDS if isinstance(raw, dict) and kind.key in raw), None)
        if kind is None:
            keys = ", ".join(f"'{kind.key}'" for kind in STEP_KINDS)
            self._add(path, "a step that does nothing", f"give it one of {keys}")
            return None
        try:
            step = kind.model_validate(raw)
        except ValidationError as error:
            self._problems += problems_of(error, self._document, path, model=kind)
            return None
        return Placed(step=step, path=path, line=self._document.line(path))

    def _expected(self, placed: Placed, duration_s: float) -> list[Expected]:
        step = placed.step
        if step.at > duration_s:
            self._add((*placed.path, "at"), f"after the scenario's end ({duration_s:g} s)", "raise 'duration_s'")
        if not isinstance(step, ExpectStep):
            return []
        found = []
        for at, expectation in enumerate(step.expect):
            path = (*placed.path, "expect", at)
            start_s, end_s = _window(expectation, step.at, duration_s)
            if end_s > duration_s:
                self._add(
                    path, f"its window ends at {end_s:g} s, the scenario at {duration_s:g} s", "shorten the window"
                )
            found.append(
                Expected(expectation=expectation, start_s=start_s, end_s=end_s, line=self._document.line(path))
            )
        return found

    def _series(self, steps: list[Placed]) -> dict[ReplayFile, Series]:
        series = {}
        for placed in steps:
            replay = placed.step.replay if isinstance(placed.step, DeviceStep) else None
            if replay is None:
                continue
            try:
                series[replay] = read_series(
                    self._folder / replay.file, replay.column, time=replay.time, every_s=replay.every_s
                )
            except ReplayError as error:
                self._add((*placed.path, "replay", "file"), error.reason, error.mend)
        return series

    def _add(self, path: FieldPath, message: str, mend: str) -> None:
        self._problems.append(self._document.problem(path, message, mend))


def _window(expectation: Expectation, at_s: float, duration_s: float) -> tuple[float, float]:
    if expectation.between is not None:
        return expectation.between
    return at_s, at_s + expectation.within if expectation.within is not None else max(duration_s, at_s)


def check_rules(scenario: Scenario, known: Collection[str]) -> list[Problem]:
    """Return a problem for each rule that the scenario names and ``known`` has not."""
    return [
        scenario.document.problem(path, "no such rule", nearest(str(rule), known))
        for path, rule in _rules_of(scenario.document.data, ())
        if rule not in known
    ]


def _rules_of(node: Any, path: FieldPath) -> list[tuple[FieldPath, Any]]:
    if isinstance(node, list):
        return [found for at, item in enumerate(node) for found in _rules_of(item, (*path, at))]
    if isinstance(node, dict):
        own = [((*path, "rule"), node["rule"])] if "rule" in node else []
        return own + [found for key, item in node.items() for found in _rules_of(item, (*path, key))]
    return []
