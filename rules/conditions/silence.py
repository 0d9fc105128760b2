"""``absence``: what silence is asked of."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from domain.site.labels import Settings


class Absent(StrEnum):
    """What can be absent. A transmitter is a gateway that another gateway hosts; ``gateway`` means the others."""

    DEVICE = "device"
    POINT = "point"
    GATEWAY = "gateway"
    TRANSMITTER = "transmitter"


class Absence(Settings):
    """Silence. Of a device: no good reading of any point within that point's ``max_silence``.

    Of a point: no good reading within its own ``max_silence``, or within ``within_s``; events are never awaited.
    Of a gateway: its death certificate, or no message within ``within_s``. Of a transmitter: the same, but
    while its host is away nobody knows, and a death counts only after ``reconnect_s``: lines that are
    dialled up anew are no outage.
    """

    of: Absent
    within_s: float | None = Field(default=None, ge=5, le=86_400)
    reconnect_s: float = Field(default=0.0, ge=0, le=3600)

    @model_validator(mode="after")
    def _time(self) -> Self:
        if self.of is not Absent.POINT and (self.of is Absent.DEVICE) == (self.within_s is not None):
            raise ValueError(
                "within_s belongs to gateways and transmitters; devices have max_silence_s of their points"
                " → write 'absence: {of: device}' or 'absence: {of: gateway, within_s: 15}'"
            )
        if self.reconnect_s and self.of is not Absent.TRANSMITTER:
            raise ValueError("reconnect_s belongs to transmitters → remove it, or write 'of: transmitter'")
        return self
