"""A guard against lost cancellations."""

from __future__ import annotations

import asyncio


def heed_cancellation() -> None:
    """Raise CancelledError when the current task was asked to end and nobody noticed.

    `asyncio.wait_for` of Python 3.11 returns a result that comes in the same turn as a cancellation,
    and forgets the latter (python/cpython#86296). pymodbus, aiomqtt and nats-py wait with it, so a
    loop around them calls this, or it could run on after it was stopped.
    """
    if is_cancelled():
        raise asyncio.CancelledError


def is_cancelled() -> bool:
    """Tell whether the current task was asked to end; see `heed_cancellation`."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
