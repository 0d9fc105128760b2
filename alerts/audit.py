"""The audit: an append-only chain in which every entry carries the hash of the one before.

``hash = sha256(previous + canonical JSON of the entry)``; the first ``previous`` is 64 zeros. A changed,
removed or inserted entry breaks the chain at its place. Cutting off the newest entries does not,
so the chain is anchored outside this database: every message of the feed carries the hash of its
audit entry, and the status document carries the newest one; `verify` takes such anchors.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Any, Protocol

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from alerts import audit_face
from alerts.schema import AuditEntry

GENESIS = audit_face.GENESIS
CHUNK = 5000


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What `verify` found: ``broken_at`` is the number of the first entry that does not hold."""

    entries: int
    head: str
    broken_at: int | None = None
    reason: str | None = None

    @property
    def intact(self) -> bool:
        """Tell whether every entry holds."""
        return self.broken_at is None


def canonical(document: Mapping[str, Any]) -> str:
    """Write JSON in the one form that is hashed: sorted keys, no spaces, UTF-8 as it is."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


class Link(Protocol):
    """The columns of a link: of an `AuditEntry`, or of a plain row."""

    @property
    def number(self) -> int: ...  # noqa: D102
    @property
    def at_ns(self) -> int: ...  # noqa: D102
    @property
    def actor(self) -> str: ...  # noqa: D102
    @property
    def action(self) -> str: ...  # noqa: D102
    @property
    def alert_id(self) -> str | None: ...  # noqa: D102
    @property
    def details(self) -> str: ...  # noqa: D102
    @property
    def previous(self) -> str: ...  # noqa: D102


def digest(entry: Link) -> str:
    """Return the hash that ``entry`` must carry.

    What is hashed is `canonical` of its columns, here written out: a chain of a million links is walked by this.
    """
    quoted = encode_basestring
    alert_id = "null" if entry.alert_id is None else quoted(entry.alert_id)
    content = (
        f'{{"action":{quoted(entry.action)},"actor":{quoted(entry.actor)},"alert_id":{alert_id},'
        f'"at_ns":{entry.at_ns},"details":{quoted(entry.details)},"number":{entry.number}}}'
    )
    return hashlib.sha256(f"{entry.previous}{content}".encode()).hexdigest()


class AuditWriter:
    """Appends to the chain within one transaction of the one writer."""

    def __init__(self, session: Session) -> None:
        """The end of the chain is looked up by the first entry: most desks only read."""
        self._session = session
        self._end: tuple[int, str] | None = None

    def append(
        self, *, at_ns: int, actor: str, action: str, alert_id: str | None, details: Mapping[str, Any]
    ) -> AuditEntry:
        """Add an entry at the end and return it."""
        number, previous = self._end or self._find_end()
        entry = AuditEntry(
            number=number + 1,
            at_ns=at_ns,
            actor=actor,
            action=action,
            alert_id=alert_id,
            details=canonical(details),
            previous=previous,
        )
        entry.hash = digest(entry)
        self._end = entry.number, entry.hash
        self._session.add(entry)
        return entry

    def _find_end(self) -> tuple[int, str]:
        """Nothing is flushed for it: only this writer adds entries."""
        with self._session.no_autoflush:
            return head(self._session)


def head(session: Session) -> tuple[int, str]:
    """Return number and hash of the newest entry; ``(0, GENESIS)`` when there is none."""
    newest = session.execute(
        select(AuditEntry.number, AuditEntry.hash).order_by(AuditEntry.number.desc()).limit(1)
    ).first()
    return (newest.number, newest.hash) if newest else (0, GENESIS)


class Walk:
    """Checks links in their order, piece by piece; ``anchors`` are hashes by number that are known from elsewhere."""

    def __init__(self, anchors: Mapping[int, str] | None = None, number: int = 0, head: str = GENESIS) -> None:
        """Begin after the link ``number``, whose hash is ``head``."""
        self.number, self.head = number, head
        self._anchors = anchors or {}
        self._fault: tuple[int, str] | None = None

    def go(self, links: Iterable[Any]) -> bool:
        """Check links that follow; returns whether all of them hold."""
        number, head = self.number, self.head
        for link in links:
            reason = _fault(link, number, head) or _strays(link, self._anchors)
            if reason:
                self._fault = (number + 1, reason)
                break
            number, head = link.number, link.hash
        self.number, self.head = number, head
        return self._fault is None

    def report(self) -> AuditReport:
        """Return what was found, the end of the chain included: call it when all links were given."""
        if self._fault is None:
            missing = [anchor for anchor in self._anchors if anchor > self.number]
            if missing:
                reason = f"entries up to {max(missing)} are known elsewhere and missing here"
                self._fault = (self.number + 1, reason)
        broken_at, found = self._fault or (None, None)
        return AuditReport(self.number, self.head, broken_at, found)


def verify(
    session: Session, anchors: Mapping[int, str] | None = None, told: Callable[[int], None] = lambda _number: None
) -> AuditReport:
    """Walk the whole chain, and compare with ``anchors`` (entry number → hash, known from elsewhere).

    ``told`` hears how far it is, every `CHUNK` links. Memory does not grow with the chain.
    """
    walk = Walk(anchors)
    while rows := links_after(session, walk.number):
        if not walk.go(rows):
            break
        told(walk.number)
    return walk.report()


def links_after(session: Session, number: int, most: int = CHUNK) -> Sequence[Row[Any]]:
    """Return the next links as plain rows."""
    page = select(*AuditEntry.__table__.columns).where(AuditEntry.number > number)
    return session.execute(page.order_by(AuditEntry.number).limit(most)).all()


def _fault(link: Any, before: int, previous: str) -> str | None:
    if link.number != before + 1:
        return f"entry {before + 1} is missing"
    if link.previous != previous:
        return f"entry {link.number} does not follow entry {before}"
    if link.hash != digest(link):
        return f"entry {link.number} was changed"
    return None


def _strays(link: Any, anchors: Mapping[int, str]) -> str | None:
    if anchors and anchors.get(link.number, link.hash) != link.hash:
        return f"entry {link.number} is not the one that is known elsewhere"
    return None
