"""The roll-calls that matter now, in memory, and all of them on disk: added, changed, stored, told in order.

What changes is in memory at once and on disk with `save`; a full disk keeps it waiting, and loses nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from domain.clock import NS_PER_S
from domain.errors import StoreError
from gateway.connectors.gb26875.roll_call import Cause, Result, RollCall
from gateway.connectors.gb26875.roll_call_store import Choice, RollCallStore

log = logging.getLogger(__name__)

REMEMBERED_S = 2 * 86_400
"""What the planner needs to know of the past: the plan's day, and the one before."""

MOST_LISTED = 10_000
"""Calls in one answer."""

Tell = Callable[[RollCall], Awaitable[None]]
"""Takes a changed call; returns when it is safe. When it raises a `FengsuiError`, it is asked again."""


class RollCallBook:
    """Made with `open`. ``waiting`` are the transmitters (``unit/id``) whose newest call waits for an answer."""

    def __init__(self, store: RollCallStore) -> None:
        """Use `open`."""
        self.waiting: set[str] = set()
        self._store = store
        self._calls: dict[str, list[RollCall]] = {}
        self._unsaved: dict[str, RollCall] = {}
        self._untold: list[RollCall] = []
        self._disk = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path, now_ns: int) -> Self:
        """Open the record and take up what is unfinished in it; raises StoreError."""
        store = await asyncio.to_thread(RollCallStore, path, now_ns)
        if store.set_aside is not None:
            log.error("the record of roll-calls was damaged: set aside as %s, a new one is begun", store.set_aside)
        try:
            await asyncio.to_thread(store.prune, now_ns)
            recent = await asyncio.to_thread(store.since, now_ns - REMEMBERED_S * NS_PER_S)
            unfinished = await asyncio.to_thread(store.unfinished)
        except BaseException:  # cancelled or broken: the file must not stay locked
            store.close()
            raise
        book = cls(store)
        book._take_up(recent, unfinished)
        return book

    async def close(self) -> None:
        """Close the record; raises StoreError when the last changes could not be stored."""
        try:
            await self.save()
        finally:
            await asyncio.to_thread(self._store.close)

    def of(self, key: str) -> Sequence[RollCall]:
        """Return the calls of a transmitter in the last two days, oldest first."""
        return self._calls.get(key, ())

    def last(self, key: str) -> RollCall | None:
        """Return the newest call of a transmitter in the last two days."""
        calls = self._calls.get(key)
        return calls[-1] if calls else None

    async def add(self, call: RollCall) -> None:
        """Add a new call; on disk when this returns. Raises StoreError: then it was never made."""
        since_ns = call.called_ns - REMEMBERED_S * NS_PER_S
        self._calls[call.key] = [*(one for one in self.of(call.key) if one.called_ns >= since_ns), call]
        self._unsaved[call.id] = call
        self.waiting.add(call.key)
        try:
            await self.save()
        except StoreError:
            self._calls[call.key].pop()
            self.waiting.discard(call.key)
            del self._unsaved[call.id]
            raise
        except asyncio.CancelledError:  # it may be on disk by now, but its command will not be sent
            self.put(call.failed(Cause.NOT_CONFIRMED, call.called_ns))
            raise
        self._untold.append(call)

    def put(self, call: RollCall) -> bool:
        """Replace the newest call of a transmitter; tells whether its result is another, which is to be told."""
        before = self._calls[call.key][-1]
        if call == before:
            return False
        self._calls[call.key][-1] = self._unsaved[call.id] = call
        if call.result is before.result:
            return False
        self.waiting.discard(call.key)
        self._untold.append(call)
        return True

    async def save(self) -> None:
        """Store what has changed; what changes meanwhile stays to be stored. Raises StoreError."""
        async with self._disk:
            if not self._unsaved:
                return
            calls = list(self._unsaved.values())
            await asyncio.to_thread(self._store.save, calls)
            for call in calls:
                if self._unsaved.get(call.id) is call:
                    del self._unsaved[call.id]

    async def tell(self, tell: Tell) -> None:
        """Tell new results in order; where ``tell`` raises, that one is the first again next time."""
        while self._untold:
            told = self._untold[0]
            await tell(told)
            self._untold.pop(0)
            self._mark_told(told)
        await self.save()

    async def list(self, choice: Choice, limit: int) -> tuple[RollCall, ...]:
        """Return the newest of the chosen calls, newest first; raises StoreError."""
        async with self._disk:
            found = await asyncio.to_thread(self._store.newest, choice, min(max(limit, 1), MOST_LISTED))
        return tuple(self._unsaved.get(call.id, call) for call in found)

    async def prune(self, now_ns: int) -> None:
        """Remove what is too old; raises StoreError."""
        async with self._disk:
            await asyncio.to_thread(self._store.prune, now_ns)

    def _take_up(self, recent: Sequence[RollCall], unfinished: Sequence[RollCall]) -> None:
        known = {call.id: call for call in (*unfinished, *recent)}
        # a clock that went back must not put an old call behind the one that waits
        for call in sorted(known.values(), key=lambda call: (call.result is Result.WAITING, call.called_ns)):
            self._calls.setdefault(call.key, []).append(call)
        self._untold += [call for call in unfinished if call.told != call.result]
        self.waiting.update(call.key for call in unfinished if call.result is Result.WAITING)

    def _mark_told(self, told: RollCall) -> None:
        """Note the result that was told with the call as it stands by now."""
        calls = self._calls[told.key]
        at = next((at for at, call in enumerate(calls) if call.id == told.id), None)
        if at is None:  # two days old and no longer remembered
            self._unsaved[told.id] = replace(told, told=told.result.value)
        else:
            calls[at] = self._unsaved[told.id] = replace(calls[at], told=told.result.value)
