"""The half of ``svc.alerts.*`` that acts: one handler a subject, each one transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from alerts import actions, shelving
from alerts import actions_face as face
from alerts.actions_face import ActionSubject
from alerts.desk import Desk
from alerts.links import verify_token
from alerts.office import Office
from alerts.schema import Alert
from alerts.views import alert_view
from backbone.client import Backbone

Reply = dict[str, Any]
Act = Callable[[Desk, Alert], None]


class ActionsService:
    """Handlers over an office; pydantic refuses malformed requests, the life cycle illegal moves."""

    def __init__(self, office: Office, signing_key: bytes) -> None:
        """Act in ``office``; ``signing_key`` is that of the answer links."""
        self._office = office
        self._signing_key = signing_key

    async def serve(self, backbone: Backbone) -> None:
        """Answer until the connection closes."""
        handlers: dict[ActionSubject, Callable[[Reply], Awaitable[Reply]]] = {
            ActionSubject.ACKNOWLEDGE: self.acknowledge,
            ActionSubject.CONFIRM: self.confirm,
            ActionSubject.RESET: self.reset,
            ActionSubject.COMMENT: self.comment,
            ActionSubject.SHELVE: self.shelve,
            ActionSubject.EXTEND: self.extend,
            ActionSubject.UNSHELVE: self.unshelve,
            ActionSubject.ASSIGN: self.assign,
            ActionSubject.ATTACH: self.attach,
            ActionSubject.RECHECK: self.recheck,
            ActionSubject.READ: self.read,
        }
        for subject, handler in handlers.items():
            await backbone.serve(subject.value, handler)

    async def acknowledge(self, body: Reply) -> Reply:
        """Take an alert on."""
        asked = face.ActionRequest.model_validate(body)
        return await self._act(
            asked, lambda desk, alert: actions.acknowledge(desk, alert, asked.by, account=asked.account)
        )

    async def confirm(self, body: Reply) -> Reply:
        """Record a finding."""
        asked = face.ConfirmRequest.model_validate(body)
        return await self._act(
            asked,
            lambda desk, alert: actions.confirm(desk, alert, asked.by, asked.finding, asked.text, cause=asked.cause),
        )

    async def reset(self, body: Reply) -> Reply:
        """Let a latched alert go."""
        asked = face.ActionRequest.model_validate(body)
        return await self._act(asked, lambda desk, alert: actions.reset(desk, alert, asked.by))

    async def comment(self, body: Reply) -> Reply:
        """Add a comment."""
        asked = face.CommentRequest.model_validate(body)
        return await self._act(asked, lambda desk, alert: actions.comment(desk, alert, asked.by, asked.text))

    async def shelve(self, body: Reply) -> Reply:
        """Silence an alert for a time."""
        return await self._shelved(face.ShelveRequest.model_validate(body), shelving.shelve)

    async def extend(self, body: Reply) -> Reply:
        """Put off the end of a shelving."""
        return await self._shelved(face.ShelveRequest.model_validate(body), shelving.extend)

    async def unshelve(self, body: Reply) -> Reply:
        """End a shelving."""
        asked = face.ActionRequest.model_validate(body)
        return await self._act(asked, lambda desk, alert: shelving.unshelve(desk, alert, asked.by))

    async def assign(self, body: Reply) -> Reply:
        """Make somebody responsible."""
        asked = face.AssignRequest.model_validate(body)
        return await self._act(asked, lambda desk, alert: actions.assign(desk, alert, asked.by, asked.to))

    async def attach(self, body: Reply) -> Reply:
        """Add evidence."""
        asked = face.AttachRequest.model_validate(body)
        what = asked.model_dump(exclude={"id", "by", "account"})
        return await self._act(asked, lambda desk, alert: actions.attach(desk, alert, asked.by, **what))

    async def recheck(self, body: Reply) -> Reply:
        """Record a re-check."""
        asked = face.RecheckRequest.model_validate(body)
        return await self._act(
            asked, lambda desk, alert: actions.recheck(desk, alert, asked.by, asked.note, account=asked.account)
        )

    async def read(self, body: Reply) -> Reply:
        """Record that a person has read their message."""
        asked = face.ReadRequest.model_validate(body)

        def work(desk: Desk) -> Reply:
            return _reply(actions.read(desk, verify_token(asked.token, self._signing_key, desk.now_ns)))

        return await self._office.change(work)

    async def _shelved(self, asked: face.ShelveRequest, act: Callable[..., None]) -> Reply:
        """Shelve or extend, with a second person only as the account service has vouched for them."""

        def work(desk: Desk, alert: Alert) -> None:
            second_by = desk.second(asked.second, beside=asked.by, unit=alert.unit)
            act(desk, alert, asked.by, asked.reason, until_ns=asked.until_ns, second_by=second_by)

        return await self._act(asked, work)

    async def _act(self, request: face.ActionRequest, act: Act) -> Reply:
        def work(desk: Desk) -> Reply:
            alert = desk.alert(request.id)
            act(desk, alert)
            return _reply(alert)

        return await self._office.change(work)


def _reply(alert: Alert) -> Reply:
    return {"alert": alert_view(alert).model_dump(mode="json")}
