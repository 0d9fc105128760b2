"""How a line is reached, for a paper that leaves the house: every setting but what is secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from domain.site import Connection

HIDDEN = "••••"
_SECRET = re.compile(r"pass|secret|token|credential|(^|_)(key|pin|psk|user|login)$", re.IGNORECASE)
"""Names of settings whose values are never printed; ``key_file`` is a path and may be."""

_UNITS = {"_s": " s", "_ms": " ms", "_bytes": " B"}


def transport_words(connection: Connection) -> str:
    """Return the settings of a connection on one line: what people wrote, less secrets."""
    return "; ".join(f"{name} {value}" for name, value in safe_settings(connection.settings).items())


def safe_settings(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return settings as text; secrets are covered, empty ones and those inside addresses left out."""
    found: dict[str, str] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            inner = "; ".join(f"{key} {text}" for key, text in safe_settings(value).items())
            found[name] = f"({inner})"
        elif value not in ("", None):
            found[name] = HIDDEN if _SECRET.search(name) else _without_login(str(value))
    return found


def _without_login(text: str) -> str:
    """Cut ``user:password@`` out of an address."""
    if "://" not in text or "@" not in text:
        return text
    parts = urlsplit(text)
    return urlunsplit(parts._replace(netloc=f"{HIDDEN}@{parts.netloc.rpartition('@')[2]}"))
