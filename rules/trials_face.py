"""What helpers of the rules process answer: a rule on this site, its tests, a backtest. Models of `rules.face`."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from domain.alarm import Level, TransitionKind
from domain.clock import NS_PER_S
from domain.ids import Token
from rules.cards_face import Told

DAY_S = 86_400
MOST_SPAN_S = 31 * DAY_S
"""A backtest evaluates every second: a month takes minutes (see `docs/performance.md` for figures)."""
MOST_TRANSITIONS, MOST_CHANGES, MOST_INTERVALS, MOST_SERIES = 300, 200, 400, 6
"""What a reply shows; the rest is counted. Together within a message of 1 MiB."""
NS_LIMIT = 2**62


class PlannedTest(Told):
    """One test of a rule's plan, in words: points that it reads, the first of them, its limits.

    ``source`` says where limits come from: ``rule``, ``max_silence_s``, ``point record: low`` or ``: high``.
    """

    test: str
    zh: str
    en: str
    points: int
    examples: tuple[str, ...]
    limits: str
    source: str


class CaseOutcome(Told):
    """One test case; it passed when there are no failures."""

    file: str
    name: str
    failures: tuple[str, ...]


class CasesRun(Told):
    """The test cases of a rule, run at ``at_ns`` through the engine of production."""

    rule: str
    version: str
    at_ns: int
    outcomes: tuple[CaseOutcome, ...]

    @property
    def failed(self) -> int:
        """Return how many did not pass."""
        return sum(bool(one.failures) for one in self.outcomes)


class Explained(Told):
    """A rule on this site. ``text``: its file as it was written, empty where that is not known.

    ``last_run``: of its test cases in this version, None when nobody has run them since the rules process began.
    """

    rule: str
    version: str
    file: str
    text: str
    alarms: int
    terms: int
    tests: tuple[PlannedTest, ...]
    last_run: CasesRun | None = None


class Backtest(Told):
    """What is asked: one rule over one unit's past, ``start_ns <= t < end_ns``; ``by`` whom."""

    rule: Token
    unit: Token
    start_ns: int = Field(ge=0, le=NS_LIMIT)
    end_ns: int = Field(ge=0, le=NS_LIMIT)
    by: str = Field(default="", max_length=64)

    @model_validator(mode="after")
    def _span(self) -> Self:
        if not 60 * NS_PER_S <= self.end_ns - self.start_ns <= MOST_SPAN_S * NS_PER_S:
            raise ValueError("a backtest spans a minute at least and 31 days at most")
        return self


class Said(Told):
    """A transition that the backtest made; ``time_ns`` is log time."""

    time_ns: int
    kind: TransitionKind
    entity: str
    level: Level
    value: float | None
    text_zh: str
    text_en: str


class Interval(Told):
    """An alarm from when it was raised until it cleared; None: it stood at the end."""

    entity: str
    raised_ns: int
    cleared_ns: int | None


class Changed(Told):
    """An alarm that differs from what was really raised; ``by_s`` backtest minus record."""

    kind: Literal["new", "gone", "earlier", "later"]
    entity: str
    raised_ns: int
    by_s: float


class Day(Told):
    """Alarms raised on a local day (ISO 8601): by the backtest, and in the record."""

    day: str
    backtest: int
    record: int


class Limit(Told):
    """A limit of a point under the rule: raised past ``value``, cleared past ``clears_at``."""

    value: float
    clears_at: float


class Curve(Told):
    """A point's readings in buckets: least and greatest of each, None in buckets without a good reading."""

    point: str
    quantity: str
    time_ns: tuple[int, ...]
    least: tuple[float | None, ...]
    greatest: tuple[float | None, ...]
    limits: tuple[Limit, ...]


class BacktestResult(Told):
    """What came of it. ``source``: ``store`` or ``log``; ``readings`` that were evaluated; totals beside what is shown.

    ``changes`` are against the record: what the rules that ran then really raised.
    """

    source: Literal["store", "log"]
    version: str
    readings: int
    raised: int
    recorded: int
    per_hour: float
    transitions: tuple[Said, ...]
    transitions_left_out: int
    intervals: tuple[Interval, ...]
    intervals_left_out: int
    recorded_intervals: tuple[Interval, ...]
    changes: tuple[Changed, ...]
    changed: dict[str, int]
    days: tuple[Day, ...]
    curves: tuple[Curve, ...]


class JobState(StrEnum):
    """How a backtest stands; ``lost``: its process ended while it ran, so that nobody works on it any more."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"


class BacktestJob(Told):
    """A backtest and how far it is: ``share`` 0 to 1; ``error`` says why it failed."""

    id: str
    asked: Backtest
    state: JobState
    share: float
    began_ns: int
    ended_ns: int | None
    error: str
    result: BacktestResult | None
