"""Where things are drawn: floors with their plans, coordinates on a plan, and where a unit is on the earth.

A coordinate is ``[x, y]`` in the units of the plan's own ``viewBox``, so a plan that is drawn anew at another size
needs other coordinates, and one that is scaled on a screen doesn't.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from domain.ids import Token
from domain.site.labels import Labels, Settings
from domain.wording import PLAN_PATTERN

PLANS = "plans"
At = tuple[float, float]
"""``[x, y]`` on the floor's plan."""

MOST_CORNERS = 64
Outline = Annotated[tuple[At, ...], Field(min_length=3, max_length=MOST_CORNERS)]


class FloorSettings(Settings):
    """A floor of a building. ``plan`` is an SVG drawing of it; a floor without one is shown as a list."""

    floor: int = Field(ge=-20, le=200, description="as its zones write it: 1 = ground floor, -1 = first basement")
    plan: str | None = Field(default=None, pattern=PLAN_PATTERN, description="plans/<name>.svg in the site folder")
    labels: Labels | None = Field(default=None, description="what people call it; its number when absent")


class Location(Settings):
    """A place on the earth, degrees (WGS 84)."""

    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)


class Area(Settings):
    """What people call an area (片区) that units name."""

    id: Token
    labels: Labels
