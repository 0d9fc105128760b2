"""How one point is read from JSON: the ``read`` of every protocol that carries it (`mqtt_json`, `http_push`)."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from domain.quantity import known_symbols
from domain.site.labels import Settings
from gateway.connectors.contract import ReadSettings

MOST_PAYLOAD = 1_048_576
MOST_TEXT = 1024
"""Characters of a text: what a reading carries on the wire (`backbone.sparkplug.data`)."""

PATH_PATTERN = r"^[^.\[\]\s]+(\[\d{1,4}\])*(\.[^.\[\]\s]+(\[\d{1,4}\])*)*$"
JsonPath = Annotated[str, StringConstraints(pattern=PATH_PATTERN, max_length=200)]


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


class JsonOptions(Settings):
    """The part of a profile's ``options`` that is the same wherever JSON comes from."""

    time: JsonPath | None = Field(default=None, description="path to the device's own time, ms since 1970")
    only: dict[JsonPath, str] = Field(
        default_factory=dict, description="fields that must have this text; other messages are counted and left"
    )


class JsonRead(ReadSettings):
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
