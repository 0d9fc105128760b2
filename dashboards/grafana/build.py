"""All boards in both languages, as JSON text that is the same at every build."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards.grafana.boards import (
    device,
    ebikes,
    electrical,
    overview,
    panels_board,
    performance,
    pipeline,
    water,
)
from dashboards.grafana.frame import Board, Site, dashboard
from dashboards.grafana.texts import LANGUAGES, Language

BOARDS: tuple[Callable[[Language, Site], Board], ...] = (
    overview.board,
    device.board,
    water.board,
    electrical.board,
    ebikes.board,
    panels_board.board,
    pipeline.board,
    performance.board,
)
GOLDEN = Path(__file__).parent / "golden"
"""The boards as they are shipped: ``<language>/<name>.json``."""


def built(site: Site | None = None) -> dict[str, str]:
    """Return JSON text by ``<language>/<name>.json``."""
    where = site or Site()
    found: dict[str, str] = {}
    for language in LANGUAGES:
        for make in BOARDS:
            board = make(language, where)
            model = dashboard(board, language, where)
            text = json.dumps(model, cls=JSONEncoder, ensure_ascii=False, indent=1)
            found[f"{language}/{board.name}.json"] = text + "\n"
    return found


def write(files: Mapping[str, str], folder: Path) -> dict[str, bool]:
    """Write what changed; returns for each file whether it did. Other files of the folder are left alone."""
    changed: dict[str, bool] = {}
    for name, text in files.items():
        path = folder / name
        before = path.read_text("utf-8") if path.is_file() else None
        changed[name] = before != text
        if changed[name]:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    return changed
