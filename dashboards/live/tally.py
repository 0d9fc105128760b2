"""How many alerts are open in a place, by the lamp that counts them, and how its lines stand. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import add, sub

from dashboards.live.lamps import LampKind
from domain.alert import AlertView

KINDS: tuple[LampKind, ...] = tuple(kind for kind in LampKind if kind is not LampKind.LINK)
"""What is counted, the worst first."""

_INDEX: Mapping[LampKind, int] = {kind: at for at, kind in enumerate(KINDS)}
_NONE = (0,) * len(KINDS)

FloorKey = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Tally:
    """Open alerts of a place by `KINDS`, and how many of them nobody acknowledged."""

    counts: tuple[int, ...] = _NONE
    fresh: tuple[int, ...] = _NONE

    def of(self, kind: LampKind) -> int:
        """Return how many of a kind are open."""
        return self.counts[_INDEX[kind]]

    def fresh_of(self, kind: LampKind) -> int:
        """Return how many of a kind nobody acknowledged."""
        return self.fresh[_INDEX[kind]]

    @property
    def worst(self) -> LampKind | None:
        """The worst kind that is there."""
        return next((kind for kind, count in zip(KINDS, self.counts, strict=True) if count), None)

    @property
    def order(self) -> tuple[int, ...]:
        """What sorts the worst first: more of the worst kind, then of the next."""
        return tuple(-count for count in self.counts)

    def plus(self, other: Tally) -> Tally:
        """Return both together."""
        return Tally(tuple(map(add, self.counts, other.counts)), tuple(map(add, self.fresh, other.fresh)))

    def minus(self, other: Tally) -> Tally:
        """Return this without another that is part of it."""
        return Tally(tuple(map(sub, self.counts, other.counts)), tuple(map(sub, self.fresh, other.fresh)))


CALM = Tally()


def _single(kind: LampKind, *, fresh: bool) -> Tally:
    counts = tuple(int(one is kind) for one in KINDS)
    return Tally(counts, counts if fresh else _NONE)


ONE: Mapping[tuple[LampKind, bool], Tally] = {
    (kind, fresh): _single(kind, fresh=fresh) for kind in KINDS for fresh in (False, True)
}
"""What one alert adds: by its lamp, and whether it waits for somebody."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Gateways and transmitters of a unit or area: how many there are, and of how many there is no good news."""

    total: int = 0
    silent: int = 0


NO_LINES = Lines()


def is_fresh(alert: AlertView) -> bool:
    """Tell whether an alert waits for somebody: what a walk test holds does not."""
    return alert.acknowledged_at_ns is None and not alert.held
