"""`svc.alerts.mine.*` as other processes see it: what a person was told of and stands open, and their answer.

It is for a person who signed in, as answer links (`alerts.links`) are for one who opened a message. Who asks vouches
for the person: only our own services have a user of the backbone that may ask here. Times are ns UTC.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from alerts.actions_face import Model, Remark
from alerts.face import Answer
from backbone.client import Backbone
from domain.alert import AlertView
from domain.ids import Token

MOST_MINE = 100
WITHIN_S = 7 * 86_400
"""Messages that are older are no longer looked for (assumption): their alert has had a ladder's end many times over."""

NoticeId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,32}$")]


class MineSubject(StrEnum):
    """Where the service answers."""

    LIST = "svc.alerts.mine.list"
    ANSWER = "svc.alerts.mine.answer"


class MineRequest(Model):
    """Whose."""

    person: Token
    limit: int = Field(default=MOST_MINE, ge=1, le=MOST_MINE)


class MineAnswerRequest(Model):
    """A person's answer to a message that they got."""

    person: Token
    notification: NoticeId
    answer: Answer
    note: Remark = ""


class Told(Model):
    """The newest message about an open alert to this person, and what they answered to it."""

    notification: str
    channel: str
    created_ns: int
    answered_at_ns: int | None
    answer: Answer | None
    alert: AlertView


class MineFace:
    """Typed client. Raises RefusedError with the reason (404: no such message), LinkError when nobody answers."""

    def __init__(self, backbone: Backbone) -> None:
        """Ask over ``backbone``."""
        self._backbone = backbone

    async def list(self, person: str) -> tuple[Told, ...]:
        """Return what a person was told of and is open, what waits for them first, then by class, newest first."""
        reply = await self._ask(MineSubject.LIST, MineRequest(person=person))
        return tuple(Told.model_validate(one) for one in reply["told"])

    async def answer(self, person: str, notification: str, answer: Answer, note: str = "") -> AlertView:
        """Answer a message, as its link would; "on site" may follow "received"."""
        request = MineAnswerRequest(person=person, notification=notification, answer=answer, note=note)
        return AlertView.model_validate((await self._ask(MineSubject.ANSWER, request))["alert"])

    async def _ask(self, subject: MineSubject, request: Model) -> Any:
        return await self._backbone.request(subject.value, request.model_dump(mode="json", exclude_none=True))
