"""Whether the gateway's loops turn: the question of the service manager's watchdog and of ``/healthz``.

| loop | turns when |
|---|---|
| the event loop | whoever asks gets an answer at all |
| the spool | a group was committed, or refused for a reason such as a full disk, in the last `STUCK_S` |
| each connection | its task is there: a line that is down is tried again for ever, and turns |
| the observer, the teller | their tasks are there |

A full disk or a line that is down is no stuck loop: a restart would mend neither. They make a gateway *not ready*:

| not ready | because |
|---|---|
| the spool takes nothing | what is read now is lost |
| every connection is down | there is nothing to read |

The uplink may be away for weeks: a gateway is made for that, and stays ready.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from domain.cancellation import heed_cancellation
from domain.errors import StoreError
from gateway.connectors.contract import Health

BEAT_S = 2.0
STUCK_S = 20.0
"""A commit on a worn card may take seconds; what takes longer than this will not come (assumption)."""


class Beating(Protocol):
    """What is asked of a spool."""

    turned_s: float
    trouble: str

    async def count(self, name: str) -> int:
        """Raise a persistent counter by one."""


class Vitals:
    """Watches spool and tasks; `run` until cancelled, `stuck` and `unready` at any time."""

    def __init__(self, spool: Beating, health: Callable[[], Mapping[str, Health]]) -> None:
        """``health`` gives the connections as they are now."""
        self._spool = spool
        self._health = health
        self._tasks: Callable[[], Iterable[asyncio.Task[Any]]] = list

    def watch(self, tasks: Callable[[], Iterable[asyncio.Task[Any]]]) -> None:
        """Watch these tasks as they are at each look: none of them ends by itself while the gateway lives."""
        self._tasks = tasks

    async def run(self) -> None:
        """See to it that the spool commits something now and then, for ever."""
        while True:
            if time.monotonic() - self._spool.turned_s > BEAT_S:
                with contextlib.suppress(StoreError):  # it answered; `trouble` says what
                    await self._spool.count("beats")
                heed_cancellation()
            await asyncio.sleep(BEAT_S)

    def stuck(self) -> list[str]:
        """Return what does not turn, in words; nothing when all is well."""
        found = [f"{task.get_name()} has ended" for task in self._tasks() if task.done()]
        silent_s = time.monotonic() - self._spool.turned_s
        if silent_s > STUCK_S:
            found.append(f"the spool has committed nothing for {silent_s:.0f} s")
        return found

    def unready(self) -> list[str]:
        """Return why readings would be lost or there are none, in words; nothing when the gateway is ready."""
        found = self.stuck()
        if self._spool.trouble:
            found.append(f"the spool takes nothing: {self._spool.trouble}")
        health = self._health()
        if health and not any(one.ok for one in health.values()):
            found.append("every connection is down")
        return found
