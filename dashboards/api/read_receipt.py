"""The receipt of reading: a page says so when a person touches it.

Opening a link proves nothing: chat programs and mail filters open every link that they see, some with a browser of
their own. So the page tells only when somebody touches, clicks, turns the wheel or presses a key on it (the browser
marks such events as a person's: ``isTrusted``). Who answers without that has read it, too: the service knows.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Annotated

from fastapi import APIRouter, Path, Response

from dashboards.api.context import Context

SCRIPT = (
    "(function(){var told=false;function read(event){if(told||!event.isTrusted)return;told=true;"
    'fetch(location.pathname+"/read",{method:"POST",keepalive:true}).catch(function(){told=false;});}'
    '["pointerdown","touchstart","keydown","wheel"].forEach(function(name)'
    "{addEventListener(name,read,{passive:true});});})();"
)
"""It takes the token from its own address, so it is the same on every page, and its hash can stand in the policy."""

_HASH = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
SOURCE = f"'sha256-{_HASH}'"
"""What the page's policy allows (`dashboards.api.small_page.script_policy`)."""
NO_CONTENT = 204

Token = Annotated[str, Path(max_length=1024, pattern=r"^[A-Za-z0-9_.-]+$")]


def tag() -> str:
    """Return the script as HTML."""
    return f"<script>{SCRIPT}</script>"


def add_read(router: APIRouter, context: Context) -> None:
    """Add ``POST /answer/{token}/read``; a refusal is told as everywhere in the API."""

    @router.post("/answer/{token}/read")
    async def read(token: Token) -> Response:
        await context.link.alerts.read(token)
        return Response(status_code=NO_CONTENT)
