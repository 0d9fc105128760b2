"""A test message through a channel: the channel's own code, a message that says that it is a test, and a record of it.

It counts in the channel's budget, as the platform counts it, too, and is refused when the budget is used up: a test
must not mute a channel. It goes by a connection of its own, has no answer link, and is audited as ``notify_test``.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from alerts.budget import WINDOW_NS, budget
from alerts.channels import Outcome, Push, Verdict, open_channel
from alerts.channels.addressing import address_of
from alerts.channels_face import TestRequest, TestResult
from alerts.desk import Desk
from alerts.messages import MessageEvent, render
from alerts.office import Office
from alerts.schema import Attempt
from domain.alarm import AlarmClass, Level
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from domain.site import ChannelSettings, Person

RULE = "notify_test"


@dataclass(frozen=True, slots=True)
class Trial:
    """A test that has been put on record and may go."""

    settings: ChannelSettings
    person: Person | None
    push: Push
    attempt: int
    at_ns: int


async def try_channel(office: Office, request: TestRequest) -> TestResult:
    """Send a test message; raises RefusedError for an unknown channel or person, or a budget that is used up."""
    trial = await office.change(lambda desk: begin(desk, request))
    started = time.monotonic()
    verdict = await _send(office, trial)
    took_ms = (time.monotonic() - started) * 1000
    result = TestResult(
        channel=trial.settings.id,
        kind=trial.settings.kind.value,
        person=trial.person.id if trial.person else None,
        key=trial.push.key,
        outcome=verdict.outcome.value,
        reason=verdict.reason,
        provider_id=verdict.provider_id,
        delivered=verdict.delivered,
        at_ns=trial.at_ns,
        took_ms=round(took_ms, 1),
    )
    await office.change(lambda desk: _end(desk, trial, result, request.by))
    return result


def begin(desk: Desk, request: TestRequest) -> Trial:
    """Put a test on record before any byte leaves; raises RefusedError."""
    settings = desk.directory.channels.get(request.channel)
    if settings is None:
        known = ", ".join(desk.directory.channels) or "—"
        raise RefusedError(f"没有通知渠道 {request.channel}，现有：{known} / no channel {request.channel}: {known}")
    person = _person(desk, request)
    _check_budget(desk, settings)
    key = f"test-{secrets.token_hex(12)}"
    attempt = Attempt(notification_id=key, channel=settings.id, fire=False, at_ns=desk.now_ns)
    desk.session.add(attempt)
    desk.session.flush()
    body = _body(desk, settings, person, key, request.by)
    push = Push(
        key=key,
        fire=False,
        body=body,
        address=address_of(settings, person) if person else None,
        words=render(body, MessageEvent.TEST),
    )
    return Trial(settings, person, push, attempt.number, desk.now_ns)


def people_of(desk: Desk, channel: str) -> list[Person]:
    """Return who has a channel in their list, in the order of the site."""
    return [person for person in desk.directory.everybody if channel in person.channels]


async def _send(office: Office, trial: Trial) -> Verdict:
    try:
        channel = open_channel(trial.settings, office.aids)
    except RefusedError as error:
        return Verdict(Outcome.REFUSED, error.reason)
    try:
        return await channel.send(trial.push, now_s=trial.at_ns // NS_PER_S)
    finally:
        await channel.close()


def _person(desk: Desk, request: TestRequest) -> Person | None:
    """Return the person named, or the first who has the channel; None where nobody has it."""
    if request.person is None:
        return next(iter(people_of(desk, request.channel)), None)
    person = desk.directory.person(request.person)
    if person is None:
        names = ", ".join(one.id for one in desk.directory.everybody[:20])
        raise RefusedError(f"没有人员 {request.person}，现有：{names} / no person {request.person}: {names}")
    return person


def _check_budget(desk: Desk, settings: ChannelSettings) -> None:
    query = select(func.count(), func.min(Attempt.at_ns)).where(
        Attempt.channel == settings.id, Attempt.at_ns > desk.now_ns - WINDOW_NS
    )
    total, oldest_ns = desk.session.execute(query).one()
    left = budget(settings.per_minute, total=total, fires=0, oldest_ns=oldest_ns or desk.now_ns)
    if left.other <= 0:
        wait_s = max(1, round((left.opens_ns - desk.now_ns) / NS_PER_S))
        raise RefusedError(
            f"本分钟的额度已用完，{wait_s} 秒后再试 / the budget of this minute is used up: try again in {wait_s} s"
        )


def _body(desk: Desk, settings: ChannelSettings, person: Person | None, key: str, by: str) -> dict[str, Any]:
    """Return a body in the form of `alerts.notices`, marked as a test in every text."""
    at = desk.directory.local_time(desk.now_ns)
    return {
        "id": key,
        "idempotency_key": key,
        "alert_id": key,
        "class": AlarmClass.SYSTEM.value,
        "level": Level.NOTICE.value,
        "rule": RULE,
        "text_zh": f"【测试】这是烽燧的通知测试，不是报警，无需处理。渠道 {settings.id}，由 {by} 于 {at} 发起。",
        "text_en": f"[TEST] This is a test of Fengsui's notifications, no alarm: nothing to do. Channel {settings.id},"
        f" started by {by} at {at}.",
        "place": {"zh": "通知测试", "en": "notification test", "unit": desk.directory.centre},
        "person": _person_body(person),
        "step": 0,
        "raised_at": at,
        "picture": None,
        "test": True,
        "historical": False,
    }


def _person_body(person: Person | None) -> dict[str, str]:
    if person is None:
        return {"id": "test", "zh": "测试", "en": "test"}
    return {"id": person.id, "zh": person.labels.zh, "en": person.labels.en}


def _end(desk: Desk, trial: Trial, result: TestResult, by: str) -> None:
    attempt = desk.session.get_one(Attempt, trial.attempt)
    attempt.ended_at_ns, attempt.outcome, attempt.detail = desk.now_ns, result.outcome, result.reason[:500]
    desk.write(
        None,
        RULE,
        actor=by,
        channel=result.channel,
        person=result.person,
        key=result.key,
        outcome=result.outcome,
        reason=result.reason[:500],
        provider_id=result.provider_id,
    )
