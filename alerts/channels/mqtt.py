"""MQTT: one topic of a broker, QoS 1; the broker's PUBACK is its word.

| the broker | verdict |
|---|---|
| PUBACK, success | accepted |
| PUBACK, "no matching subscribers" (version 5) | accepted, told in the reason; retry with ``needs_subscriber`` |
| PUBACK or CONNACK, not authorised, bad password, topic or version not taken | refused |
| PUBACK or CONNACK, busy, quota, rate | retry |
| no PUBACK in time, connection lost, nobody there | retry |

A broker of version 3.1.1 can't say that it refused a message: its PUBACK is success whatever its access list says.
The payload is the push's JSON without the answer link, which is one person's, while a topic is read by many; the
idempotency key is in it, and in version 5 in a user property too. A topic's variable parts are ids, made safe: what a
device says never makes a level of its own. Each lane keeps one connection, made anew when it is lost.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import aiomqtt
from paho.mqtt.client import Client as PahoClient
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from alerts.channels.contract import Push
from alerts.channels.verdict import Outcome, Verdict, plain
from backbone.tls import TlsError, TlsFiles, diagnosed
from domain.site.channels import MqttSettings, TransportSecurity

KEEPALIVE_S = 30
GOODBYE_S = 2.0
LISTEN_S = 0.5
"""How long a broker may take to refuse our certificate before a connection is tried all the same."""
NOBODY = 0x10
LEAST_REFUSED = 0x80
PASSING = frozenset({0x80, 0x83, 0x88, 0x89, 0x8B, 0x8D, 0x91, 0x93, 0x96, 0x97, 0x9C, 0x9F})
"""Reason codes after which a message may be taken later: unspecified, implementation's own, unavailable, busy,
shutting down, keep-alive, identifier in use, receive maximum, rate, quota, use another server, connection rate."""

_CERTIFICATE = frozenset({"tls_ca", "tls_expired", "tls_name", "tls_client", "tls_file"})


class MqttChannel:
    """Publishes to one broker; close it when done."""

    def __init__(self, settings: MqttSettings) -> None:
        """Prepare both lanes; nothing is connected yet."""
        self._settings = settings
        self._lanes = {fire: _Lane(settings, "fire" if fire else "other") for fire in (True, False)}

    async def close(self) -> None:
        """Disconnect both."""
        for lane in self._lanes.values():
            await lane.close()

    async def send(self, push: Push, *, now_s: int) -> Verdict:  # noqa: ARG002  # a broker stamps nothing
        """Try once; never raises for what the broker does."""
        lane, settings = self._lanes[push.fire], self._settings
        try:
            async with asyncio.timeout(settings.timeout_s):
                code = await lane.publish(topic_of(settings.topic, push.body), push)
        except TimeoutError:
            await lane.close()
            return Verdict(Outcome.RETRY, f"no answer within {settings.timeout_s:g} s")
        except TlsError as error:
            outcome = Outcome.REFUSED if error.code in _CERTIFICATE else Outcome.RETRY
            return Verdict(outcome, plain(str(error)))
        except aiomqtt.MqttCodeError as error:
            return _connection(error)
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            return Verdict(Outcome.RETRY, plain(f"{settings.host}:{settings.port}: {error}"))
        return judge_code(code, needs_subscriber=settings.needs_subscriber)


def topic_of(template: str, body: Mapping[str, Any]) -> str:
    """Return the topic of a push; what a body lacks is ``none``."""
    place, person = body.get("place"), body.get("person")
    values = {
        "unit": place.get("unit") if isinstance(place, Mapping) else None,
        "class": body.get("class"),
        "level": body.get("level"),
        "person": person.get("id") if isinstance(person, Mapping) else None,
    }
    return re.sub(r"\{(unit|class|level|person)\}", lambda found: _level(values[found[1]]), template)


def payload_of(push: Push) -> bytes:
    """Return what is published: the body without the link that answers for one person."""
    body = {name: value for name, value in push.body.items() if name != "answer_url"}
    return json.dumps(body | {"idempotency_key": push.key}, ensure_ascii=False, separators=(",", ":")).encode()


def judge_code(code: int, *, needs_subscriber: bool = False) -> Verdict:
    """Return what a PUBACK's reason code (MQTT 5, 3.4.2.1) means."""
    if code == NOBODY:
        outcome = Outcome.RETRY if needs_subscriber else Outcome.ACCEPTED
        return Verdict(outcome, "the broker took it, but nobody subscribes to the topic")
    if code < LEAST_REFUSED:
        return Verdict(Outcome.ACCEPTED)
    return Verdict(Outcome.RETRY if code in PASSING else Outcome.REFUSED, f"the broker says no: {_name(code)}")


class _Client(aiomqtt.Client):
    """aiomqtt's client, which drops the PUBACK's reason code (2.5.1): this one returns it."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._waiting: dict[int, asyncio.Future[int]] = {}

    @property
    def alive(self) -> bool:
        """Tell whether the connection is not known to be lost."""
        return not self._disconnected.done()

    def forget(self) -> None:
        """Take note of how the connection was lost, so that nobody is told that nobody asked."""
        if self._disconnected.done() and not self._disconnected.cancelled():
            self._disconnected.exception()

    def abandon(self) -> None:
        """Close the socket of a connection that was not made in time: aiomqtt leaves it open."""
        self._client._sock_close()  # noqa: SLF001  # paho has no public word for it before CONNACK
        self.forget()

    async def publish_told(self, topic: str, payload: bytes, *, retain: bool, properties: Properties | None) -> int:
        """Publish with QoS 1 and return the PUBACK's reason code; raises MqttError when the connection is lost."""
        info = self._client.publish(topic, payload, 1, retain, properties)
        if info.rc != 0:
            raise aiomqtt.MqttError("the connection to the broker is lost")
        answer = self._waiting[info.mid] = asyncio.get_running_loop().create_future()
        try:
            await asyncio.wait({answer, self._disconnected}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._waiting.pop(info.mid, None)
        if not answer.done():
            raise aiomqtt.MqttError("the broker closed the connection before it answered")
        code: int = answer.result()
        return code

    def _on_publish(
        self, client: PahoClient, userdata: Any, mid: int, reason_code: ReasonCode, properties: Properties
    ) -> None:
        super()._on_publish(client, userdata, mid, reason_code, properties)
        answer = self._waiting.get(mid)
        if answer is not None and not answer.done():
            answer.set_result(int(reason_code.value))


class _Lane:
    """One connection; messages go side by side on it."""

    def __init__(self, settings: MqttSettings, name: str) -> None:
        self._settings = settings
        self._identifier = f"fengsui-{settings.id[:32]}-{name}-{secrets.token_hex(4)}"
        self._files = TlsFiles(ca_file=settings.ca_file, cert_file=settings.cert_file, key_file=settings.key_file)
        self._door = asyncio.Lock()
        self._client: _Client | None = None

    async def publish(self, topic: str, push: Push) -> int:
        """Publish and return the reason code; a connection that was lost while it rested is made anew once."""
        rested = self._client
        client = await self._connected()
        try:
            return await self._publish(client, topic, push)
        except aiomqtt.MqttError:
            await self._leave(client)
            if client is not rested:
                raise
        return await self._publish(await self._connected(), topic, push)

    async def close(self) -> None:
        """Disconnect."""
        if self._client is not None:
            await self._leave(self._client)

    async def _publish(self, client: _Client, topic: str, push: Push) -> int:
        properties = None
        if self._settings.version == "5":
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho tells no types
            properties.ContentType = "application/json"
            properties.UserProperty = [("idempotency-key", push.key)]
        return await client.publish_told(topic, payload_of(push), retain=self._settings.retain, properties=properties)

    async def _connected(self) -> _Client:
        async with self._door:
            if self._client is not None and self._client.alive:
                return self._client
            if self._client is not None:
                await self._leave(self._client)
            await self._check_certificates()
            client = self._made()
            try:
                await client.__aenter__()
            except BaseException:
                client.abandon()
                raise
            self._client = client
            return client

    def _made(self) -> _Client:
        settings = self._settings
        return _Client(
            settings.host,
            settings.port,
            username=settings.username,
            password=settings.password,
            identifier=self._identifier,
            protocol=aiomqtt.ProtocolVersion.V5 if settings.version == "5" else aiomqtt.ProtocolVersion.V311,
            keepalive=KEEPALIVE_S,
            timeout=settings.timeout_s,
            tls_context=self._files.context() if settings.security is TransportSecurity.TLS else None,
        )

    async def _check_certificates(self) -> None:
        """Try them by a connection of its own; raises TlsError. A client leaves a socket behind where they fail."""
        if self._settings.security is TransportSecurity.TLS:
            trouble = await diagnosed(self._files, self._settings.host, self._settings.port, listen_s=LISTEN_S)
            if trouble is not None:
                raise trouble

    async def _leave(self, client: _Client) -> None:
        if self._client is client:
            self._client = None
        with suppress(aiomqtt.MqttError, OSError, TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                await client.__aexit__(None, None, None)
        client.forget()


def _connection(error: aiomqtt.MqttCodeError) -> Verdict:
    """Return what a refused connection means."""
    code = error.rc.value if isinstance(error.rc, ReasonCode) else error.rc
    if not isinstance(code, int) or code < LEAST_REFUSED:
        return Verdict(Outcome.RETRY, plain(str(error)))
    outcome = Outcome.RETRY if code in PASSING else Outcome.REFUSED
    return Verdict(outcome, plain(f"the broker refuses the connection: {_name(code)}"))


def _name(code: int) -> str:
    """Return the standard's name of a reason code; a broker may send one that it does not have."""
    for packet in (PacketTypes.PUBACK, PacketTypes.CONNACK):
        with suppress(KeyError, AssertionError, ValueError):
            return f"{ReasonCode(packet, identifier=code)} (0x{code:02X})"
    return f"reason code 0x{code:02X}"


def _level(value: object) -> str:
    """Return an id as one level of a topic."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", str(value))[:64] if value else "none"
