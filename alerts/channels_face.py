"""`svc.alerts.channels*` as other processes see it: how each channel does, and a test message through one."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from alerts.face import Model, Who
from backbone.client import Backbone
from domain.ids import Token

TEST_WITHIN_S = 75.0
"""How long a test is waited for: a try lasts 60 s at most, and the answer has a way to go."""


class ChannelsSubject(StrEnum):
    """Where the service answers."""

    LIST = "svc.alerts.channels"
    TEST = "svc.alerts.channels.test"


class ChannelView(Model):
    """One channel as it does now. Times are ns UTC; ``used`` counts tries of the last 60 s."""

    id: Token
    kind: str
    path: Token = Field(description="what it depends on")
    per_minute: int = Field(description="budget")
    used: int
    used_fire: int
    queued: int
    sending: int
    dead: int = Field(description="messages given up, since the database began")
    people: int = Field(description="people who have it in their list")
    last_success_ns: int | None
    last_error: str | None
    last_error_ns: int | None


class TestRequest(Model):
    """Which channel; ``person`` is whom the message is for, the first who has the channel when absent."""

    __test__ = False

    channel: Token
    person: Token | None = None
    by: Who


class TestResult(Model):
    """What the other side said. ``outcome`` is accepted, retry or refused."""

    __test__ = False

    channel: Token
    kind: str
    person: Token | None
    key: str = Field(description="idempotency key of the message")
    outcome: str
    reason: str
    provider_id: str | None
    delivered: bool
    at_ns: int
    took_ms: float

    @property
    def accepted(self) -> bool:
        """Tell whether the other side took it."""
        return self.outcome == "accepted"


class ChannelsFace:
    """Typed client. Raises RefusedError with the reason, LinkError when nobody answers."""

    def __init__(self, backbone: Backbone) -> None:
        """Ask over ``backbone``."""
        self._backbone = backbone

    async def list(self) -> tuple[ChannelView, ...]:
        """Return all channels in the order of the site."""
        reply = await self._backbone.request(ChannelsSubject.LIST.value, {})
        return tuple(ChannelView.model_validate(one) for one in reply["channels"])

    async def test(self, channel: str, *, by: str, person: str | None = None) -> TestResult:
        """Send a test message and return what the other side said, within `TEST_WITHIN_S`."""
        request: dict[str, Any] = TestRequest(channel=channel, person=person, by=by).model_dump(exclude_none=True)
        return TestResult.model_validate(
            await self._backbone.request(ChannelsSubject.TEST.value, request, timeout_s=TEST_WITHIN_S)
        )
