"""Settings of `mqtt_json`: a broker, and the topics and times of a profile."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from domain.site.labels import Settings
from gateway.connectors.json_read import JsonOptions

ADDRESS = "{address}"
ADDRESS_PATTERN = re.compile(r"[^/+#\s]{1,128}")


class MqttVersion(StrEnum):
    """Protocol version of the broker connection."""

    V311 = "3.1.1"
    V5 = "5"


class MqttJsonSettings(Settings):
    """``connections[].settings``."""

    host: str = Field(min_length=1, max_length=253)
    port: int = Field(default=1883, ge=1, le=65535)
    version: MqttVersion = MqttVersion.V311
    user: str = ""
    password: SecretStr = SecretStr("")
    tls: bool = False
    ca_file: Path | None = Field(default=None, description="certificates to trust instead of the system's")
    keepalive_s: int = Field(default=30, ge=5, le=600)
    clock_tolerance_s: float = Field(default=300.0, gt=0, description="a device clock further off is not believed")
    link_grace_s: float = Field(default=10.0, gt=0, description="broker away so long: its points are cut off")

    @field_validator("version", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        return "5" if value in (5, 5.0) and not isinstance(value, bool) else value


class MqttProfileOptions(JsonOptions):
    """``options`` of a profile. ``topic`` has one level ``{address}``."""

    topic: str = Field(max_length=256)

    @field_validator("topic")
    @classmethod
    def _one_address(cls, topic: str) -> str:
        levels = topic.split("/")
        if levels.count(ADDRESS) != 1:
            raise ValueError(f"write one level as {ADDRESS}, as in sensors/{ADDRESS}/up")
        if any(not level or set(level) & set("+#{} \t\x00") for level in levels if level != ADDRESS):
            raise ValueError("no level may be empty or have '+', '#', braces or spaces")
        return topic
