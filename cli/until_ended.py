"""Showing something until it ends by itself, a time has passed, or Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Coroutine


async def until_ended(
    showing: Coroutine[None, None, None], seconds: float | None, *, source: asyncio.Task[None] | None = None
) -> None:
    """Show until Ctrl-C, or for so many seconds; raises what ``showing``, or the ``source`` of what is shown, raises.

    Without the second a screen would stand still and look as if nothing happened.
    """
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(RuntimeError, ValueError):  # in a thread of its own there are no signals
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    task = asyncio.create_task(showing, name="screen")
    ending = asyncio.create_task(stop.wait())
    watched = {task, ending} | ({source} if source is not None else set())
    try:
        await asyncio.wait(watched, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for one in (task, source):
            if one is not None and one.done():
                one.result()
    finally:
        task.cancel()
        ending.cancel()
        await asyncio.gather(task, ending, return_exceptions=True)
