"""Wrong passwords: each costs whoever tries it more time, and nobody can lock the control room out.

A try is counted before the password is looked at, so that many at once are no way around. After `FREE` wrong ones the
next try of the same account, or from the same network address, waits 1 s, then 2, 4 … up to `MOST_WAIT_S`; a try
that comes too early is refused unseen and not counted. Half an hour without a wrong one forgets all.

Who signed in to an account from an address within 30 days is *known* there and counted by themselves: strangers who try
that account, from anywhere else, never delay them. Sessions that run are not touched by any of this. The counts
live in memory: a restart of the service forgets them, which nobody outside can bring about.

Figures are assumptions: NIST SP 800-63B allows up to 100 wrong tries in a row and suggests growing delays; at one try a
minute a guesser gets 1,440 a day.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from domain.clock import NS_PER_S

FREE = 4
MOST_WAIT_S = 60.0
FORGET_S = 1800.0
MOST_KEPT = 10_000
V6_NETWORK = 64
"""An IPv6 customer has a /64 at least: its addresses are one."""


@dataclass(slots=True)
class _Count:
    wrong: int
    at_ns: int


class Tries:
    """Counts by account, by address, or by the two together."""

    def __init__(self) -> None:
        """Start without any."""
        self._counts: OrderedDict[str, _Count] = OrderedDict()

    def wait_s(self, keys: Sequence[str], now_ns: int) -> float:
        """Return how long the next try has to wait, 0 when it may come."""
        waits = [_delay_s(count.wrong) - (now_ns - count.at_ns) / NS_PER_S for count in self._known(keys, now_ns)]
        return max([0.0, *waits])

    def count(self, keys: Sequence[str], now_ns: int) -> None:
        """Count a try as wrong, until `forgive` says otherwise."""
        for key in keys:
            count = self._counts.pop(key, None)
            wrong = count.wrong if count is not None and not _is_old(count, now_ns) else 0
            self._counts[key] = _Count(wrong + 1, now_ns)
        while len(self._counts) > MOST_KEPT:
            self._counts.popitem(last=False)

    def forgive(self, keys: Sequence[str]) -> None:
        """Forget: the password was right."""
        for key in keys:
            self._counts.pop(key, None)

    def waits_s(self, users: Sequence[str], now_ns: int) -> dict[str, float]:
        """Return the longest that a next try of each account has to wait, from wherever it comes."""
        waits = dict.fromkeys(users, 0.0)
        for key in self._counts:
            user = _user_of(key)
            if user in waits:
                waits[user] = max(waits[user], self.wait_s([key], now_ns))
        return waits

    def forget(self, user: str) -> None:
        """Forget what was tried for an account, from anywhere."""
        self.forgive([key for key in self._counts if _user_of(key) == user])

    def _known(self, keys: Sequence[str], now_ns: int) -> list[_Count]:
        found = [self._counts[key] for key in keys if key in self._counts]
        return [count for count in found if not _is_old(count, now_ns)]


def keys_of(user: str, address: str, *, known: bool) -> list[str]:
    """Return what a try is counted by. A name that nobody has counts like any other: it must not show."""
    place = network(address)
    return [f"known {user} {place}"] if known else [f"user {user}", f"from {place}"]


def _user_of(key: str) -> str | None:
    """Return the account that a key is about; None for an address. Ids have no spaces, what people type may."""
    kind, _, rest = key.partition(" ")
    return {"user": rest, "known": rest.rpartition(" ")[0], "change": rest}.get(kind)


def network(address: str) -> str:
    """Return what counts as one address; junk is one, too."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "?"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, V6_NETWORK), strict=False))
    return str(found)


def _delay_s(wrong: int) -> float:
    return 0.0 if wrong < FREE else min(MOST_WAIT_S, 2.0 ** min(wrong - FREE, 30))


def _is_old(count: _Count, now_ns: int) -> bool:
    return (now_ns - count.at_ns) / NS_PER_S > FORGET_S
