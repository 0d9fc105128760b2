"""A guard against lost cancellations."""

from __future__ import annotations

import asyncio


def heed_cancellation() -> None:
    """Raise CancelledError when the current task was asked to end and nobody noticed.

    `asyncio.wait_for` of Python 3.11 returns a result that comes in the same turn as a cancellation,
    and forgets the latter (python/cpython#86296). pymodbus, aiomqtt and nats-py wait with it, so a
    loop around them calls this, or it could run on after it was stopped.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
