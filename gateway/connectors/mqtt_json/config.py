"""Settings of `mqtt_json`: a broker, and the topics and times of a profile."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from gateway.connectors.broker import BrokerSettings
from gateway.connectors.json_read import JsonOptions

ADDRESS = "{address}"
ADDRESS_PATTERN = re.compile(r"[^/+#\s]{1,128}")


class MqttJsonSettings(BrokerSettings):
    """``connections[].settings``."""

    clock_tolerance_s: float = Field(default=300.0, gt=0, description="a device clock further off is not believed")
    link_grace_s: float = Field(default=10.0, gt=0, description="broker away so long: its points are cut off")


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
