"""The second person without whom nothing keeps a fire back.

Typed at an open console; with their own password where people sign in.
"""

from __future__ import annotations

from typing import NamedTuple

from dashboards.api.principal import Kind
from dashboards.console.second_person import second_person
from dashboards.console.section import Desk
from domain.accounts import Right


class Agreed(NamedTuple):
    """Who agreed, None where nobody has to; and what the first person needs: of two, one has ``shelve_fire``."""

    by: str | None
    right: Right


async def agreed(desk: Desk, named: str | None, right: Right, unit: str | None) -> Agreed | None:
    """Return who agreed to keep fires back; None when somebody was to, and did not.

    ``named``: the second person of the form, empty where fires go on being told. ``right``: what the deed needs then.
    """
    name = (named or "").strip()
    if not name:
        return Agreed(None, right)
    if desk.view.principal.kind is not Kind.USER:
        return Agreed(name, Right.SHELVE_FIRE)
    by = await second_person(desk, Right.SHELVE_FIRE, unit)
    return None if by is None else Agreed(by, right)
