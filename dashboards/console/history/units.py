"""A unit by what somebody typed at a site with too many units to choose from. Pure."""

from __future__ import annotations

from itertools import islice

from domain.site import Registry

MOST_NAMED = 5


def unit_by_words(registry: Registry, words: str) -> tuple[str | None, list[str]]:
    """Return the unit that is meant by an id, a name, or a part of one name only; else None and some names that fit."""
    if words in registry.units:
        return words, []
    sought = words.casefold()
    exact = [
        one.id for one in registry.units.values() if sought in (one.labels.zh.casefold(), one.labels.en.casefold())
    ]
    if len(exact) == 1:
        return exact[0], []
    fitting = (
        one
        for one in registry.units.values()
        if any(sought in name.casefold() for name in (one.labels.zh, one.labels.en))
    )
    found = list(islice(fitting, MOST_NAMED))
    return (found[0].id, []) if len(found) == 1 else (None, [f"{one.labels.zh} ({one.id})" for one in found])
