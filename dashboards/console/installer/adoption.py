"""What adopting a transmitter means to the console: a wish, what would be written, and who writes it.

Only the command line touches site folders: it hands the console an `Adopter`. A console that has none says how to
adopt from a terminal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from domain.site import Labels

MOST_LABEL = 64
MOST_ID = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A stranger, and what it shall be called. ``host`` and ``connection``: who heard it; ``by``: who adopts.

    ``peer``: its IP address, written only where its own address says nothing; empty otherwise.
    """

    host: str
    connection: str
    address: str
    unit: str
    id: str
    zone: str
    zh: str
    en: str
    profile: str
    peer: str = ""
    duty: bool = True
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What would be (or was) written: ``text`` into ``file`` from ``line`` on. ``state`` names the file as it was."""

    file: str
    line: int
    text: str
    state: str


class Adopter(Protocol):
    """Writes into the folder of a site that is followed, so that what runs takes it by itself."""

    @property
    def profiles(self) -> Mapping[str, Labels]:
        """Device profiles by name, and what people call them."""

    async def propose(self, wish: Wish) -> Proposal:
        """Return what would be written, checked with the whole site; raises RefusedError with what is wrong."""

    async def write(self, wish: Wish, state: str) -> Proposal:
        """Write it; raises RefusedError also where the file is no longer as ``state`` says."""
