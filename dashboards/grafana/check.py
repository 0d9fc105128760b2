"""The linter: what makes a board wrong before anybody looks at it.

| finding | rule |
|---|---|
| query | the statement parses, and asks only for functions, measurements and columns that exist |
| unit, thresholds | every panel has both |
| unknown | "no value" has a text, null is mapped to a text on grey, and thresholds begin with grey |
| text beside colour | a mapping with a colour has a text; numbers and bars show their value |
| address | nothing leads outside: links go to boards of ours or to the variable ``console`` |
| uid | unique, ours by prefix and tag, 40 characters at most |
| refresh | 5 s or slower |
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dashboards.grafana.asking import SOURCE_UID
from dashboards.grafana.colours import UNKNOWN
from dashboards.grafana.columns import Columns, findings
from dashboards.grafana.frame import CONSOLE, TAG, UID_PREFIX
from dashboards.grafana.influxql import StatementError, parse

MOST_UID = 40
LEAST_REFRESH_S = 5
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_ADDRESS = re.compile(r"[a-z]+://[^\s\"'`)]+|\bwww\.[^\s\"']+")
_MUTE = {"none", "never"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong where; ``panel`` is a title, or empty for the board itself."""

    board: str
    panel: str
    what: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One statement of a board: a panel's, a variable's or an annotation's."""

    board: str
    panel: str
    ref: str
    query: str


def panels_of(board: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the panels that show something, those inside rows too."""
    for panel in board.get("panels", []):
        if panel.get("type") == "row":
            yield from panel.get("panels", [])
        else:
            yield panel


def statements(name: str, board: Mapping[str, Any]) -> Iterator[Asked]:
    """Yield every statement of a board."""
    for panel in panels_of(board):
        for target in panel.get("targets", []):
            yield Asked(name, panel.get("title", ""), target.get("refId", ""), target.get("query", ""))
    for variable in board.get("templating", {}).get("list", []):
        if variable.get("type") == "query":
            yield Asked(name, f"${variable['name']}", "", str(variable.get("query", "")))
    for annotation in board.get("annotations", {}).get("list", []):
        if "query" in annotation:
            yield Asked(name, f"@{annotation['name']}", "", annotation["query"])


def check(files: Mapping[str, str], store: Mapping[str, Columns]) -> list[Finding]:
    """Return everything that is wrong with boards (JSON text by name)."""
    found: list[Finding] = []
    uids: dict[str, str] = {}
    for name, text in files.items():
        try:
            board = json.loads(text)
        except ValueError as error:
            found.append(Finding(name, "", f"no JSON: {error}"))
            continue
        found += [Finding(name, "", what) for what in _board(board, uids, name)]
        found += [Finding(name, panel.get("title", ""), what) for panel in panels_of(board) for what in _panel(panel)]
        for asked in statements(name, board):
            found += [Finding(name, asked.panel, what) for what in query_findings(asked.query, store)]
    return found


def query_findings(query: str, store: Mapping[str, Columns]) -> list[str]:
    """Return what is wrong with a statement."""
    try:
        return [f"query: {what}" for what in findings(parse(query), store)]
    except StatementError as error:
        return [f"query: {error}"]


def _board(board: Mapping[str, Any], uids: dict[str, str], name: str) -> Iterator[str]:
    uid = str(board.get("uid", ""))
    if uid in uids:
        yield f"uid: {uid} is that of {uids[uid]} too"
    uids[uid] = name
    if not uid.startswith(UID_PREFIX) or len(uid) > MOST_UID or TAG not in board.get("tags", []):
        yield f"uid: {uid!r} does not say that the board is ours ({UID_PREFIX}…, tag {TAG})"
    if _seconds(str(board.get("refresh", ""))) < LEAST_REFRESH_S:
        yield f"refresh: {board.get('refresh')!r} is faster than {LEAST_REFRESH_S} s, or none"
    outside = {one for one in _ADDRESS.findall(json.dumps(board)) if not one.startswith(CONSOLE)}
    for address in sorted(outside):
        yield f"address: {address} leads outside"
    for link in _urls(board):
        if not (link.startswith(f"/d/{UID_PREFIX}") or link == "${console}"):
            yield f"address: {link} is neither a board of ours nor the console"
    ids = [panel.get("id") for panel in panels_of(board)]
    if len(set(ids)) != len(ids):
        yield "id: two panels have the same"


def _panel(panel: Mapping[str, Any]) -> Iterator[str]:
    defaults = panel.get("fieldConfig", {}).get("defaults", {})
    steps = defaults.get("thresholds", {}).get("steps", [])
    if not defaults.get("unit"):
        yield "unit: none"
    if len(steps) < 2:
        yield "thresholds: none"
    elif steps[0].get("color") != UNKNOWN:
        yield "unknown: thresholds do not begin with grey"
    if not defaults.get("noValue"):
        yield "unknown: no text for no value"
    if not panel.get("description"):
        yield "description: none"
    if panel.get("datasource", {}).get("uid") != SOURCE_UID:
        yield "data source: not ours"
    if not any(_is_grey_null(one) for one in defaults.get("mappings", [])):
        yield "unknown: null is not mapped to a text on grey"
    yield from _colours(panel)


def _colours(panel: Mapping[str, Any]) -> Iterator[str]:
    """Yield where a colour stands alone."""
    config = panel.get("fieldConfig", {})
    mappings = list(config.get("defaults", {}).get("mappings", []))
    for override in config.get("overrides", []):
        said = {one["id"]: one.get("value") for one in override.get("properties", [])}
        mappings += said.get("mappings") or []
        if "mappings" in said and not any(_is_grey_null(one) for one in said["mappings"]):
            yield "unknown: null of a column is not mapped to a text on grey"
    for result in (result for mapping in mappings for result in _results(mapping)):
        if result.get("color") and not result.get("text"):
            yield f"text beside colour: {result['color']} has none"
    options = panel.get("options", {})
    if {str(options.get("textMode")), str(options.get("showValue"))} & _MUTE:
        yield "text beside colour: values are not shown"


def _results(mapping: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    options = mapping.get("options", {})
    return list(options.values()) if mapping.get("type") == "value" else [options.get("result", {})]


def _is_grey_null(mapping: Mapping[str, Any]) -> bool:
    options = mapping.get("options", {})
    result = options.get("result", {})
    return (
        mapping.get("type") == "special"
        and str(options.get("match", "")).startswith("null")
        and result.get("color") == UNKNOWN
        and bool(result.get("text"))
    )


def _urls(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if node.get("url"):
            yield str(node["url"])
        for value in node.values():
            yield from _urls(value)
    elif isinstance(node, list):
        for value in node:
            yield from _urls(value)


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+)([smhd])", text)
    return int(found[1]) * _SECONDS[found[2]] if found else 0.0
