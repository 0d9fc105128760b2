"""The office: what all tasks of the alerts process share, and how they touch the database."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from alerts.accounts.vouchers import Vouchers
from alerts.audit import AuditWriter
from alerts.channels.contract import Aids
from alerts.database import Database
from alerts.desk import Desk
from alerts.directory import Directory
from alerts.floods.book import Book, Memory
from alerts.ladders import unanswered
from domain.clock import Clock

T = TypeVar("T")


class Bell:
    """Wakes tasks that wait for work; a ring while nobody waits is kept."""

    def __init__(self) -> None:
        """Start silent."""
        self._ears: list[asyncio.Event] = []

    def ear(self) -> asyncio.Event:
        """Return an event that every ring sets; its owner clears it."""
        event = asyncio.Event()
        self._ears.append(event)
        return event

    def ring(self) -> None:
        """Wake everybody."""
        for event in self._ears:
            event.set()


@dataclass(slots=True)
class Office:
    """Database, time, who is who, and the bell that rings after each change."""

    database: Database
    directory: Directory
    clock: Clock
    bell: Bell = field(default_factory=Bell)
    aids: Aids = field(default_factory=Aids)
    last_error: str | None = None
    shown: dict[str, Any] = field(default_factory=dict)
    """What tasks add to the status document."""
    memory: Memory = field(default_factory=Memory)
    vouchers: Vouchers = field(default_factory=Vouchers)

    async def change(self, work: Callable[[Desk], T]) -> T:
        """Run ``work`` at a desk, in one transaction; then ring the bell.

        Raises what ``work`` raises (nothing is changed then), or StoreError.
        """
        result = await self.database.write(lambda session: self._whole(session, work))
        self.bell.ring()
        return result

    def _whole(self, session: Session, work: Callable[[Desk], T]) -> T:
        """Do the work, and what follows from it in the same transaction."""
        desk = self.desk(session)
        result = work(desk)
        unanswered.settle(desk)
        return result

    def desk(self, session: Session) -> Desk:
        """Return a desk for one transaction."""
        return Desk(
            session=session,
            directory=self.directory,
            audit=AuditWriter(session),
            now_ns=self.clock.now_ns(),
            book=Book(self.memory),
            vouchers=self.vouchers,
        )

    def fail(self, where: str, error: BaseException) -> None:
        """Remember an error for the status document."""
        self.last_error = f"{where}: {error}"


async def wait(ear: asyncio.Event, timeout_s: float | None, *, gather_s: float = 0.0) -> None:
    """Wait for a ring, at most ``timeout_s``; then be ready for the next one.

    ``gather_s`` more pass after a ring, so that in a storm one look serves many changes.

    Not by `asyncio.wait_for`: before Python 3.12 it swallows a cancellation that comes with the ring.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await ear.wait()
    if gather_s and ear.is_set():
        await asyncio.sleep(gather_s)
    ear.clear()
