"""The receiver on a real Mosquitto: a session that is kept, acks when they are told, and brokers that fall silent."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from domain.errors import LinkError, RefusedError
from gateway.connectors.mqtt_client import MOST_WAITING, Account, MqttClient
from gateway.connectors.mqtt_wire import Message
from tests.servers import connected, embedded_server, mosquitto, require

VERSIONS = [4, 5]
CONNACK = {4: bytes.fromhex("20 02 00 00"), 5: bytes.fromhex("20 03 00 00 00")}


def account(port: int, version: int = 4, **more: Any) -> Account:
    return Account(host="127.0.0.1", port=port, identifier="receiver", version=version, session_expiry_s=60, **more)


@contextlib.asynccontextmanager
async def receiver(port: int, version: int = 4, **more: Any) -> AsyncIterator[MqttClient]:
    client = await MqttClient.connect(account(port, version, **more))
    try:
        await client.subscribe("a/+")
        yield client
    finally:
        client.close()


async def publish(port: int, payloads: list[bytes], *, qos: int = 1) -> None:
    async with aiomqtt.Client("127.0.0.1", port) as client:
        for payload in payloads:
            await client.publish("a/b", payload, qos=qos)


async def take(client: MqttClient, count: int) -> list[Message]:
    found: list[Message] = []
    async with asyncio.timeout(40):
        while len(found) < count:
            found += await client.messages(count)
    return found


Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def peer(answer: Answer) -> AsyncIterator[int]:
    """Run a server that says what ``answer`` writes to whoever connects."""
    served: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.current_task())  # type: ignore[arg-type]  # a callback of streams is always in a task
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await answer(reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.wait(served, timeout=20)


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_was_not_acknowledged_comes_again_and_what_was_does_not(tmp_path: Path, version: int) -> None:
    async with mosquitto(tmp_path) as port:
        async with receiver(port, version) as client:
            assert not client.session_present
            await publish(port, [b"1", b"2", b"3"])
            first = await take(client, 3)
            client.ack(first[:2])
        assert [one.payload for one in first] == [b"1", b"2", b"3"]
        async with receiver(port, version) as client:
            assert client.session_present
            again = await take(client, 1)
            client.ack(again)
            await publish(port, [b"4"])
            later = await take(client, 1)
    assert [one.payload for one in again + later] == [b"3", b"4"]


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_message_of_qos_0_needs_no_ack(tmp_path: Path, version: int) -> None:
    async with mosquitto(tmp_path) as port, receiver(port, version) as client:
        await publish(port, [b"x"], qos=0)
        (message,) = await take(client, 1)
        client.ack([message])
        assert message == Message("a/b", b"x", 0)


async def test_more_than_may_wait_is_held_back_and_comes_when_there_is_room() -> None:
    count = MOST_WAITING + 20_000

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(2)
        writer.write(CONNACK[4])
        await reader.read(100)
        writer.write(b"\x30\x06\x00\x03a/b!" * count + b"\x90\x03\x00\x01\x01")
        await reader.read()

    async with peer(flood) as port:
        client = await MqttClient.connect(account(port))
        assert await client.subscribe("a/+") == 1
        assert len(await take(client, count)) == count
        client.close()


async def test_a_user_that_the_broker_refuses_is_told_so(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server):
        with pytest.raises(RefusedError, match="refuses us") as told:
            await MqttClient.connect(account(server.mqtt_port, user="nobody", password="wrong"))  # noqa: S106 -- it is
        assert told.value.code in {4, 5}
        user = server.credentials["sensors"]
        client = await MqttClient.connect(account(server.mqtt_port, user=user.user, password=user.password))
        with pytest.raises(RefusedError, match=r"does not let this user subscribe to hidden/\+"):
            await client.subscribe("hidden/+")
        client.close()


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_broker_that_falls_silent_is_given_up(version: int) -> None:
    pings = []

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(2)
        writer.write(CONNACK[version])
        pings.append(await reader.read())

    async with peer(silent) as port:
        client = await MqttClient.connect(account(port, version, keepalive_s=1))
        async with asyncio.timeout(40):
            with pytest.raises(LinkError, match="has said nothing for"):
                await client.messages(1)
        client.close()
    assert b"\xc0\x00" in pings[0]


async def test_a_broker_that_is_alive_is_kept(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as port, receiver(port, keepalive_s=1) as client:
        waiting = asyncio.create_task(client.messages(1))
        await asyncio.wait([waiting], timeout=4)
        assert not waiting.done()
        await publish(port, [b"x"])
        assert [one.payload for one in await waiting] == [b"x"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n" + bytes(200), "no MQTT broker"),
        (b"", "closed the connection"),
        (b"\x20\x02\x00\x05", "this user may not connect"),
    ],
)
async def test_a_peer_that_takes_us_not_says_why(said: bytes, words: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(2)
        writer.write(said)

    async with peer(answer) as port:
        with pytest.raises((LinkError, RefusedError), match=words):
            await MqttClient.connect(account(port))


async def test_a_broker_of_version_5_says_why_it_ends() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(2)
        writer.write(CONNACK[5] + bytes.fromhex("E0 02 8E 00"))
        await reader.read()

    async with peer(answer) as port:
        client = await MqttClient.connect(account(port, 5))
        with pytest.raises(RefusedError, match="another client took over our session"):
            await client.messages(1)
        client.close()


async def test_close_tells_whoever_waits_what_it_was_told(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as port, receiver(port) as client:
        waiting = asyncio.create_task(client.messages(1))
        await asyncio.sleep(0)
        client.close(ValueError("ours"))
        with pytest.raises(ValueError, match="ours"):
            await waiting


@pytest.mark.parametrize("version", VERSIONS)
async def test_messages_come_through_tls(tmp_path: Path, version: int) -> None:
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem -days 2"
    name = ["-subj", "/CN=broker", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([require("openssl"), *words.split(), *name], cwd=tmp_path, check=True, capture_output=True)  # noqa: ASYNC221 -- nothing runs yet
    offered = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    offered.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            writer.write(data)
        writer.close()

    async with mosquitto(tmp_path) as plain:

        async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            inside, outside = await asyncio.open_connection("127.0.0.1", plain)
            await asyncio.gather(pump(reader, outside), pump(inside, writer), return_exceptions=True)

        server = await asyncio.start_server(relay, "127.0.0.1", 0, ssl=offered)
        async with server:
            port = server.sockets[0].getsockname()[1]
            trusted = ssl.create_default_context(cafile=tmp_path / "cert.pem")
            client = await MqttClient.connect(account(port, version), tls=trusted)
            await client.subscribe("a/+")
            await publish(plain, [b"x" * size for size in (1, 100, 100_000)])
            found = await take(client, 3)
            client.ack(found)
            client.close()
            with pytest.raises(ssl.SSLCertVerificationError):
                await MqttClient.connect(account(port, version), tls=ssl.create_default_context())
    assert [len(one.payload) for one in found] == [1, 100, 100_000]
