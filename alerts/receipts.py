"""Receipts of platforms: delivered, failed, and the key that a called person pressed.

| report | becomes |
|---|---|
| delivered, answered | ``delivered_at_ns``, once: it reached the telephone; nobody has said that they read it |
| pressed 1, on a voice channel | the person's answer "received", as through their link: it stops the ladder |
| failed, no_answer, busy | the message is given up and the person's next channel gets it |

What a pressed key proves: somebody who held the telephone whose number the site names for this person heard the text
and did something that no voice mailbox does. It is less than the signed link (whoever is near may press) and more than
"answered". So it counts as a receipt and takes the alarm on; it never confirms, resets or closes.

Reports may come twice, late, and in any order: each fact is written once and none is taken back.
"""

from __future__ import annotations

import hmac
import json
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select

from alerts import actions, outbox
from alerts.channels.verdict import plain
from alerts.channels.webhook import signature
from alerts.desk import Desk
from alerts.face import Answer
from alerts.links import Claims, expiry
from alerts.receipts_face import (
    BAD_REPORT,
    FRESH_S,
    MOST_REPORTS,
    UNAUTHORIZED,
    Delivery,
    DeliveryReply,
    DeliveryRequest,
    Report,
)
from alerts.schema import NoticeState, Notification
from domain.alert import AlertEvent
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from domain.site.channels import ChannelKind

REPORTING = frozenset({ChannelKind.SMS, ChannelKind.VOICE, ChannelKind.WEBHOOK})
RECEIVED_KEY = "1"
_NOT_SIGNED = "报告签名无效 / the report is not signed with the secret of this channel"
_GOOD = frozenset({Delivery.DELIVERED, Delivery.ANSWERED})


def take(desk: Desk, request: DeliveryRequest) -> DeliveryReply:
    """Check and apply what a platform reports; raises RefusedError, with code 401 for one that is not signed."""
    _check(desk, request)
    taken = unknown = 0
    for report in parse(request.content):
        notice = _notice(desk, request.channel, report)
        if notice is None:
            unknown += 1
        else:
            _apply(desk, notice, report)
            taken += 1
    return DeliveryReply(taken=taken, unknown=unknown)


def parse(content: str) -> list[Report]:
    """Return the reports in a body; raises RefusedError with what is wrong."""
    try:
        found: Any = json.loads(content)
        items = found if isinstance(found, list) else [found]
        if len(items) > MOST_REPORTS:
            raise RefusedError(
                f"一次最多 {MOST_REPORTS} 条报告 / at most {MOST_REPORTS} reports at once", code=BAD_REPORT
            )
        return [Report.model_validate(item) for item in items]
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "body"
        raise RefusedError(f"报告格式不对 / no valid report: {where}: {first['msg']}", code=BAD_REPORT) from None
    except (ValueError, RecursionError):
        raise RefusedError("报告不是 JSON / the report is no JSON", code=BAD_REPORT) from None


def _check(desk: Desk, request: DeliveryRequest) -> None:
    """One answer for an unknown channel, one without a secret, and a wrong signature: nothing is told by asking."""
    channel = desk.directory.channels.get(request.channel)
    secret = getattr(channel, "secret", None) if channel is not None and channel.kind in REPORTING else None
    stamp = request.timestamp
    if not secret or not (stamp.isascii() and stamp.isdecimal()):
        raise RefusedError(_NOT_SIGNED, code=UNAUTHORIZED)
    if abs(int(stamp) - desk.now_ns // NS_PER_S) > FRESH_S:
        raise RefusedError("报告时间戳过旧 / the report's time stamp is not of now", code=UNAUTHORIZED)
    expected = signature(secret, int(stamp), request.content.encode(errors="replace"))
    if not hmac.compare_digest(expected.encode(), request.signature.encode(errors="replace")):
        raise RefusedError(_NOT_SIGNED, code=UNAUTHORIZED)


def _notice(desk: Desk, channel: str, report: Report) -> Notification | None:
    if report.key is not None:
        found = desk.session.get(Notification, plain(report.key))
        return found if found is not None and found.channel == channel else None
    named = (Notification.channel == channel, Notification.provider_id == plain(report.message_id or ""))
    return desk.session.scalars(select(Notification).where(*named).order_by(Notification.created_ns.desc())).first()


def _apply(desk: Desk, notice: Notification, report: Report) -> None:
    if report.outcome not in _GOOD:
        _failed(desk, notice, report)
        return
    if notice.delivered_at_ns is None:
        notice.delivered_at_ns = desk.now_ns
        desk.note(
            desk.alert(notice.alert_id),
            AlertEvent.RECEIPT,
            outcome="delivered",
            notification=notice.id,
            person=notice.person,
            channel=notice.channel,
            provider_id=notice.provider_id,
        )
    voice = desk.directory.channels[notice.channel].kind is ChannelKind.VOICE
    if voice and report.pressed == RECEIVED_KEY and notice.answered_at_ns is None:
        _pressed(desk, notice)


def _pressed(desk: Desk, notice: Notification) -> None:
    expires_ns = expiry(notice.created_ns)
    if desk.now_ns > expires_ns:
        return  # as late as a link that has expired
    claims = Claims(alert=notice.alert_id, person=notice.person, notification=notice.id, expires_ns=expires_ns)
    actions.answer(desk, claims, Answer.RECEIVED, "电话按键 1 / pressed 1 on the telephone", via="call")


def _failed(desk: Desk, notice: Notification, report: Report) -> None:
    """Give up what the platform took and did not deliver, unless something better is known."""
    if notice.state is NoticeState.SENDING:
        raise RefusedError("通知仍在发送，请稍后再报 / the message is still being sent: report again later")
    if notice.state is not NoticeState.ACCEPTED or notice.delivered_at_ns or notice.answered_at_ns:
        return
    reason = f"{report.outcome}: {plain(report.reason)}" if report.reason else report.outcome.value
    # a telephone that nobody picks up is no fault of the channel
    outbox.give_up(desk, notice, reason, alarm=report.outcome is Delivery.FAILED)
