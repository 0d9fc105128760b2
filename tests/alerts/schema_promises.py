"""What a version of a schema promises: everything that it said once stays as it was; more may come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

WORDS = {"description", "title", "$schema", "$id", "default"}
"""Keys for people: they may change."""


def broken(old: Any, new: Any, where: str = "") -> Iterator[str]:
    """Yield what a newer document of the same version takes back of an older one."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key, value in old.items():
            if key in WORDS and isinstance(value, str):
                continue
            if key not in new:
                yield f"{where}/{key} is gone"
            elif key in ("enum", "required"):
                yield from (f"{where}/{key}: {one} is gone" for one in value if one not in new[key])
            else:
                yield from broken(value, new[key], f"{where}/{key}")
        if "enum" not in old:
            yield from (f"{where}/{key} is new and narrows" for key in new if key in _NARROWING and key not in old)
    elif old != new:
        yield f"{where}: {old!r} became {new!r}"


_NARROWING = {"minLength", "maxLength", "minimum", "maximum", "pattern", "enum", "const", "minItems", "maxItems"}
