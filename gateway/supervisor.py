"""Runs a connector again when it ends: back-off and jitter live here, and nowhere in a connector."""

from __future__ import annotations

import asyncio
import logging

from domain.errors import FengsuiError
from gateway.backoff import Backoff
from gateway.connectors.contract import Connector, Sink

log = logging.getLogger(__name__)

SETTLED_S = 10.0
"""A run that lasted so long was a success, however it ended: the next wait is short again."""


async def keep_running(
    name: str, connector: Connector, sink: Sink, *, first_wait_s: float = 0.5, longest_wait_s: float = 10.0
) -> None:
    """Run ``connector`` for ever; returns only by cancellation."""
    loop = asyncio.get_running_loop()
    backoff = Backoff(first_s=first_wait_s, longest_s=longest_wait_s)
    said = ""
    while True:
        began_s = loop.time()
        try:
            await connector.run(sink)
            reason = "it ended by itself"
        except FengsuiError as error:
            reason = str(error)
        except Exception as error:  # the edge of a connector: its defect must not stop the others
            log.exception("connection %s: defect in its connector", name)
            reason = repr(error)
        if loop.time() - began_s >= SETTLED_S:
            backoff.reset()
        if reason != said or backoff.failures == 0:  # an outage of hours is one line, not thousands
            log.warning("connection %s: %s; trying again", name, reason)
            said = reason
        await asyncio.sleep(backoff.next_s())
