"""Reading documents of other processes: every field may be missing, or of another type, and then counts as absent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MOST_WORDS = 300


def number(document: Mapping[str, Any], *path: str) -> float | None:
    """Return a number at a path."""
    value = _at(document, path)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def words(document: Mapping[str, Any], *path: str) -> str:
    """Return a text at a path, cut where it is too long to be one; empty for none."""
    value = _at(document, path)
    return value[:MOST_WORDS] if isinstance(value, str) else ""


def flag(document: Mapping[str, Any], *path: str) -> bool | None:
    """Return yes or no at a path."""
    value = _at(document, path)
    return value if isinstance(value, bool) else None


def part(document: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """Return an object at a path; empty for none."""
    value = _at(document, path)
    return value if isinstance(value, Mapping) else {}


def parts(document: Mapping[str, Any], *path: str) -> Sequence[Mapping[str, Any]]:
    """Return the objects of a list at a path."""
    value = _at(document, path)
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def texts(document: Mapping[str, Any], *path: str) -> list[str]:
    """Return the texts of a list at a path."""
    value = _at(document, path)
    return [str(one)[:MOST_WORDS] for one in value if isinstance(one, str | int)] if isinstance(value, list) else []


def counts(document: Mapping[str, Any], *path: str) -> dict[str, int]:
    """Return numbers by name of an object at a path, those above nought, the largest first."""
    found = {str(name)[:64]: int(value) for name, value in part(document, *path).items() if _is_count(value)}
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def _is_count(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _at(document: Mapping[str, Any], path: Sequence[str]) -> Any:
    value: Any = document
    for step in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value
