"""Transmitters that nobody registered: seen, counted, shown for adoption, and not confirmed.

A confirm says that a centre took the information, so a stranger gets none by default; but a fire in its
frame is told. What is kept is bounded twice: in all, and for each IP address, so that somebody who makes
addresses up only pushes out his own. It is on disk, because an installer may look tomorrow.
"""

from __future__ import annotations

import json
import os
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.connectors.gb26875.detection import Evidence
from gateway.connectors.gb26875.profile import address_text
from gateway.connectors.gb26875.profiles import STANDARD
from gateway.connectors.gb26875.protocol import Frame

MOST_STRANGERS = 500
MOST_PER_IP = 50
"""Addresses of one IP; assumption: a relay with more than these is registered in steps."""

MOST_SHOWN = 256
"""Bytes kept of a stranger's last frame: 500 of them fit one message of the backbone."""

MOST_TYPES = 16
FIRE_AGAIN_S = 60.0
"""A stranger that goes on saying fire is told about once a minute."""


@dataclass(slots=True)
class Stranger:
    """An unregistered source address at one IP address."""

    address: bytes
    peer: str
    first_ns: int
    last_ns: int = 0
    frames: int = 0
    types: set[int] = field(default_factory=set)
    fire: bool = False
    profile: str = STANDARD.name
    last_raw: bytes = b""
    fire_told_s: float = float("-inf")
    evidence: Evidence = field(default_factory=Evidence)

    def document(self) -> dict[str, Any]:
        """Return it as services and file hold it."""
        return {
            "address": address_text(self.address, STANDARD),
            "address_hex": self.address.hex(),
            "peer": self.peer,
            "first_ns": self.first_ns,
            "last_ns": self.last_ns,
            "frames": self.frames,
            "types": sorted(self.types),
            "fire": self.fire,
            "profile": self.profile,
            "last_hex": self.last_raw.hex(),
        }


class Quarantine:
    """The strangers that were seen last, newest last; ``path`` None keeps them in memory only."""

    def __init__(self, path: Path | None, *, is_known: Callable[[bytes, str], bool]) -> None:
        """Load what is kept; those that ``is_known`` (address, ip) by now are let go, and so is a damaged file."""
        self._path = path
        self._strangers: OrderedDict[tuple[bytes, str], Stranger] = OrderedDict()
        self._per_ip: Counter[str] = Counter()
        self._changed = False
        for one in _loaded(path):
            if not is_known(one.address, one.peer):
                self._put(one)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._strangers)

    def __iter__(self) -> Iterator[Stranger]:
        """Iterate, oldest first."""
        return iter(self._strangers.values())

    def take(self, frame: Frame, raw: bytes, ip: str, flag: int | None, now_ns: int) -> Stranger:
        """Count a frame of a stranger; returns the stranger. ``flag`` is the type of what it sent."""
        key = (frame.source, ip)
        stranger = self._strangers.get(key)
        if stranger is None:
            stranger = Stranger(frame.source, ip, now_ns)
            self._put(stranger)
        self._strangers.move_to_end(key)
        stranger.frames += 1
        stranger.last_ns, stranger.last_raw = now_ns, raw[:MOST_SHOWN]
        if flag is not None and len(stranger.types) < MOST_TYPES:
            stranger.types.add(flag)
        if stranger.frames <= MOST_TYPES:
            stranger.evidence.add(frame)
            stranger.profile = stranger.evidence.verdict()[0].name
        self._changed = True
        return stranger

    def documents(self) -> list[dict[str, Any]]:
        """Return all of them, the last heard first."""
        return [one.document() for one in reversed(self._strangers.values())]

    def unsaved(self) -> str | None:
        """Return what has to be written to the file now; None when nothing changed."""
        if self._path is None or not self._changed:
            return None
        self._changed = False
        return json.dumps([one.document() for one in self], ensure_ascii=False)

    def write(self, text: str) -> None:
        """Write the file, whole or not at all; for a thread. Raises OSError."""
        assert self._path is not None  # noqa: S101  # unsaved gave the text
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        with new.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)

    def _put(self, stranger: Stranger) -> None:
        if self._per_ip[stranger.peer] >= MOST_PER_IP:
            self._drop(next(key for key in self._strangers if key[1] == stranger.peer))
        elif len(self._strangers) >= MOST_STRANGERS:
            self._drop(next(iter(self._strangers)))
        self._strangers[stranger.address, stranger.peer] = stranger
        self._per_ip[stranger.peer] += 1

    def _drop(self, key: tuple[bytes, str]) -> None:
        del self._strangers[key]
        self._per_ip[key[1]] -= 1
        if not self._per_ip[key[1]]:
            del self._per_ip[key[1]]


def _loaded(path: Path | None) -> list[Stranger]:
    """Return what a file holds; nothing where it is absent or can't be read: strangers will speak again."""
    if path is None:
        return []
    try:
        return [_stranger(one) for one in json.loads(path.read_text(encoding="utf-8"))[-MOST_STRANGERS:]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []


def _stranger(document: dict[str, Any]) -> Stranger:
    return Stranger(
        address=bytes.fromhex(document["address_hex"]),
        peer=str(document["peer"]),
        first_ns=int(document["first_ns"]),
        last_ns=int(document["last_ns"]),
        frames=int(document["frames"]),
        types={int(flag) for flag in document["types"]},
        fire=bool(document["fire"]),
        profile=str(document["profile"]),
        last_raw=bytes.fromhex(document["last_hex"]),
    )
