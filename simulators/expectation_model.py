"""What a scenario expects: an event of an alert, a push on a phone, the end of a roll-call, each with its window."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from domain.alarm import Level
from domain.alert import AlertEvent
from domain.ids import Token
from domain.site.labels import Settings

LONGEST_S = 7 * 86_400.0

Moment = Annotated[float, Field(ge=0, le=LONGEST_S, allow_inf_nan=False)]
Span = Annotated[float, Field(gt=0, le=LONGEST_S, allow_inf_nan=False)]
DeviceName = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9_-]{1,64}/)?[A-Za-z0-9_-]{1,64}$")]
"""A device's id; ``unit/device`` where two units of the site use the same one."""


class RollCallResult(StrEnum):
    """How a roll-call ended."""

    PRESENT = "present"
    LATE = "late"
    NO_ANSWER = "no_answer"
    LINE_DOWN = "line_down"


class AlertPattern(Settings):
    """An event of an alert; what is left out may be anything. ``text``: the Chinese text, word for word.

    ``gateway``: the edge node that the alert is about or comes from; a transmitter is one.
    """

    rule: Token
    event: AlertEvent
    zone: Token | None = None
    device: Token | None = None
    gateway: Token | None = None
    level: Level | None = None
    text: str | None = None


class PushPattern(Settings):
    """A push that reached a phone."""

    rule: Token
    person: Token
    text: str | None = None


class RollCallPattern(Settings):
    """What became of a roll-call."""

    transmitter: DeviceName
    result: RollCallResult


class Expectation(Settings):
    """What must be seen, ``within`` seconds of its step or ``between`` two moments of the scenario.

    Without either the window is the rest of the scenario. ``never``: nothing of it may be seen in the
    window. ``count``: exactly so many.
    """

    alert: AlertPattern | None = None
    push: PushPattern | None = None
    roll_call: RollCallPattern | None = None
    within: Span | None = None
    between: tuple[Moment, Moment] | None = None
    never: bool = False
    count: int | None = Field(default=None, ge=1)

    @property
    def pattern(self) -> AlertPattern | PushPattern | RollCallPattern:
        """The one thing that it expects."""
        found = self.alert or self.push or self.roll_call
        assert found is not None  # noqa: S101 -- the check below lets no other pass
        return found

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if sum(pattern is not None for pattern in (self.alert, self.push, self.roll_call)) != 1:
            raise ValueError("expects nothing, or two things → expect one 'alert', 'push' or 'roll_call'")
        if self.within is not None and self.between is not None:
            raise ValueError("two windows → keep one of 'within' and 'between'")
        if self.between is not None and self.between[0] >= self.between[1]:
            raise ValueError("a window that ends before it starts → write 'between' as [earlier, later]")
        if self.never and self.count is not None:
            raise ValueError("never, and yet counted → keep one of 'never' and 'count'")
        return self
