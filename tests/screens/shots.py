"""What is photographed: every section of the console as somebody who may see it, and the pages below it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dashboards.console.sections import SECTIONS
from domain.accounts import RIGHTS, Right, UserRole

LAPTOP, WALL, LARGE, PHONE = (1366, 768), (1920, 1080), (3840, 2160), (390, 844)


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: ``path`` may have places (``{alert}``) that the stage fills."""

    name: str
    path: str
    role: UserRole = UserRole.SUPERVISOR
    size: tuple[int, int] = LAPTOP
    whole: bool = False
    """The page as long as it is, not what a screen shows of it."""


BELOW: Mapping[str, str] = {
    "alarm": "/alarm/{alert}",
    "device": "/devices/{device}",
    "gateway": "/gateways/{gateway}",
    "rule": "/rules/{rule}",
    "unit": "/overview/{unit}",
    "building": "/overview/{building}",
    "floor": "/overview/{floor}",
    "tokens": "/admin/tokens",
    "sessions": "/admin/sessions",
    "channels": "/admin/channels",
    "audit": "/admin/audit",
}
"""Pages below a section that show one thing."""


def who_opens(right: Right) -> UserRole:
    """Return whose page it is: a supervisor's, or of the first role that has the right."""
    if right in RIGHTS[UserRole.SUPERVISOR]:
        return UserRole.SUPERVISOR
    return next(role for role in UserRole if right in RIGHTS[role])


def shots() -> Iterator[Shot]:
    """Yield all pictures of a site."""
    rights = {section.path: section.right for section in SECTIONS}
    for section in SECTIONS:
        if "{" not in section.path and section.name not in ("detail", "phone"):
            role = UserRole.ADMIN if section.name == "admin" else who_opens(section.right)
            yield Shot(section.name, section.path, role)
    for name, path in BELOW.items():
        first = "/" + path.split("/")[1]
        if first in rights:
            yield Shot(name, path, UserRole.ADMIN if first == "/admin" else who_opens(rights[first]))
    yield Shot("alarms-wall", "/", size=WALL)
    yield Shot("alarms-4k", "/", size=LARGE)
    if "/overview" in rights:
        yield Shot("map", "/overview?view=map")
        yield Shot("map-wall", "/overview?view=map&wall=1", size=WALL)
        yield Shot("overview-wall", "/overview?wall=1", size=WALL)
        yield Shot("floor-wall", "/overview/{floor}", size=WALL)
        yield Shot("overview-4k", "/overview?wall=1", size=LARGE)
    if "/phone" in rights:
        yield Shot("phone", "/phone", size=PHONE)
    yield Shot("alarms-phone", "/", size=PHONE)
