"""Readings of devices that the site does not have (yet): where they stand in the log is kept until it has them.

A gateway may take a new configuration before this process does. Its message is acknowledged, for everything behind
it must go on; its place is in a file before that. When a later start knows the device, the log is read again from
there. What is stored twice is refused by (point, time), so nothing is counted twice.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable
from pathlib import Path

from domain.errors import StoreError, WireError
from domain.site.registry import Registry
from ingest.decoding import Decoded, source_of

log = logging.getLogger(__name__)

FILE_NAME = "unnamed.json"

MOST_SUBJECTS = 5000
"""Devices that are remembered; whoever sends in the names of more is no gateway of this site."""

Place = tuple[str, str]
"""Stream and subject."""


class Unnamed:
    """For each device that nobody knows, the sequence of its first message that could not be named."""

    def __init__(self, folder: Path) -> None:
        """Begin with what an earlier life left; a damaged file is passed over."""
        self._path = folder / FILE_NAME
        self._first: dict[Place, int] = {}
        try:
            told = json.loads(self._path.read_text("utf-8")) if self._path.exists() else []
            self._first = {(str(stream), str(subject)): int(seq) for stream, subject, seq in told}
        except (OSError, ValueError, TypeError) as error:
            log.warning("%s is passed over: %s", self._path, error)

    def note(self, items: Iterable[Decoded], registry: Registry) -> None:
        """Keep the places of messages of unknown devices; raises StoreError: acknowledge nothing then."""
        new = False
        for item in items:
            place = item.stream, item.message.subject
            strange = item.unknown_points and place not in self._first and not is_home(place[1], registry)
            if strange and len(self._first) < MOST_SUBJECTS:
                self._first[place] = item.message.seq
                new = True
        if new:
            self._save()

    def due(self, registry: Registry) -> list[tuple[Place, int]]:
        """Return the places whose devices the site has by now."""
        return [(place, seq) for place, seq in self._first.items() if is_home(place[1], registry)]

    def settle(self, place: Place) -> None:
        """Forget a place that was read again; raises StoreError."""
        if self._first.pop(place, None) is not None:
            self._save()

    def _save(self) -> None:
        told = [[*place, seq] for place, seq in self._first.items()]
        draft = self._path.with_suffix(".draft")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("w", encoding="utf-8") as file:
                json.dump(told, file)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
        except OSError as error:
            raise StoreError(f"places of unknown devices can't be written to {self._path}: {error.strerror}") from error


def is_home(subject: str, registry: Registry) -> bool:
    """Tell whether the site has the device of a subject, at the gateway that speaks for it."""
    try:
        source = source_of(subject)
    except WireError:
        return False
    device = registry.devices.get(f"{source.unit}/{source.device}") if source is not None else None
    return device is not None and source is not None and device.gateway.gateway == source.gateway
