"""What a scenario file may say, as frozen models; unknown keys are refused.

A scenario is a list of steps on a time axis of seconds. What a step does is decided by the key it has:

| key | the step |
|---|---|
| ``expect`` | says what must, or must never, come of it |
| ``operator`` | the person at the control-room screen handles the alert of a rule |
| ``answer`` | a person answers the newest push of a rule by its link |
| ``fault`` | a device or a link misbehaves |
| ``transmitter`` with ``press`` | a button of a transmitter is pressed, or something happens behind it |
| ``roll_call`` | the centre calls the person on duty beside a transmitter |
| ``device`` with ``set``, ``ramp`` or ``replay`` | a device's values change |
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from domain.alert import Confirmation
from domain.ids import Token
from domain.site import Labels
from domain.site.labels import Settings
from simulators.expectation_model import DeviceName, Expectation, Moment, Span
from simulators.faults import LINK_FAULTS, MODBUS_FAULTS, MQTT_FAULTS, TRANSMITTER_FAULTS, Fault, FaultKind
from simulators.gb26875.buttons import Push
from simulators.gb26875.presses import NEEDS_COMPONENT, Press

MOST_STEPS = 2_000


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


_FAULTS = {
    "device": MODBUS_FAULTS | MQTT_FAULTS,
    "link": LINK_FAULTS,
    "transmitter": TRANSMITTER_FAULTS,
}
"""Faults by the key that names their target; which of them a device can have depends on its protocol."""


class FaultSettings(Settings):
    """Who misbehaves, how, and for how long (for good without ``for_s``)."""

    device: DeviceName | None = None
    link: Token | None = None
    transmitter: DeviceName | None = None
    kind: FaultKind
    for_s: Span | None = None
    code: int = Field(default=4, ge=1, le=255)
    delay_s: float = Field(default=1.0, gt=0, le=3600)
    off_s: float = Field(default=600.0, ge=-86_400, le=86_400, description="a clock's error, ahead when positive")

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        named = [name for name in ("device", "link", "transmitter") if getattr(self, name) is not None]
        if len(named) != 1:
            raise ValueError("a fault needs one target → name a 'device', a 'link' or a 'transmitter'")
        kinds = _FAULTS[named[0]]
        if self.kind not in kinds:
            raise ValueError(f"a {named[0]} has no such fault → write one of {', '.join(sorted(kinds))}")
        return self

    @property
    def fault(self) -> Fault:
        """The fault itself."""
        return Fault(kind=self.kind, code=self.code, delay_s=self.delay_s, off_s=self.off_s)


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


class TransmitterStep(Step):
    """A button of a transmitter is pressed, or something happens to what hangs on it.

    ``component``: a declared id, or the numbers of one that nobody declared: ``c42-10-2``.
    """

    key = "transmitter"
    transmitter: DeviceName
    press: Press
    component: str | None = Field(default=None, max_length=64)
    system: str | None = Field(default=None, max_length=64)
    operator: int = Field(default=1, ge=0, le=255)
    analog: int = Field(default=5, ge=1, le=255)
    value: float = Field(default=0.0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.press in NEEDS_COMPONENT and self.component is None:
            raise ValueError(f"'{self.press}' is done to a component → add 'component'")
        return self

    @property
    def button(self) -> Push:
        """What is pressed."""
        fields = {"press", "component", "system", "operator", "analog", "value"}
        return Push(**{name: getattr(self, name) for name in fields})


class RollCallStep(Step):
    """The centre calls the person on duty beside a transmitter; the site's own minutes when there are none."""

    key = "roll_call"
    roll_call: DeviceName
    minutes: int | None = Field(default=None, ge=1, le=60)


AnyStep = ExpectStep | TransmitterStep | RollCallStep | OperatorStep | AnswerStep | FaultStep | DeviceStep
STEP_KINDS: tuple[type[AnyStep], ...] = (
    ExpectStep,
    TransmitterStep,  # before the operator: it may say which operator answers
    RollCallStep,
    OperatorStep,
    AnswerStep,
    FaultStep,
    DeviceStep,
)


class ScenarioHead(Settings):
    """The file without its steps."""

    scenario: Token
    labels: Labels
    duration_s: Span
    seed: int = Field(default=0, ge=0, description="decides the background life")
    steps: list[Any] = Field(default_factory=list, max_length=MOST_STEPS)
