"""What a listening connection counts since the process started, and how it is shown."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gateway.connectors.gb26875.limits import Cut
from gateway.connectors.gb26875.session import Session

MOST_LATENCIES = 2048
"""Newest confirms whose latency is remembered."""


@dataclass(slots=True)
class Tally:
    """Counts. ``errors`` are by reason: what was wrong with bytes and frames, and what was not stored."""

    cuts: Counter[Cut] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    frames: int = 0
    refused: int = 0
    duplicates: int = 0
    conflicts: int = 0
    """Peers that used the address of a transmitter that another IP address holds."""
    limited: int = 0
    """Times that a peer had to wait, or a datagram was dropped, because it spoke too fast."""
    latencies_s: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_LATENCIES))
    """From the last byte of a frame to its confirm, the newest."""

    def all_errors(self) -> dict[str, int]:
        """Return the errors and the cuts, by name."""
        return {**self.errors, **{f"cut_{reason}": count for reason, count in self.cuts.items()}}

    def figures(self, sessions: Iterable[Session], *, strangers: int, lines: int, waiting: int) -> dict[str, float]:
        """Return the numbers for the status document."""
        known = list(sessions)
        late = sorted(self.latencies_s)
        share = {name: late[len(late) * at // 100] * 1e3 for name, at in (("p50", 50), ("p99", 99)) if late}
        return {
            "known": len(known),
            "up": sum(session.is_up for session in known),
            "strangers": strangers,
            "lines": lines,
            "waiting": waiting,
            "frames": self.frames,
            "refused": self.refused,
            "duplicates": self.duplicates,
            "conflicts": self.conflicts,
            "cut_peers": self.cuts.total(),
            "limited": self.limited,
            **{f"confirm_ms_{name}": round(value, 1) for name, value in share.items()},
        }


def access_points(figures: Mapping[str, float]) -> dict[str, float]:
    """Return the values of the access server's points, by point."""
    return {
        "online": figures["up"],
        "strangers": figures["strangers"],
        "refused_frames": figures["refused"],
        "cut_peers": figures["cut_peers"],
    }
