"""The alerts service as other processes see it: requests, replies and `AlertsFace`, a typed client.

Imports nothing of the service itself. Every call raises RefusedError (with the reason, as people
read it), RefusedError with code 404 for an unknown alert, or LinkError when the service is away.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from alerts.actions_face import (
    ActionRequest,
    ActionsFace,
    AlertId,
    CommentRequest,
    ConfirmRequest,
    Model,
    Remark,
    Who,
)
from alerts.listing_face import MOST_LISTED, AlertPage, ListRequest, State
from domain.alarm import AlarmClass
from domain.alert import AlertView

__all__ = [
    "MOST_LISTED",
    "ActionRequest",
    "ActionsFace",
    "AlertDetail",
    "AlertId",
    "AlertPage",
    "AlertsFace",
    "Answer",
    "AnswerRequest",
    "AttachmentView",
    "AuditView",
    "CommentRequest",
    "CommentView",
    "ConfirmRequest",
    "GetRequest",
    "Latency",
    "LatencyStats",
    "LinkRequest",
    "LinkView",
    "ListRequest",
    "Model",
    "NotificationStats",
    "NotificationView",
    "Remark",
    "State",
    "Stats",
    "Subject",
    "Who",
]


class Subject(StrEnum):
    """Where the service answers."""

    LIST = "svc.alerts.list"
    GET = "svc.alerts.get"
    ANSWER = "svc.alerts.answer"
    LINK = "svc.alerts.link"
    STATS = "svc.alerts.stats"


class Answer(StrEnum):
    """What a person can say through an answer link."""

    RECEIVED = "received"
    ON_SITE = "on_site"
    FALSE_ALARM = "false_alarm"


class GetRequest(Model):
    """One alert."""

    id: AlertId


class LinkRequest(Model):
    """A signed link."""

    token: str = Field(max_length=1024)


class AnswerRequest(LinkRequest):
    """A person's answer through a signed link."""

    answer: Answer
    note: Remark = ""


class CommentView(Model):
    """What somebody said."""

    by: str
    text: str
    at_ns: int


class AttachmentView(Model):
    """Evidence that lies elsewhere."""

    by: str
    url: str
    sha256: str
    media_type: str
    note: str
    at_ns: int


class AuditView(Model):
    """A link of the audit chain."""

    number: int
    at_ns: int
    actor: str
    action: str
    details: dict[str, Any]
    hash: str


class NotificationView(Model):
    """One message to one person on one channel, and what became of it."""

    id: str
    person: str
    channel: str
    step: int
    reason: str
    state: str
    attempts: int
    created_ns: int
    sent_at_ns: int | None
    accepted_at_ns: int | None
    delivered_at_ns: int | None
    read_at_ns: int | None = None
    answered_at_ns: int | None
    answer: str | None
    provider_id: str | None
    last_error: str | None


class AlertDetail(Model):
    """One alert with its history."""

    alert: AlertView
    comments: tuple[CommentView, ...]
    attachments: tuple[AttachmentView, ...] = ()
    audit: tuple[AuditView, ...]
    notifications: tuple[NotificationView, ...]


class LinkView(Model):
    """What a valid link is for; ``answered_at_ns`` is set when it was used."""

    alert: AlertView
    person: str
    answered_at_ns: int | None
    answer: Answer | None


class NotificationStats(Model):
    """Counts of notifications; ``failed`` counts tries, the others messages.

    queued: waiting for the first or another try. sent: tried at least once. accepted: the platform
    took it. delivered: the platform said that it arrived. answered: a person answered. dead: given up.
    """

    queued: int
    sent: int
    accepted: int
    delivered: int
    answered: int
    failed: int
    dead: int
    digested: int = Field(default=0, description="went out in a digest")
    last_accepted_ns: int | None = Field(default=None, description="when a platform took one last")
    last_delivered_ns: int | None = Field(default=None, description="when a platform said last that one arrived")
    last_answered_ns: int | None = Field(default=None, description="when a person answered one last")


class Latency(Model):
    """Milliseconds over ``count`` alerts; None when there is none."""

    count: int
    p50: float | None
    p99: float | None


class LatencyStats(Model):
    """From the time of the event at the device, and the rule's on-delay, over the newest alerts.

    ``event_to_alert`` ends when the committed record is acknowledged by the ALERTS stream,
    ``event_to_push`` when a platform first accepted a push, less the time for which the policy, quiet hours, a digest
    or what kept the alert quiet held that push back: from then on it counts. Alerts of events that were delivered late
    (after an outage) are left out and counted in ``excluded_historical``.
    """

    event_to_alert: Latency
    event_to_push: Latency
    excluded_historical: int


class Stats(Model):
    """Figures since the database began."""

    raised: int
    open: int
    by_rule: dict[str, int]
    by_class: dict[str, int]
    notifications: NotificationStats
    latency_ms: LatencyStats


class AlertsFace(ActionsFace):
    """Typed client of ``svc.alerts.*``; what people do is in `ActionsFace`."""

    async def list(
        self,
        *,
        open: bool | None = None,  # noqa: A002  # the word of the contract
        classes: tuple[AlarmClass, ...] = (),
        unit: str | None = None,
        units: tuple[str, ...] | None = None,
        rule: str | None = None,
        limit: int = 200,
    ) -> tuple[AlertView, ...]:
        """Return alerts, as `ListRequest` says."""
        request = ListRequest(open=open, classes=classes, unit=unit, units=units, rule=rule, limit=limit)
        return (await self.page(request)).alerts

    async def page(self, request: ListRequest) -> AlertPage:
        """Return a page of alerts, and where the next one begins."""
        return AlertPage.model_validate(await self._ask(Subject.LIST, request))

    async def get(self, alert_id: str) -> AlertDetail:
        """Return an alert with comments, audit and notifications."""
        return AlertDetail.model_validate(await self._ask(Subject.GET, GetRequest(id=alert_id)))

    async def link(self, token: str) -> LinkView:
        """Return what a signed link is for, to show it to the person who opened it."""
        return LinkView.model_validate(await self._ask(Subject.LINK, LinkRequest(token=token)))

    async def answer(self, token: str, answer: Answer, note: str = "") -> AlertView:
        """Answer through a signed link; a link works once."""
        return _alert(await self._ask(Subject.ANSWER, AnswerRequest(token=token, answer=answer, note=note)))

    async def stats(self) -> Stats:
        """Return the figures."""
        return Stats.model_validate(await self._ask(Subject.STATS, Model()))


def _alert(reply: Any) -> AlertView:
    return AlertView.model_validate(reply["alert"])
