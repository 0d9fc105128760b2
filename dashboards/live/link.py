"""The console's connection to the backbone: made in the background, kept for ever, absent at any time.

The page stands without it. Whoever needs the backbone asks here and gets LinkError while it is away.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from alerts.face import AlertsFace
from backbone.client import Backbone
from domain.cancellation import heed_cancellation
from domain.errors import FengsuiError, LinkError
from ingest.face import QueryFace
from rules.face import RulesFace

log = logging.getLogger(__name__)

RETRY_S = 1.0

Connect = Callable[[], Awaitable[Backbone]]


class Link:
    """Owns the `Backbone`: `open` keeps trying until it has one, which then reconnects by itself."""

    def __init__(self, connect: Connect) -> None:
        """``connect`` makes a connection or raises a FengsuiError; it is called until it succeeds."""
        self._connect = connect
        self._backbone: Backbone | None = None

    @property
    def up(self) -> bool:
        """Tell whether the backbone can be reached now."""
        return self._backbone is not None and self._backbone.connected

    @property
    def backbone(self) -> Backbone:
        """The connection; raises LinkError while there is none."""
        if self._backbone is None or not self._backbone.connected:
            raise LinkError("the backbone is away")
        return self._backbone

    @property
    def alerts(self) -> AlertsFace:
        """The alerts service; raises LinkError while the backbone is away."""
        return AlertsFace(self.backbone)

    @property
    def query(self) -> QueryFace:
        """The readings service; raises LinkError while the backbone is away."""
        return QueryFace(self.backbone)

    @property
    def rules(self) -> RulesFace:
        """The rules that run; raises LinkError while the backbone is away."""
        return RulesFace(self.backbone)

    async def open(self) -> Backbone:
        """Connect, however long it takes, and make sure that the streams are there."""
        while True:
            heed_cancellation()
            try:
                backbone = self._backbone or await self._connect()
                self._backbone = backbone
                await backbone.ensure_streams()
                heed_cancellation()
            except FengsuiError as error:
                log.warning("no backbone yet, trying again: %s", error)
                await asyncio.sleep(RETRY_S)
            else:
                return backbone

    async def close(self) -> None:
        """Close the connection if there is one."""
        if self._backbone is not None:
            await self._backbone.close()
