"""`svc.alerts.mine.*`: a person's own open alerts, and the receipt that they press on their phone.

The receipt is that of the *message*: it marks the notification as read and answered, stops the ladder and takes the
alert on, exactly as the signed link of that message does (`alerts.actions.answer`). A plain acknowledgement would do
only the last of it: the record would say for ever that this person never answered what they were sent, and the delivery
figures would count a message without a receipt although somebody pressed the button.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts import actions, escalation
from alerts.desk import NOT_FOUND, Desk
from alerts.face import Answer
from alerts.links import Claims, expiry
from alerts.mine_face import WITHIN_S, MineAnswerRequest, MineRequest, MineSubject, Told
from alerts.office import Office
from alerts.schema import Alert, Notification
from alerts.views import alert_view
from backbone.client import Backbone
from domain.alert import AlertEvent, AlertView
from domain.clock import NS_PER_S
from domain.errors import RefusedError

Reply = dict[str, Any]

MOST_LOOKED_AT = 1000
VIA = "phone"


class MineService:
    """Handlers over an office."""

    def __init__(self, office: Office) -> None:
        """Serve ``office``."""
        self._office = office

    async def serve(self, backbone: Backbone) -> None:
        """Answer until the connection closes."""
        await backbone.serve(MineSubject.LIST.value, self.list)
        await backbone.serve(MineSubject.ANSWER.value, self.answer)

    async def list(self, body: Reply) -> Reply:
        """List what a person was told of."""
        request = MineRequest.model_validate(body)
        now_ns = self._office.clock.now_ns()
        found = await self._office.database.read(lambda session: mine(session, request.person, now_ns))
        return {"told": [one.model_dump(mode="json") for one in found[: request.limit]]}

    async def answer(self, body: Reply) -> Reply:
        """Take a person's answer."""
        request = MineAnswerRequest.model_validate(body)
        alert = await self._office.change(lambda desk: answered(desk, request))
        return {"alert": alert.model_dump(mode="json")}


def mine(session: Session, person: str, now_ns: int) -> list[Told]:
    """Return the newest message to a person about each open alert; unanswered ones first, then class, then newest."""
    since_ns = now_ns - WITHIN_S * NS_PER_S
    query = (
        select(Notification, Alert)
        .join(Alert, Alert.id == Notification.alert_id)
        .where(Notification.person == person, Notification.created_ns > since_ns, Alert.closed_at_ns.is_(None))
        .order_by(Notification.created_ns.desc(), Notification.id)
        .limit(MOST_LOOKED_AT)
    )
    newest: dict[str, Told] = {}
    for notice, alert in session.execute(query):
        newest.setdefault(alert.id, _told(notice, alert))
    return sorted(newest.values(), key=_turn)


def answered(desk: Desk, request: MineAnswerRequest) -> AlertView:
    """Take an answer; "on site" after "received" is said beside it, for a message is answered once."""
    notice = desk.session.get(Notification, request.notification)
    if notice is None or notice.person != request.person:
        raise RefusedError("没有这条通知 / no such notification", code=NOT_FOUND)
    if notice.answer == Answer.RECEIVED.value and request.answer is Answer.ON_SITE:
        return alert_view(_arrived(desk, notice, request))
    claims = Claims(
        alert=notice.alert_id, person=notice.person, notification=notice.id, expires_ns=expiry(notice.created_ns)
    )
    return alert_view(actions.answer(desk, claims, request.answer, request.note, via=VIA))


def _arrived(desk: Desk, notice: Notification, request: MineAnswerRequest) -> Alert:
    """Note that who took it on is there; the time of the receipt stays that of the first answer."""
    alert = desk.alert(notice.alert_id)
    notice.answer = Answer.ON_SITE.value
    said = Answer.ON_SITE.value
    desk.note(alert, AlertEvent.RECEIPT, actor=notice.person, outcome="answered", answer=said, notification=notice.id)
    words = "到场 / on site"
    actions.comment(desk, alert, notice.person, f"{words}：{request.note}" if request.note else words)
    if alert.closed_at_ns is None:
        escalation.renew(desk, alert, notice.person)
    return alert


def _told(notice: Notification, alert: Alert) -> Told:
    return Told(
        notification=notice.id,
        channel=notice.channel,
        created_ns=notice.created_ns,
        answered_at_ns=notice.answered_at_ns,
        answer=Answer(notice.answer) if notice.answer else None,
        alert=alert_view(alert),
    )


def _turn(told: Told) -> tuple[bool, int, int, str]:
    alert = told.alert
    return (told.answered_at_ns is not None, alert.alarm_class.priority, -alert.raised_at_ns, alert.id)
