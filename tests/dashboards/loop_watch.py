"""What holds an event loop up: each callback that takes the processor for long, as a line in the log.

Processor time of the thread, not time on the wall: a busy machine makes nobody guilty.
"""

from __future__ import annotations

import asyncio
import logging
import time

log = logging.getLogger(__name__)

LONG_S = 0.02
MARK = "held the loop for"


def watch() -> None:
    """Watch every loop of this process from now on."""
    run = asyncio.Handle._run

    def timed(handle: asyncio.Handle) -> None:
        began = time.thread_time()
        run(handle)
        took_s = time.thread_time() - began
        if took_s > LONG_S:
            log.warning("%s %.1f ms: %r", MARK, took_s * 1000, handle)

    # asyncio's own log of slow callbacks needs its debug mode, which is slow itself
    asyncio.Handle._run = timed  # type: ignore[assignment,method-assign]  # the stub has `self` in it twice
