"""The way to an MQTT broker, whoever's it is: settings, a client, and what went wrong in words a person can act on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import aiomqtt
from pydantic import Field, SecretStr, field_validator, model_validator

from backbone.tls import TlsError, TlsFiles, diagnosed
from domain.errors import LinkError, RefusedError
from domain.site.labels import Settings
from gateway.connectors.mqtt_client import Account, MqttClient

LEAST_REFUSED = 0x80
"""From here on a reason code of MQTT is a refusal, in 3.1.1's SUBACK and in 5 alike."""


LISTEN_S = 0.5
"""How long a broker may take to refuse our certificate before a connection is tried all the same."""


class MqttVersion(StrEnum):
    """Protocol version of the broker connection."""

    V311 = "3.1.1"
    V5 = "5"


class BrokerSettings(Settings):
    """What every connection to a broker says in its ``settings``."""

    host: str = Field(min_length=1, max_length=253)
    port: int = Field(default=1883, ge=1, le=65535)
    version: MqttVersion = MqttVersion.V311
    user: str = ""
    password: SecretStr = SecretStr("")
    tls: bool = False
    ca_file: Path | None = Field(default=None, description="certificates to trust instead of the system's")
    cert_file: Path | None = Field(default=None, description="our certificate, where the broker asks for one")
    key_file: Path | None = Field(default=None, description="its key; absent when it stands in cert_file")
    keepalive_s: int = Field(default=30, ge=5, le=600)

    @field_validator("version", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        return "5" if value in (5, 5.0) and not isinstance(value, bool) else value

    @model_validator(mode="after")
    def _files_with_tls(self) -> Self:
        if self.key_file is not None and self.cert_file is None:
            raise ValueError("'key_file' is nothing without 'cert_file' → write both, or neither")
        if (self.ca_file or self.cert_file) and not self.tls:
            raise ValueError("certificates are for TLS → add 'tls: true', or remove them")
        return self

    @property
    def is_v5(self) -> bool:
        """Tells whether the connection speaks MQTT 5."""
        return self.version is MqttVersion.V5

    @property
    def files(self) -> TlsFiles:
        """The certificates of this connection."""
        return TlsFiles(ca_file=self.ca_file, cert_file=self.cert_file, key_file=self.key_file)

    @property
    def peer(self) -> str:
        """Host and port, for people."""
        return f"{self.host}:{self.port}"


def client_to(settings: BrokerSettings, identifier: str, **more: Any) -> aiomqtt.Client:
    """Return a client that is not connected yet; raises TlsError for a file that can't be used."""
    return aiomqtt.Client(
        settings.host,
        settings.port,
        username=settings.user or None,
        password=settings.password.get_secret_value() or None,
        identifier=identifier,
        protocol=aiomqtt.ProtocolVersion.V5 if settings.is_v5 else aiomqtt.ProtocolVersion.V311,
        keepalive=settings.keepalive_s,
        tls_context=settings.files.context() if settings.tls else None,
        **more,
    )


async def receiver_to(
    settings: BrokerSettings, identifier: str, *, session_expiry_s: int, receive_maximum: int
) -> MqttClient:
    """Return a connected receiver, which acknowledges when it is told to; raises as it does, and TlsError for a file.

    The last two are for version 5: a broker of 3.1.1 decides them by itself.
    """
    account = Account(
        host=settings.host,
        port=settings.port,
        identifier=identifier,
        version=5 if settings.is_v5 else 4,
        user=settings.user,
        password=settings.password.get_secret_value(),
        keepalive_s=settings.keepalive_s,
        session_expiry_s=session_expiry_s,
        receive_maximum=receive_maximum,
    )
    return await MqttClient.connect(account, tls=settings.files.context() if settings.tls else None)


async def check_tls(settings: BrokerSettings) -> None:
    """Try the certificates by a connection of its own; raises TlsError with what is wrong.

    The client would take ten seconds to find that no answer comes, and leave a socket behind where the handshake fails.
    """
    trouble = await diagnosed(settings.files, settings.host, settings.port, listen_s=LISTEN_S) if settings.tls else None
    if trouble is not None:
        raise trouble


async def subscribe(client: aiomqtt.Client, topics: Mapping[str, int]) -> None:
    """Subscribe to topics with their QoS; raises RefusedError for one that the broker does not grant.

    A broker that refuses says so in its answer only, and the connection stays: without a look nothing would ever come.
    """
    for topic, qos in topics.items():
        granted = await client.subscribe(topic, qos=qos)
        codes = [code if isinstance(code, int) else code.value for code in granted]
        if any(code >= LEAST_REFUSED for code in codes):
            raise RefusedError(
                f"the broker does not let this user subscribe to {topic}: look at its access list", code=codes[0]
            )


async def link_error(settings: BrokerSettings, error: Exception, errors: Counter[str]) -> LinkError:
    """Return what a failed connection means, counted in ``errors``: certificates are looked into once more."""
    trouble = None
    if isinstance(error, TlsError):
        trouble = error
    elif settings.tls:
        trouble = await diagnosed(settings.files, settings.host, settings.port)
    errors["link_down" if trouble is None else trouble.code] += 1
    said = trouble or LinkError(str(error))
    found = LinkError(f"broker {settings.peer}: {said}")
    found.__cause__ = error
    return found
