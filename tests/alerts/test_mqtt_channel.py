"""MQTT against a real Mosquitto: what it takes, what its access list refuses, and what a restart does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.channels import Outcome, Push, Verdict, open_channel
from alerts.channels.mqtt import MqttChannel, judge_code, topic_of
from backbone.server import free_ports
from domain.site.channels import MqttSettings
from tests.certificates import Authority
from tests.servers import answering, mosquitto, require

ACCEPTED, RETRY, REFUSED = Outcome.ACCEPTED, Outcome.RETRY, Outcome.REFUSED
BODY: dict[str, Any] = {
    "class": "fire",
    "level": "critical",
    "text_zh": "火警",
    "place": {"unit": "hotel"},
    "person": {"id": "p-chen"},
    "answer_url": "https://fengsui.example/answer/secret",
}
TOPIC = "fengsui/notify/hotel/fire"


def settings(port: int, **more: Any) -> MqttSettings:
    """Return a channel to a broker on loopback."""
    return MqttSettings.model_validate(
        {"id": "siren", "kind": "mqtt", "host": "localhost", "port": port, "timeout_s": 10, **more}
    )


def push(key: str = "k-1", *, fire: bool = True, **body: Any) -> Push:
    """Return a push."""
    return Push(key=key, fire=fire, body=BODY | body)


async def send(port: int, message: Push | None = None, **more: Any) -> Verdict:
    """Try once."""
    channel = open_channel(settings(port, **more))
    try:
        return await channel.send(message or push(), now_s=0)
    finally:
        await channel.close()


@asynccontextmanager
async def listening(port: int, topic: str = "#") -> AsyncIterator[asyncio.Queue[aiomqtt.Message]]:
    """Subscribe as a siren does, and hand on what comes."""
    heard: asyncio.Queue[aiomqtt.Message] = asyncio.Queue()
    async with aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5) as client:
        await client.subscribe(topic, qos=1)

        async def hear() -> None:
            async for message in client.messages:
                heard.put_nowait(message)

        task = asyncio.create_task(hear())
        try:
            yield heard
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def next_of(heard: asyncio.Queue[aiomqtt.Message]) -> aiomqtt.Message:
    """Return the next message."""
    async with asyncio.timeout(40):
        return await heard.get()


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_a_subscriber_hears_it(tmp_path: Path, version: str) -> None:
    async with mosquitto(tmp_path) as port, listening(port) as heard:
        verdict = await send(port, version=version)
        message = await next_of(heard)
    assert (verdict.outcome, verdict.reason) == (ACCEPTED, "")
    assert (str(message.topic), message.qos, message.retain) == (TOPIC, 1, False)
    assert isinstance(message.payload, bytes)
    body = json.loads(message.payload)
    assert (body["text_zh"], body["idempotency_key"]) == ("火警", "k-1")
    assert "answer_url" not in body
    if version == "5":
        assert message.properties is not None
        assert vars(message.properties)["UserProperty"] == [("idempotency-key", "k-1")]


async def test_nobody_subscribes(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as port:
        told = await send(port)
        needed = await send(port, needs_subscriber=True)
    assert (told.outcome, "nobody subscribes" in told.reason) == (ACCEPTED, True)
    assert (needed.outcome, "nobody subscribes" in needed.reason) == (RETRY, True)


async def test_a_retained_message_is_there_for_who_comes_later(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as port:
        await send(port, retain=True)
        async with listening(port) as heard:
            assert (await next_of(heard)).retain


async def test_the_access_list_refuses(tmp_path: Path) -> None:
    acl = tmp_path / "acl"
    acl.write_text("topic read #\ntopic write allowed/#\n")
    acl.chmod(0o600)
    async with mosquitto(tmp_path, f"acl_file {acl}") as port:
        refused = await send(port)
        allowed = await send(port, topic="allowed/{unit}")
        old = await send(port, version="3.1.1")
    assert (refused.outcome, refused.reason) == (REFUSED, "the broker says no: Not authorized (0x87)")
    assert allowed.outcome is ACCEPTED
    assert old.outcome is ACCEPTED, "3.1.1 has no word for it: that is the weakness that docs/channels.md tells"


async def test_a_wrong_password_is_refused(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    process = await asyncio.create_subprocess_exec(
        require("mosquitto_passwd"), "-c", "-b", str(passwords), "fengsui", "right-word"
    )
    assert await process.wait() == 0
    async with mosquitto(tmp_path, f"password_file {passwords}", "allow_anonymous false") as port:
        right = await send(port, username="fengsui", password="right-word")  # noqa: S106
        wrong = await send(port, username="fengsui", password="wrong-word")  # noqa: S106
        old = await send(port, username="fengsui", password="wrong-word", version="3.1.1")  # noqa: S106
    assert right.outcome is ACCEPTED
    for verdict in (wrong, old):
        assert (verdict.outcome, "wrong-word" in verdict.reason) == (REFUSED, False)
        assert "refuses the connection" in verdict.reason


async def test_nobody_listens() -> None:
    verdict = await send(free_ports(1)[0])
    assert verdict.outcome is RETRY


async def test_silence_is_bounded() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(100):
            pass
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    verdict = await send(server.sockets[0].getsockname()[1], timeout_s=0.4)
    server.close()
    await server.wait_closed()
    await asyncio.sleep(0.05)
    assert (verdict.outcome, "no answer" in verdict.reason or "timed out" in verdict.reason) == (RETRY, True)


async def test_a_broker_that_restarts_is_met_again(tmp_path: Path) -> None:
    port = free_ports(1)[0]
    channel = MqttChannel(settings(port))
    broker = await _broker(tmp_path, port)
    assert (await channel.send(push("k-1"), now_s=0)).outcome is ACCEPTED
    assert (await channel.send(push("k-2"), now_s=0)).outcome is ACCEPTED
    broker.kill()
    await broker.wait()
    assert (await channel.send(push("k-3"), now_s=0)).outcome is RETRY
    broker = await _broker(tmp_path, port)
    try:
        async with listening(port) as heard:
            assert (await channel.send(push("k-4"), now_s=0)).outcome is ACCEPTED
            message = await next_of(heard)
            assert isinstance(message.payload, bytes)
            assert json.loads(message.payload)["idempotency_key"] == "k-4"
    finally:
        await channel.close()
        broker.terminate()
        await broker.wait()


async def test_a_restart_between_two_messages_costs_no_try(tmp_path: Path) -> None:
    port = free_ports(1)[0]
    channel = MqttChannel(settings(port))
    broker = await _broker(tmp_path, port)
    assert (await channel.send(push("k-1"), now_s=0)).outcome is ACCEPTED
    broker.kill()
    await broker.wait()
    broker = await _broker(tmp_path, port)
    try:
        assert (await channel.send(push("k-2"), now_s=0)).outcome is ACCEPTED
    finally:
        await channel.close()
        broker.terminate()
        await broker.wait()


async def test_many_messages_go_side_by_side(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as port, listening(port) as heard:
        channel = MqttChannel(settings(port))
        verdicts = await asyncio.gather(*(channel.send(push(f"k-{n}", fire=n % 2 == 0), now_s=0) for n in range(40)))
        await channel.close()
        payloads = [(await next_of(heard)).payload for _ in range(40)]
    keys = {json.loads(payload)["idempotency_key"] for payload in payloads if isinstance(payload, bytes)}
    assert {verdict.outcome for verdict in verdicts} == {ACCEPTED}
    assert keys == {f"k-{n}" for n in range(40)}


async def test_tls_with_an_authority_of_ones_own(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.signed("broker")
    pair.key.chmod(0o644)
    lines = [f"certfile {pair.cert}", f"keyfile {pair.key}"]
    async with mosquitto(tmp_path, *lines) as port:
        good = await send(port, security="tls", ca_file=authority.cert)
        foreign = await send(port, security="tls")
        unreadable = await send(port, security="tls", ca_file=tmp_path / "nothing.pem")
    assert good.outcome is ACCEPTED
    assert (foreign.outcome, "set ca_file" in foreign.reason) == (REFUSED, True)
    assert (unreadable.outcome, "can't be read" in unreadable.reason) == (REFUSED, True)


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (0x00, ACCEPTED),
        (0x10, ACCEPTED),
        (0x87, REFUSED),
        (0x90, REFUSED),
        (0x97, RETRY),
        (0x80, RETRY),
        (0xF3, REFUSED),
    ],
)
def test_reason_codes(code: int, outcome: Outcome) -> None:
    assert judge_code(code).outcome is outcome


@given(st.integers(0, 255))
def test_any_reason_code_gets_a_verdict(code: int) -> None:
    verdict = judge_code(code)
    assert (verdict.outcome is ACCEPTED) == (code < 0x80)


@given(st.dictionaries(st.sampled_from(["class", "level"]), st.text()), st.text(), st.text())
def test_no_id_makes_a_level_or_a_wildcard(body: dict[str, str], unit: str, person: str) -> None:
    topic = topic_of("a/{unit}/{class}/{level}/{person}", body | {"place": {"unit": unit}, "person": {"id": person}})
    levels = topic.split("/")
    assert len(levels) == 5
    assert all(level and level.isascii() and not set(level) & set("+#$\0 ") for level in levels)


def test_what_a_body_lacks_is_none() -> None:
    assert topic_of("{unit}/{class}/{person}", {}) == "none/none/none"


async def _broker(folder: Path, port: int) -> asyncio.subprocess.Process:
    config = folder / "broker.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    process = await asyncio.create_subprocess_exec(
        require("mosquitto"), "-c", str(config), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    await answering(port)
    return process
