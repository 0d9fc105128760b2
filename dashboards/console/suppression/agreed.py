"""The second person without whom nothing keeps a fire back: with their own account and password, at every console."""

from __future__ import annotations

from typing import NamedTuple

from alerts.actions_face import Second
from dashboards.console.second_person import second_person
from dashboards.console.section import Desk


class Agreed(NamedTuple):
    """Who agreed; None where nobody has to."""

    second: Second | None


async def agreed(desk: Desk, unit: str | None, *, fires: bool) -> Agreed | None:
    """Return who agreed to keep fires back, where they are; None when somebody was to, and did not."""
    if not fires:
        return Agreed(None)
    second = await second_person(desk, unit)
    return None if second is None else Agreed(second)
