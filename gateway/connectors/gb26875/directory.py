"""Finds the registered transmitter that a frame comes from: by the six raw address bytes, or by its IP address.

| the site says | a frame is its |
|---|---|
| ``address`` | whose source is that address, in the form of its device profile, from anywhere |
| ``address``, ``peer`` | from that IP: with that source, or a source of nobody's if no other has this ``peer`` |

With profile ``auto`` the form is not known before it speaks: its address is looked for in the standard's
form, then in every other one that is nobody else's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from domain.site import Transmitter
from domain.site.transmitters import AUTO
from gateway.connectors.gb26875.detection import Evidence
from gateway.connectors.gb26875.profile import address_bytes
from gateway.connectors.gb26875.profiles import PROFILES, STANDARD, profile_named
from gateway.connectors.gb26875.session import Session


class Directory:
    """All sessions of a connection, by key and by what their frames say."""

    def __init__(self, transmitters: Sequence[Transmitter], centre: bytes = bytes(6)) -> None:
        """Make a session for each, to which our address is ``centre`` until it uses another.

        Raises ValueError for a profile or an address that `findings` refuses.
        """
        self._sessions = {one.key: _session(one, centre) for one in transmitters}
        self._by_source: dict[tuple[bytes, str], Session] = {}
        peers = Counter(one.settings.peer for one in transmitters)
        self._by_peer: dict[str, Session] = {}
        for session in self._sessions.values():
            settings = session.registered.settings
            self._by_source[address_bytes(settings.address, session.profile), settings.peer or ""] = session
            if settings.peer is not None and peers[settings.peer] == 1:
                self._by_peer[settings.peer] = session
        self._add_other_forms()

    def __iter__(self) -> Iterator[Session]:
        """Iterate over all sessions."""
        return iter(self._sessions.values())

    def __len__(self) -> int:
        """Return how many transmitters are registered."""
        return len(self._sessions)

    def get(self, key: str) -> Session | None:
        """Return the session of ``unit/id``."""
        return self._sessions.get(key)

    def find(self, source: bytes, ip: str) -> Session | None:
        """Return whose frame it is that came with this source address from this IP address."""
        by_source = self._by_source
        return by_source.get((source, ip)) or by_source.get((source, "")) or self._by_peer.get(ip)

    def _add_other_forms(self) -> None:
        """Add what the addresses of ``auto`` transmitters look like in other forms, where that is unique."""
        claims: dict[tuple[bytes, str], set[Session]] = {}
        for session in self:
            settings = session.registered.settings
            if settings.profile == AUTO:
                for raw in _forms(settings.address):
                    claims.setdefault((raw, settings.peer or ""), set()).add(session)
        for place, sessions in claims.items():
            if len(sessions) == 1:
                self._by_source.setdefault(place, *sessions)


def _session(registered: Transmitter, centre: bytes) -> Session:
    name = registered.settings.profile
    if name == AUTO:
        return Session(registered, STANDARD, Evidence(), centre=centre)
    return Session(registered, profile_named(name), centre=centre)


def _forms(address: int | str) -> Iterable[bytes]:
    """Yield an address in every form that can write it."""
    for profile in PROFILES.values():
        try:
            yield address_bytes(address, profile)
        except ValueError:  # this form has no room for it
            continue
