"""Which alerts a list is asked for: filters, cursors, and the page that comes back."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from alerts.actions_face import Model
from domain.alarm import AlarmClass, Level
from domain.alert import AlertView, Confirmation
from domain.ids import Token

MOST_LISTED = 500
"""Alerts in one reply: a NATS message holds 1 MiB, an alert takes about 1.2 kB."""


class State(StrEnum):
    """Which alerts by their facts; all but ``closed`` are open ones."""

    OPEN = "open"
    CLOSED = "closed"
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"


Named = Annotated[str, StringConstraints(min_length=1, max_length=64)]
TimeNs = Annotated[int, Field(ge=0, lt=2**63)]


MOST_RULES = 20


class ListRequest(Model):
    """Which alerts. Open ones come fire first, newest first within a class; others newest first.

    ``units`` is what the asker may see (None: all), ``unit`` what they ask for. Buildings, zones and devices are named
    within a unit. A span is of the times of raising, from ``since_ns`` until before ``until_ns``. ``people``: one of
    these acknowledged, confirmed, reset, re-checked or shelved it, or is responsible; as they stand in the record.
    ``rules``: of one of these, for who asks for several.
    """

    open: bool | None = Field(default=None, description="True: not closed; False: closed; None: both")
    classes: tuple[AlarmClass, ...] = ()
    unit: Token | None = None
    units: tuple[Token, ...] | None = None
    building: Token | None = None
    zone: Token | None = None
    device: Token | None = None
    rule: Token | None = None
    rules: Annotated[tuple[Token, ...], Field(max_length=MOST_RULES)] = ()
    level: Level | None = None
    state: State | None = None
    since_ns: TimeNs | None = None
    until_ns: TimeNs | None = None
    text: str | None = Field(default=None, max_length=100, description="part of the text, in either language")
    confirmed: Confirmation | None = None
    people: Annotated[tuple[Named, ...], Field(max_length=20)] = ()
    cursor: str | None = Field(default=None, max_length=64, description="next_cursor of the page before")
    limit: int = Field(default=200, ge=1, le=MOST_LISTED)

    @model_validator(mode="after")
    def _makes_sense(self) -> ListRequest:
        if self.unit is None and (self.building or self.zone or self.device):
            raise ValueError("building, zone and device are names within a unit: give the unit, too")
        if self.open is not None and self.state is not None and self.open is (self.state is State.CLOSED):
            raise ValueError(f"open={self.open} and state={self.state} contradict each other".lower())
        return self


class AlertPage(Model):
    """A page of a list. ``next_cursor`` is None on the last page, and only there: other pages may be short."""

    alerts: tuple[AlertView, ...]
    next_cursor: str | None = None
