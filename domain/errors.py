"""Error families, by the question a caller asks of a failure.

    FengsuiError
      ConfigurationError   what somebody wrote is wrong; carries the problems, never retryable
      WireError            bytes that break their protocol; carries the offending bytes
      LinkError            the peer can't be reached or went away; retryable
      RefusedError         the peer understood and said no; carries its code
      StoreError           a store or log could not take or give data

`retryable` says whether doing the same again may succeed without a person's help.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MOST_SHOWN = 80
"""Characters of a wrong value that a message repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong in what somebody wrote, and its mend."""

    file: str
    line: int
    field: str
    value: Any
    message: str
    mend: str
    column: int = 0
    """Where the field begins in its line, from 1; 0 when nobody asked for it."""

    @property
    def place(self) -> str:
        """File, line and, where it is known, column, as editors jump to them."""
        return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"

    def __str__(self) -> str:
        """Write it on one line, in the form that editors jump to; control characters are escaped."""
        shown = f" (is {self.shown_value})" if self.shown_value else ""
        field = f" {self.field}{shown}:" if self.field else ""
        text = f"{self.place}:{field} {self.message} → {self.mend}"
        return text if text.isprintable() else repr(text)[1:-1]

    @property
    def shown_value(self) -> str:
        """The value as people see it, at most 80 characters; empty for blocks, lists and absent values."""
        if self.value is None or isinstance(self.value, dict | list):
            return ""
        text = str(self.value).lower() if isinstance(self.value, bool) else repr(self.value)
        return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"


class FengsuiError(Exception):
    """Root of all errors that Fengsui raises on purpose."""

    retryable = False


class ConfigurationError(FengsuiError, ValueError):
    """What somebody wrote is wrong; ``problems`` has every place and its mend."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep all problems; the message lists them one a line."""
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class WireError(FengsuiError, ValueError):
    """Bytes from outside that break their protocol."""

    def __init__(self, reason: str, raw: bytes = b"") -> None:
        """Keep at most the first 256 bytes of ``raw``, which is enough to reproduce a report."""
        super().__init__(f"{reason} (bytes: {raw[:256].hex()})" if raw else reason)
        self.reason = reason
        self.raw = raw[:256]


class LinkError(FengsuiError, ConnectionError):
    """The peer can't be reached, went away, or did not answer in time."""

    retryable = True


class RefusedError(FengsuiError):
    """The peer understood the request and refused it."""

    def __init__(self, reason: str, *, code: int | None = None, retryable: bool = False) -> None:
        """``code`` is the peer's own number for the refusal, where it gives one."""
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.retryable = retryable


class StoreError(FengsuiError):
    """A store, log or spool could not take or give data."""

    retryable = True
