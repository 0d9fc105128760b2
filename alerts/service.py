"""`svc.alerts.*`: requests from other processes, one handler a subject; what people do is `alerts.actions_service`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import select

from alerts import actions, face, listing
from alerts.actions_service import ActionsService
from alerts.desk import Desk
from alerts.face import Subject
from alerts.schema import Alert, Attachment, AuditEntry, Comment, Notification
from alerts.short_links import claims_of
from alerts.stats import stats
from alerts.views import alert_view, attachment_view, audit_view, comment_view, notification_view
from backbone.client import Backbone

Reply = dict[str, Any]


class AlertsService(ActionsService):
    """Handlers over an office: those of `ActionsService`, and those that look. Pydantic refuses what is malformed."""

    async def serve(self, backbone: Backbone) -> None:
        """Answer until the connection closes."""
        handlers: dict[Subject, Callable[[Reply], Awaitable[Reply]]] = {
            Subject.LIST: self.list,
            Subject.GET: self.get,
            Subject.LINK: self.link,
            Subject.ANSWER: self.answer,
            Subject.STATS: self.stats,
        }
        for subject, handler in handlers.items():
            await backbone.serve(subject.value, handler)
        await super().serve(backbone)

    async def list(self, body: Reply) -> Reply:
        """List alerts."""
        request = face.ListRequest.model_validate(body)
        return await self._office.database.read(lambda session: listing.reply(session, request))

    async def get(self, body: Reply) -> Reply:
        """Return one alert with its history."""
        request = face.GetRequest.model_validate(body)
        detail = await self._office.database.read(lambda session: _detail(self._office.desk(session), request.id))
        return detail.model_dump(mode="json")

    async def link(self, body: Reply) -> Reply:
        """Say what a link is for."""
        request = face.LinkRequest.model_validate(body)
        view = await self._office.database.read(
            lambda session: _link(self._office.desk(session), request.token, self._signing_key)
        )
        return view.model_dump(mode="json")

    async def answer(self, body: Reply) -> Reply:
        """Take an answer through a link."""
        request = face.AnswerRequest.model_validate(body)

        def work(desk: Desk) -> Reply:
            claims = claims_of(desk, request.token, self._signing_key)
            return _reply(actions.answer(desk, claims, request.answer, request.note))

        return await self._office.change(work)

    async def stats(self, body: Reply) -> Reply:
        """Return the figures."""
        face.Model.model_validate(body)
        return (await self._office.database.read(stats)).model_dump(mode="json")


def _reply(alert: Alert) -> Reply:
    return {"alert": alert_view(alert).model_dump(mode="json")}


def _detail(desk: Desk, alert_id: str) -> face.AlertDetail:
    alert, session = desk.alert(alert_id), desk.session
    comments = session.scalars(select(Comment).where(Comment.alert_id == alert_id).order_by(Comment.number))
    entries = session.scalars(select(AuditEntry).where(AuditEntry.alert_id == alert_id).order_by(AuditEntry.number))
    notices = session.scalars(
        select(Notification).where(Notification.alert_id == alert_id).order_by(Notification.created_ns, Notification.id)
    )
    evidence = session.scalars(select(Attachment).where(Attachment.alert_id == alert_id).order_by(Attachment.number))
    return face.AlertDetail(
        alert=alert_view(alert),
        attachments=tuple(attachment_view(attachment) for attachment in evidence),
        comments=tuple(comment_view(comment) for comment in comments),
        audit=tuple(audit_view(entry) for entry in entries),
        notifications=tuple(notification_view(notice) for notice in notices),
    )


def _link(desk: Desk, token: str, signing_key: bytes) -> face.LinkView:
    alert, notice = actions.linked(desk, claims_of(desk, token, signing_key))
    return face.LinkView(
        alert=alert_view(alert),
        person=notice.person,
        answered_at_ns=notice.answered_at_ns,
        answer=face.Answer(notice.answer) if notice.answer else None,
    )
