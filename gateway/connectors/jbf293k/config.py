"""Settings of `jbf293k`: the line to a panel's interface card, and which component a declared point is."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from domain.site.labels import Settings
from gateway.connectors.contract import ReadSettings

SELF_SENDING_S = 3.0
"""A card that is not polled for so long sends by itself (JBF293K V1.1)."""


class Jbf293kSettings(Settings):
    """``connections[].settings``: ``device`` for a serial port, ``host`` and ``port`` for a converter."""

    device: str = Field(default="", max_length=255, description="serial port, by its stable name")
    baud: Literal[2400, 4800, 9600, 115200] = 9600
    host: str = Field(default="", max_length=253, description="a converter that passes bytes through")
    port: int = Field(default=4001, ge=1, le=65535)
    poll_s: float = Field(default=1.0, gt=0, le=2.5, description="between two polls (JBF293K V1.1: one a second)")
    silent_s: float = Field(default=10.0, gt=1, le=600, description="without a telegram: the panel is lost")
    heartbeat_s: float = Field(default=10.0, gt=0, description="an unchanged system word is told this often")
    clock_tolerance_s: float = Field(default=300.0, gt=0, description="a panel clock further off is not believed")
    connect_timeout_s: float = Field(default=3.0, gt=0, le=30)

    @model_validator(mode="after")
    def _one_line(self) -> Self:
        if bool(self.device) == bool(self.host):
            raise ValueError("write 'device' for a serial port or 'host' for a converter, one of the two")
        return self

    @property
    def where(self) -> str:
        """The line as messages name it."""
        return self.device or f"{self.host}:{self.port}"


class Jbf293kOptions(Settings):
    """``options`` of a profile: there are none."""


class Jbf293kRead(ReadSettings):
    """``read`` of a state point that names a component; points without it are the panel's own."""

    loop: int | None = Field(default=None, ge=0, le=255)
    point: int | None = Field(default=None, ge=0, le=255)

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.loop is None) != (self.point is None):
            raise ValueError("'loop' and 'point' go together: give both, or neither")
        return self

    @property
    def place(self) -> tuple[int, int] | None:
        """Loop and point, None for a point of the panel itself."""
        return None if self.loop is None or self.point is None else (self.loop, self.point)

    def symbols(self) -> tuple[str, ...]:
        """Return nothing: state words are not measured in anything."""
        return ()
