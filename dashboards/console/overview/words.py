"""What the overview says of a place: its tile as plain data, each figure with the address of its rows. Pure."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from dashboards.console.texts import Language, text
from dashboards.console.wording import floor_text
from dashboards.live.lamps import LampKind
from dashboards.live.tally import KINDS, Lines, Tally
from domain.site import Building

PATH = "/overview"
Tile = dict[str, Any]


def overview_path(*steps: str | int, **query: str) -> str:
    """Return an address below the overview."""
    path = "/".join([PATH, *(quote(str(step), safe="") for step in steps)])
    return address(path, **query)


def address(path: str, **query: str) -> str:
    """Return an address with those parts of a query that say something."""
    said = {key: value for key, value in query.items() if value}
    return f"{path}?{urlencode(said)}" if said else path


def alarms_path(kind: LampKind | None, **query: str) -> str:
    """Return where a lamp's alarms are listed, as many as it counts; what is disabled is of no class of its own."""
    if kind is LampKind.DISABLED:
        return address("/", **query, disabled="only")
    named = "" if kind in (None, LampKind.LINK) else str(kind)
    return address("/", **{"class": named}, **query, disabled="no" if named and kind is not LampKind.FIRE else "")


def device_path(key: str) -> str:
    """Return the page of a device, ``unit/device``."""
    return f"/devices/{key}"


def floor_name(building: Building, floor: int, language: Language) -> str:
    """Write a floor as it is signed, with what people call it beside that."""
    signed = floor_text(floor, language)
    found = next((one for one in building.floors if one.floor == floor), None)
    return f"{signed} · {found.labels.of(language)}" if found and found.labels else signed


def counts(tally: Tally, language: Language, **query: str) -> list[dict[str, Any]]:
    """Return what is open, each kind with its number, words and the address of its rows."""
    return [
        {
            "kind": str(kind),
            "words": text(f"lamp_{kind}", language),
            "count": tally.of(kind),
            "fresh": tally.fresh_of(kind) > 0,
            "go": alarms_path(kind, **query),
        }
        for kind in KINDS
        if tally.of(kind)
    ]


def look_of(tally: Tally, *, heard: bool) -> str:
    """Return how a place looks: what is worst, calm, or unknown."""
    worst = tally.worst
    return str(worst) if worst is not None else "calm" if heard else "unknown"


def state_text(tally: Tally, lines: Lines, language: Language, *, known: bool) -> str:
    """Write how a place stands, in a few words."""
    parts = []
    if tally.worst is not None:
        fresh = sum(tally.fresh)
        parts.append(text("lamp_fresh", language, count=fresh) if fresh else text("lamp_handled", language))
    if not known:
        parts.append(text("lamp_unknown", language))
    elif lines.silent:
        parts.append(text("overview_silent", language, silent=lines.silent, total=lines.total))
    elif not lines.total:
        parts.append(text("overview_no_lines", language))
    elif tally.worst is None:
        parts.append(text("lamp_calm", language))
    return " · ".join(parts)
