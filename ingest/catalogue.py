"""What ingest knows of points: those that people wrote, and those that were learned from births.

Learned points are kept in a file, a line each, on disk before the message that told of them is acknowledged:
an edge that forgets a point still has readings of it in the stream and in the store, and who asks for them
must get them. A line that a crash cut short is passed over, and ended; its birth comes again.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from domain.errors import StoreError
from domain.ids import is_token
from domain.points import Point, PointTable
from domain.site.registry import Registry

log = logging.getLogger(__name__)

FILE_NAME = "learned_points.jsonl"

_POINT = TypeAdapter(Point)


class Catalogue:
    """A registry that grows. Grown in the event loop, saved from the writer's thread."""

    def __init__(self, registry: Registry, folder: Path) -> None:
        """Begin with the site's points and those learned before; raises StoreError when the file can't be read."""
        self._path = folder / FILE_NAME
        self._unsaved: list[Point] = []
        self._lock = threading.Lock()
        self._written = len(registry.points)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.registry = registry.grown(self._read())
        except OSError as error:
            raise StoreError(f"learned points in {self._path} can't be read: {error.strerror}") from error

    @property
    def table(self) -> PointTable:
        """All points, as of now."""
        return self.registry.points

    @property
    def learned(self) -> int:
        """Number of points that nobody wrote."""
        return len(self.table) - self._written

    def is_learned(self, point: int) -> bool:
        """Tell whether nobody wrote the point at an index."""
        return point >= self._written

    def learn(self, points: Iterable[Point]) -> int:
        """Take points of devices that the site has; returns how many were new."""
        before = self.registry
        self.registry = before.grown(points)
        new = [self.table[at] for at in range(len(before.points), len(self.table))]
        with self._lock:
            self._unsaved += new
        return len(new)

    def save(self) -> None:
        """Write what was learned since; raises StoreError when the disk won't take it: acknowledge nothing then."""
        with self._lock:
            waiting = list(self._unsaved)
        if not waiting:
            return
        try:
            with self._path.open("ab") as file:
                file.write(b"".join(_POINT.dump_json(point) + b"\n" for point in waiting))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(f"learned points can't be written to {self._path}: {error.strerror}") from error
        with self._lock:
            del self._unsaved[: len(waiting)]

    def _read(self) -> list[Point]:
        if not self._path.exists():
            return []
        data = self._path.read_bytes()
        if data and not data.endswith(b"\n"):
            with self._path.open("ab") as file:
                file.write(b"\n")
        return [point for line in data.splitlines() if (point := _point(line)) is not None]


def _point(line: bytes) -> Point | None:
    try:
        point = _POINT.validate_json(line)
    except ValidationError as error:
        log.warning("a learned point is passed over: %s", error.errors(include_url=False)[0]["msg"])
        return None
    return point if all(is_token(part) for part in (point.unit, point.gateway, point.device, point.name)) else None
