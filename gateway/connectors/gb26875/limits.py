"""Who may connect, and how fast one peer may speak.

A peer that waits for each confirm, as the standard wants it, can't overdraw its allowance by more than a
frame: it is slowed down at most. Only one that sends on without waiting is cut.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address

from gateway.connectors.gb26875.config import PeerLimits
from gateway.connectors.gb26875.protocol import MOST_FRAME

STRIKES = 3
"""Times that a peer may send half a second's allowance too much before it is cut; assumption."""


class Cut(StrEnum):
    """Why a connection was refused or ended by us."""

    NOT_ALLOWED = "not_allowed"
    FULL = "full"
    TOO_MANY = "too_many"
    SILENT = "silent"
    OFFLINE = "offline"
    JUNK = "junk"
    FLOOD = "flood"
    UNREAD = "unread"
    REPLACED = "replaced"


@dataclass(slots=True)
class Allowance:
    """A token bucket in frames; ``MOST_FRAME`` bytes that are no frame cost as much as one."""

    left: float
    filled_s: float
    strikes: int = 0

    def take(self, frames: int, size: int, now_s: float, limits: PeerLimits) -> float:
        """Pay for a read; returns the seconds to pause, 0 for none."""
        rate = limits.frames_per_s
        self.left = min(limits.burst_frames, self.left + (now_s - self.filled_s) * rate)
        self.filled_s = now_s
        if self.left >= limits.burst_frames / 2:
            self.strikes = 0
        self.left -= max(frames, size / MOST_FRAME)
        self.strikes += self.left < -rate / 2
        return max(0.0, -self.left / rate)

    @property
    def is_used_up(self) -> bool:
        """Tell whether the peer has to be cut."""
        return self.strikes >= STRIKES


class Gate:
    """Admits connections by address and number; whoever is admitted has to leave again."""

    def __init__(self, limits: PeerLimits, allow: Sequence[IPv4Network | IPv6Network]) -> None:
        """Let in only networks of ``allow``, everybody when it is empty."""
        self._limits = limits
        self._allow = tuple(allow)
        self._unknown: Counter[str] = Counter()
        self.spare: Callable[[], bool] = lambda: False
        """Ends the oldest connection that nobody registered has spoken on; tells whether there was one."""
        self.open = 0
        """Connections that are admitted now."""

    def refusal(self, ip: str) -> Cut | None:
        """Return why a connection from ``ip`` can't be taken; None when it can."""
        if not self.is_allowed(ip):
            return Cut.NOT_ALLOWED
        if not self.has_room():
            return Cut.FULL
        return Cut.TOO_MANY if self._unknown[ip] >= self._limits.unknown_per_ip else None

    def has_room(self) -> bool:
        """Tell whether one more may be open; where it is full, somebody unknown goes for the newcomer."""
        return self.open < self._limits.connections or self.spare()

    def is_allowed(self, ip: str) -> bool:
        """Tell whether the allow-list has the address; IPv4 in IPv6 counts as IPv4."""
        if not self._allow:
            return True
        address = ip_address(ip.partition("%")[0])
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self._allow)

    def enter(self, ip: str) -> None:
        """Count a connection that nobody knows yet."""
        self.open += 1
        self._unknown[ip] += 1

    def known(self, ip: str) -> None:
        """A registered transmitter has spoken on a connection: it no longer counts against its address."""
        self._unknown[ip] -= 1
        if self._unknown[ip] <= 0:
            del self._unknown[ip]

    def leave(self, ip: str, *, known: bool) -> None:
        """Count a connection that has ended."""
        self.open -= 1
        if not known:
            self.known(ip)
