"""What was learned of a unit by being refused: bad ranges, seams, the longest block; with the date of each.

Kept in a file of the gateway's own, so that a restart does not knock on the same closed doors. Everything is
forgotten after `RETRY_NS` and found out again if it still holds: a device may have been changed or repaired.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from domain.clock import NS_PER_S
from gateway.connectors.modbus_tcp.planner import Span
from gateway.connectors.modbus_tcp.reads import Function

log = logging.getLogger(__name__)

RETRY_NS = 3600 * NS_PER_S
"""Assumption: an hour between two tries costs next to nothing and is soon enough after a repair."""

MOST_FINDINGS = 1000
"""Of one unit: more is no register map but a broken device."""

MOST_FILE_BYTES = 1 << 20


@dataclass(slots=True)
class Learned:
    """The findings of one unit, by table; the last number of each is when it was found, ns since 1970."""

    bad: list[tuple[Function, int, int, int]] = field(default_factory=list)
    seams: list[tuple[Function, int, int]] = field(default_factory=list)
    most: list[tuple[Function, int, int]] = field(default_factory=list)
    changes: int = 0
    """How often it changed: a unit that is read at several rates has several plans, and all go by this."""

    def add_bad(self, table: Function, span: Span, now_ns: int) -> None:
        """Note registers that the device refuses."""
        if len(self.bad) < MOST_FINDINGS:
            self.bad.append((table, *span, now_ns))
            self.changes += 1

    def add_seam(self, table: Function, address: int, now_ns: int) -> None:
        """Note that no block may hold both ``address - 1`` and ``address``."""
        if len(self.seams) < MOST_FINDINGS:
            self.seams.append((table, address, now_ns))
            self.changes += 1

    def set_most(self, table: Function, count: int, now_ns: int) -> None:
        """Note the longest block that the device answers."""
        self.most = [*(one for one in self.most if one[0] is not table), (table, count, now_ns)]
        self.changes += 1

    def bad_of(self, table: Function) -> tuple[Span, ...]:
        """Return the bad ranges of a table."""
        return tuple((first, last) for found, first, last, _ in self.bad if found is table)

    def seams_of(self, table: Function) -> tuple[int, ...]:
        """Return the seams of a table."""
        return tuple(address for found, address, _ in self.seams if found is table)

    def most_of(self, table: Function) -> int | None:
        """Return the longest block of a table, None where none was refused for its length."""
        return next((count for found, count, _ in self.most if found is table), None)

    def forget(self, now_ns: int) -> bool:
        """Drop what is old, or dated in the future by a clock that was wrong; tell whether there was any."""
        before = self.count
        self.bad = [one for one in self.bad if 0 <= now_ns - one[-1] < RETRY_NS]
        self.seams = [one for one in self.seams if 0 <= now_ns - one[-1] < RETRY_NS]
        self.most = [one for one in self.most if 0 <= now_ns - one[-1] < RETRY_NS]
        self.changes += self.count != before
        return self.count != before

    @property
    def count(self) -> int:
        """How many findings there are."""
        return len(self.bad) + len(self.seams) + len(self.most)


_FILE = TypeAdapter(dict[int, Learned])


class Memory:
    """The findings of all units of one connection, and their file."""

    def __init__(self, file: Path | None) -> None:
        """Read ``file`` if it is there and whole; None keeps nothing beyond the process."""
        self._file = file
        self.units: dict[int, Learned] = _read(file) if file is not None else {}

    def of(self, unit: int) -> Learned:
        """Return what is known of a unit; findings are added to it in place."""
        return self.units.setdefault(unit, Learned())

    def save(self) -> None:
        """Write the file; a disk that is full costs what was learned, nothing else.

        Done in the event loop: it is a few kilobytes, some times in a device's life.
        """
        if self._file is None:
            return
        document = {unit: asdict(one) for unit, one in self.units.items() if one.count}
        fresh = self._file.with_suffix(".new")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps(document), "utf-8")
            fresh.replace(self._file)
        except OSError as error:
            log.warning("what was learned of %s is not kept: %s", self._file.stem, error)


def memory_file(state_dir: Path | None, connection: str) -> Path | None:
    """Return where the findings of a connection are kept."""
    return state_dir / "modbus" / f"{connection}.json" if state_dir is not None else None


def _read(file: Path) -> dict[int, Learned]:
    try:
        if file.stat().st_size > MOST_FILE_BYTES:
            raise ValueError("too large")  # noqa: TRY301 -- the same end as any other damage
        return dict(_FILE.validate_json(file.read_bytes()))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, ValidationError) as error:
        log.warning("what was learned is lost, %s can't be used: %s", file, error)
        return {}
