"""Rule tests as data: little premises, series of readings, and the transitions that must come out.

A test file ``<rule>.test.yaml`` stands beside the rule. Every step has one message for each device with
readings, one for each gateway that speaks, and then the log's tick, so ``step_s: 1`` is a second of real
life. The expectation is complete: a transition that is not listed fails the test, whenever it comes. An
entry ``{at_s: 4, nothing: true}`` says so at the instant where it matters, just before.

    rules: [pressure_low]          # default: the rule that the file is named after
    world: {zones: […], devices: […]}
    tests:
      - name: raises after five seconds below the limit
        series: {pressure-1/pressure: 300 240*9}
        expect:
          - {at_s: 5, nothing: true}
          - {at_s: 6, kind: raised, entity: pressure-1/pressure, text_zh: …}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from pydantic import Field, ValidationError, model_validator

from domain.alarm import Level, Transition, TransitionKind
from domain.clock import NS_PER_S
from domain.documents import Document, problems_of
from domain.errors import ConfigurationError, Problem
from domain.ids import Token
from domain.quality import BAD, GOOD, Reason, pack
from domain.site.labels import Settings
from rules.compiler import compile_plan
from rules.dimensions import dimension_problems
from rules.engine import Engine
from rules.fixture_world import UNIT, World
from rules.inputs import Message, MessageKind, Readings
from rules.loading import TEST_SUFFIX
from rules.model import RuleSet
from rules.series import Sample, parse_series
from rules.site_index import SiteIndex

START_NS = 1_800_000_000 * NS_PER_S
"""Tests begin at 2027-01-15 08:00 UTC; nothing depends on it."""

_TO_COMPARE = ("rule", "entity", "level", "value", "values", "text_zh", "text_en", "picture_url", "latched", "test")


class Expected(Settings):
    """A transition at a time, with as many of its facts as the test cares about; or nothing."""

    at_s: float = Field(ge=0)
    nothing: Literal[True] | None = None
    kind: TransitionKind | None = None
    rule: Token | None = None
    entity: str | None = None
    level: Level | None = None
    value: float | None = None
    values: dict[str, float] | None = None
    text_zh: str | None = None
    text_en: str | None = None
    picture_url: str | None = None
    latched: bool | None = None
    test: bool | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.nothing is None) == (self.kind is None):
            raise ValueError("say what is expected → write 'kind: raised' (cleared, level, …) or 'nothing: true'")
        return self


class RuleTest(Settings):
    """One course of events."""

    name: str
    step_s: float = Field(default=1.0, gt=0, le=3600)
    series: dict[str, str] = Field(description="device/point, or gateway → readings, see `rules.series`")
    expect: tuple[Expected, ...] = ()


class FixtureFile(Settings):
    """``<rule>.test.yaml``."""

    rules: tuple[Token, ...] = ()
    world: World
    tests: tuple[RuleTest, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one test; ``failures`` is empty when it passed."""

    file: str
    name: str
    failures: tuple[str, ...]


def run_tests(documents: Sequence[Document], ruleset: RuleSet) -> list[Outcome]:
    """Run test files against rules; raises `ConfigurationError` for files that are wrong themselves."""
    problems: list[Problem] = []
    outcomes: list[Outcome] = []
    for document in documents:
        try:
            outcomes += _run_file(document, ruleset)
        except ConfigurationError as error:
            problems += error.problems
    if problems:
        raise ConfigurationError(problems)
    return outcomes


def _run_file(document: Document, ruleset: RuleSet) -> Iterator[Outcome]:
    try:
        file = FixtureFile.model_validate(document.data)
    except ValidationError as error:
        raise ConfigurationError(problems_of(error, document, model=FixtureFile)) from error
    named = file.rules or (document.file.rpartition("/")[2].removesuffix(TEST_SUFFIX),)
    missing = [name for name in named if name not in ruleset.rules]
    if missing:
        mend = "name rules that exist in 'rules', or call the file <rule>.test.yaml"
        raise ConfigurationError([document.problem(("rules",), f"no rule is called {', '.join(missing)}", mend)])
    registry = file.world.registry(document.file)
    chosen = ruleset.only(named)
    wrong = dimension_problems(chosen, registry)
    if wrong:
        raise ConfigurationError(wrong)
    site = SiteIndex(registry)
    for at, test in enumerate(file.tests):
        said = Engine(compile_plan(chosen, site)).feed(_messages(test, site, document, at))
        yield Outcome(file=document.file, name=test.name, failures=tuple(_failures(test, said)))


def _messages(test: RuleTest, site: SiteIndex, document: Document, at: int) -> list[Message]:
    """Return the log of a test: each step its devices, its gateways, and the tick."""
    series: dict[str, list[Sample | None]] = {}
    problems: list[Problem] = []
    for name, text in test.series.items():
        path = ("tests", at, "series", name)
        try:
            series[name] = parse_series(text)
        except ValueError as error:
            what, _, mend = str(error).partition(" → ")
            problems.append(document.problem(path, what, mend))
        if f"{UNIT}/{name}" not in site.gateways and site.table.get(f"{UNIT}/{name}") is None:
            mend = "write device/point of a device in 'world', or gw for the gateway, or a transmitter"
            problems.append(document.problem(path, "the world has no such point", mend))
    if problems:
        raise ConfigurationError(problems)
    messages: list[Message] = []
    for step in range(max((len(samples) for samples in series.values()), default=0)):
        time_ns = START_NS + round(step * test.step_s * NS_PER_S)
        for facts in _step(series, step, time_ns, site):
            messages.append(Message(seq=len(messages) + 1, time_ns=time_ns, **facts))
    return messages


def _step(series: dict[str, list[Sample | None]], step: int, time_ns: int, site: SiteIndex) -> Iterator[dict[str, Any]]:
    """Yield the messages of one step; a gateway without a series of its own speaks at every step."""
    now = {name: samples[step] for name, samples in series.items() if step < len(samples)}
    for at, key in enumerate(site.gateways):
        name = key.removeprefix(f"{UNIT}/")
        spoken = now.pop(name, None) if name in series else Sample(word="data")
        if spoken is not None:
            kinds = {"birth": MessageKind.BIRTH, "death": MessageKind.DEATH}
            yield {"kind": kinds.get(spoken.word or "", MessageKind.HEARD), "gateway": at}
    for device in sorted({name.split("/")[0] for name in now}):
        samples = {
            site.table.index(f"{UNIT}/{name}"): sample
            for name, sample in now.items()
            if name.split("/")[0] == device and sample is not None
        }
        if samples:
            gateway = int(site.gateway_of[site.device_of[next(iter(samples))]])
            yield {"kind": MessageKind.DATA, "gateway": gateway, "readings": _readings(samples, time_ns)}
    yield {"kind": MessageKind.TICK}


def _readings(samples: dict[int, Sample], time_ns: int) -> Readings:
    bad = pack(BAD, Reason.TIMEOUT)
    return Readings(
        point=np.array(list(samples), np.int32),
        time_ns=np.full(len(samples), time_ns, np.int64),
        value=np.array([sample.value if sample.good else np.nan for sample in samples.values()]),
        quality=np.array([GOOD if sample.good else bad for sample in samples.values()], np.uint16),
        text={row: sample.text for row, sample in enumerate(samples.values()) if sample.text is not None},
    )


def _failures(test: RuleTest, said: Sequence[Transition]) -> Iterator[str]:
    """Compare in order of time; what is expected and missing, and what is there and not expected."""
    left = list(said)
    for expected in test.expect:
        if expected.nothing:
            continue
        found = next((one for one in left if _is(one, expected)), None)
        if found is not None:
            left.remove(found)
        else:
            at_time = [_told(one) for one in said if _at_s(one) == expected.at_s]
            yield f"missing at {expected.at_s:g} s: {_wanted(expected)}; at that time: {at_time or 'nothing'}"
    for one in left:
        yield f"not expected at {_at_s(one):g} s: {_told(one)}"


def _is(said: Transition, expected: Expected) -> bool:
    if _at_s(said) != expected.at_s or said.kind is not expected.kind:
        return False
    wanted = expected.model_dump(include=set(_TO_COMPARE), exclude_none=True)
    facts = said.model_dump(include=set(wanted))
    facts["entity"] = said.entity.removeprefix(f"{UNIT}/")
    return all(facts[name] == value for name, value in wanted.items())


def _at_s(said: Transition) -> float:
    return (said.log_time_ns - START_NS) / NS_PER_S


def _told(said: Transition) -> str:
    facts = said.model_dump(mode="json", include=set(_TO_COMPARE), exclude_none=True)
    facts["entity"] = said.entity.removeprefix(f"{UNIT}/")
    return f"{said.kind.value} " + ", ".join(f"{name}={value}" for name, value in facts.items() if value != {})


def _wanted(expected: Expected) -> str:
    facts = expected.model_dump(mode="json", include=set(_TO_COMPARE), exclude_none=True)
    return f"{expected.kind} " + ", ".join(f"{name}={value}" for name, value in facts.items())
