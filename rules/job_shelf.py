"""What is left of backtests when their process ends: the last few, in the backbone's object store.

It is written when a backtest begins and when it is over. One that stands there as running when a process takes over was
lost with the process that ran it: nobody works on it any more, and whoever waits for it has to be told.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence

from pydantic import ValidationError

from backbone.client import Backbone
from domain.errors import LinkError, RefusedError, WireError
from rules.trials_face import BacktestJob

log = logging.getLogger(__name__)

NAME = "backtests"
MOST_BYTES = 8 * 2**20
"""A result is below 1 MiB, for it is a message, and a few are remembered; older ones are left out beyond this."""


class JobShelf:
    """Keeps and finds; a backbone that is away costs the memory of a backtest, never the backtest."""

    def __init__(self, backbone: Backbone) -> None:
        """Keep in the object store of ``backbone``."""
        self._backbone = backbone

    async def keep(self, jobs: Sequence[BacktestJob]) -> None:
        """Replace what is kept, oldest first."""
        rows = [job.model_dump_json() for job in jobs]
        while rows and sum(map(len, rows)) > MOST_BYTES:
            del rows[0]
        try:
            await self._backbone.save_checkpoint(NAME, json.dumps(rows).encode())
        except (LinkError, RefusedError) as error:
            log.warning("backtests are not kept: %s", error)

    async def kept(self) -> list[BacktestJob]:
        """Return what is kept, oldest first; what can't be read is left out. Raises LinkError."""
        try:
            data = await self._backbone.load_checkpoint(NAME)
            rows = json.loads(data) if data is not None else []
            return [BacktestJob.model_validate_json(row) for row in rows]
        except (WireError, ValidationError, ValueError, TypeError) as error:
            log.warning("backtests of before can't be read: %s", error)
            return []
