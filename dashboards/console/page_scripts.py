"""The scripts of the page under a strict policy: which of them may run, and what runs in place of ``eval``.

NiceGUI's page starts with a few inline scripts. Its template is given a nonce at each of them *as a template*, before
anything else is in it: whatever text a device sends can't become a script that the browser would run. What NiceGUI
makes of text in the browser (templates of components, code that the server sends) `static/page_scripts.js` does
without ``eval``. docs/decisions/012 tells why, and what was tried.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from fastapi import Response
from jinja2 import BaseLoader, Environment
from nicegui import client, core

from dashboards.api.policy import OWN_STATE

SCRIPT = (Path(__file__).parent / "static" / "page_scripts.js").read_text(encoding="utf-8")

_OPENING = re.compile(r"<(script|style)(?=[\s>])")
_NONCE = r'<\1 nonce="{{ request.state.' + OWN_STATE + r' }}"'


def protect_page() -> None:
    """Let pages of this process carry nonces, and do without ``eval``; call it once, before the first page."""
    templates: Environment = client.templates.env
    if templates.loader is not None and not isinstance(templates.loader, _Nonces):
        templates.loader = _Nonces(templates.loader)
        core.app.config.vue_config_script = SCRIPT + core.app.config.vue_config_script


def serve_style(sheet: str) -> str:
    """Serve the console's style sheet as a file, which browsers keep; returns the element that asks for it."""
    path = f"/_nicegui/console-{hashlib.sha256(sheet.encode()).hexdigest()[:16]}.css"

    @core.app.get(path)
    def style() -> Response:
        return Response(sheet, media_type="text/css", headers={"Cache-Control": "public, max-age=31536000, immutable"})

    return f'<link rel="stylesheet" href="{path}">'


class _Nonces(BaseLoader):
    """Gives templates with a nonce at each script and style that they open themselves."""

    def __init__(self, templates: BaseLoader) -> None:
        self._templates = templates

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        source, name, is_fresh = self._templates.get_source(environment, template)
        return _OPENING.sub(_NONCE, source), name, is_fresh
