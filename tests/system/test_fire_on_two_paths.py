"""A fire leaves by mail and by webhook at the same time: one alerts process, a real nats-server, two real platforms."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from alerts.channels_face import ChannelsFace
from alerts.face import AlertDetail, AlertsFace
from alerts.outbox import RetryPolicy
from alerts.process import run
from backbone import subjects
from backbone.client import Backbone
from domain.alarm import Transition
from domain.site import Registry
from tests.alerts.alerts_scene import EXIT, SECRET, SIGNING_KEY, fire, hotel, labels, transition
from tests.alerts.mail_server import MailServer, mail_server
from tests.alerts.phone_server import Phone, answer, phone
from tests.alerts.test_alerts_process import until
from tests.servers import connected, embedded_server

CHEN = "chen@hotel.example"


def site(mail_port: int, hook_url: str) -> Registry:
    """Return the hotel with a mail server and a webhook; Mr Chen has the webhook first."""
    channels: list[dict[str, Any]] = [
        {"id": "hook", "kind": "webhook", "url": hook_url, "secret": SECRET, "path": "gsm"},
        {
            "id": "mail", "kind": "smtp", "host": "127.0.0.1", "port": mail_port, "security": "none",
            "sender": "fengsui@fire.example", "path": "internet",
        },
    ]  # fmt: skip
    people = [
        {
            "id": name, "role": role, "labels": labels(name, name), "channels": ["hook", "mail"],
            "email": f"{name[2:]}@hotel.example",
        }
        for name, role in (("p-chen", "unit_staff"), ("p-lin", "safety_manager"), ("s-wang", "supervisor"))
    ]  # fmt: skip
    return hotel(channels, people=people)


@asynccontextmanager
async def alerts(folder: Path, registry: Registry) -> AsyncIterator[Backbone]:
    """Run the alerts process until the block ends; its failure is the test's."""
    stop = asyncio.Event()
    async with embedded_server(folder) as server, connected(server) as backbone, connected(server, "alerts") as own:
        task = asyncio.create_task(
            run(
                registry,
                own,
                database_url=f"sqlite:///{folder / 'alerts.db'}",
                answer_base_url="https://console.test",
                signing_key=SIGNING_KEY,
                stop=stop,
                retry=RetryPolicy(first_s=0.05, longest_s=0.2, attempts=30),
            )
        )
        try:
            yield backbone
        finally:
            stop.set()
            await task


async def say(backbone: Backbone, change: Transition) -> str:
    """Publish a transition as the rules engine does."""
    subject = subjects.alarm(0, change.place.unit, change.alarm_class.value, change.rule)
    await backbone.publish(subject, change.model_dump_json().encode(), message_id=change.id)
    return change.id


async def accepted(backbone: Backbone, alert: str, channels: set[str]) -> AlertDetail:
    """Return an alert when p-chen's messages on these channels were accepted."""

    async def look() -> AlertDetail | None:
        try:
            detail = await AlertsFace(backbone).get(alert)
        except Exception:  # noqa: BLE001  # not there yet
            return None
        done = {one.channel for one in detail.notifications if one.person == "p-chen" and one.state == "accepted"}
        return detail if done >= channels else None

    return await until(look, 60)


def hooked(platform: Phone, alert: str) -> list[dict[str, Any]]:
    """Return what the webhook got about an alert."""
    bodies = [json.loads(request.body) for request in platform.received]
    return [body for body in bodies if body["alert_id"] == alert]


async def test_a_fire_arrives_by_mail_and_by_webhook(tmp_path: Path) -> None:
    async with mail_server() as post, phone() as hook, alerts(tmp_path, site(post.port, hook.url)) as backbone:
        alert = await say(backbone, fire(place=EXIT))
        detail = await accepted(backbone, alert, {"hook", "mail"})
        channels = {view.id: view for view in await ChannelsFace(backbone).list()}
    (body,) = [one for one in hooked(hook, alert) if one["person"]["id"] == "p-chen"]
    (mail,) = [one for one in post.mails if one.recipients == [CHEN]]
    keys = {one.channel: one.id for one in detail.notifications if one.person == "p-chen"}
    assert body["idempotency_key"] == keys["hook"]
    assert mail.message["Message-ID"] == f"<{keys['mail']}@fire.example>"
    assert mail.message["Importance"] == "high"
    assert "【火警】" in mail.message["Subject"]
    plain = mail.message.get_body(("plain",))
    assert plain is not None
    links = {body["answer_url"], plain.get_content().split("answer here:")[1].strip()}
    assert len(links) == 2, "each message has its own link"
    assert all(link.startswith("https://console.test/answer/") for link in links)
    assert all(one.used_fire >= 1 and one.last_error is None for one in channels.values())
    assert {one.path for one in channels.values()} == {"gsm", "internet"}


async def test_one_path_down_does_not_hold_the_other(tmp_path: Path) -> None:
    greylisting = MailServer(rcpt=lambda _a, number: "451 4.7.1 later" if number < 4 else "250 OK")
    async with (
        mail_server(greylisting) as post,
        phone(lambda _number: answer({}, "503 Unavailable")) as hook,
        alerts(tmp_path, site(post.port, hook.url)) as backbone,
    ):
        alert = await say(backbone, fire(place=EXIT))
        detail = await accepted(backbone, alert, {"mail"})
    states = {one.channel: (one.state, one.attempts) for one in detail.notifications if one.person == "p-chen"}
    assert states["mail"] == ("accepted", 4)
    assert states["hook"][0] != "accepted"
    assert len(post.mails) == 1


async def test_what_is_no_fire_goes_by_mail_only_when_the_webhook_refuses(tmp_path: Path) -> None:
    async with (
        mail_server() as post,
        phone(lambda _number: answer({"errcode": 310000, "errmsg": "no"})) as hook,
        alerts(tmp_path, site(post.port, hook.url)) as backbone,
    ):
        alert = await say(backbone, transition())
        detail = await accepted(backbone, alert, {"mail"})
    states = {one.channel: one.state for one in detail.notifications if one.person == "p-chen"}
    assert states == {"hook": "dead", "mail": "accepted"}
    assert [mail.recipients for mail in post.mails if mail.recipients == [CHEN]] == [[CHEN]]
