"""Running one long-lived process: logging, signals, an end when the supervisor is gone."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable

from domain.errors import ConfigurationError, FengsuiError

log = logging.getLogger(__name__)

SUPERVISED = "FENGSUI_SUPERVISED"
"""Set by the supervisor to its own process id: a child whose parent is another one stops by itself."""

EXIT_FAILED = 1
EXIT_CONFIGURATION = 2


def run_process(
    name: str, main: Callable[[asyncio.Event], Awaitable[None]], *, hangup: asyncio.Event | None = None
) -> None:
    """Run ``main`` until it ends or SIGINT, SIGTERM or SIGHUP sets its stop event; exits with a meaning.

    With ``hangup`` SIGHUP sets that one (read the configuration again), unless it says that the terminal is gone.

    0 ended as asked, 1 failed (the supervisor restarts it), 2 the configuration is wrong.
    """
    logging.basicConfig(
        level=os.environ.get("FENGSUI_LOG_LEVEL", "INFO"),
        format=f"%(asctime)s %(levelname)s {name} %(name)s: %(message)s",
        stream=sys.stderr,
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        asyncio.run(_until_stopped(main, hangup))
    except ConfigurationError as error:
        log.error("configuration refused:\n%s", error)  # noqa: TRY400  # the text is for a person, not a trace
        raise SystemExit(EXIT_CONFIGURATION) from error
    except FengsuiError as error:
        log.exception("%s failed", name)
        raise SystemExit(EXIT_FAILED) from error


async def _until_stopped(main: Callable[[asyncio.Event], Awaitable[None]], hangup: asyncio.Event | None = None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    at_terminal = os.isatty(0)

    def hung_up() -> None:
        (stop if hangup is None or (at_terminal and not _has_terminal()) else hangup).set()

    loop.add_signal_handler(signal.SIGHUP, hung_up)
    watch = asyncio.create_task(_stop_without_parent(stop), name="parent-watch")
    try:
        await main(stop)
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)


def _has_terminal() -> bool:
    """Tell whether the terminal that the process was started from is still there."""
    try:
        os.tcgetpgrp(0)
    except OSError:
        return False
    return True


async def _stop_without_parent(stop: asyncio.Event) -> None:
    """Stop when the supervisor was killed: an orphan would hold ports and leases."""
    parent = os.environ.get(SUPERVISED)
    while parent is not None:
        if str(os.getppid()) != parent:
            log.warning("the supervisor is gone: stopping")
            stop.set()
            return
        await asyncio.sleep(1)
