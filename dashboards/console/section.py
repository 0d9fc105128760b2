"""What a page of the console is: a body below the frame, found by its address, opened by who has the right."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from dashboards.console.view import View
from domain.accounts import Right

if TYPE_CHECKING:
    from dashboards.console.presence import Presence

MOST_ADDRESS = 2000
MOST_STEPS = 8


@dataclass(frozen=True, slots=True)
class Address:
    """``/devices/hotel/p1?span=900``: path ``/devices``, rest ``("hotel", "p1")``, query ``{"span": "900"}``."""

    path: str = "/"
    rest: tuple[str, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, given: str) -> Address:
        """Read what a browser gave; what is too long or has too many steps is cut, not refused."""
        split = urlsplit(given[:MOST_ADDRESS])
        steps = [unquote(step) for step in split.path.split("/") if step][:MOST_STEPS]
        path = f"/{steps[0]}" if steps else "/"
        return cls(path, tuple(steps[1:]), dict(parse_qsl(split.query)))


class Body(ABC):
    """What fills the screen below the frame."""

    @abstractmethod
    def refresh(self, now_ns: int) -> None:
        """Redraw what changed; called when alarms changed and once a second, in the browser's context."""

    def leave(self) -> None:  # noqa: B027  # most bodies hold nothing
        """Let go of what is held: the browser goes elsewhere, or away."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a body gets. ``go`` opens another address without loading the page anew."""

    view: View
    presence: Presence
    go: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Section:
    """A page: ``nav_<name>`` is what the menu calls it; ``right`` is what opening it needs."""

    name: str
    path: str
    build: Callable[[Desk, Address], Body]
    right: Right = Right.READ
    in_menu: bool = True
