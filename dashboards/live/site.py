"""The site as it is known now: what people wrote, and the points that births told of since.

Everything on the screen that looks something up asks here, at the moment it needs it: the registry behind
it is replaced when it grows, never changed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from backbone.messages import LogMessage
from backbone.sparkplug.learning import points_of_message
from domain.errors import WireError
from domain.points import Point
from domain.site import Registry

log = logging.getLogger(__name__)


class LiveSite:
    """Holds the newest registry."""

    def __init__(self, registry: Registry, revision: int = 0) -> None:
        """Begin with what people wrote; ``revision`` rises when births told of more."""
        self.registry = registry
        self.revision = revision

    def learn(self, births: Iterable[LogMessage]) -> None:
        """Take the points of births; junk is logged and left out."""
        points: list[Point] = []
        for message in births:
            try:
                points += points_of_message(message.subject, message.data)
            except WireError as error:
                log.warning("birth %d on %s left out: %s", message.seq, message.subject, error.reason)
        grown = self.registry.grown(points)
        if grown is not self.registry:
            self.registry = grown
            self.revision += 1
