"""What a person wrote, with the place of every value, and the problems found in it.

Reading text (YAML) is the command line's job; here a `Document` is plain data plus a line for each
path. A `Problem` names file, line, field, value and what to write instead: the sentence that an
installer needs at nine in the evening on a ladder.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from domain.errors import ConfigurationError as ConfigurationError
from domain.errors import Problem as Problem

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """One file's content: ``data`` as parsed, ``lines`` from a path to its 1-based line."""

    file: str
    data: Any
    lines: Mapping[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """Return the line of ``path``, or of its nearest parent that has one (1 at least)."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 1

    def value(self, path: Path) -> Any:
        """Return the value at ``path``, or None where the path ends early."""
        node = self.data
        for step in path:
            try:
                node = node[step]
            except (KeyError, IndexError, TypeError):
                return None
        return node

    def problem(self, path: Path, message: str, mend: str) -> Problem:
        """Make a `Problem` for the value at ``path``."""
        return Problem(
            file=self.file, line=self.line(path), field=dotted(path), value=self.value(path), message=message, mend=mend
        )


def dotted(path: Path) -> str:
    """Write a path as ``devices[2].profile``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the mend for a wrong name: the closest known one, or the list of them."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"use one of: {', '.join(names)}" if names else "none is defined yet"


def problems_of(
    error: ValidationError, document: Document, prefix: Path = (), known: Iterable[str] = ()
) -> list[Problem]:
    """Turn a pydantic error on the part of ``document`` at ``prefix`` into problems.

    ``known`` are field names to suggest for an unknown key.
    """
    found = []
    for item in error.errors(include_url=False):
        path = prefix + tuple(step for step in item["loc"] if not _is_internal(step))
        found.append(document.problem(path, item["msg"], _mend(item, known)))
    return found


def _is_internal(step: str | int) -> bool:
    """Tell whether pydantic put this step in for a validator or a union branch."""
    return isinstance(step, str) and (step.startswith("function-") or "[" in step)


def _mend(item: Any, known: Iterable[str]) -> str:
    """Say what to write instead, by the kind of pydantic error."""
    kind, context, loc = item["type"], item.get("ctx", {}), item["loc"]
    if kind == "missing":
        return f"add the line '{loc[-1]}: …'"
    if kind == "extra_forbidden":
        return f"remove '{loc[-1]}', or correct its spelling: {nearest(str(loc[-1]), known)}"
    if kind in {"enum", "literal_error"}:
        return f"write one of {context.get('expected', 'the listed words')}"
    if kind == "string_pattern_mismatch":
        return "use only letters A-Z a-z, digits, '_' and '-', 1 to 64 of them; put names for people in 'labels'"
    if kind == "value_error":
        return str(context.get("error", "see the message"))
    return f"write a value that fits: {item['msg'][0].lower()}{item['msg'][1:]}"
