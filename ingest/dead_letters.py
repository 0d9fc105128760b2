"""What could not be stored: one JSON line each, with the reason, where a person can read it.

| key | |
|---|---|
| ``parked_ns`` | when it was set aside |
| ``kind`` | why, as one of few words that counts are kept by |
| ``reason`` | the same in full |
| ``evidence`` | the line, or the first bytes of the payload in hex |
| ``stream``, ``seq``, ``received_ns``, ``subject`` | the message, which stays in its stream for the stream's own time |

A line is on disk before its message is acknowledged. Two files are kept, ``dead-letters.jsonl`` and
the one before it, so that a device that sends junk for a year can't fill the disk; counts go on.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from domain.clock import Clock, SystemClock
from domain.errors import StoreError

NAME = "dead-letters.jsonl"
MOST_BYTES = 16 * 2**20
MOST_EVIDENCE = 2_000


Name = tuple[str, int, int]
"""Stream, sequence and receive time of a message."""


class LetterKind(StrEnum):
    """Why something was set aside."""

    BAD_SUBJECT = "bad_subject"
    BAD_PAYLOAD = "bad_payload"
    REFUSED_BY_STORE = "refused_by_store"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """One thing set aside; ``seq`` 0 and no subject when it can't be told which message it came in."""

    kind: LetterKind
    reason: str
    evidence: str
    stream: str = ""
    seq: int = 0
    received_ns: int = 0
    subject: str = ""

    @property
    def name(self) -> Name | None:
        """What tells its message from others, also from those of an earlier stream; None: not known."""
        return (self.stream, self.seq, self.received_ns) if self.seq else None


class DeadLetters:
    """The file and the counts by kind, which begin with what the files hold already."""

    def __init__(self, folder: Path, *, clock: Clock | None = None, most_bytes: int = MOST_BYTES) -> None:
        """Read what is there; raises StoreError when the folder can't be used."""
        self._path = folder / NAME
        self._older = folder / f"{NAME}.1"
        self._clock = clock or SystemClock()
        self._most_bytes = most_bytes
        self._counts: Counter[str] = Counter()
        self._known: set[Name] = set()
        self._known_older: set[Name] = set()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._known_older = self._read(self._older)
            self._known = self._read(self._path)
        except OSError as error:
            raise StoreError(f"dead letters in {folder} can't be read: {error.strerror}") from error

    @property
    def counts(self) -> dict[str, int]:
        """Number of letters by kind."""
        return dict(self._counts)

    def park(self, letters: Sequence[DeadLetter]) -> None:
        """Write letters to disk; a message that has one already gets no second.

        Raises StoreError when the disk won't take them: the caller must not acknowledge.
        """
        new = [letter for letter in letters if not self._is_known(letter.name)]
        if not new:
            return
        text = "".join(self._line(letter) for letter in new)
        try:
            self._rotate()
            with self._path.open("a", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(f"dead letters can't be written to {self._path}: {error.strerror}") from error
        self._counts.update(letter.kind.value for letter in new)
        self._known.update(letter.name for letter in new if letter.name is not None)

    def _is_known(self, name: Name | None) -> bool:
        return name in self._known or name in self._known_older

    def _line(self, letter: DeadLetter) -> str:
        entry = asdict(letter) | {"parked_ns": self._clock.now_ns(), "evidence": letter.evidence[:MOST_EVIDENCE]}
        return json.dumps(entry, ensure_ascii=False) + "\n"

    def _rotate(self) -> None:
        if self._path.exists() and self._path.stat().st_size > self._most_bytes:
            self._path.replace(self._older)
            self._known_older, self._known = self._known, set()

    def _read(self, path: Path) -> set[Name]:
        """Count the letters of a file; a last line that a crash cut short is passed over, and ended."""
        names: set[Name] = set()
        if not path.exists():
            return names
        text = path.read_text(encoding="utf-8", errors="replace")
        for line in text.splitlines():
            try:
                entry = json.loads(line)
                self._counts[str(entry["kind"])] += 1
                names.add((str(entry["stream"]), int(entry["seq"]), int(entry["received_ns"])))
            except (ValueError, KeyError, TypeError):
                continue
        if text and not text.endswith("\n"):
            with path.open("a", encoding="utf-8") as file:
                file.write("\n")
        return names
