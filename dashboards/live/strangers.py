"""Transmitters that call in and that nobody registered: what an installer needs to adopt them.

The list comes from the access server's quarantine (``svc.gateway.<unit>.<gateway>``, command ``strangers``), which
other people's devices fill: every field is read as something that may be missing or of another type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

MOST_WORDS = 80


@dataclass(frozen=True, slots=True)
class Stranger:
    """One of them: its address as a number and as on the wire, where it calls from, when, and what it said."""

    address: str
    address_hex: str
    peer: str
    first_ns: int
    last_ns: int
    frames: int
    fire: bool
    profile: str

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Read one entry of the reply."""
        return cls(
            address=_words(document.get("address")),
            address_hex=_words(document.get("address_hex")),
            peer=_words(document.get("peer")),
            first_ns=_whole(document.get("first_ns")),
            last_ns=_whole(document.get("last_ns")),
            frames=_whole(document.get("frames")),
            fire=document.get("fire") is True or _whole(document.get("fire")) > 0,
            profile=_words(document.get("profile")),
        )


def read_all(reply: object) -> list[Stranger]:
    """Read a reply; who reported a fire first, then the last heard. Whatever is no entry is left out."""
    listed = reply.get("strangers") if isinstance(reply, Mapping) else None
    found = [Stranger.read(one) for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    return sorted(found, key=lambda one: (not one.fire, -one.last_ns, one.address))


def _words(value: object) -> str:
    return str(value)[:MOST_WORDS] if isinstance(value, str | int) else ""


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
