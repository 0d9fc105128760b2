"""What could not be stored: one JSON line each, with the reason, where a person can read it.

| key | |
|---|---|
| ``parked_ns`` | when it was set aside |
| ``kind`` | why, as one of few words that counts are kept by |
| ``reason`` | the same in full |
| ``evidence`` | the line, or the first bytes of the payload in hex |
| ``stream``, ``seq``, ``received_ns``, ``subject`` | the message, which stays in its stream for the stream's own time |
| ``reading`` | of a reading that the store refused: ``point`` (key), ``time_ns``, ``value``, ``quality``, ``text`` |

A letter is called by the first ten digits of its line's SHA-1. People drop letters, or have them tried again
(`ingest.letter_service`); then they are gone from the file and from the counts.

A line is on disk before its message is acknowledged. Two files are kept, ``dead-letters.jsonl`` and
the one before it, so that a device that sends junk for a year can't fill the disk; counts go on.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from domain.clock import Clock, SystemClock
from domain.errors import StoreError

NAME = "dead-letters.jsonl"
MOST_BYTES = 16 * 2**20
MOST_EVIDENCE = 2_000


Name = tuple[str, int, int]
"""Stream, sequence and receive time of a message; of a refused reading its point, 0 and its time."""


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
    reading: Mapping[str, Any] | None = None

    @property
    def name(self) -> Name | None:
        """What tells its message from others, also from those of an earlier stream; None: not known.

        A refused reading comes again with its message when that could not be acknowledged; it is one letter still.
        """
        if self.reading is not None:
            return _name_of_reading(self.reading)
        return (self.stream, self.seq, self.received_ns) if self.seq else None


class DeadLetters:
    """The files and the counts by kind of what they hold; used from several threads."""

    def __init__(self, folder: Path, *, clock: Clock | None = None, most_bytes: int = MOST_BYTES) -> None:
        """Read what is there; raises StoreError when the folder can't be used."""
        self._path = folder / NAME
        self._older = folder / f"{NAME}.1"
        self._clock = clock or SystemClock()
        self._most_bytes = most_bytes
        self._counts: Counter[str] = Counter()
        self._known: set[Name] = set()
        self._known_older: set[Name] = set()
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._count()
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
        with self._lock:
            self._park(letters)

    def _park(self, letters: Sequence[DeadLetter]) -> None:
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

    def all(self) -> list[dict[str, Any]]:
        """Return the letters, oldest first, each with its ``id``; raises StoreError when they can't be read."""
        try:
            with self._lock:
                return [entry | {"id": name} for path in self._files() for name, entry in _entries(_text(path))]
        except OSError as error:
            raise StoreError(f"dead letters can't be read: {error.strerror}") from error

    def remove(self, ids: Iterable[str]) -> int:
        """Take letters out of the files; returns how many there were. Raises StoreError: then all are there still."""
        unwanted = frozenset(ids)
        with self._lock:
            try:
                before = self._counts.total()
                for path in self._files():
                    self._rewrite(path, unwanted)
                self._count()
            except OSError as error:
                raise StoreError(f"dead letters can't be written to {self._path}: {error.strerror}") from error
            return before - self._counts.total()

    def _files(self) -> list[Path]:
        return [path for path in (self._older, self._path) if path.exists()]

    def _rewrite(self, path: Path, unwanted: frozenset[str]) -> None:
        lines = _text(path).splitlines()
        kept = [line for line in lines if _id(line) not in unwanted]
        if len(kept) == len(lines):
            return
        draft = path.with_suffix(".draft")
        with draft.open("w", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in kept))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)

    def _count(self) -> None:
        """Read what the files hold."""
        self._counts = Counter()
        self._known_older, self._known = self._read(self._older), self._read(self._path)

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
        text = _text(path)
        for _, entry in _entries(text):
            self._counts[str(entry["kind"])] += 1
            names.add((str(entry["stream"]), int(entry["seq"]), int(entry["received_ns"])))
            if isinstance(reading := entry.get("reading"), dict) and (name := _name_of_reading(reading)):
                names.add(name)
        if text and not text.endswith("\n"):
            with path.open("a", encoding="utf-8") as file:
                file.write("\n")
        return names


def _name_of_reading(reading: Mapping[str, Any]) -> Name | None:
    point, time_ns = reading.get("point"), reading.get("time_ns")
    return (point, 0, time_ns) if isinstance(point, str) and isinstance(time_ns, int) else None


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _entries(text: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the letters of a file with their ids; what is none is passed over."""
    found = []
    for line in text.splitlines():
        try:
            entry = json.loads(line)
            if all(isinstance(entry[key], str) for key in ("kind", "reason", "evidence", "stream", "subject")):
                entry |= {key: int(entry[key]) for key in ("seq", "received_ns", "parked_ns")}
                found.append((_id(line), entry))
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    return found


def _id(line: str) -> str:
    return hashlib.sha1(line.encode(), usedforsecurity=False).hexdigest()[:10]
