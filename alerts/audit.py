"""The audit: an append-only chain in which every entry carries the hash of the one before.

``hash = sha256(previous + canonical JSON of the entry)``; the first ``previous`` is 64 zeros. A changed,
removed or inserted entry breaks the chain at its place. Cutting off the newest entries does not,
so the chain is anchored outside this database: every message of the feed carries the hash of its
audit entry, and the status document carries the newest one; `verify` takes such anchors.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.schema import AuditEntry

GENESIS = "0" * 64
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


def digest(entry: AuditEntry) -> str:
    """Return the hash that ``entry`` must carry."""
    content = canonical(
        {
            "number": entry.number,
            "at_ns": entry.at_ns,
            "actor": entry.actor,
            "action": entry.action,
            "alert_id": entry.alert_id,
            "details": entry.details,
        }
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


def verify(session: Session, anchors: Mapping[int, str] | None = None) -> AuditReport:
    """Walk the whole chain, and compare with ``anchors`` (entry number → hash, known from elsewhere)."""
    number, previous = 0, GENESIS
    wanted = dict(anchors or {})
    while chunk := _after(session, number):
        for entry in chunk:
            reason = _fault(entry, number, previous) or _strays(entry, wanted)
            if reason:
                return AuditReport(entries=number, head=previous, broken_at=number + 1, reason=reason)
            number, previous = entry.number, entry.hash
        session.expunge_all()
    missing = min((anchor for anchor in wanted if anchor > number), default=None)
    if missing is not None:
        return AuditReport(
            number, previous, number + 1, f"entries up to {missing} are known elsewhere and missing here"
        )
    return AuditReport(entries=number, head=previous)


def _after(session: Session, number: int) -> list[AuditEntry]:
    page = select(AuditEntry).where(AuditEntry.number > number).order_by(AuditEntry.number).limit(CHUNK)
    return list(session.scalars(page))


def _fault(entry: AuditEntry, before: int, previous: str) -> str | None:
    if entry.number != before + 1:
        return f"entry {before + 1} is missing"
    if entry.previous != previous:
        return f"entry {entry.number} does not follow entry {before}"
    if entry.hash != digest(entry):
        return f"entry {entry.number} was changed"
    return None


def _strays(entry: AuditEntry, anchors: Mapping[int, str]) -> str | None:
    if anchors.get(entry.number, entry.hash) != entry.hash:
        return f"entry {entry.number} is not the one that is known elsewhere"
    return None
