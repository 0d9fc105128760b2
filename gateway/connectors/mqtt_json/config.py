"""Settings of `mqtt_json`: a broker, the topics and times of a profile, and how one point is read."""

from __future__ import annotations

import math
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, StringConstraints, field_validator, model_validator

from domain.quantity import known_symbols
from domain.site.labels import Settings
from gateway.connectors.contract import ReadSettings

MOST_PAYLOAD = 1_048_576
MOST_TEXT = 1024
"""Characters of a text: what a reading carries on the wire (`backbone.sparkplug.data`)."""

PATH_PATTERN = r"^[^.\[\]\s]+(\[\d{1,4}\])*(\.[^.\[\]\s]+(\[\d{1,4}\])*)*$"
JsonPath = Annotated[str, StringConstraints(pattern=PATH_PATTERN, max_length=200)]

ADDRESS = "{address}"
ADDRESS_PATTERN = re.compile(r"[^/+#\s]{1,128}")


class MqttVersion(StrEnum):
    """Protocol version of the broker connection."""

    V311 = "3.1.1"
    V5 = "5"


class JsonType(StrEnum):
    """What a field must hold.

    | type | accepts | value of the reading |
    |---|---|---|
    | number | a JSON number, not a boolean | the number, converted |
    | flag | true, false, 1, 0 | 1 or 0 |
    | word | one of ``words`` | the number it stands for |
    | text | a string of at most 1024 characters | 1, with the words beside it |
    """

    NUMBER = "number"
    FLAG = "flag"
    WORD = "word"
    TEXT = "text"


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


class MqttProfileOptions(Settings):
    """``options`` of a profile. ``topic`` has one level ``{address}``; ``time`` is a path to ms since 1970."""

    topic: str = Field(max_length=256)
    time: JsonPath | None = None
    only: dict[JsonPath, str] = Field(
        default_factory=dict, description="fields that must have this text; other messages are counted and left"
    )

    @field_validator("topic")
    @classmethod
    def _one_address(cls, topic: str) -> str:
        levels = topic.split("/")
        if levels.count(ADDRESS) != 1:
            raise ValueError(f"write one level as {ADDRESS}, as in sensors/{ADDRESS}/up")
        if any(not level or set(level) & set("+#{} \t\x00") for level in levels if level != ADDRESS):
            raise ValueError("no level may be empty or have '+', '#', braces or spaces")
        return topic


class MqttRead(ReadSettings):
    """``read`` of a point: where in the JSON it stands. value = raw · scale + offset, then to the point's quantity."""

    path: JsonPath
    type: JsonType = JsonType.NUMBER
    words: dict[str, float] = Field(default_factory=dict)
    scale: float = Field(default=1.0, allow_inf_nan=False)
    offset: float = Field(default=0.0, allow_inf_nan=False)
    quantity: str | None = None
    optional: bool = Field(default=False, description="a message without it, or with null, is complete")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if bool(self.words) != (self.type is JsonType.WORD):
            raise ValueError("'words' and 'type: word' belong together")
        if math.isclose(self.scale, 0.0):
            raise ValueError("a scale of 0 makes every reading 0: write the real one, or leave it out")
        if self.quantity is not None and self.quantity not in known_symbols():
            raise ValueError(f"'{self.quantity}' is no known quantity: use one of {', '.join(known_symbols())}")
        return self

    def symbols(self) -> tuple[str, ...]:
        """Return what the raw value is measured in."""
        return (self.quantity,) if self.quantity is not None else ()
