"""`svc.alerts.once`: an action under a key that its client gave it, so that a repeated request does nothing twice."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from alerts.actions_face import ActionRequest, ActionSubject, Model
from backbone.client import Backbone
from domain.alert import AlertView

Key = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,128}$")]


class OnceSubject(StrEnum):
    """Where the service answers."""

    DO = "svc.alerts.once"


class OnceAction(StrEnum):
    """What can be done once; the names of `ActionsService`."""

    ACKNOWLEDGE = "acknowledge"
    CONFIRM = "confirm"
    RESET = "reset"
    COMMENT = "comment"
    SHELVE = "shelve"
    EXTEND = "extend"
    UNSHELVE = "unshelve"
    ASSIGN = "assign"
    ATTACH = "attach"
    RECHECK = "recheck"


class OnceRequest(Model):
    """An action, and its key."""

    key: str = Field(min_length=1, max_length=400, description="whose it is, and what they called it")
    action: OnceAction
    body: dict[str, Any]


class OnceFace:
    """Typed client of actions, with or without a key. Raises as `alerts.actions_face` says.

    ``whose`` is the principal who asks: the same key of somebody else is another key.
    """

    def __init__(self, backbone: Backbone) -> None:
        """Ask over ``backbone``."""
        self._backbone = backbone

    async def do(self, action: OnceAction, request: ActionRequest, *, whose: str, key: str | None = None) -> AlertView:
        """Do an action; under a key the second time gives the answer of the first."""
        body = request.model_dump(mode="json", exclude_none=True)
        if key is None:
            subject = ActionSubject[action.name].value
        else:
            subject = OnceSubject.DO.value
            full = json.dumps([whose, request.by, key], ensure_ascii=False)
            body = OnceRequest(key=full, action=action, body=body).model_dump(mode="json")
        return AlertView.model_validate((await self._backbone.request(subject, body))["alert"])
