"""What a scenario file may say, as frozen models; unknown keys are refused.

A scenario is a list of steps on a time axis of seconds. What a step does is decided by the key it has:

| key | the step |
|---|---|
| ``expect`` | says what must, or must never, come of it |
| ``operator`` | the person at the control-room screen handles the alert of a rule |
| ``answer`` | a person answers the newest push of a rule by its link |
| ``fault`` | a device or a link misbehaves |
| ``device`` with ``set``, ``ramp`` or ``replay`` | a device's values change |
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, StringConstraints, model_validator

from domain.alarm import Level
from domain.alert import AlertEvent, Confirmation
from domain.ids import Token
from domain.site import Labels
from domain.site.labels import Settings
from simulators.faults import LINK_FAULTS, Fault, FaultKind

MOST_STEPS = 2_000
LONGEST_S = 7 * 86_400.0

Moment = Annotated[float, Field(ge=0, le=LONGEST_S, allow_inf_nan=False)]
Span = Annotated[float, Field(gt=0, le=LONGEST_S, allow_inf_nan=False)]
DeviceName = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9_-]{1,64}/)?[A-Za-z0-9_-]{1,64}$")]
"""A device's id; ``unit/device`` where two units of the site use the same one."""


class OperatorAct(StrEnum):
    """What an operator does with an alert."""

    ACKNOWLEDGE = "acknowledge"
    CONFIRM = "confirm"
    RESET = "reset"


class Answer(StrEnum):
    """What a person may answer by the link of a push."""

    RECEIVED = "received"
    ON_SITE = "on_site"
    FALSE_ALARM = "false_alarm"


class RampTo(Settings):
    """Go to a level on a straight line."""

    to: float = Field(allow_inf_nan=False)
    over_s: Span


class ReplayFile(Settings):
    """Follow a column of a CSV file, whose path is relative to the scenario file.

    Times come from the ``time`` column (s, from its first row on) or are ``every_s`` apart.
    """

    file: str = Field(min_length=1, max_length=200)
    column: str = Field(min_length=1)
    to: Token
    time: str | None = None
    every_s: Span = 1.0
    speed: float = Field(default=1.0, gt=0, le=1e6)


class FaultSettings(Settings):
    """Who misbehaves, how, and for how long (for good without ``for_s``)."""

    device: DeviceName | None = None
    link: Token | None = None
    kind: FaultKind
    for_s: Span | None = None
    code: int = Field(default=4, ge=1, le=255)
    delay_s: float = Field(default=1.0, gt=0, le=3600)

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.device is None) == (self.link is None):
            raise ValueError("a fault needs one target → name either a 'device' or a 'link'")
        if (self.kind in LINK_FAULTS) != (self.link is not None):
            kinds = sorted(kind for kind in FaultKind if (kind in LINK_FAULTS) == (self.link is not None))
            target = "link" if self.link is not None else "device"
            raise ValueError(f"a {target} has no such fault → write one of {', '.join(kinds)}")
        return self

    @property
    def fault(self) -> Fault:
        """The fault itself."""
        return Fault(kind=self.kind, code=self.code, delay_s=self.delay_s)


class AlertPattern(Settings):
    """An event of an alert; what is left out may be anything. ``text``: the Chinese text, word for word."""

    rule: Token
    event: AlertEvent
    zone: Token | None = None
    device: Token | None = None
    level: Level | None = None
    text: str | None = None


class PushPattern(Settings):
    """A push that reached a phone."""

    rule: Token
    person: Token
    text: str | None = None


class Expectation(Settings):
    """What must be seen, ``within`` seconds of its step or ``between`` two moments of the scenario.

    Without either the window is the rest of the scenario. ``never``: nothing of it may be seen in the
    window. ``count``: exactly so many.
    """

    alert: AlertPattern | None = None
    push: PushPattern | None = None
    within: Span | None = None
    between: tuple[Moment, Moment] | None = None
    never: bool = False
    count: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.alert is None) == (self.push is None):
            raise ValueError("expects nothing, or two things → expect either an 'alert' or a 'push'")
        if self.within is not None and self.between is not None:
            raise ValueError("two windows → keep one of 'within' and 'between'")
        if self.between is not None and self.between[0] >= self.between[1]:
            raise ValueError("a window that ends before it starts → write 'between' as [earlier, later]")
        if self.never and self.count is not None:
            raise ValueError("never, and yet counted → keep one of 'never' and 'count'")
        return self


class Step(Settings):
    """Something at a moment. ``labels`` tell the audience what happens."""

    key: ClassVar[str]
    """The key that makes a step this kind of step."""

    at: Moment
    labels: Labels | None = None


class ExpectStep(Step):
    """Expectations whose windows start here."""

    key = "expect"
    expect: tuple[Expectation, ...] = Field(min_length=1)


class OperatorStep(Step):
    """An operator handles the open alert of a rule. ``finding`` is for ``confirm``."""

    key = "operator"
    operator: OperatorAct
    rule: Token
    zone: Token | None = None
    device: Token | None = None
    finding: Confirmation = Confirmation.REAL


class AnswerStep(Step):
    """A person answers the newest push of a rule; waits up to ``patience_s`` for one to come."""

    key = "answer"
    person: Token
    answer: Answer
    rule: Token
    note: str = Field(default="", max_length=500)
    patience_s: Span = 10.0


class FaultStep(Step):
    """Something starts to misbehave."""

    key = "fault"
    fault: FaultSettings


class DeviceStep(Step):
    """A device's values change."""

    key = "device"
    device: DeviceName
    set: dict[Token, Any] = Field(default_factory=dict)
    ramp: dict[Token, RampTo] = Field(default_factory=dict)
    replay: ReplayFile | None = None

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not (self.set or self.ramp or self.replay):
            raise ValueError("a device step that changes nothing → add 'set', 'ramp' or 'replay', or remove the step")
        return self


AnyStep = ExpectStep | OperatorStep | AnswerStep | FaultStep | DeviceStep
STEP_KINDS: tuple[type[AnyStep], ...] = (ExpectStep, OperatorStep, AnswerStep, FaultStep, DeviceStep)


class ScenarioHead(Settings):
    """The file without its steps."""

    scenario: Token
    labels: Labels
    duration_s: Span
    seed: int = Field(default=0, ge=0, description="decides the background life")
    steps: list[Any] = Field(default_factory=list, max_length=MOST_STEPS)
