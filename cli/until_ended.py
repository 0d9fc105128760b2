"""Showing something until it ends by itself, a time has passed, or Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Coroutine


async def until_ended(showing: Coroutine[None, None, None], seconds: float | None) -> None:
    """Show until Ctrl-C, or for so many seconds."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(RuntimeError, ValueError):  # in a thread of its own there are no signals
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    task = asyncio.create_task(showing, name="screen")
    ending = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, ending}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
    finally:
        for one in (task, ending):
            one.cancel()
        await asyncio.gather(task, ending, return_exceptions=True)
