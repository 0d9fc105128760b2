"""Settings of `sparkplug`: a broker with edges of other makers, as whom we listen, how a declared point is read.

Numbers are assumptions: the specification leaves a host's patience open.
"""

from __future__ import annotations

import math
from typing import Self

from pydantic import Field, model_validator

from domain.ids import Token
from domain.quantity import known_symbols
from domain.site.labels import Settings
from gateway.connectors.broker import BrokerSettings
from gateway.connectors.contract import ReadSettings
from gateway.connectors.sparkplug.protocol import MOST_METRIC_NAME


class SparkplugSettings(BrokerSettings):
    """``connections[].settings``."""

    host_id: Token | None = Field(
        default=None, description="our name in STATE, for edges that wait for a host; fengsui-<unit>-<gateway>"
    )
    groups: tuple[str, ...] = Field(default=(), description="groups to listen to; every one when empty")
    rebirth_s: float = Field(default=10.0, ge=1, description="between two requests for births to an edge, doubling")
    clock_tolerance_s: float = Field(default=300.0, gt=0, description="an edge's time further off is not believed")
    link_grace_s: float = Field(default=10.0, gt=0, description="broker away so long: its edges are down")

    @model_validator(mode="after")
    def _plain_groups(self) -> Self:
        if any(not group or set(group) & set("/+#") for group in self.groups):
            raise ValueError("a group can't be empty or have '/', '+' or '#' → write the groups by name")
        return self


class SparkplugOptions(Settings):
    """``options`` of a profile: none."""


class SparkplugRead(ReadSettings):
    """``read`` of a point: which metric it is. value = raw · scale + offset, then to the point's quantity.

    Without ``metric`` the gateway itself tells the point (``alive``).
    """

    metric: str | None = Field(default=None, min_length=1, max_length=MOST_METRIC_NAME)
    words: dict[str, float] = Field(default_factory=dict, description="what words of a text mean as numbers")
    scale: float = Field(default=1.0, allow_inf_nan=False)
    offset: float = Field(default=0.0, allow_inf_nan=False)
    quantity: str | None = Field(default=None, description="what the raw value is measured in; the point's when absent")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if math.isclose(self.scale, 0.0):
            raise ValueError("a scale of 0 makes every reading 0: write the real one, or leave it out")
        if self.quantity is not None and self.quantity not in known_symbols():
            raise ValueError(f"'{self.quantity}' is no known quantity: use one of {', '.join(known_symbols())}")
        return self

    def symbols(self) -> tuple[str, ...]:
        """Return what the raw value is measured in."""
        return (self.quantity,) if self.quantity is not None else ()
