"""Settings of `http_push`: where to listen, who may push, what a platform's envelope looks like.

Numbers without a source are assumptions. The envelopes that the README shows are those of the platforms' own papers.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from domain.site.labels import Settings
from gateway.connectors.json_read import MOST_PAYLOAD, JsonOptions, JsonPath

SHORTEST_TOKEN = 16
"""Characters of a token; assumption: who can guess a shorter one can make up a fire."""


class TimeFormat(StrEnum):
    """How a platform writes a time.

    | format | example |
    |---|---|
    | ms | 1800000000123, as a number or as digits in a string |
    | s | 1800000000 |
    | iso | 2027-01-15T08:00:00.123Z, 20270115T080000Z; without a zone it is the site's local time |
    """

    MS = "ms"
    S = "s"
    ISO = "iso"


class Envelope(Settings):
    """Where a platform's message has what: paths as in a point's ``read``. Those of a message begin at the message."""

    messages: JsonPath | None = Field(default=None, description="a list of messages, or one; absent: the body itself")
    device: JsonPath = Field(description="the device's id at the platform, or its IMEI: 'address' of the device here")
    time: JsonPath | None = None
    time_format: TimeFormat = TimeFormat.MS
    id: JsonPath | None = Field(default=None, description="the message's own id, by which a second copy is known")
    fields: JsonPath | None = Field(default=None, description="the object that a profile's paths begin at")
    name: JsonPath | None = Field(default=None, description="name of the one value that a message has")
    value: JsonPath | None = Field(default=None, description="that value")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.name is None) != (self.value is None):
            raise ValueError("'name' and 'value' belong together → write both, or neither")
        if self.name is not None and self.fields is not None:
            raise ValueError("'fields' and 'name' are two ways to say the same → write one of them")
        return self


class PushLimits(Settings):
    """What one caller may take from the others; all assumptions."""

    body_bytes: int = Field(default=262_144, ge=1024, le=MOST_PAYLOAD)
    messages: int = Field(default=1_000, ge=1, le=10_000, description="in one request")
    depth: int = Field(default=16, ge=2, le=64, description="levels of a body")
    requests_per_s: float = Field(default=200.0, gt=0, description="of one token, in the long run")
    burst: int = Field(default=400, ge=1, description="requests of one token at once")
    waiting: int = Field(default=256, ge=1, description="requests of everybody that wait for the disk")
    connections: int = Field(default=200, ge=1, description="at once, of everybody")
    head_s: float = Field(default=10.0, gt=0, le=120, description="for a request's head, and between two requests")
    body_s: float = Field(default=10.0, gt=0, le=120, description="for a request's body")
    answer_s: float = Field(default=10.0, gt=0, le=120, description="for the disk; then 503, and the platform repeats")


class HttpPushSettings(Settings):
    """``connections[].settings``."""

    host: str = Field(default="127.0.0.1", min_length=1, max_length=253, description="0.0.0.0 listens everywhere")
    port: int = Field(ge=0, le=65_535, description="0: any free port")
    path: str = Field(default="/push", pattern=r"^/[A-Za-z0-9._~/-]{0,200}$")
    token: SecretStr
    next_token: SecretStr | None = Field(default=None, description="holds too, while the platform is told the new one")
    header: str = Field(
        default="Authorization",
        pattern=r"^[A-Za-z0-9-]{1,64}$",
        description="header with the token; 'Authorization' has 'Bearer ' before it",
    )
    query: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="parameter of the address that may have the token, for platforms that send no header of ours",
    )
    echo: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="a GET is answered with this parameter's value: how some platforms check an address",
    )
    cert_file: Path | None = Field(default=None, description="TLS: our certificate with its chain, PEM")
    key_file: Path | None = Field(default=None, description="its key, PEM, without a password")
    client_ca_file: Path | None = Field(default=None, description="callers must show a certificate signed by it")
    envelope: Envelope
    limits: PushLimits = PushLimits()
    clock_tolerance_s: float = Field(default=300.0, gt=0, description="a time further ahead is not believed")
    late_s: float = Field(default=172_800.0, gt=0, description="a time further back is not believed: platforms repeat")

    @field_validator("token", "next_token")
    @classmethod
    def _long_enough(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and len(token.get_secret_value()) < SHORTEST_TOKEN:
            raise ValueError(f"a token has at least {SHORTEST_TOKEN} characters → make one by 'openssl rand -hex 16'")
        return token

    @model_validator(mode="after")
    def _whole_tls(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("'cert_file' and 'key_file' belong together → write both, or neither")
        if self.client_ca_file is not None and self.cert_file is None:
            raise ValueError("'client_ca_file' needs TLS → write 'cert_file' and 'key_file' too")
        return self

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens that hold now."""
        both = (self.token, self.next_token)
        return tuple(one.get_secret_value() for one in both if one is not None)


class HttpPushOptions(JsonOptions):
    """``options`` of a profile: ``only``, and ``time`` where it is the fields that have it, not the envelope."""
