"""The buttons that save what was found as a file; the browser asks the API, and says how far it is."""

from __future__ import annotations

import json
from collections.abc import Mapping

from nicegui.element import Element

from dashboards.console.view import View

WORDS = ("export_running", "export_done", "export_cut", "export_failed", "export_away")


class ExportButtons(Element, component="../static/export_buttons.js"):
    """One button a file."""

    def __init__(self, view: View, files: Mapping[str, tuple[str, str]]) -> None:
        """``files``: name of the file → address of the API, words of the button."""
        super().__init__()
        places = {"size": "{size}", "count": "{count}", "reason": "{reason}"}
        words = {name: view.text(name, **places) for name in WORDS}
        self.props["setup"] = json.dumps({"files": files, "words": words}, ensure_ascii=False)
        self.props["data-part"] = "exports"
