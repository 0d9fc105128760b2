"""A rule's words with its points called as the site calls them, the id as title.

A rule names points by id, for it serves many devices: ``测点 smoke``, ``point smoke``, or in a formula. The site's
label takes the id's place where it can be told: that of the alarm's own device or zone, else one of the few that all
points of that name have. Patterns (``temperature_*``) and names without a label stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from nicegui.element import Element

from dashboards.console.texts import Language
from dashboards.console.view import View, box, line
from domain.alarm import Place
from domain.site import Labels, Registry

MOST_LABELS = 3
"""Labels of one id that are named beside each other; of more than these the id says more."""

Names = Mapping[str, str]
"""Id of a point → what people call it."""

_NAME = r"`?[^\s、,，：:`]+`?"
_NAMED = re.compile(
    rf"(?:测点|\bpoint) (?P<points>{_NAME}(?:(?:、|, ){_NAME})*)|(?:满足公式|such that) (?P<formula>[^\n]+)"
)
_WORD = re.compile(r"[^\s、,，`]+")
_OPERAND = re.compile(r"(?<![\w.-])[A-Za-z_]\w*(?:-\w+)*\b(?!\s*\()")


class Piece(NamedTuple):
    """Words, and the id of the point that they name; empty where they name none."""

    words: str
    id: str = ""


def pieces(words: str, names: Names) -> list[Piece]:
    """Return a rule's words in pieces: labels in the place of ids."""
    found: list[Piece] = []
    at = 0
    for start, end in _ids(words):
        label = names.get(words[start:end])
        if label is None or label == words[start:end]:
            continue
        outer = (start - 1, end + 1) if words[start - 1 : start] == words[end : end + 1] == "`" else (start, end)
        if outer[0] > at:
            found.append(Piece(words[at : outer[0]]))
        found.append(Piece(label, words[start:end]))
        at = outer[1]
    if at < len(words):
        found.append(Piece(words[at:]))
    return found


def named(words: str, names: Names) -> str:
    """Write a rule's words where no title can stand: each id in brackets behind its label."""
    return "".join(f"{one.words} ({one.id})" if one.id else one.words for one in pieces(words, names))


def worded(words: str, names: Names, classes: str) -> Element:
    """Draw a rule's words."""
    found = pieces(words, names)
    if not any(one.id for one in found):
        return line(words, classes)
    with box(classes) as whole:
        for one in found:
            drawn = line(one.words, "piece piece-named" if one.id else "piece")
            if one.id:
                drawn.props["title"] = drawn.props["data-point"] = one.id
    return whole


def key_words(registry: Registry, key: str, language: Language) -> str:
    """Write a point's key behind its device and label; the key alone where the site has no such point."""
    label, device = registry.point_labels.get(key), registry.devices.get(key.rpartition("/")[0])
    if device is None:
        return key
    name = key.rpartition("/")[2] if label is None else label.of(language)
    return f"{device.settings.labels.of(language)} · {name} ({key})"


def site_names(view: View) -> Names:
    """Return what the points of the site that somebody sees are called, by id."""
    console, language = view.console, view.language
    labels, name = console.registry.point_labels, ("point-names", view.principal.units, language)
    return console.once.of(name, console.site.revision, lambda: names_of(labels.items(), language))


def names_at(view: View, words: str, place: Place, devices: Iterable[str] = ()) -> Names:
    """Return what the points in some words are called at an alarm's place.

    That is at its device, else at ``devices`` (``unit/device``), else on the site.
    """
    labels, whole = view.console.registry.point_labels, site_names(view)
    ids = {words[start:end] for start, end in _ids(words)}
    there = (f"{place.unit}/{place.device}",) if place.device is not None else tuple(devices)
    keys = (f"{device}/{one}" for device in there for one in ids)
    near = names_of(((key, labels[key]) for key in keys if key in labels), view.language)
    return {one: called for one in ids if (called := near.get(one) or whole.get(one))}


def names_of(labels: Iterable[tuple[str, Labels]], language: Language) -> dict[str, str]:
    """Return labels by id, of points given by their keys; an id with too many of them is left out."""
    found: dict[str, set[str]] = {}
    for key, label in labels:
        found.setdefault(key.rpartition("/")[2], set()).add(label.of(language))
    return {name: " / ".join(sorted(called)) for name, called in found.items() if len(called) <= MOST_LABELS}


def _ids(words: str) -> Iterator[tuple[int, int]]:
    """Yield where ids of points may stand."""
    for match in _NAMED.finditer(words):
        part, pattern = ("points", _WORD) if match["points"] else ("formula", _OPERAND)
        start, end = match.span(part)
        yield from (one.span() for one in pattern.finditer(words, start, end))
