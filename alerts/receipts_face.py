"""`svc.alerts.delivery` as other processes see it: what a platform reports later about messages that it took.

A report is JSON, one object or a list of at most `MOST_REPORTS`, signed with the secret of the channel as our own
requests are (`alerts.channels.webhook`): ``sha256=`` + HMAC-SHA256 of ``<timestamp>.<body>`` in hex.

| field | what |
|---|---|
| key, or message_id | our idempotency key; or the name that the platform gave the message when it took it |
| outcome | delivered · answered (a call was picked up) · failed · no_answer · busy |
| pressed | the key that was pressed in a call: ``1`` is the receipt of the person who was called |
| reason | in words, kept with what was given up |

Other fields are left alone, so an adapter may hand on all that its provider says.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from alerts.face import Model
from backbone.client import Backbone
from domain.errors import RefusedError
from domain.ids import Token

SUBJECT = "svc.alerts.delivery"
MOST_BYTES = 8 * 1024
MOST_REPORTS = 100
FRESH_S = 300
"""How far a report's time stamp may be from our clock (assumption: clocks are kept within 5 s, queues take minutes)."""

UNAUTHORIZED = 401
BAD_REPORT = 400

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Delivery(StrEnum):
    """What became of a message after the platform had taken it."""

    DELIVERED = "delivered"
    ANSWERED = "answered"
    FAILED = "failed"
    NO_ANSWER = "no_answer"
    BUSY = "busy"


class Report(BaseModel):
    """One report."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    key: Name | None = None
    message_id: Name | None = None
    outcome: Delivery
    pressed: Annotated[str, StringConstraints(max_length=8)] | None = None
    reason: Annotated[str, StringConstraints(max_length=500)] = ""

    @model_validator(mode="after")
    def _names_a_message(self) -> Self:
        if self.key is None and self.message_id is None:
            raise ValueError("name the message by 'key' or 'message_id'")
        return self


class DeliveryRequest(Model):
    """A report as it came; the service checks and reads it."""

    channel: Token
    content: str = Field(max_length=MOST_BYTES)
    timestamp: str = Field(default="", max_length=20)
    signature: str = Field(default="", max_length=100)


class DeliveryReply(Model):
    """How many reports were about messages of ours, and how many were not."""

    taken: int
    unknown: int


class Refusal(Model):
    """Why a report was not taken: `UNAUTHORIZED` or `BAD_REPORT`."""

    code: int
    reason: str


class ReceiptsFace:
    """Typed client. Raises RefusedError (code 401 for a report that is not signed right), LinkError when away."""

    def __init__(self, backbone: Backbone) -> None:
        """Ask over ``backbone``."""
        self._backbone = backbone

    async def delivery(self, channel: str, content: str, *, timestamp: str, signature: str) -> DeliveryReply:
        """Hand in what a platform reports."""
        request = DeliveryRequest(channel=channel, content=content, timestamp=timestamp, signature=signature)
        reply = await self._backbone.request(SUBJECT, request.model_dump(mode="json"))
        if "code" in reply:
            refusal = Refusal.model_validate(reply)
            raise RefusedError(refusal.reason, code=refusal.code)
        return DeliveryReply.model_validate(reply)
