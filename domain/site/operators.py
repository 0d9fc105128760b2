"""Operator positions: who looks at which alarms, and how many alarms are a flood for one of them.

Figures of alarm systems are counted by *operator position* (ISA-18.2 / IEC 62682, secondary sources): the people who
answer for the same alarms at the same time, not one person. Where a site names none, it is one position as a whole.
"""

from __future__ import annotations

from pydantic import Field

from domain.ids import Token
from domain.site.labels import Labels, Settings

WHOLE_SITE = "site"
"""The position of every unit that no position names."""


class OperatorPosition(Settings):
    """A desk that watches some units: an area, a district, a shift's own share."""

    id: Token
    labels: Labels
    units: tuple[Token, ...] = Field(min_length=1, max_length=100_000)


class OperatorSettings(Settings):
    """``operators`` of ``site.yaml``. The three figures of a flood are those of ISA-18.2 (secondary source).

    ``digest_s``: in a flood, messages to a person that are not about fire leave as one in so many seconds (60 is an
    assumption: three of a DingTalk robot's twenty a minute stay free even if three people share it).
    """

    positions: tuple[OperatorPosition, ...] = ()
    flood_above: int = Field(default=10, ge=1, le=10_000, description="a flood begins with more alarms in the window")
    flood_below: int = Field(default=5, ge=1, le=10_000, description="it ends when fewer are in the window")
    window_s: float = Field(default=600.0, ge=1, le=86_400)
    digest_s: float = Field(default=60.0, ge=1, le=3600)
